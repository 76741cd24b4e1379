"""Fewer points for the screen than the data have, without losing the shape. No Qt here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.results.plot import Marks, Plot

MOST = 40_000  # points of one layer that are drawn; more take over 100 ms to paint
CELLS = 200  # columns in which the outermost points are always kept


def thin_plot(plot: Plot, most: int = MOST) -> tuple[Plot, int, int]:
    """The plot with at most about `most` points a layer, and how many of how many points are drawn.

    Lines, bands and bars are kept whole up to `most` places, beyond that every k-th place is taken.
    """
    drawn = total = 0
    panels = []
    for panel in plot.panels:
        layers = []
        for marks in panel.marks:
            kept = thin_marks(marks, most)
            if marks.kind == "points":
                total += len(marks.x)
                drawn += len(kept.x)
            layers.append(kept)
        panels.append(replace(panel, marks=tuple(layers)))
    return replace(plot, panels=tuple(panels)), drawn, total


def thin_marks(marks: Marks, most: int = MOST) -> Marks:
    """One layer with at most about `most` marks."""
    if marks.kind in ("hline", "vline", "box") or len(marks.x) <= most:
        return marks
    if marks.kind == "points":
        keep = sample_with_extremes(marks.x, marks.y, most)
    else:
        keep = np.arange(0, len(marks.x), -(-len(marks.x) // most))
    return subset(marks, keep)


def subset(marks: Marks, keep: np.ndarray) -> Marks:
    """The marks at these positions."""
    return replace(
        marks,
        x=marks.x[keep],
        y=marks.y[keep],
        lower=None if marks.lower is None else marks.lower[keep],
        upper=None if marks.upper is None else marks.upper[keep],
        rows=None if marks.rows is None else marks.rows[keep],
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


def rows_inside(marks: tuple[Marks, ...], x0: float, x1: float, y0: float, y1: float) -> np.ndarray:
    """Rows of the data behind the points inside a rectangle (ends included), sorted, each once."""
    found = []
    for m in marks:
        if m.kind == "points" and m.rows is not None:
            inside = (m.x >= x0) & (m.x <= x1) & (m.y >= y0) & (m.y <= y1)
            found.append(m.rows[inside])
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
