"""What a margin is made of: predictions and effects of one setting, linear in the coefficients or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.estimability import combined, excess_width
from terrace.errors import SpecError
from terrace.postestimation.margins.at import level_token
from terrace.postestimation.margins.nonlinear import ExpressionMargins, Found, elasticity, log_change
from terrace.postestimation.margins.rows import Averages, BoolArray, Key, Setting

FloatArray = npt.NDArray[np.float64]
Predicted = tuple[FloatArray, FloatArray | None, str, float]


@dataclass(frozen=True)
class Predictions:
    """The margins of one setting: rows (p,), their excess (q,), names, and what they are besides rows·β.

    The excess is None where a margin is not linear and cannot be estimated.
    """

    averages: Averages
    kind: str
    expression: ExpressionMargins | None

    def __call__(
        self, set_: dict[Key, Setting], inside: BoolArray | None, effect: Key | None
    ) -> list[Predicted]:
        averages = self.averages
        if effect is None:
            if self.expression is not None:
                return [self._nonlinear(self.expression(set_, inside), averages.each_estimable(set_, inside), "")]
            return [(*averages.row(set_, inside), "", 0.0)]
        if effect[0] == "continuous":
            if self.expression is not None or self.kind != "dydx":
                fine = averages.each_estimable(set_, inside, slope=effect)
                if self.expression is not None:
                    return [self._nonlinear(self.expression.effect(set_, inside, effect), fine, effect[1])]
                return [self._nonlinear(elasticity(averages, self.kind, set_, inside, effect), fine, effect[1])]
            return [(*averages.row(set_, inside, slope=effect), effect[1], 0.0)]
        return self._changes(set_, inside, effect)

    def _changes(self, set_: dict[Key, Setting], inside: BoolArray | None, effect: Key) -> list[Predicted]:
        averages = self.averages
        if self.kind in ("eyex", "dyex"):
            raise SpecError(
                f"{effect[1]} is a factor, but {self.kind}() needs a continuous variable.",
                code="elasticity-factor",
                subject=effect[1],
                advice="Use eydx() or dydx().",
            )
        base = averages.base(effect[1])
        linear = self.expression is None and self.kind == "dydx"
        start = set_ | {effect: {base: 1.0}}
        before, excess_before = averages.row(start, inside)
        fine_before = linear or averages.each_estimable(start, inside)
        out: list[Predicted] = []
        for level in averages.levels(effect[1]):
            if level == base:
                continue
            name = f"{level_token(averages, effect[1], level)}.{effect[1]}"
            end = set_ | {effect: {level: 1.0}}
            if linear:
                row, parts = averages.row(end, inside)
                both = combined(np.array([[1.0, -1.0]]), np.array([parts, excess_before]))[0]
                out.append((row - before, both, name, 0.0))
                continue
            fine = fine_before and averages.each_estimable(end, inside)
            if self.expression is not None:
                (v1, g1), (v0, g0) = self.expression(end, inside), self.expression(start, inside)
                out.append(self._nonlinear((v1 - v0, g1 - g0), fine, name))
            else:
                out.append(self._nonlinear(log_change(averages, end, start, inside), fine, name))
        return out

    def _nonlinear(self, found: Found, fine: bool, name: str) -> Predicted:
        value, gradient = found
        fine = fine and (self.expression is None or self.expression.determined)
        parts = np.zeros(excess_width(self.averages.fit.model.design)) if fine else None
        return gradient, parts, name, value - float(gradient @ self.averages.fit.model.beta)


def with_own_columns(parts: Sequence[FloatArray | None]) -> FloatArray:
    """Excesses (k, q) with a further column for each margin that is not linear and not estimable (None): no contrast
    of it is estimable either."""
    gone = [k for k, p in enumerate(parts) if p is None]
    q = max((len(p) for p in parts if p is not None), default=0)
    out = np.zeros((len(parts), q + len(gone)))
    for k, p in enumerate(parts):
        if p is None:
            out[k, q + gone.index(k)] = 1.0
        else:
            out[k, :q] = p
    return out
