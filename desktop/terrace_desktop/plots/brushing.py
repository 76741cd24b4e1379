"""What a brush takes: the rows of the data behind the marks inside a rectangle, and the marks of rows. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.known_rows import KnownRows
from terrace.results.plot import Marks

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Brushed:
    """Rows that were selected in a figure, sorted, counted as in the data that it was drawn from, `known`."""

    rows: IntArray
    known: KnownRows | None


def rows_inside(marks: tuple[Marks, ...], x0: float, x1: float, y0: float, y1: float) -> IntArray:
    """Rows of the data behind what lies inside a rectangle (ends included), sorted, each once.

    Of lines these are the places that they go through; intervals and bars are in where any of them is.
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
    out = (m.x >= x0) & (m.x <= x1)
    if m.kind == "interval" and m.lower is not None and m.upper is not None:
        return np.asarray(out & (m.upper >= y0) & (m.lower <= y1))
    if m.kind == "bars":
        base = np.zeros(len(m.x)) if m.lower is None else m.lower
        return np.asarray(out & (np.maximum(m.y, base) >= y0) & (np.minimum(m.y, base) <= y1))
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
    none = np.zeros(len(marks.x), dtype=bool)
    if not len(rows) or (marks.rows is None and not marks.group_rows):
        return none
    chosen = np.zeros(int(rows.max()) + 2, dtype=bool)  # the last stands for whatever is beyond
    chosen[rows] = True
    if marks.rows is not None:
        none |= chosen[np.where(marks.rows < 0, len(chosen) - 1, np.minimum(marks.rows, len(chosen) - 1))]
    if marks.group_rows:
        sizes = np.fromiter(map(len, marks.group_rows), dtype=np.int64, count=len(marks.group_rows))
        flat = np.minimum(np.concatenate(marks.group_rows), len(chosen) - 1)
        owner = np.repeat(np.arange(len(sizes)), sizes)
        none |= np.bincount(owner[chosen[flat]], minlength=len(sizes)).astype(bool)
    return none


def has_rows(marks: Marks) -> bool:
    """True where marks stand for rows of the data, so that a brush can select them."""
    return marks.rows is not None or bool(marks.group_rows)
