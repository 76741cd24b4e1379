"""Plots from plain arrays: what `terrace.postestimation.diagnose.plots` draws of a fit, without the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from terrace.errors import DataError
from terrace.graphs.dress import ticks_at_values
from terrace.graphs.panels import split_rows
from terrace.results.plot import Axis, Marks, Plot, PlotPanel

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_SMOOTH_FROM = 5_000  # a smooth line needs no more points than this
_MANY = 40  # values of x, from which their means are a jagged line
_BAND_FROM = 3  # order statistics of fewer values say nothing


def residual_fitted_plot(
    fitted: FloatArray,
    residuals: FloatArray,
    *,
    rows: Rows | None = None,
    labels: Sequence[str] = (),
    smooth: bool = True,
    titles: tuple[str, str, str] = ("Residuals against fitted values", "Fitted value", "Residual"),
) -> Plot:
    """Points with a line at zero and, with `smooth`, a local trend that should lie on it.

    `fitted` and `residuals` have shape (n,); rows where either is missing are left out. `rows` are the data
    rows of the points, shape (n,), where they have any. `titles` are those of the plot, the x and the y axis.
    """
    x, y, keep = _complete(fitted, residuals)
    marks = [
        _points(x, y, keep, rows, labels),
        Marks("hline", np.empty(0), np.array([0.0]), role="reference"),
    ]
    trend = local_trend(x, y) if smooth else None
    note = ""
    if trend is not None:
        marks.append(Marks("line", *trend, label="Local trend", role="fit", layer="trend"))
        note = "The line is a local linear trend. If no pattern is left in the residuals, it stays near zero."
    panel = PlotPanel(Axis(titles[1]), Axis(titles[2]), tuple(marks))
    return Plot(titles[0], (panel,), "residual-fitted", note=note)


def qq_plot(
    values: FloatArray,
    *,
    rows: Rows | None = None,
    labels: Sequence[str] = (),
    title: str = "Normal QQ plot of residuals",
    y_title: str = "Residual",
    level: float = 95.0,
    kind: str = "qq",
) -> Plot:
    """Ordered values against normal quantiles, with the line through the quartiles and a pointwise band.

    `values` has shape (n,). Plotting positions are (i − 1/2)/n; the band is that of the order statistics of a
    normal sample, Beta(i, n + 1 − i) (David and Nagaraja 2003, §2.3), on the reference line.
    """
    panel = qq_panel(values, rows=rows, labels=labels, y_title=y_title, level=level)
    note = band_note(level)
    return Plot(title, (panel,), kind, note=note)


def band_note(level: float) -> str:
    """What the line and the band of a QQ plot mean."""
    return f"Line through the quartiles. In a normal sample each point is in the band with chance {level:g}%."


def qq_panel(
    values: FloatArray,
    *,
    rows: Rows | None = None,
    labels: Sequence[str] = (),
    group_rows: Sequence[Rows] = (),
    title: str = "",
    y_title: str = "",
    level: float = 95.0,
) -> PlotPanel:
    """One set of axes of `qq_plot`."""
    from scipy.special import betaincinv, ndtri

    y, _, keep = _complete(values, values)
    n = len(y)
    order = np.argsort(y, kind="stable")
    quantiles = ndtri((np.arange(1, n + 1) - 0.5) / n)
    marks: list[Marks] = []
    low, high = np.quantile(y, [0.25, 0.75])
    slope = (high - low) / (ndtri(0.75) - ndtri(0.25))
    if n >= _BAND_FROM and slope > 0:
        middle = (low + high) / 2
        # the band of a million values is as smooth from a few hundred of them
        at = np.unique(np.linspace(1, n, min(n, 400)).round())
        tail = (1 - level / 100) / 2
        lower, upper = (middle + slope * ndtri(betaincinv(at, n + 1 - at, q)) for q in (tail, 1 - tail))
        x = ndtri((at - 0.5) / n)
        marks.append(Marks("band", x, middle + slope * x, lower, upper, role="reference"))
        ends = quantiles[[0, -1]]
        marks.append(Marks("line", ends, middle + slope * ends, role="reference"))
    places = keep[order]
    points = _points(quantiles, y[order], places, rows, labels)
    marks.append(replace(points, group_rows=tuple(group_rows[k] for k in places)) if group_rows else points)
    return PlotPanel(Axis("Normal quantile"), Axis(y_title), tuple(marks), title)


def caterpillar_plot(
    values: FloatArray,
    se: FloatArray,
    labels: Sequence[str],
    *,
    group_rows: Sequence[Rows] = (),
    level: float = 95.0,
    title: str = "Random effects with their intervals",
    group_title: str = "Group",
    y_title: str = "Random effect",
    comparison: bool = False,
) -> Plot:
    """Predicted random effects in ascending order with their intervals; those off zero are highlighted.

    `values` and `se` have shape (groups,), `labels` one a group, as `group_rows`, their rows in the data, where known.
    With `comparison` the intervals are those of `comparison_quantile`, and nothing is highlighted, as they say nothing
    of zero.
    """
    from scipy.special import ndtri

    y, s, keep = _complete(values, se)
    order = np.argsort(y, kind="stable")
    y, s, keep = y[order], s[order], keep[order]
    half = (comparison_quantile(s, level) if comparison else ndtri(0.5 + level / 200)) * s
    lower, upper = y - half, y + half
    x = np.arange(1.0, len(y) + 1)
    off = (lower > 0) | (upper < 0) if not comparison else np.zeros(len(y), dtype=bool)
    marks = [Marks("hline", np.empty(0), np.array([0.0]), role="reference")]
    kinds: tuple[tuple[npt.NDArray[np.bool_], Literal["data", "fit"], str], ...] = (
        (~off, "data", "Covers zero"),
        (off, "fit", "Does not cover zero"),
    )
    for chosen, role, text in kinds:
        if chosen.any():
            marks.append(
                Marks(
                    "interval", x[chosen], y[chosen], lower[chosen], upper[chosen],
                    label="" if comparison else text, role=role, level=None if comparison else level,
                    group_rows=tuple(group_rows[k] for k in keep[chosen]) if group_rows else (),
                    labels=tuple(f"{labels[k]}: {v:.3g} [{a:.3g}, {b:.3g}]" for k, v, a, b in
                                 zip(keep[chosen], y[chosen], lower[chosen], upper[chosen])),
                )
            )  # fmt: skip
    few = len(y) <= 30
    ticks = tuple((float(i), str(labels[k])) for i, k in zip(x, keep)) if few else None
    axis = Axis(group_title if few else f"{len(y):,} groups of {group_title}, in order", ticks=ticks)
    return Plot(
        title,
        (PlotPanel(axis, Axis(y_title), tuple(marks)),),
        "caterpillar",
        note=f"Predictions with {level:g}% intervals, in ascending order." if not comparison else
        f"Predictions in ascending order. Groups whose intervals do not overlap differ, on average over the pairs "
        f"at the {100 - level:g}% level (Goldstein & Healy 1995).",
        legend=bool(off.any() and not off.all()),
    )


def comparison_quantile(se: FloatArray, level: float = 95.0) -> float:
    """The multiplier of standard errors (groups,) for intervals that compare groups pair by pair.

    With intervals ± z s the chance that those of two equal groups do not overlap is 2Φ(−z(sᵢ + sⱼ)/√(sᵢ² + sⱼ²)); z
    makes its average over the pairs 1 − level (Goldstein & Healy 1995, JRSS A 158: 175-177, equation 3). With equal
    standard errors it is that of the level divided by √2. Of more than 1,000 groups every k-th in order of s counts.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    s = np.sort(se[np.isfinite(se) & (se > 0)])
    usual = float(ndtri(0.5 + level / 200))
    if len(s) < 2:
        return usual / 2**0.5
    s = s[np.linspace(0, len(s) - 1, min(len(s), 1000)).round().astype(int)]
    i, j = np.triu_indices(len(s), 1)
    ratio = (s[i] + s[j]) / np.hypot(s[i], s[j])  # between 1 and √2
    wanted = 1 - level / 100
    return float(brentq(lambda z: 2 * ndtr(-z * ratio).mean() - wanted, 0.5 * usual, usual * 1.01, xtol=1e-12))


