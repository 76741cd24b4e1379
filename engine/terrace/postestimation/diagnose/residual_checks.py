"""Residuals at every level: their shape, their correlation by lag, and whether groups differ in spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.known_rows import known_rows
from terrace.design.estimability import changes, estimable
from terrace.errors import DataError, SpecError
from terrace.postestimation.diagnose.plots_arrays import residual_fitted_plot
from terrace.postestimation.tests.combinations import confidence_level, need_data, need_own_rows
from terrace.results.advice_covariance import some
from terrace.results.fit import FitResult
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.results.tables_terms import random_label
from terrace.statistics.distributions import chi2_upper, confidence_quantile

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Kind = Literal["residuals", "rstandard", "marginal"]

SHAPIRO_MOST = 5000
"""Shapiro and Wilk's test is computed for at most so many values: a spread-out part of more."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The distribution of residuals or predicted effects: skewness and excess kurtosis (0 for a normal one),
    Shapiro and Wilk's W with p (None for fewer than 3 values)."""

    label: str
    code: str
    n: int
    sd: float
    skewness: float
    kurtosis: float
    low: float
    high: float
    w: float | None
    p: float | None


def residual_values(fit: FitResult, data: Dataset, kind: Kind = "residuals") -> FloatArray:
    """Residuals of the estimation sample, shape (n,): given the random effects, standardised, or y - Xβ̂."""
    from terrace.postestimation.predict import columns as predict

    need_data(fit, data)
    if kind == "marginal":
        if not estimable(changes(fit.model.design, fit.model.design.x)).all():
            unknown = some([r.name for r in fit.random if not r.identified])
            raise SpecError(
                f"Marginal residuals need xb, which depends on {unknown}, which the data do not identify.",
                code="not-identified", subject="type", advice="Use type(residuals) or type(rstandard).",
            )
        design = fit.model.design
        return np.asarray(design.y - design.x @ fit.model.beta)
    if kind == "rstandard":
        return predict.standardized_residuals(fit, data)[fit.sample]
    if kind == "residuals":
        return predict.residuals(fit, data)[fit.sample]
    raise SpecError(f"There are no residuals of kind {kind}.", code="residual-kind", subject="type",
                    advice="Choose residuals, rstandard or marginal.")  # fmt: skip


def shapes(fit: FitResult, data: Dataset) -> tuple[Shape, ...]:
    """Shapes of the standardised residuals and of the predicted random effects at every level."""
    from terrace.postestimation.predict import columns as predict

    out = [shape("Residuals, standardised", "residual", residual_values(fit, data, "rstandard"))]
    for e in predict.random_effects(fit):
        for k, name in enumerate(e.names):
            if np.isnan(e.values[:, k]).all():
                continue
            label = f"{e.level}: {random_label(f'var({name})')[4:-1]}"
            out.append(shape(label, f"{e.level}:{name}", e.values[:, k]))
    return tuple(out)


def shape(label: str, code: str, values: FloatArray) -> Shape:
    """The shape of some values."""
    v = values[np.isfinite(values)]
    n = len(v)
    centred = v - v.mean()
    m2 = float((centred**2).mean())
    skew = float((centred**3).mean()) / m2**1.5 if m2 > 0 else 0.0
    kurtosis = float((centred**4).mean()) / m2**2 - 3.0 if m2 > 0 else 0.0
    w = p = None
    if n >= 3 and np.ptp(v) > 1e-10 * np.abs(v).max():
        from scipy.stats import shapiro

        some = v if n <= SHAPIRO_MOST else np.sort(v)[np.linspace(0, n - 1, SHAPIRO_MOST).round().astype(int)]
        found = shapiro(some / np.abs(some).max())  # it takes values of less than 1e-19 for one value
        w, p = float(found.statistic), float(found.pvalue)
    sd = float(v.std(ddof=1)) if n > 1 else 0.0
    return Shape(label, code, n, sd, skew, kurtosis, float(v.min()), float(v.max()), w, p)


