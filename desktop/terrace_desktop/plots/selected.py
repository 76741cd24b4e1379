"""What is drawn over a figure for the rows that are selected: their points, and their part of bars and boxes.

Colour never tells alone: a part of a bar has an outline and a hatching.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from terrace.results.plot import Marks
from terrace_desktop.plots import layers
from terrace_desktop.plots.brushing import BODIES, IntArray, half_width, marked, shares
from terrace_desktop.ui import theme

_OPAQUE = {"bars": 0.85, "box": 0.45}  # the median of a box is seen through it


def over_layer(marks: Marks, rows: IntArray, at: layers.Setting) -> Any | None:
    """What lies over one layer where some of its marks stand for these rows; None where none does."""
    if marks.kind in BODIES:
        return _parts(marks, rows) if marks.group_rows else None
    hit = marked(marks, rows) & np.isfinite(marks.x) & np.isfinite(marks.y)
    if not hit.any():
        return None
    x, y = (marks.y, marks.x) if marks.horizontal else (marks.x, marks.y)
    size = layers.point_size(len(marks.x), at) + 1
    return pg.ScatterPlotItem(x=x[hit], y=y[hit], size=size, pen=None, brush=pg.mkBrush(theme.colour("warning")))


def _parts(marks: Marks, rows: IntArray) -> Parts | None:
    """Of bars the part from their foot, of boxes that from their left side, as large as that of the rows."""
    share = shares(marks, rows)
    rects, frames = [], []
    half = half_width(marks)
    for k in np.flatnonzero(share > 0):
        part, x = float(share[k]), float(marks.x[k])
        if marks.kind == "box":
            low, high = float(marks.y[k, 1]), float(marks.y[k, 3])
            rects.append(_rect(x - half, x - half + 2 * half * part, low, high, marks.horizontal))
        else:
            base = 0.0 if marks.lower is None else float(marks.lower[k])
            low, high = base, float(marks.y[k])
            rects.append(_rect(x - half, x + half, base, base + part * (high - base), marks.horizontal))
        frames.append(_rect(x - half, x + half, low, high, marks.horizontal))
    return Parts(rects, frames, _OPAQUE[marks.kind]) if rects else None


def _rect(x0: float, x1: float, y0: float, y1: float, horizontal: bool) -> QRectF:
    if horizontal:
        x0, x1, y0, y1 = y0, y1, x0, x1
    return QRectF(x0, y0, x1 - x0, y1 - y0).normalized()


class Parts(pg.GraphicsObject):  # type: ignore[misc]  # the library has no types
    """Filled and hatched parts of bars or boxes, and outlines around the whole of these."""

    def __init__(self, parts: Sequence[QRectF], frames: Sequence[QRectF], opaque: float) -> None:
        super().__init__()
        self.parts, self.frames, self._opaque = list(parts), list(frames), opaque
        self._around = QRectF()
        for frame in frames:
            self._around = self._around.united(frame)

    def boundingRect(self) -> QRectF:
        return self._around

    def paint(self, painter: QPainter, *_: Any) -> None:
        fill: QColor = theme.colour("warning", self._opaque)
        lines = theme.colour("panel") if self._opaque > 0.5 else theme.colour("ink", 0.7)
        hatching = QBrush(lines, Qt.BrushStyle.BDiagPattern)
        hatching.setTransform(painter.worldTransform().inverted()[0])  # lines of the screen, not of the axes
        edge = QPen(theme.colour("ink"), 1.5)
        edge.setCosmetic(True)
        painter.setPen(Qt.PenStyle.NoPen)
        for brush in (QBrush(fill), hatching):
            painter.setBrush(brush)
            painter.drawRects(self.parts)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(edge)
        painter.drawRects(self.frames)