def histogram_plot(
    values: FloatArray,
    *,
    title: str = "Distribution of residuals",
    x_title: str = "Residual",
    bins: int | None = None,
    normal: bool = True,
    rows: Rows | None = None,
) -> Plot:
    """Densities in bins of equal width, with the normal curve of the same mean and standard deviation.

    `values` has shape (n,), as `rows`, those of the data where they are known. Bins are those of Freedman and
    Diaconis (1981), 5 to 80 of them, unless given.
    """
    y, _, keep = _complete(values, values)
    spread = float(np.ptp(y))
    if spread == 0:
        raise DataError(
            f"There is nothing to draw: {x_title.lower()} has only one value.",
            code="constant",
            subject=x_title,
        )
    if bins is None:
        width = 2 * float(np.subtract(*np.quantile(y, [0.75, 0.25]))) / len(y) ** (1 / 3)
        bins = int(np.clip(round(spread / width) if width > 0 else 10, 5, 80))
    heights, edges = np.histogram(y, bins, density=True)
    centres = (edges[:-1] + edges[1:]) / 2
    places = np.clip(np.searchsorted(edges, y, side="right") - 1, 0, len(centres) - 1)  # the last bin has its upper end
    behind = () if rows is None else tuple(split_rows(rows[keep], places, len(centres)))
    marks = [Marks("bars", centres, heights, width=float(edges[1] - edges[0]), label="Observed", group_rows=behind)]
    if normal and len(y) > 2:
        mean, sd = float(y.mean()), float(y.std(ddof=1))
        x = np.linspace(y.min() - 0.1 * spread, y.max() + 0.1 * spread, 201)
        curve = np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        marks.append(Marks("line", x, curve, label="Normal", role="fit"))
    panel = PlotPanel(Axis(x_title), Axis("Density", limits=(0.0, _headroom(marks))), tuple(marks))
    return Plot(title, (panel,), "histogram", legend=normal)


