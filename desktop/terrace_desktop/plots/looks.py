"""What a layer looks like on screen: its colour, its pen and its symbol, by role, by series and as asked."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainterPath

from terrace.graphs.colors import contrast
from terrace.report.figure.marks import DASHES, PATTERNS
from terrace.report.themes import theme_of
from terrace.results.plot import Marks
from terrace_desktop.ui import theme

SERIES_SYMBOLS = ("o", "s", "t1", "d", "t", "+", "x", "t3")  # in the order of those on paper
SYMBOLS = {
    "circle": "o",
    "square": "s",
    "triangle": "t1",
    "diamond": "d",
    "cross": "cross",
    "plus": "plus",
    "arrow": "t",
    "pipe": "pipe",
    "point": "o",
}
STROKES = ("cross", "plus", "pipe")  # symbols that are lines and have no inside
_LEAST_CONTRAST = 1.6


def series_colour(number: int, alpha: float = 1.0) -> QColor:
    """The colour of a series; the first is the accent."""
    colours = theme_of(theme.manager().theme.shade).series  # those of the exported figure
    return _faded(QColor(colours[number % len(colours)]), alpha)


def mark_colour(marks: Marks, alpha: float = 1.0, several: bool = False) -> QColor:
    """The colour of a layer: the one asked for, or that of its role or series.

    `several` tells that colours tell series apart, so that the first curve is not drawn in ink.
    """
    if marks.style.color:
        asked = QColor(marks.style.color)  # a black line on a black ground is no line: then ink stands in
        seen = contrast(asked.name(), theme.colour("panel").name()) >= _LEAST_CONTRAST
        return _faded(asked, alpha) if seen else theme.colour("ink", alpha)
    if marks.role == "fit" and marks.series == 0 and not several and marks.kind != "bars":
        return theme.colour("ink", alpha)
    if marks.role == "reference":
        return theme.colour("muted", alpha)
    if marks.role == "highlight":
        return theme.colour("warning", alpha)
    return series_colour(marks.series, alpha)


def pen(marks: Marks, width: float = 1.0, alpha: float = 1.0, several: bool = False, by_series: bool = False) -> Any:
    """A cosmetic pen for a layer; `by_series` gives each series a dash pattern of its own."""
    dash = DASHES[marks.series % len(DASHES)] if by_series else "solid"
    dash = PATTERNS.get(marks.style.pattern, dash)
    if dash == "none":
        return pg.mkPen(None)
    if marks.dashed and dash == "solid":
        dash = DASHES[1]
    out = pg.mkPen(mark_colour(marks, alpha, several), width=width)
    if dash != "solid":
        out.setCapStyle(Qt.PenCapStyle.FlatCap)
        out.setDashPattern([float(x) for x in dash[1]])
    return out


def symbol(marks: Marks) -> str:
    """The name of the symbol of a layer of points: the one asked for, or that of its series."""
    name = marks.style.marker.removesuffix("_hollow")
    return SYMBOLS.get(name, SERIES_SYMBOLS[marks.series % len(SERIES_SYMBOLS)])


def symbol_looks(marks: Marks, size: float, alpha: float = 1.0, several: bool = False) -> dict[str, Any]:
    """``symbol``, ``size`` (px), ``pen`` and ``brush`` as pyqtgraph takes them."""
    name = symbol(marks)
    colour = mark_colour(marks, alpha, several)
    hollow = marks.style.marker.endswith("_hollow") or name in STROKES
    size *= marks.style.size or 1.0
    size *= 0.5 if marks.style.marker.startswith("point") else 1.15 if name in ("s", "d") else 1.0
    return {
        "symbol": _stroke(name) if name in STROKES else name,
        "size": max(1.0, size),
        "pen": pg.mkPen(colour, width=1.2) if hollow else None,
        "brush": None if hollow else pg.mkBrush(colour),
    }


def _stroke(name: str) -> QPainterPath:
    path = QPainterPath()
    lines = {
        "cross": ((-0.4, -0.4, 0.4, 0.4), (-0.4, 0.4, 0.4, -0.4)),
        "plus": ((-0.5, 0, 0.5, 0), (0, -0.5, 0, 0.5)),
        "pipe": ((0, -0.5, 0, 0.5),),
    }[name]
    for x0, y0, x1, y1 in lines:
        path.moveTo(x0, y0)
        path.lineTo(x1, y1)
    return path


def _faded(colour: QColor, alpha: float) -> QColor:
    colour.setAlphaF(alpha)
    return colour
