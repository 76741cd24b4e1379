"""Linear combinations of the fixed effects with their standard errors, intervals and tests.

Large-sample statements (z, χ²) use the covariance matrix of the fit, except after Kenward-Roger: there the
model's own Φ̂ = (X'V⁻¹X)⁻¹, since Φ̂_A, the adjusted one, belongs to the small-sample statements (t, F). The
manual keeps both, as e(V) and e(V_df), and replays large-sample results after any dfmethod().
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import estimable_part
from terrace.errors import DataError, SpecError
from terrace.inference.tests import WaldTest, wald
from terrace.postestimation.outcome import need_rows
from terrace.postestimation.tests.notestimable import marked
from terrace.results.fit import FitResult
from terrace.results.table import CellValue, Column
from terrace.statistics.distributions import confidence_quantile, f_upper, normal_two_sided, t_two_sided
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate with its inference. ``se`` and what follows are None where it is fixed or not estimable;
    ``df`` is None where inference is by z."""

    value: float | None
    se: float | None = None
    stat: float | None = None
    df: float | None = None
    p: float | None = None
    lower: float | None = None
    upper: float | None = None

    def cells(self, *, small: bool = False) -> tuple[CellValue, ...]:
        """The cells under `estimate_columns`."""
        interval = None if self.lower is None or self.upper is None else (self.lower, self.upper)
        return (self.value, self.se, *((self.df,) if small else ()), self.stat, self.p, interval)


def estimate_columns(level: float, *, small: bool = False, title: str = "Estimate") -> tuple[Column, ...]:
    """Estimate, SE, z or t, p, interval; with `small` df before t, as in tables of fixed effects."""
    return (
        Column("estimate", title),
        Column("se", "SE"),
        *((Column("df", "df", "df"),) if small else ()),
        Column("stat", "t" if small else "z", "statistic"),
        Column("p", "p", "p"),
        Column("ci", f"{level:g}% CI", "interval"),
    )


def confidence_level(fit: FitResult, level: float | None) -> float:
    """The level asked for, or that of the fit, in percent; `SpecError` outside 10 to 99.99."""
    chosen = fit.spec.display.level if level is None else level
    if not 10 <= chosen <= 99.99:
        raise SpecError(
            f"level({chosen:g}) is not a confidence level.",
            code="level",
            subject="level",
            advice="Choose a percentage between 10 and 99.99, such as 95.",
        )
    return chosen


def covariance(fit: FitResult, small: bool = False) -> FloatArray:
    """The covariance matrix of the coefficients for large-sample or small-sample statements, (p, p)."""
    model = fit.model
    if not small and fit.spec.df_method == "kroger" and model.n_clusters is None:
        return model.phi
    return model.vcov


def need_small(fit: FitResult) -> None:
    """`SpecError` where the fit has no degrees of freedom."""
    if fit.model.small is None:
        raise SpecError(
            "small needs a fit with degrees of freedom, but this one has none.",
            code="no-df-method",
            subject="small",
            advice="Fit the model with dfmethod(), for example reml dfmethod(kroger).",
        )


@dataclass(frozen=True, slots=True)
class GivenDf:
    """Degrees of freedom that the user gives, for every hypothesis."""

    df: float

    def ddf(self, hypothesis: FloatArray) -> tuple[float | None, float]:
        """(df, 1) whatever the hypothesis is."""
        return self.df, 1.0


def with_df(fit: FitResult, df: float) -> FitResult:
    """The fit with given degrees of freedom for t and F, on its large-sample covariance matrix."""
    if not df > 0:
        raise SpecError(f"df({df:g}) is not a valid number of degrees of freedom.", code="df", subject="df",
                        advice="Give a number above 0.")  # fmt: skip
    model = replace(fit.model, small=GivenDf(df), vcov=covariance(fit))
    return replace(fit, held=model)