def spaghetti_plot(
    x: FloatArray,
    y: FloatArray,
    groups: npt.NDArray[Any],
    *,
    average: tuple[FloatArray, FloatArray] | None = None,
    points: tuple[FloatArray, FloatArray] | None = None,
    rows: Rows | None = None,
    names: Sequence[str] = (),
    title: str = "",
    x_title: str = "",
    y_title: str = "",
    kind: str = "spaghetti",
    most: int = 500,
) -> Plot:
    """One line a group, in ascending x, with `average` as a line of its own and `points` behind.

    `x`, `y` and `groups` have shape (n,), as `names` of the groups, where these are to be told. More groups than
    `most` are thinned out evenly, with a note.
    """
    given_x, given_y, keep = _complete(x, y)
    owner = np.asarray(groups)[keep]
    distinct = np.unique(owner)
    note = ""
    if len(distinct) > most:
        shown = distinct[np.linspace(0, len(distinct) - 1, most).round().astype(int)]
        inside = np.isin(owner, shown)
        note = f"{most:,} of {len(distinct):,} groups are drawn, evenly chosen."
        given_x, given_y, keep, owner = given_x[inside], given_y[inside], keep[inside], owner[inside]
    marks: list[Marks] = []
    if points is not None:
        px, py, pk = _complete(*points)
        marks.append(replace(_points(px, py, pk, rows, names), layer="raw"))
    order = np.lexsort((given_x, owner))
    line_x, line_y, where = _broken(given_x[order], given_y[order], owner[order], keep[order])
    # a line has data rows too, so that a brush can select the rows of a group; breaks have row -1
    data_rows = None if rows is None else np.where(where >= 0, np.asarray(rows)[where], -1)
    texts = tuple(names[k] if k >= 0 else "" for k in where) if names else ()
    marks.append(Marks("line", line_x, line_y, label="Groups", rows=data_rows, layer="groups", labels=texts))
    if average is not None:
        ax, ay, _ = _complete(*average)
        marks.append(Marks("line", *_average(ax, ay), label="Average", role="fit"))
    panel = ticks_at_values(PlotPanel(Axis(x_title), Axis(y_title), tuple(marks)))
    return Plot(title, (panel,), kind, note=note, legend=average is not None)


