"""Fewer points for the screen than the data have, without losing the shape. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terrace.results.plot import Marks, Plot

MOST = 10_000  # points of one layer that are drawn; more take too long to make and paint
MOST_SMALL = 4_000  # the same in a small picture
INTERVALS = 2_000  # intervals that are drawn: as many as there are pixels across
CELLS = 200  # columns in which the outermost points are always kept


@dataclass(frozen=True)
class Prepared:
    """A plot with what the screen draws of it; made off the GUI thread, since thinning a million takes a while.

    ``drawn`` of ``total`` points stand in `large`.
    """

    plot: Plot
    large: Plot
    small: Plot
    drawn: int
    total: int


def prepare(plot: Plot | Prepared) -> Prepared:
    """What the screen needs of a plot."""
    if isinstance(plot, Prepared):
        return plot
    large = thin_plot(plot, MOST)
    return Prepared(plot, large, thin_plot(large, MOST_SMALL), _points(large), _points(plot))


def thin_plot(plot: Plot, most: int) -> Plot:
    """The plot with at most about `most` points a layer.

    Lines, bands and bars are kept whole up to `most` places, beyond that every k-th place is taken.
    """
    panels = [replace(p, marks=tuple(thin_marks(m, most) for m in p.marks)) for p in plot.panels]
    return replace(plot, panels=tuple(panels))


def _points(plot: Plot) -> int:
    return sum(len(m.x) for p in plot.panels for m in p.marks if m.kind in ("points", "interval"))


def thin_marks(marks: Marks, most: int) -> Marks:
    """One layer with at most about `most` marks."""
    if marks.kind == "interval":
        most = min(most, INTERVALS)
    if marks.kind in ("hline", "vline", "box") or len(marks.x) <= most:
        return marks
    if marks.kind == "points":
        keep = sample_with_extremes(marks.x, marks.y, most)
    else:
        keep = every_kth(marks.x, marks.y, most)
    return subset(marks, keep)


def every_kth(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray:
    """About `most` places in order; a line keeps its breaks and the ends beside them, else it would join others."""
    n = len(x)
    keep = np.zeros(n, dtype=bool)
    keep[:: -(-n // most)] = True
    broken = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y))) if x.shape == y.shape else np.arange(0)
    for step in (-1, 0, 1):
        keep[np.clip(broken + step, 0, n - 1)] = True
    return np.flatnonzero(keep)


def subset(marks: Marks, keep: np.ndarray) -> Marks:
    """The marks at these positions."""
    return replace(
        marks,
        x=marks.x[keep],
        y=marks.y[keep],
        lower=None if marks.lower is None else marks.lower[keep],
        upper=None if marks.upper is None else marks.upper[keep],
        rows=None if marks.rows is None else marks.rows[keep],
        group_rows=tuple(marks.group_rows[i] for i in keep) if marks.group_rows else (),
        labels=tuple(marks.labels[i] for i in keep) if marks.labels else (),
    )


def sample_with_extremes(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray:
    """Positions of a random sample, with the highest and lowest point of each of `CELLS` columns."""
    n = len(x)
    finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(finite):
        return np.arange(0)
    rng = np.random.default_rng(20240101)  # the same picture every time
    spread = rng.choice(finite, size=min(most, len(finite)), replace=False)
    xs = x[finite]
    width = float(xs.max() - xs.min()) or 1.0
    column = np.minimum(((xs - xs.min()) / width * CELLS).astype(np.int64), CELLS - 1)
    order = np.lexsort((y[finite], column))
    edges = np.flatnonzero(np.diff(column[order])) + 1
    first = np.concatenate([[0], edges])
    last = np.concatenate([edges - 1, [len(order) - 1]])
    extremes = finite[order[np.unique(np.concatenate([first, last]))]]
    kept = np.unique(np.concatenate([spread, extremes]))
    assert kept[-1] < n
    return kept
