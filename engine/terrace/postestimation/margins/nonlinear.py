"""Margins that are not linear in the coefficients: elasticities, and averages of an expression.

Each is an average over rows of some g(β); its standard error is that of the average gradient (delta method). With y
the prediction and d its derivative: ey/ex = d·x/y, dy/ex = d·x, ey/dx = d/y; for a factor ey/dx is the difference of
ln y from the base level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import undetermined, unsettled_names
from terrace.errors import DataError, SpecError
from terrace.language.expressions.context import EvalContext
from terrace.postestimation.margins.rows import Averages, BoolArray, Given, Key, Setting
from terrace.postestimation.tests.coefficients import mentioned
from terrace.results.fit import FitResult
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
Found = tuple[float, FloatArray]
"""A margin and its gradient (p,)."""

KINDS = {"dydx": "dy/dx", "eyex": "ey/ex", "dyex": "dy/ex", "eydx": "ey/dx"}
_PREDICT = re.compile(r"\b(?:predict\s*\(\s*(?:xb)?\s*\)|xb\s*\(\s*\))")
_XB = "_xb_of_the_fit"


def elasticity(
    averages: Averages, kind: str, set_: Mapping[Key, Setting], inside: BoolArray | None, effect: Key
) -> Found:
    """The average elasticity of a continuous variable, ``kind`` one of `KINDS` but dydx.

    Raises `DataError` where a prediction is 0.
    """
    x = averages.matrix(set_)
    d = averages.matrix(set_, slope=effect)
    beta, w = averages.fit.model.beta, averages.shares(inside)
    own = averages.values_of(effect, set_)
    factor = own if kind != "eydx" else np.ones(len(x))
    slope = d @ beta
    if kind == "dyex":
        return float(w @ (slope * factor)), (w * factor) @ d
    y = x @ beta
    if np.any(y[w > 0] == 0.0):
        raise DataError("A prediction is 0, so its elasticity does not exist.", code="no-elasticity")
    y = np.where(w > 0, y, 1.0)
    return float(w @ (factor * slope / y)), (w * factor / y) @ d - (w * factor * slope / y**2) @ x


def log_change(
    averages: Averages, after: Mapping[Key, Setting], before: Mapping[Key, Setting], inside: BoolArray | None
) -> Found:
    """The average change of ln y from one setting to another. Raises `DataError` where a prediction is not above 0."""
    beta, w = averages.fit.model.beta, averages.shares(inside)
    value, gradient = 0.0, np.zeros(len(beta))
    for sign, set_ in ((1.0, after), (-1.0, before)):
        x = averages.matrix(set_)
        y = x @ beta
        if np.any(y[w > 0] <= 0.0):
            raise DataError("A prediction is not above 0, so its logarithm does not exist.", code="no-elasticity")
        y = np.where(w > 0, y, 1.0)
        value += sign * float(w @ np.log(y))
        gradient += sign * ((w / y) @ x)
    return value, gradient


def _names_what_is_determined(fit: FitResult, text: str) -> bool:
    """False where ``_b[]`` has a coefficient that takes up a column which was left out, that of such a column, or one
    whose estimate is not settled."""
    design = fit.model.design
    open_ = {*undetermined(design), *(c.name for c in design.lost), *unsettled_names(design)}
    return not any(c.name in open_ for c in mentioned(fit, text))


class ExpressionMargins:
    """The average over rows of an expression of ``predict(xb)``, ``_b[]`` and variables.

    Derivatives by β are central differences with steps of 1e-4 standard errors.
    """

    def __init__(self, averages: Averages, text: str, context: EvalContext) -> None:
        from terrace.language.expressions.entry import evaluate

        self.averages, self.text, self.context = averages, text, context
        self.source = _PREDICT.sub(_XB, text)
        if re.search(r"\bpredict\s*\(", self.source):
            raise SpecError(
                "expression() allows only predict(xb), the linear prediction of the fixed part.",
                code="bad-option-value",
                subject="expression",
            )
        self._evaluate = evaluate
        self.determined = _names_what_is_determined(averages.fit, text)
        self.data: Dataset = averages.data.rows(averages.fit.sample)
        self.names = [c.name for c in averages.fit.model.design.x_info]

    def __call__(self, set_: Mapping[Key, Setting], inside: BoolArray | None) -> Found:
        """The margin with some variables set."""
        x, data = self.averages.matrix(set_), self._set(set_)
        w = self.averages.shares(inside)
        return self._differentiate(lambda beta: self._mean(data, x, beta, w))

    def effect(self, set_: Mapping[Key, Setting], inside: BoolArray | None, effect: Key) -> Found:
        """The average derivative by a continuous variable, by central differences."""
        own = self.averages.values_of(effect, set_)
        size = float(np.std(self.averages.part((effect, None)))) or 1.0
        h, w = 1e-4 * size, self.averages.shares(inside)
        sides = []
        for sign in (1.0, -1.0):
            moved = own + sign * h
            sides.append((self._set(set_).with_column(effect[1], moved), self.averages.matrix(set_, {effect: moved})))
        (data1, x1), (data0, x0) = sides
        return self._differentiate(
            lambda beta: (self._mean(data1, x1, beta, w) - self._mean(data0, x0, beta, w)) / (2.0 * h)
        )

    def _set(self, set_: Mapping[Key, Setting]) -> Dataset:
        data = self.data
        for (_, name, operators), value in set_.items():
            if operators:
                continue
            if isinstance(value, Given):
                data = data.with_column(name, value.values, data.variable(name))
            elif isinstance(value, Mapping):
                if len(value) == 1:
                    data = data.with_column(name, [next(iter(value))] * len(data), data.variable(name))
                elif re.search(rf"\b{re.escape(name)}\b", self.source):
                    raise SpecError(
                        f"{name} is averaged over its levels, but the expression needs one level.",
                        code="at",
                        subject=name,
                        advice=f"Set it with at({name}=...).",
                    )
            else:
                data = data.with_column(name, np.full(len(data), float(value)), data.variable(name))
        return data

    def _mean(self, data: Dataset, x: FloatArray, beta: FloatArray, w: FloatArray) -> float:
        context = replace(self.context, b=dict(zip(self.names, map(float, beta))))
        values = self._evaluate(self.source, data.with_column(_XB, x @ beta), context=context)
        found = np.asarray(np.broadcast_to(values, (len(w),)), dtype=np.float64)
        if np.isnan(found[w > 0]).any():
            raise DataError(
                f"{self.text} is missing in {plural(int(np.isnan(found[w > 0]).sum()), 'row')}.",
                code="no-value",
                advice="Leave these rows out with if.",
            )
        return float(w @ np.where(w > 0, found, 0.0))

    def _differentiate(self, f: Callable[[FloatArray], float]) -> Found:
        beta = self.averages.fit.model.beta
        steps = 1e-4 * np.sqrt(np.diag(self.averages.fit.model.vcov))
        gradient = np.zeros(len(beta))
        for k in np.flatnonzero(steps > 0):
            move = np.zeros(len(beta))
            move[k] = steps[k]
            gradient[k] = (f(beta + move) - f(beta - move)) / (2.0 * steps[k])
        return f(beta), gradient