def shapes_table(found: Sequence[Shape]) -> Table:
    """The shapes as a table."""
    columns = (
        Column("n", "N", "count"), Column("sd", "SD"), Column("skewness", "Skewness", "fixed", 2),
        Column("kurtosis", "Excess kurtosis", "fixed", 2), Column("min", "Minimum"), Column("max", "Maximum"),
        Column("w", "W", "fixed", 3), Column("p", "p", "p"),
    )  # fmt: skip
    rows = tuple(
        Row(s.label, (s.n, s.sd, s.skewness, s.kurtosis, s.low, s.high, s.w, s.p), code=s.code) for s in found
    )
    notes = [
        "W: Shapiro and Wilk (1965). With many values p is small even for harmless departures. Check skewness, "
        "kurtosis and the QQ plot.",
        "Predicted effects are shrunken, so they look more normal than the effects themselves.",
    ]
    if any(s.n > SHAPIRO_MOST for s in found):
        notes.append(f"W of {SHAPIRO_MOST:,} values spread over more.")
    return Table("Residuals at every level", columns, rows, "Residuals", tuple(notes), "residuals")


# --- autocorrelation ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Autocorrelation:
    """Correlations of residuals within groups by lag: ``lags``, ``values``, ``pairs`` (k,), lag 0 first."""

    lags: IntArray
    values: FloatArray
    pairs: IntArray
    time: str
    group: str
    level: float

    @property
    def limits(self) -> FloatArray:
        """Half-widths of the interval of no correlation, z/√pairs."""
        z = confidence_quantile(self.level)
        return np.asarray(z / np.sqrt(np.maximum(self.pairs, 1)))


def autocorrelation(
    fit: FitResult,
    data: Dataset,
    time: str | None = None,
    *,
    kind: Kind = "rstandard",
    max_lag: int | None = None,
    level: float | None = None,
) -> Autocorrelation:
    """Autocorrelation of the residuals within lowest-level groups (Pinheiro & Bates 2000, section 5.3.1).

    ``time`` orders the rows and gives the lags where it holds whole numbers; without it, and without a time
    variable of the residuals, the order of the rows counts. `DataError` where no group has two rows.
    """
    values = residual_values(fit, data, kind)
    design = fit.model.design
    groups = design.levels[-1].codes if design.levels else np.zeros(design.n, dtype=np.int64)
    name = design.levels[-1].name if design.levels else ""
    time = time or fit.spec.residuals.time
    at = np.empty(0)
    if time is not None:
        at = data.numeric(time)[fit.sample]
        if np.isnan(at).any():
            raise DataError(f"{time} has missing values in the sample.", code="missing-time", subject=time)
    order = np.lexsort((at if time is not None else np.arange(design.n), groups))
    g, v = groups[order], values[order]
    whole = time is not None and bool(np.all(at == np.floor(at)))
    if whole:
        t = at[order]
        step = _common_step(t, g)
        place = np.rint((t - t.min()) / step).astype(np.int64)
    else:
        begins = np.flatnonzero(np.diff(g, prepend=-1))
        place = np.arange(len(g)) - np.repeat(begins, np.diff(np.append(begins, len(g))))
        step = 1.0
    sizes = np.bincount(groups)
    if sizes.max() < 2:
        raise DataError("No group has two rows.", code="no-pairs", subject=name)
    spans = np.zeros(len(sizes), dtype=np.int64)
    np.maximum.at(spans, g, place - place[np.searchsorted(g, g)])
    longest = int(spans.max())
    last = min(longest, max_lag if max_lag is not None else int(10 * math.log10(longest + 1)))
    width = int(place.max()) + longest + 2
    keys = g * width + place
    sorted_keys = np.argsort(keys, kind="stable")
    keys_sorted, v_sorted = keys[sorted_keys], v[sorted_keys]
    sums, pairs = np.zeros(last + 1), np.zeros(last + 1, dtype=np.int64)
    for lag in range(last + 1):
        found = np.searchsorted(keys_sorted, keys_sorted + lag)
        found = np.minimum(found, len(keys_sorted) - 1)
        hit = keys_sorted[found] == keys_sorted + lag
        sums[lag], pairs[lag] = float((v_sorted * v_sorted[found])[hit].sum()), int(hit.sum())
    mean = np.divide(sums, pairs, out=np.full(last + 1, np.nan), where=pairs > 0)
    lags = (np.arange(last + 1) * step).astype(np.int64) if whole else np.arange(last + 1)
    return Autocorrelation(lags, mean / mean[0], pairs, time or "", name, confidence_level(fit, level))


def _common_step(t: FloatArray, g: IntArray) -> float:
    """The greatest step that all distances within groups are multiples of."""
    gaps = np.diff(t)[np.diff(g) == 0]
    gaps = gaps[gaps > 0].astype(np.int64)
    return float(np.gcd.reduce(gaps)) if len(gaps) else 1.0