def need_own_rows(fit: FitResult) -> None:
    """`DataError` where the rows of the design are not those of the data but stand for them: a streamed fit."""
    if fit.model.design.counts is not None:
        raise DataError(
            "The rows of this fit were read in parts, so they are not in memory.",
            code="streamed-fit",
            advice="To look at rows, fit in memory (use FILE, nostream).",
        )


def need_data(fit: FitResult, data: Dataset) -> None:
    """`DataError` where the data are not those of the fit, row by row."""
    need_own_rows(fit)
    if len(data) != len(fit.sample):
        raise DataError(
            f"The model was fitted to data with {plural(len(fit.sample), 'row')}, but these data have {len(data):,}.",
            code="stale-fit",
            advice="Fit the model again.",
        )
    need_rows(fit, data)


def infer(
    value: float, se: float | None, level: float, df: float | None = None
) -> Estimate:
    """z or t inference for one estimate."""
    if se is None or not se > 0 or not math.isfinite(se):
        return Estimate(value)
    stat = value / se
    if df is not None and not df > 0:
        return Estimate(value, se, stat)
    p = normal_two_sided(stat) if df is None else t_two_sided(stat, df)
    half = confidence_quantile(level, df) * se
    return Estimate(value, se, stat, df, p, value - half, value + half)


def combine(
    fit: FitResult,
    rows: FloatArray,
    *,
    offset: FloatArray | float = 0.0,
    level: float | None = None,
    small: bool = False,
) -> tuple[Estimate, ...]:
    """Estimates of rows·β + offset, rows of shape (l, p).

    With `small`, t with the degrees of freedom of each row by the method of the fit; a row for which the
    method defines none gets z.
    """
    if small:
        need_small(fit)
    level = confidence_level(fit, level)
    rows = np.atleast_2d(rows)
    v = covariance(fit, small)
    values = rows @ fit.model.beta + offset
    variances = np.einsum("ij,jk,ik->i", rows, v, rows)
    # what is left of a combination that is known exactly is rounding
    size = np.einsum("ij,jj,ij->i", rows, v, rows)
    out = []
    for k, row in enumerate(rows):
        se = math.sqrt(variances[k]) if variances[k] > 1e-14 * size[k] and variances[k] > 0 else None
        df = None
        if small and se is not None:
            assert fit.model.small is not None
            df, _ = fit.model.small.ddf(row)
        out.append(infer(float(values[k]), se, level, df))
    return tuple(out)


def full_rank(
    rows: FloatArray, value: FloatArray | None = None, units: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, bool]:
    """Rows that span the same hypothesis, (l, p) of full rank, with their values; and whether it is consistent.

    A hypothesis that contradicts itself (b = 0 and b = 1) is not consistent. ``units`` (p,) are the sizes of the
    coefficients, such as their standard errors: rows with weights for several coefficients are compared by these.
    """
    rows = np.atleast_2d(rows)
    c = np.zeros(len(rows)) if value is None else np.asarray(value, dtype=np.float64)
    inner = rows if units is None else rows * np.where(units > 0, units, 1.0)
    size = np.abs(inner).max(axis=1)
    keep: list[int] = []
    consistent = True
    scale = np.where(size > 0, size, 1.0)
    r, v = inner / scale[:, None], c / scale
    for k in range(len(rows)):
        if size[k] == 0:
            consistent &= bool(v[k] == 0)
            continue
        if not keep:
            keep.append(k)
            continue
        basis = r[keep]
        weights, *_ = np.linalg.lstsq(basis.T, r[k], rcond=None)
        if np.abs(basis.T @ weights - r[k]).max() > 1e-9:
            keep.append(k)
        else:
            consistent &= bool(abs(weights @ v[keep] - v[k]) <= 1e-9 * (1 + abs(v[k])))
    return rows[keep], c[keep], consistent


def follows(rows: FloatArray) -> list[int]:
    """The positions of rows (l, p) that follow from those before them, which a joint test leaves out."""
    out: list[int] = []
    rank = 0
    for k in range(len(rows)):
        kept, _, _ = full_rank(rows[: k + 1])
        if len(kept) == rank:
            out.append(k)
        rank = len(kept)
    return out


