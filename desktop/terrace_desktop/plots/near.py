"""What is near a place of a panel: marks in order of where they stand, so that no move of the mouse looks at all.

No Qt here. Places are in units of the axes, logarithms where these are logarithmic; distances in px.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from terrace.results.plot import FloatArray, Marks, PlotPanel
from terrace_desktop.plots.brushing import BODIES, body, half_width

IntArray = npt.NDArray[np.int64]
REACH = 10  # px within which the pointer finds a mark
KINDS = ("points", "interval", "line", *BODIES)


@dataclass(frozen=True, slots=True)
class Found:
    """The mark at place ``at`` of the layer of a number, and its distance in px."""

    layer: int
    at: int
    distance: float


def counts(marks: Marks) -> bool:
    """True for a layer whose marks can be pointed at; lines only where they have a name or rows."""
    if marks.kind not in KINDS or not len(marks.x) or marks.text:
        return False
    return marks.kind != "line" or bool(marks.labels or marks.label or marks.rows is not None)


def heights(marks: Marks) -> FloatArray:
    """Where marks stand along the axis of values; of boxes that is the median."""
    return marks.y[:, 2] if marks.kind == "box" else marks.y


class PanelIndex:
    """The marks of a panel by their places; what it needs of a layer is made when it is first asked for."""

    def __init__(self, panel: PlotPanel) -> None:
        self.panel = panel
        self._layers = {k: LayerIndex(m) for k, m in enumerate(panel.marks) if counts(m)}

    def nearest(self, x: float, y: float, px: float, py: float) -> Found | None:
        """The mark nearest to a place; `px` and `py` are the units of a pixel. Points go before lines under them."""
        best: Found | None = None
        for number, layer in self._layers.items():
            found = layer.nearest(x, y, px, py)
            if found is None:
                continue
            at, distance = found
            rank = distance + (1.0 if layer.marks.kind == "line" else 0.0)
            if best is None or rank < best.distance:
                best = Found(number, at, rank)
        return best

    def layer(self, number: int) -> LayerIndex:
        """The index of a layer that can be pointed at. Raises KeyError for another."""
        return self._layers[number]

    def numbers(self) -> list[int]:
        """The layers that can be pointed at, the lowest first."""
        return list(self._layers)

    def line_of(self, found: Found) -> tuple[int, slice] | None:
        """The line that a mark belongs to: the piece that it is on, or the one through the row that it stands for."""
        marks = self.panel.marks[found.layer]
        if marks.kind == "line":
            return found.layer, self._layers[found.layer].piece(found.at)
        row = -1 if marks.rows is None else int(marks.rows[found.at])
        if row < 0:
            return None
        for number, layer in self._layers.items():
            if layer.marks.kind == "line" and layer.marks.rows is not None:
                there = np.flatnonzero(layer.marks.rows == row)
                if len(there):
                    return number, layer.piece(int(there[0]))
        return None


class LayerIndex:
    """One layer in order of its first axis."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    @cached_property
    def _order(self) -> IntArray:
        """The places of the marks in order of x, those without one left out."""
        m = self.marks
        order = np.argsort(m.x, kind="stable")
        out: IntArray = order[np.isfinite(m.x[order]) & np.isfinite(heights(m)[order])]
        return out

    @cached_property
    def _sorted(self) -> FloatArray:
        return np.asarray(self.marks.x[self._order], dtype=np.float64)

    @cached_property
    def _segments(self) -> tuple[IntArray, FloatArray, float]:
        """The parts of lines by their left ends: the place of the first of both ends, left ends, the widest."""
        x, y = self.marks.x, self.marks.y
        ok = np.isfinite(x) & np.isfinite(y)
        first = np.flatnonzero(ok[1:] & ok[:-1]).astype(np.int64)
        left = np.minimum(x[first], x[first + 1])
        order = np.argsort(left, kind="stable")
        widest = float(np.abs(np.diff(x))[first].max()) if len(first) else 0.0
        return first[order], left[order], widest

    def nearest(self, x: float, y: float, px: float, py: float) -> tuple[int, float] | None:
        """The place of the mark nearest to a point within reach, and its distance."""
        m = self.marks
        if m.horizontal:
            x, y, px, py = y, x, py, px
        if m.kind == "line":
            found = self._on_line(x, y, px, py)
            if found is not None:
                return found
        reach = half_width(m) if m.kind in BODIES else REACH * px
        low, high = np.searchsorted(self._sorted, (x - reach, x + reach), side="left")
        near = self._order[low : high + 1]
        if not len(near):
            return None
        distance = self._distances(near, x, y, px, py)
        best = int(np.argmin(distance))
        return (int(near[best]), float(distance[best])) if distance[best] <= REACH else None

    def _distances(self, near: IntArray, x: float, y: float, px: float, py: float) -> FloatArray:
        m = self.marks
        out: FloatArray
        if m.kind in BODIES:
            low, high = body(m)
            inside = np.abs(m.x[near] - x) <= half_width(m)
            inside &= (y <= high[near]) & (y >= low[near])
            out = np.where(inside, 0.0, np.inf)
        elif m.kind == "interval" and m.lower is not None and m.upper is not None:
            inside = (y >= m.lower[near]) & (y <= m.upper[near])
            out = np.where(inside, np.abs(m.x[near] - x) / px, np.inf)
        else:
            out = np.hypot((m.x[near] - x) / px, (m.y[near] - y) / py)
        return out

    def _on_line(self, x: float, y: float, px: float, py: float) -> tuple[int, float] | None:
        """The nearer end of the part of a line that is nearest to a point."""
        first, left, widest = self._segments
        low = np.searchsorted(left, x - widest - REACH * px, side="left")
        high = np.searchsorted(left, x + REACH * px, side="right")
        near = first[low:high]
        if not len(near):
            return None
        m = self.marks
        ax, ay = (m.x[near] - x) / px, (m.y[near] - y) / py
        bx, by = (m.x[near + 1] - x) / px, (m.y[near + 1] - y) / py
        dx, dy = bx - ax, by - ay
        long = dx * dx + dy * dy
        part = np.clip(np.divide(-(ax * dx + ay * dy), long, out=np.zeros_like(long), where=long > 0), 0, 1)
        distance = np.hypot(ax + part * dx, ay + part * dy)
        best = int(np.argmin(distance))
        if not distance[best] <= REACH:
            return None
        return int(near[best] + (part[best] > 0.5)), float(distance[best])

    @cached_property
    def _starts(self) -> IntArray:
        """Where pieces of a line begin: behind a break, and where another group does."""
        m = self.marks
        broken = ~(np.isfinite(m.x) & np.isfinite(m.y))
        begins = np.r_[True, broken[:-1]] & ~broken
        if m.labels:
            codes = {text: k for k, text in enumerate(dict.fromkeys(m.labels))}
            own = np.array([codes[t] for t in m.labels])
            begins |= ~broken & np.r_[True, own[1:] != own[:-1]]
        return np.flatnonzero(begins).astype(np.int64)

    def pieces(self) -> IntArray:
        """Where the pieces of a line begin, in order."""
        return self._starts

    def piece(self, at: int) -> slice:
        """The piece of a line that a place is on."""
        k = int(np.searchsorted(self._starts, at, side="right")) - 1
        first = int(self._starts[k])
        end = int(self._starts[k + 1]) if k + 1 < len(self._starts) else len(self.marks.x)
        while end > first + 1 and not np.isfinite(self.marks.y[end - 1]):
            end -= 1
        return slice(first, end)

    def walk(self, at: int, step: int) -> int:
        """The next mark to the right (1) or left (-1): along its line, elsewhere in order of x; the same at the end."""
        if self.marks.kind == "line":
            piece = self.piece(at)
            return int(min(max(at + step, piece.start), piece.stop - 1))
        place = int(np.flatnonzero(self._order == at)[0]) + step
        return int(self._order[min(max(place, 0), len(self._order) - 1)])

    def first(self) -> int | None:
        """The first mark; None where there is none to be seen."""
        return int(self._order[0]) if len(self._order) else None

    def ends(self, at: int) -> tuple[int, int]:
        """The first and the last mark, of the line that a place is on or of the layer."""
        if self.marks.kind == "line":
            piece = self.piece(at)
            return piece.start, piece.stop - 1
        return int(self._order[0]), int(self._order[-1])
