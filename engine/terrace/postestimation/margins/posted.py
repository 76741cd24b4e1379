"""Margins as estimates of their own, so that tests and combinations can speak of them by name.

The margins are linear in β, JΦJ' is their covariance, and degrees of freedom of a hypothesis C about them are
those of CJ about β: nothing new is estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.columns import ColumnInfo
from terrace.design.independent import Dependence
from terrace.inference.small import Small
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.tests.combinations import Estimate
from terrace.results.fit import FitResult, FixedEffect

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PostedSmall:
    """Degrees of freedom of hypotheses about the margins; ``rows`` (k, p) is J."""

    inner: Small
    rows: FloatArray

    def ddf(self, hypothesis: FloatArray) -> tuple[float | None, float]:
        """(denominator df, λ) of a hypothesis with rows (l, k) about the margins."""
        return self.inner.ddf(np.atleast_2d(hypothesis) @ self.rows)


def margin_names(found: Margins, data: Dataset) -> tuple[str, ...]:
    """The margins' names in commands: ``2._at#1.schtype``, ``1.region#ses``, ``_cons``."""
    several = len(found.at) > 1
    out = []
    for k, label in enumerate(found.labels):
        effect = found.effects[k] if found.effects else ""
        rest = label.removeprefix(f"{effect}:") if effect else label
        parts = [f"{rest.split('#')[0]}._at"] if several else []
        parts += [f"{_token(data, d.name, d.level)}.{d.name}" for d in found.dimensions[k] if d.kind != "at"]
        parts += [effect] if effect else []
        out.append("#".join(parts) or "_cons")
    return tuple(out)


def _token(data: Dataset, name: str, value: Value) -> str:
    """A level as commands write it: its number, or its position where it is text or no whole number from 0 up."""
    if isinstance(value, int | float) and float(value).is_integer() and value >= 0:
        return str(int(value))
    return str(data.codes(name)[1].index(value) + 1)


def posted(fit: FitResult, found: Margins, data: Dataset) -> FitResult:
    """`fit` with the margins in the place of its coefficients: for tests and combinations, for nothing else."""
    names = margin_names(found, data)
    small = None
    if found.small and fit.model.small is not None:
        small = PostedSmall(fit.model.small, found.rows[found.estimable])
    return as_estimates(fit, names, found.margins, found.vcov, found.estimates, small)


def as_estimates(
    fit: FitResult,
    names: Sequence[str],
    values: FloatArray,
    vcov: FloatArray,
    estimates: Sequence[Estimate],
    small: Small | None = None,
) -> FitResult:
    """`fit` with `values` (k,) of covariance `vcov` (k, k) in the place of its coefficients.

    ``small`` gives the degrees of freedom of those that can be estimated; None for z. The others, whose values are NaN,
    have the place of columns that were left out.
    """
    fine = np.isfinite(values)
    info = tuple(ColumnInfo(n, n, 0, "estimated" if ok else "empty") for n, ok in zip(names, fine))
    kept, lost = (tuple(c for c, ok in zip(info, fine) if bool(ok) is which) for which in (True, False))
    none = np.zeros(0)
    depends = Dependence(np.zeros((len(kept), 0)), np.zeros(len(kept)), none, none.astype(np.int64)) if lost else None
    # what is lost was lost for that, and what is left is settled: there is no direction more
    open_ = None if fit.model.design.unsettled is None else np.zeros((len(kept), 0))
    inner = vcov[np.ix_(fine, fine)]
    model = replace(
        fit.model,
        beta=values[fine],
        vcov=inner,
        phi=inner,
        design=replace(fit.model.design, x_info=kept, columns=info, lost=lost, dependence=depends, unsettled=open_),
        small=small,
        constraints=None,
        data=None,
    )
    fixed = tuple(
        FixedEffect(n, n, float(v) if ok else 0.0, e.se, e.stat, e.df, e.p, e.lower, e.upper, c.kind)
        for n, v, e, c, ok in zip(names, values, estimates, info, fine)
    )
    return replace(fit, held=model, fixed=fixed, spec=replace(fit.spec, df_method=None), constraints=())
