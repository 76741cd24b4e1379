"""What lies beneath a plot of margins: the raw data, and partial residuals.

A partial residual is the margin at the row's own place plus the residual of the row, with the random effects taken out
(Fox & Weisberg 2018, Journal of Statistical Software 87(9), section 3). Each row belongs to the margin whose values of
the other variables are nearest to its own, the first of several. Along a continuous variable the margin is taken at the
row's own value: margins are averages of columns that are products of variables, so over one variable they are a
polynomial, which the margins at its values determine. With `grid` a row stands at the nearest margin itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.known_rows import KnownRows, known_rows
from terrace.errors import SpecError
from terrace.graphs.group_names import named_groups
from terrace.postestimation.margins.at import Dimension
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.outcome import outcome_values
from terrace.postestimation.predict.columns import residuals
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Beneath:
    """The rows of the estimation sample beneath margins.

    ``rows`` (n,) are their numbers in the data, ``y`` (n,) the outcome and ``residual`` (n,) the conditional residual.
    ``nearest`` (n,) is the margin whose values are nearest to those of the row, -1 where no margin is at its levels.
    ``values`` has the row's own value, (n,), of each variable that margins vary over and that is a number, and
    ``degree`` the highest power of each of these in the model. ``names`` (n,) are what the groups of the lowest level
    are called, or nothing where there are none. ``drawn_from`` are the rows that ``rows`` count.
    """

    rows: Rows
    y: FloatArray
    residual: FloatArray
    nearest: Rows
    values: dict[str, FloatArray]
    degree: dict[str, int]
    names: tuple[str, ...] = ()
    drawn_from: KnownRows | None = None


def beneath(found: Margins, fit: FitResult, data: Dataset, inside: npt.NDArray[np.bool_] | None = None) -> Beneath:
    """The rows of the sample, each with its nearest margin; `inside` (n,) leaves only some of the sample.

    Raises `SpecError` where the margins are no predictions of the outcome, or rows have no place among them.
    """
    if found.effects or found.expression:
        what = "effects" if found.effects else "an expression"
        raise SpecError(f"The margins are of {what}, so data and residuals are on another scale.", code="no-points",
                        advice="Raw data and partial residuals lie beneath predictions.")  # fmt: skip
    names = [tuple(d.name for d in dims) for dims in found.dimensions]
    if len(set(names)) > 1:
        raise SpecError("The margins are over different variables, so rows have no one place among them.",
                        code="no-points", advice="Plot the margins of one term at a time.")  # fmt: skip
    rows = np.flatnonzero(fit.sample if inside is None else _within(fit.sample, inside)).astype(np.int64)
    factors = {f.name for t in fit.spec.fixed for f in t.factors if f.kind == "factor"}
    codes, values = [], {}
    for place, name in enumerate(names[0]):
        at = [dims[place] for dims in found.dimensions]
        own = _distinct(at)
        if any(d.value is None for d in own):
            raise SpecError(f"The margins leave {name} as observed, so rows have no one place among them.",
                            code="no-points", subject=name, advice=f"Set {name} to values in at().")  # fmt: skip
        if name not in factors and all(d.kind == "at" for d in own):
            values[name] = data.numeric(name)[rows]
            codes.append(_closest(values[name], np.array([float(d.level) for d in own])))
        else:
            codes.append(_equal(data, name, rows, own))
    nearest = _margin_of(found.dimensions, codes, len(rows))
    degree = {n: max((sum(f.name == n for f in t.factors) for t in fit.spec.fixed), default=1) for n in values}
    group = _group(fit)
    called = named_groups(data, group, rows) if group else ()
    return Beneath(rows, outcome_values(fit, data)[rows], residuals(fit, data)[rows], nearest, values, degree, called,
                   known_rows(data))  # fmt: skip


def _group(fit: FitResult) -> str:
    """The group variable of the lowest level; empty without groups."""
    levels = [e.factor or e.level if e.level == "_all" else e.level for e in fit.spec.random]
    return next((level for level in reversed(levels) if level != "_all"), "")


def partial(found: Margins, under: Beneath, members: Sequence[int], axis: str, grid: bool) -> FloatArray:
    """The partial residuals of the rows of one line, NaN for the others; shape (n,).

    `members` are the margins of the line over `axis`. Raises `SpecError` where these are too few to tell the curve.
    """
    mine = np.isin(under.nearest, members)
    if grid or axis not in under.values:
        at = np.where(mine, under.nearest, 0)
        return np.where(mine, found.margins[at] + under.residual, np.nan)
    where = {d.name: k for k, d in enumerate(found.dimensions[members[0]])}[axis]
    x = np.array([float(found.dimensions[k][where].level) for k in members])
    need = under.degree[axis] + 1
    if len(np.unique(x)) < need:
        raise SpecError(
            f"Partial residuals over {axis} need margins at {need} or more of its values.", code="no-points",
            subject=axis, advice=f"Write more values, such as at({axis}=(1(1){need + 2})), or residuals(grid).",
        )  # fmt: skip
    curve = _curve(x, found.margins[list(members)], need - 1, under.values[axis])
    return np.where(mine, curve + under.residual, np.nan)


def _curve(x: FloatArray, y: FloatArray, degree: int, at: FloatArray) -> FloatArray:
    """The polynomial through points (k,) that lie on one, in Chebyshev's form for its digits, at other places."""
    kept = np.isfinite(y)
    if kept.sum() <= degree:
        return np.full(len(at), np.nan)
    ends = np.array([min(x.min(), np.nanmin(at)), max(x.max(), np.nanmax(at))])
    fitted = np.polynomial.Chebyshev.fit(x[kept], y[kept], degree, domain=ends)
    out: FloatArray = fitted(at)
    return out