def joint_test(
    fit: FitResult, rows: FloatArray, value: FloatArray | None = None, *, small: bool = False
) -> WaldTest:
    """The Wald test of rows·β = value; with `small` the F test of the fitted method.

    The exact methods have no F test where the tested coefficients differ in their degrees of freedom: then
    ``ddf`` stays None and the test is the χ² one.
    """
    if small:
        need_small(fit)
    vcov = covariance(fit, small)
    c, v, _ = full_rank(rows, value, np.sqrt(np.maximum(np.diag(vcov), 0.0)))
    if not len(c):
        return WaldTest(math.nan, 0, math.nan)
    test = wald(fit.model.beta, vcov, c, v)
    if not small or not test.rank:
        return test
    assert fit.model.small is not None
    ddf, scale = fit.model.small.ddf(c)
    if ddf is None or not ddf > 0:
        return test
    f = scale * test.chi2 / test.rank
    return WaldTest(test.chi2, test.rank, f_upper(f, test.rank, ddf), f, ddf)


def estimable_test(
    fit: FitResult, rows: FloatArray, parts: FloatArray, value: FloatArray | None = None, *, small: bool = False
) -> WaldTest | None:
    """The joint test of what can be estimated of rows·β = value: of all combinations of the rows whose excess,
    `parts` (l, q), vanishes (`terrace.design.estimability`). None where there are none."""
    own, values = estimable_hypothesis(rows, parts, value)
    if not own.any():
        return None if parts.any() else WaldTest(math.nan, 0, math.nan)
    return joint_test(fit, own, values, small=small)


def estimable_hypothesis(
    rows: FloatArray, parts: FloatArray, value: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Rows (m, p) and values (m,) of what can be estimated of rows·β = value, by the excess `parts` of the rows."""
    weights = estimable_part(parts)
    rows = np.atleast_2d(rows)
    own = weights @ rows
    # what cancels leaves rounding, which would be a hypothesis of its own
    size = np.abs(weights).sum(axis=1)[:, None] * np.abs(rows).max(axis=0, initial=0.0)
    own[np.abs(own) <= 1e-8 * size] = 0.0
    values = np.zeros(len(own)) if value is None else weights @ value
    if not parts.any() or values.any() or not own.any():
        return own, values
    # combinations can be near to one another: the same hypothesis by rows at right angles, columns in their own size
    scale = np.abs(own).max(axis=0)
    scale[scale == 0.0] = 1.0
    _, s, vt = np.linalg.svd(own / scale, full_matrices=False)
    own = vt[s > 1e-8 * s[0]] * scale
    return own, np.zeros(len(own))


def by_t(found: Iterable[Estimate], small: bool) -> bool:
    """True where `small` asks for t and every estimate with a standard error has it: what has none, being fixed or not
    estimable, says nothing of the distribution."""
    return small and all(e.df is not None for e in found if e.se is not None)


def by_f(tests: Iterable[WaldTest | None], small: bool) -> bool:
    """True where `small` asks for F and every test that there is has it."""
    return small and all(t is None or not t.rank or t.ddf is not None for t in tests)


def wald_columns(small: bool) -> tuple[Column, ...]:
    """χ², df, p; with `small` F, df, ddf, p."""
    if small:
        return (
            Column("F", "F", "statistic"), Column("df", "df", "count"), Column("ddf", "ddf", "df"),
            Column("p", "p", "p"),
        )  # fmt: skip
    return Column("chi2", "χ²", "statistic"), Column("df", "df", "count"), Column("p", "p", "p")


def wald_cells(test: WaldTest | None, small: bool) -> tuple[CellValue, ...]:
    """The cells under `wald_columns`; None where nothing can be estimated."""
    if test is None:
        return marked(4 if small else 3)
    p = None if math.isnan(test.p) else test.p
    if small:
        return test.f, test.rank, test.ddf, p
    return (None if math.isnan(test.chi2) else test.chi2), test.rank, p
