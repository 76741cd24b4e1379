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
from terrace.frozen import freeze
from terrace.inference.fitted import FittedModel
from terrace.inference.small import Small
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.tests.combinations import Estimate, GivenDf
from terrace.results.fit import FitResult, FixedEffect
from terrace.results.later import Later

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


@dataclass(frozen=True)
class PostedEstimates:
    """What gives posted estimates again: beside the fit ``of`` that they are about, all that was computed.

    ``values`` (k,) have NaN where nothing can be estimated, and the covariance ``vcov`` (k, k) is about all of them.
    ``rows`` (l, p) is J of those that can be, None where tests go by z; ``df`` are degrees of freedom that the user
    gave, None for those of the fit.
    """

    of: FitResult
    names: tuple[str, ...]
    values: FloatArray
    vcov: FloatArray
    rows: FloatArray | None = None
    df: float | None = None

    def __post_init__(self) -> None:
        freeze(self, ("values", "vcov", "rows"))

    def model(self) -> FittedModel:
        """The model of the fit with the estimates in the place of its coefficients. Raises as `FitResult.model`."""
        of = self.of.model
        fine = np.isfinite(self.values)
        kept, lost = (tuple(c for c, ok in zip(columns_of(self), fine) if bool(ok) is which) for which in (True, False))
        none = np.zeros(0)
        depends = Dependence(np.zeros((len(kept), 0)), np.zeros(len(kept)), none, none.astype(np.int64))
        # what is lost was lost for that, and what is left is settled: there is no direction more
        open_ = None if of.design.unsettled is None else np.zeros((len(kept), 0))
        design = replace(of.design, x_info=kept, columns=columns_of(self), lost=lost,
                         dependence=depends if lost else None, unsettled=open_)  # fmt: skip
        inner = self.vcov[np.ix_(fine, fine)]
        return replace(
            of, beta=self.values[fine], vcov=inner, phi=inner, design=design, small=self._small(of), constraints=None,
            data=None,
        )  # fmt: skip

    def _small(self, of: FittedModel) -> Small | None:
        small = of.small if self.df is None else GivenDf(self.df)
        return None if self.rows is None or small is None else PostedSmall(small, self.rows)


def columns_of(posted: PostedEstimates) -> tuple[ColumnInfo, ...]:
    """Posted estimates as columns that commands find by name."""
    fine = np.isfinite(posted.values)
    return tuple(ColumnInfo(n, n, 0, "estimated" if ok else "empty") for n, ok in zip(posted.names, fine))


def posted(fit: FitResult, found: Margins, data: Dataset) -> FitResult:
    """`fit` with the margins in the place of its coefficients: for tests and combinations, for nothing else."""
    names = margin_names(found, data)
    rows = found.rows[found.estimable] if found.small else None
    return as_estimates(fit, names, found.margins, found.vcov, found.estimates, rows)


def as_estimates(
    fit: FitResult,
    names: Sequence[str],
    values: FloatArray,
    vcov: FloatArray,
    estimates: Sequence[Estimate],
    rows: FloatArray | None = None,
) -> FitResult:
    """`fit` with `values` (k,) of covariance `vcov` (k, k) in the place of its coefficients.

    With ``rows`` (l, p), J of those that can be estimated, hypotheses about them have the degrees of freedom of the
    fit; None for z. The others, whose values are NaN, have the place of columns that were left out.
    """
    small = fit.model.small
    own = PostedEstimates(fit, tuple(names), values, vcov, rows, small.df if isinstance(small, GivenDf) else None)
    fixed = tuple(
        FixedEffect(n, n, float(v) if c.kind == "estimated" else 0.0, e.se, e.stat, e.df, e.p, e.lower, e.upper, c.kind)
        for n, v, e, c in zip(names, values, estimates, columns_of(own))
    )
    spec = replace(fit.spec, df_method=None)
    return replace(fit, held=Later(own.model, own), fixed=fixed, spec=spec, constraints=())
