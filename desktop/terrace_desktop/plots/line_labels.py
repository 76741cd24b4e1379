"""Labels at the right ends of lines in the place of a legend, as on paper; they move with what is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetrics, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsLineItem, QGraphicsScene, QGraphicsSimpleTextItem

from terrace.report.figure.legend import need_leaders, place_of, spread
from terrace.results.plot import Marks, Plot
from terrace_desktop.plots.legend import Legend, entries
from terrace_desktop.ui import theme

GAP = 8  # px between the panel and its labels
MOST = 0.4  # of the width of a figure that labels take at most


def at_lines(plot: Plot) -> bool:
    """True where the legend of a figure stands at its lines."""
    return plot.legend and place_of(plot) == "lines"


def legend_above(plot: Plot) -> Legend | None:
    """The legend that stands above a figure; None where its lines have labels, or it has nothing to tell apart."""
    if not plot.legend or at_lines(plot):
        return None
    legend = Legend(plot)
    return legend if legend.entries else None


def line_end(marks: Marks, low: float, high: float) -> tuple[float, float] | None:
    """The right end of a line between these places, or where it leaves them; None where nothing of it is there."""
    x, y = (marks.y, marks.x) if marks.horizontal else (marks.x, marks.y)
    seen = np.isfinite(x) & np.isfinite(y)
    order = np.argsort(x[seen], kind="stable")
    x, y = x[seen][order], y[seen][order]
    last = int(np.searchsorted(x, high, side="right"))
    if not last or (last == len(x) and x[-1] < low):
        return None
    if last < len(x) and marks.kind == "line":
        return high, float(np.interp(high, x[last - 1 : last + 1], y[last - 1 : last + 1]))
    return float(x[last - 1]), float(y[last - 1])


class LineLabels:
    """The labels of one figure, which `at_lines` is true for; `plot` is what is drawn of it."""

    def __init__(self, plot: Plot) -> None:
        kinds = ("line", "points", "interval")
        self._lines = [(label, next(m for m in layers if m.kind in kinds)) for label, layers in entries(plot)]
        self._items: list[QGraphicsItem] = []

    def room(self, width: int) -> int:
        """px to the right of the panel that they need in a figure of this width."""
        metrics = QFontMetrics(theme.text_font(theme.SMALL))
        widest = max(metrics.horizontalAdvance(label) for label, _ in self._lines)
        return min(widest + 2 * GAP, int(MOST * width))

    def clear(self, scene: QGraphicsScene) -> None:
        """Take them away."""
        for item in self._items:
            scene.removeItem(item)
        self._items = []

    def place(self, scene: QGraphicsScene, box: Any, room: int) -> None:
        """Put them where the lines end now; where they would lie over each other they move apart, with leaders."""
        self.clear(scene)
        (low, high), _ = box.viewRange()
        frame = box.sceneBoundingRect()
        found = [(label, end) for label, marks in self._lines if (end := line_end(marks, low, high)) is not None]
        ends = [(label, box.mapViewToScene(QPointF(*end))) for label, end in found]
        ends = [(label, at) for label, at in ends if frame.top() - 1 <= at.y() <= frame.bottom() + 1]
        font = theme.text_font(theme.SMALL)
        metrics = QFontMetrics(font)
        step = float(metrics.height())
        places = spread([at.y() for _, at in ends], step, frame.top(), frame.bottom())
        led = need_leaders([(at.x(), at.y()) for _, at in ends], places, step, frame.right())
        for (label, at), y in zip(ends, places):
            text = QGraphicsSimpleTextItem(metrics.elidedText(label, Qt.TextElideMode.ElideRight, room - GAP))
            text.setFont(font)
            text.setBrush(theme.colour("ink"))
            text.setPos(frame.right() + GAP, y - step / 2)
            text.setToolTip(label)
            self._items.append(text)
            if led:
                leader = QGraphicsLineItem(at.x(), at.y(), frame.right() + GAP - 2, y)
                leader.setPen(QPen(theme.colour("muted"), 1))
                self._items.append(leader)
        for item in self._items:
            scene.addItem(item)
