"""One layer of marks as pyqtgraph items, in the colours of the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg

from terrace.results.plot import Marks
from terrace_desktop.plots.brushing import half_width
from terrace_desktop.plots.looks import mark_colour, pen, symbol_looks
from terrace_desktop.ui import theme

MOST_TEXTS = 300  # labels beside points
PX = 96 / 72  # of a point, in which a look has widths and sizes
BUNDLE = 8  # breaks from which a layer is a bundle of lines and no single one


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a layer stands: `compact` in a small picture; `several` among series that colours tell apart.

    ``scale`` makes marks smaller in small panels.
    """

    compact: bool = False
    several: bool = False
    scale: float = 1.0


def items(marks: Marks, at: Setting) -> list[Any]:
    """The pyqtgraph items that draw a layer."""
    drawn = _DRAW[marks.kind](marks, at)
    return drawn + _texts(marks) if marks.text and not at.compact else drawn


def _texts(marks: Marks) -> list[Any]:
    """The labels beside their places, as many as can be read."""
    anchors = {"above": (0.5, 1), "below": (0.5, 0), "right": (-0.1, 0.5), "left": (1.1, 0.5)}
    anchor = anchors.get(marks.text, (0.5, 0.5))
    out = []
    for x, y, label in list(zip(marks.x, marks.y, marks.labels))[:MOST_TEXTS]:
        if label and np.isfinite(x) and np.isfinite(y):
            text = pg.TextItem(label, color=theme.colour("ink"), anchor=anchor)
            text.setFont(theme.text_font(11))
            text.setPos(float(x), float(y))
            out.append(text)
    return out


def point_size(count: int, at: Setting) -> float:
    """Diameter in px: smaller the more there are."""
    size = 6.0 if count <= 300 else 5.0 if count <= 3000 else 4.0
    return (size - 1.5 if at.compact else size) * at.scale


def point_alpha(count: int) -> float:
    """How opaque a point is: the paler the more there are."""
    return 0.9 if count <= 300 else 0.55 if count <= 3000 else 0.32


def line_looks(marks: Marks, at: Setting) -> Any:
    """The pen of a line, or of a bundle of lines."""
    breaks = int(np.count_nonzero(np.isnan(marks.y)))
    width, alpha = (2.0, 1.0) if marks.role == "fit" and not at.compact else (1.3, 1.0)
    if marks.role == "data" and breaks >= BUNDLE:
        width, alpha = 1.0, 0.75 if breaks < 40 else 0.4
    if marks.style.thickness is not None:  # what was asked for counts for bundles too
        width, alpha = 1.4 * marks.style.thickness, 1.0
    width = width * max(at.scale, 0.75) if marks.stroke is None else marks.stroke * PX
    return pen(marks, max(0.5, width), _alpha(marks, alpha), at.several, by_series=breaks < BUNDLE)


def _alpha(marks: Marks, usual: float) -> float:
    """How much covers what is beneath: what a look asks for, or what is usual."""
    return usual if marks.opacity is None else marks.opacity / 100


def _across(marks: Marks, usual: float) -> float:
    """The diameter of markers in px: what a look asks for, or what is usual."""
    return usual if marks.points is None else marks.points * PX


def _points(marks: Marks, at: Setting) -> list[Any]:
    if marks.style.marker == "none":
        return []
    n = len(marks.x)
    ok = np.isfinite(marks.x) & np.isfinite(marks.y)
    alpha = _alpha(marks, 1.0 if marks.role == "highlight" else point_alpha(n))
    looks = symbol_looks(marks, _across(marks, point_size(n, at)), alpha, at.several)
    return [pg.ScatterPlotItem(x=marks.x[ok], y=marks.y[ok], pxMode=True, **looks)]


def _line(marks: Marks, at: Setting) -> list[Any]:
    return [pg.PlotCurveItem(x=marks.x, y=marks.y, pen=line_looks(marks, at), connect="finite")]