def autocorrelation_table(found: Autocorrelation) -> Table:
    """Correlation by lag with the limits of no correlation."""
    columns = (
        Column("acf", "Autocorrelation", "fixed", 3), Column("limit", f"{found.level:g}% limit", "fixed", 3),
        Column("pairs", "Pairs", "count"),
    )  # fmt: skip
    rows = tuple(
        Row(str(lag), (None if math.isnan(v) else float(v), float(h) if lag else None, int(n)))
        for lag, v, h, n in zip(found.lags, found.values, found.limits, found.pairs)
    )
    note = f"Standardised residuals within {found.group or 'the sample'}, ordered by {found.time or 'row'}."
    return Table("Autocorrelation of residuals", columns, rows, "Lag", (note,), "autocorrelation")


def autocorrelation_plot(found: Autocorrelation) -> Plot:
    """Bars by lag with the limits of no correlation."""
    x = found.lags.astype(np.float64)
    gap = float(np.diff(x).min()) if len(x) > 1 else 1.0
    marks = (
        Marks("bars", x, found.values, width=0.6 * gap),
        Marks("line", x[1:], found.limits[1:], role="reference", dashed=True, label=f"{found.level:g}% limits"),
        Marks("line", x[1:], -found.limits[1:], role="reference", dashed=True),
        Marks("hline", np.empty(0), np.array([0.0]), role="reference"),
    )
    title = f"Lag in {found.time}" if found.time else "Lag in rows"
    panel = PlotPanel(Axis(title), Axis("Autocorrelation", limits=(-1.0, 1.05)), marks)
    return Plot(
        "Autocorrelation of residuals", (panel,), "autocorrelation",
        note="If residuals are uncorrelated, most bars stay within the dashed lines.",
    )  # fmt: skip


# --- spread ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Whether the residual variance is the same in every group: H on df degrees of freedom, over `groups`."""

    stat: float
    df: int
    p: float
    groups: int
    spread: float


def homogeneity(fit: FitResult, *, least: int = 10) -> Homogeneity | None:
    """The test of Raudenbush & Bryk (2002, p. 264) over the lowest-level groups with `least` degrees of freedom.

    Each group's variance is that of its own least-squares fit on the covariates that vary in it. None for fewer
    than two such groups. ``spread`` is the SD of the groups' log standard deviations beyond chance.
    """
    need_own_rows(fit)
    design = fit.model.design
    if not design.levels:
        return None
    codes = design.levels[-1].codes
    first = design.levels[-1].rows
    varying = [k for k in range(design.x.shape[1]) if not np.array_equal(design.x[first, k][codes], design.x[:, k])]
    order = np.argsort(codes, kind="stable")
    logs, dfs = [], []
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        if len(rows) <= least:
            continue
        x = np.column_stack([np.ones(len(rows)), design.x[rows][:, varying]])
        beta, _, rank, _ = np.linalg.lstsq(x, design.y[rows], rcond=None)
        df = len(rows) - int(rank)
        r = design.y[rows] - x @ beta
        s2 = float(r @ r) / df if df >= least else 0.0
        if s2 > 0:
            logs.append(math.log(s2))
            dfs.append(float(df))
    if len(logs) < 2:
        return None
    f, v = np.array(dfs), np.array(logs)
    centred = v - (f @ v) / f.sum()
    stat = float(np.sum(f / 2.0 * centred**2))
    df = len(v) - 1
    excess = max(float(centred @ centred) / df - float(np.mean(2.0 / f)), 0.0)
    return Homogeneity(stat, df, chi2_upper(stat, df), len(v), 0.5 * math.sqrt(excess))


def residual_covariate_plot(fit: FitResult, data: Dataset, x: str, *, kind: Kind = "rstandard") -> Plot:
    """Residuals against a variable of the data, whether it is in the model or not, with a local trend."""
    values = residual_values(fit, data, kind)
    label = data.variable(x).label or x
    plot = residual_fitted_plot(
        data.numeric(x)[fit.sample],
        values,
        rows=np.flatnonzero(fit.sample).astype(np.int64),
        titles=(f"Residuals against {x}", label, "Standardised residual" if kind == "rstandard" else "Residual"),
    )
    return replace(plot, drawn_from=known_rows(data))