def _within(sample: npt.NDArray[np.bool_], inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    out = sample.copy()
    out[sample] = inside
    return out


def _distinct(at: Sequence[Dimension]) -> list[Dimension]:
    return list({d.value: d for d in reversed(at)}.values())[::-1]


def _closest(values: FloatArray, grid: FloatArray) -> Rows:
    """The place in the grid that each value is nearest to, the first of several; -1 for a missing value."""
    out = np.full(len(values), -1, dtype=np.int64)
    there = np.isfinite(values)
    order = np.argsort(grid, kind="stable")
    ordered = grid[order]
    right = np.clip(np.searchsorted(ordered, values[there]), 1, max(len(grid) - 1, 1))
    if len(grid) == 1:
        out[there] = 0
        return out
    low, high = right - 1, right
    below, above = np.abs(values[there] - ordered[low]), np.abs(ordered[high] - values[there])
    first = np.minimum(order[low], order[high])
    out[there] = np.where(below < above, order[low], np.where(above < below, order[high], first))
    return out


def _equal(data: Dataset, name: str, rows: Rows, own: Sequence[Dimension]) -> Rows:
    """The place among the levels of each row's own; -1 for a level that no margin is at."""
    codes, known = data.codes(name)
    place = {d.value: k for k, d in enumerate(own)}
    table = np.array([*(place.get(v, -1) for v in known), -1], dtype=np.int64)
    out: Rows = table[codes[rows]]
    return out


def _margin_of(dimensions: Sequence[tuple[Dimension, ...]], codes: Sequence[Rows], n: int) -> Rows:
    """The first margin at each row's combination of places, -1 where there is none."""
    if not codes:
        return np.zeros(n, dtype=np.int64)
    places: list[dict[object, int]] = []
    for k in range(len(codes)):
        places.append({d.value: i for i, d in enumerate(_distinct([dims[k] for dims in dimensions]))})
    sizes = [len(p) for p in places]
    table = np.full(int(np.prod(sizes)) + 1, -1, dtype=np.int64)
    for k in reversed(range(len(dimensions))):
        at = [p[d.value] for p, d in zip(places, dimensions[k])]
        table[np.ravel_multi_index(at, sizes)] = k
    known = np.all([c >= 0 for c in codes], axis=0)
    flat = np.ravel_multi_index([np.maximum(c, 0) for c in codes], sizes)
    return table[np.where(known, flat, -1)]


def beneath_note(kind: str, under: Beneath, grid: bool) -> str:
    """What the points beneath margins are, for the note of the figure."""
    lost = int((under.nearest < 0).sum())
    words = {
        "raw": "Points are the data",
        "residuals": "Points are partial residuals: the margin at "
        + ("the nearest values" if grid else "the values of the row") + " plus its residual",
    }[kind]  # fmt: skip
    out = f"{words}."
    return out if not lost else f"{out} {lost:,} at levels without a margin are left out."