def _band(marks: Marks, at: Setting) -> list[Any]:
    assert marks.lower is not None and marks.upper is not None
    nothing = pg.mkPen(None)
    low = pg.PlotCurveItem(**_turned(marks, marks.x, marks.lower), pen=nothing)
    high = pg.PlotCurveItem(**_turned(marks, marks.x, marks.upper), pen=nothing)
    fill = pg.FillBetweenItem(low, high, brush=pg.mkBrush(mark_colour(marks, _alpha(marks, 0.16), at.several)))
    return [low, high, fill]


def _interval(marks: Marks, at: Setting) -> list[Any]:
    assert marks.lower is not None and marks.upper is not None
    n = len(marks.x)
    x = np.repeat(marks.x, 2)
    y = np.column_stack([marks.lower, marks.upper]).ravel()
    width = marks.style.thickness or 1.0
    plain = marks.style.marker in ("none", "cap")
    width = (1.5 * width if plain else width) if marks.stroke is None else marks.stroke * PX
    look = pen(marks, width, _alpha(marks, 0.9 if plain else 0.5), at.several)
    bars = pg.PlotCurveItem(**_turned(marks, x, y), pen=look, connect="pairs")
    if plain:
        return [bars]
    size = ((5.0 if n <= 60 else 4.0) - (1.5 if at.compact else 0)) * at.scale
    looks = symbol_looks(marks, _across(marks, size), _alpha(marks, 1.0), at.several)
    middle = pg.ScatterPlotItem(**_turned(marks, marks.x, marks.y), **looks)
    return [middle, bars]


def _turned(marks: Marks, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Places along both axes, exchanged for marks on their side."""
    return {"x": y, "y": x} if marks.horizontal else {"x": x, "y": y}


def _bars(marks: Marks, at: Setting) -> list[Any]:
    edge = pg.mkPen(marks.style.outline or theme.colour("panel"), width=1)
    fill = pg.mkBrush(mark_colour(marks, _alpha(marks, 0.75), at.several))
    base = np.zeros(len(marks.x)) if marks.lower is None else marks.lower
    half = marks.width / 2
    along = {"x0": base, "x1": marks.y, "y0": marks.x - half, "y1": marks.x + half}
    upright = {"x0": marks.x - half, "x1": marks.x + half, "y0": base, "y1": marks.y}
    return [pg.BarGraphItem(**(along if marks.horizontal else upright), pen=edge, brush=fill)]


def _hline(marks: Marks, at: Setting) -> list[Any]:
    look = pen(marks, marks.style.thickness or 1.0, several=at.several)
    return [pg.InfiniteLine(pos=float(y), angle=0, pen=look, movable=False) for y in marks.y]


def _vline(marks: Marks, at: Setting) -> list[Any]:
    look = pen(marks, marks.style.thickness or 1.0, several=at.several)
    return [pg.InfiniteLine(pos=float(x), angle=90, pen=look, movable=False) for x in marks.x]


def _box(marks: Marks, at: Setting) -> list[Any]:
    low, q1, median, q3, high = marks.y.T
    half = half_width(marks)
    edge = pen(marks, marks.style.thickness or 1.0, several=at.several)
    fill = pg.mkBrush(mark_colour(marks, _alpha(marks, 0.25), at.several))
    across, along = (marks.x - half, marks.x + half), (q1, q3)
    (x0, x1), (y0, y1) = (along, across) if marks.horizontal else (across, along)
    body = pg.BarGraphItem(x0=x0, x1=x1, y0=y0, y1=y1, pen=edge, brush=fill)
    across_x = np.column_stack([marks.x - half, marks.x + half]).ravel()
    ink = pg.mkPen(theme.colour("ink"), width=2.0 * max(at.scale, 0.75))
    middle = pg.PlotCurveItem(**_turned(marks, across_x, np.repeat(median, 2)), pen=ink, connect="pairs")
    whiskers_x = np.repeat(marks.x, 4)
    whiskers_y = np.column_stack([low, q1, q3, high]).ravel()
    whiskers = pg.PlotCurveItem(**_turned(marks, whiskers_x, whiskers_y), pen=edge, connect="pairs")
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
