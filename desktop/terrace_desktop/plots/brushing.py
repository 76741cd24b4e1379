"""What a brush takes: the rows of the data behind the marks inside a rectangle, and the marks of rows. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.known_rows import KnownRows
from terrace.results.plot import FloatArray, Marks

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
BODIES = ("bars", "box")
"""Marks that stand for groups of rows and take room across."""
BOX = 0.6  # of its place that a box takes across


@dataclass(frozen=True, eq=False)
class Brushed:
    """Rows that were selected in a figure, sorted, counted as in the data that it was drawn from, `known`."""

    rows: IntArray
    known: KnownRows | None


def rows_inside(marks: tuple[Marks, ...], x0: float, x1: float, y0: float, y1: float) -> IntArray:
    """Rows of the data behind what lies inside a rectangle (ends included), sorted, each once.

    Of lines these are the places that they go through; intervals, bars and boxes are in where any of them is.
    """
    found: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for m in marks:
        if m.rows is None and not m.group_rows:
            continue
        inside = _inside(m, x0, x1, y0, y1)
        if m.rows is not None:
            found.append(m.rows[inside])
        found += [m.group_rows[k] for k in np.flatnonzero(inside)] if m.group_rows else []
    rows = np.concatenate(found)
    rows = rows[rows >= 0]
    return _each_once(rows)


def _inside(m: Marks, x0: float, x1: float, y0: float, y1: float) -> BoolArray:
    if m.horizontal:
        x0, x1, y0, y1 = y0, y1, x0, x1
    if m.kind in BODIES:
        low, high = body(m)
        half = half_width(m)
        return np.asarray((m.x + half > x0) & (m.x - half < x1) & (high >= y0) & (low <= y1))
    out = (m.x >= x0) & (m.x <= x1)
    if m.kind == "interval" and m.lower is not None and m.upper is not None:
        return np.asarray(out & (m.upper >= y0) & (m.lower <= y1))
    if m.y.shape != m.x.shape:
        return np.zeros(len(m.x), dtype=bool)
    return np.asarray(out & (m.y >= y0) & (m.y <= y1))


def _each_once(rows: IntArray) -> IntArray:
    if not len(rows):
        return rows
    there = np.zeros(int(rows.max()) + 1, dtype=bool)
    there[rows] = True
    return np.flatnonzero(there).astype(np.int64)


def rows_of(marks: Marks, at: int) -> IntArray:
    """The rows behind one mark."""
    own = [] if marks.rows is None else [marks.rows[at : at + 1]]
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *own, *marks.group_rows[at : at + 1]])
    return _each_once(rows[rows >= 0])


def marked(marks: Marks, rows: IntArray) -> BoolArray:
    """Which marks of a layer stand for any of these rows, shape (m,)."""
    out = counted(marks, rows) > 0
    if marks.rows is not None and len(rows):
        chosen = _chosen(rows)
        out |= chosen[np.where(marks.rows < 0, len(chosen) - 1, np.minimum(marks.rows, len(chosen) - 1))]
    return np.asarray(out)


def counted(marks: Marks, rows: IntArray) -> IntArray:
    """How many of these rows the marks of a layer stand for that stand for several, shape (m,)."""
    if not len(rows) or not marks.group_rows:
        return np.zeros(len(marks.x), dtype=np.int64)
    chosen = _chosen(rows)
    sizes = np.fromiter(map(len, marks.group_rows), dtype=np.int64, count=len(marks.group_rows))
    flat = np.minimum(np.concatenate(marks.group_rows), len(chosen) - 1)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return np.bincount(owner[chosen[flat]], minlength=len(sizes)).astype(np.int64)


def _chosen(rows: IntArray) -> BoolArray:
    """Which rows these are, by their numbers; the last place stands for whatever is beyond."""
    out = np.zeros(int(rows.max()) + 2, dtype=bool)
    out[rows] = True
    return out


def shares(marks: Marks, rows: IntArray) -> FloatArray:
    """The part of the rows of each mark that is among these, 0 to 1, shape (m,)."""
    sizes = np.fromiter(map(len, marks.group_rows), dtype=np.int64, count=len(marks.group_rows))
    return np.asarray(counted(marks, rows) / np.maximum(sizes, 1), dtype=np.float64)


def body(marks: Marks) -> tuple[FloatArray, FloatArray]:
    """Where bars, or boxes with their whiskers, begin and end along the axis of values."""
    if marks.kind == "box":
        return marks.y[:, 0], marks.y[:, 4]
    base = np.zeros(len(marks.x)) if marks.lower is None else marks.lower
    return np.minimum(base, marks.y), np.maximum(base, marks.y)


def half_width(marks: Marks) -> float:
    """Half of what bars or boxes take of the axis across."""
    return marks.width / 2 * (BOX if marks.kind == "box" else 1.0)


def has_rows(marks: Marks) -> bool:
    """True where marks stand for rows of the data, so that a brush can select them."""
    return marks.rows is not None or bool(marks.group_rows)