def _average(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mean of y at each value of x; where x has many values, with few rows each, a local trend."""
    if len(np.unique(x)) > _MANY and (trend := local_trend(x, y, span=0.3)) is not None:
        return trend
    order = np.argsort(x, kind="stable")
    return _mean_by(x[order], y[order])


def local_trend(x: FloatArray, y: FloatArray, span: float = 0.6) -> tuple[FloatArray, FloatArray] | None:
    """A local linear fit with tricube weights on 61 places (Cleveland 1979, without robustness steps).

    The `span` nearest part of the points counts at each place. None where x takes fewer than five values.
    """
    if len(np.unique(x)) < 5:
        return None
    if len(x) > _SMOOTH_FROM:
        kept = np.argsort(x, kind="stable")[np.linspace(0, len(x) - 1, _SMOOTH_FROM).round().astype(int)]
        x, y = x[kept], y[kept]
    at = np.linspace(x.min(), x.max(), 61)
    gap = np.abs(x[None, :] - at[:, None])
    nearest = min(len(x) - 1, max(2, round(span * len(x))))
    reach = np.partition(gap, nearest, axis=1)[:, nearest, None]
    # many equal x can make the reach zero, then a share of the whole width stands in; and where all that is
    # near lies just at the reach, its weight must not be nothing
    reach = 1.001 * np.maximum(reach, 0.05 * np.ptp(x))
    weight = np.clip(1 - (gap / reach) ** 3, 0, None) ** 3
    total = weight.sum(1)
    mean_x, mean_y = (weight @ v / total for v in (x, y))
    dx = x[None, :] - mean_x[:, None]
    variance = (weight * dx**2).sum(1)
    covariance = (weight * dx * (y[None, :] - mean_y[:, None])).sum(1)
    slope = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 0)
    return at, mean_y + slope * (at - mean_x)


def _complete(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, Rows]:
    """Both arrays without the rows where either is missing, and the places of those kept."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"arrays of shapes {x.shape} and {y.shape} do not belong together")
    keep = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(keep) == 0:
        raise DataError("There is nothing to draw: no row has a value.", code="nothing-to-draw")
    return x[keep], y[keep], keep.astype(np.int64)


def _points(x: FloatArray, y: FloatArray, keep: Rows, rows: Rows | None, labels: Sequence[str]) -> Marks:
    data_rows = None if rows is None else np.asarray(rows)[keep]
    texts = tuple(labels[k] for k in keep) if labels else ()
    return Marks("points", x, y, rows=data_rows, labels=texts)


def _broken(x: FloatArray, y: FloatArray, owner: npt.NDArray[Any], keep: Rows) -> tuple[FloatArray, FloatArray, Rows]:
    """The lines of all groups as one, with NaN (and row -1) between groups."""
    ends = np.flatnonzero(owner[1:] != owner[:-1]) + 1
    return np.insert(x, ends, np.nan), np.insert(y, ends, np.nan), np.insert(keep, ends, -1)


def _mean_by(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mean of y at each distinct x."""
    values, inverse = np.unique(x, return_inverse=True)
    return values, np.bincount(inverse, weights=y) / np.bincount(inverse)


def _headroom(marks: Sequence[Marks]) -> float:
    return 1.08 * max(float(np.max(m.y)) for m in marks)
