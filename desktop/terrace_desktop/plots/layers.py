"""One layer of marks as pyqtgraph items, in the colours of the theme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from terrace.report.themes import theme_of
from terrace.results.plot import Marks
from terrace_desktop import theme


def series_colour(number: int, alpha: float = 1.0) -> QColor:
    """The colour of a series; the first is the accent."""
    colours = theme_of(theme.manager().theme.name).series  # those of the exported figure
    c = QColor(colours[number % len(colours)])
    c.setAlphaF(alpha)
    return c


def mark_colour(marks: Marks, alpha: float = 1.0) -> QColor:
    """The colour of a layer: its series, or its role."""
    if marks.role == "fit" and marks.series == 0:
        return theme.colour("ink", alpha)
    if marks.role == "reference":
        return theme.colour("muted", alpha)
    if marks.role == "highlight":
        return theme.colour("warning", alpha)
    return series_colour(marks.series, alpha)


def pen(marks: Marks, width: float = 1.0, alpha: float = 1.0) -> Any:
    """A cosmetic pen for a layer."""
    style = Qt.PenStyle.DashLine if marks.dashed else Qt.PenStyle.SolidLine
    return pg.mkPen(mark_colour(marks, alpha), width=width, style=style)


def items(marks: Marks, compact: bool) -> list[Any]:
    """The pyqtgraph items that draw a layer."""
    return _DRAW[marks.kind](marks, compact)


def point_size(count: int, compact: bool) -> float:
    """Diameter in px: smaller the more there are."""
    size = 6.0 if count <= 300 else 5.0 if count <= 3000 else 4.0
    return size - 1.5 if compact else size


def _points(marks: Marks, compact: bool) -> list[Any]:
    n = len(marks.x)
    alpha = 0.9 if n <= 300 else 0.55 if n <= 3000 else 0.32
    ok = np.isfinite(marks.x) & np.isfinite(marks.y)
    brush = pg.mkBrush(mark_colour(marks, alpha))
    item = pg.ScatterPlotItem(
        x=marks.x[ok], y=marks.y[ok], size=point_size(n, compact), pen=None, brush=brush, pxMode=True
    )
    return [item]


def _line(marks: Marks, compact: bool) -> list[Any]:
    width, alpha = (2.0, 1.0) if marks.role == "fit" and not compact else (1.2, 1.0)
    if marks.role == "data" and np.count_nonzero(np.isnan(marks.y)) >= 8:  # a bundle of lines
        width, alpha = 1.0, 0.4
    return [pg.PlotCurveItem(x=marks.x, y=marks.y, pen=pen(marks, width, alpha), connect="finite")]


def _band(marks: Marks, compact: bool) -> list[Any]:
    assert marks.lower is not None and marks.upper is not None
    nothing = pg.mkPen(None)
    low = pg.PlotCurveItem(x=marks.x, y=marks.lower, pen=nothing)
    high = pg.PlotCurveItem(x=marks.x, y=marks.upper, pen=nothing)
    fill = pg.FillBetweenItem(low, high, brush=pg.mkBrush(mark_colour(marks, 0.16)))
    return [low, high, fill]


def _interval(marks: Marks, compact: bool) -> list[Any]:
    assert marks.lower is not None and marks.upper is not None
    n = len(marks.x)
    x = np.repeat(marks.x, 2)
    y = np.column_stack([marks.lower, marks.upper]).ravel()
    bars = pg.PlotCurveItem(x=x, y=y, pen=pen(marks, 1.0, 0.5), connect="pairs")
    size = (5.0 if n <= 60 else 4.0) - (1.5 if compact else 0)
    middle = pg.ScatterPlotItem(
        x=marks.x, y=marks.y, size=size, pen=None, brush=pg.mkBrush(mark_colour(marks))
    )
    return [middle, bars]


def _bars(marks: Marks, compact: bool) -> list[Any]:
    edge = pg.mkPen(theme.colour("panel"), width=1)
    fill = pg.mkBrush(mark_colour(marks, 0.75))
    return [pg.BarGraphItem(x=marks.x, height=marks.y, width=marks.width, pen=edge, brush=fill)]


def _hline(marks: Marks, compact: bool) -> list[Any]:
    return [pg.InfiniteLine(pos=float(y), angle=0, pen=pen(marks), movable=False) for y in marks.y]


def _vline(marks: Marks, compact: bool) -> list[Any]:
    return [pg.InfiniteLine(pos=float(x), angle=90, pen=pen(marks), movable=False) for x in marks.x]


def _box(marks: Marks, compact: bool) -> list[Any]:
    low, q1, median, q3, high = marks.y.T
    half = marks.width / 2 * 0.8
    body = pg.BarGraphItem(
        x=marks.x, y0=q1, y1=q3, width=2 * half, pen=pen(marks), brush=pg.mkBrush(mark_colour(marks, 0.2))
    )
    across_x = np.column_stack([marks.x - half, marks.x + half]).ravel()
    middle = pg.PlotCurveItem(x=across_x, y=np.repeat(median, 2), pen=pen(marks, 2.0), connect="pairs")
    whiskers_x = np.repeat(marks.x, 4)
    whiskers_y = np.column_stack([low, q1, q3, high]).ravel()
    whiskers = pg.PlotCurveItem(x=whiskers_x, y=whiskers_y, pen=pen(marks), connect="pairs")
    return [whiskers, body, middle]


_DRAW = {
    "points": _points,
    "line": _line,
    "band": _band,
    "interval": _interval,
    "bars": _bars,
    "hline": _hline,
    "vline": _vline,
    "box": _box,
}
