"""One legend for a whole figure, above its panels and never over the data."""

from __future__ import annotations

from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from terrace.results.plot import Marks, Plot
from terrace_desktop.plots.layers import Setting, line_looks
from terrace_desktop.plots.looks import mark_colour, pen, symbol_looks
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

SAMPLE = 26  # px of the sample before a label
GAP = 6
BETWEEN = 18
ROW = 20


def entries(plot: Plot) -> list[tuple[str, tuple[Marks, ...]]]:
    """Each label once, with its layers in the first panel that has it, in the order asked for or of the layers."""
    found: dict[str, tuple[Marks, ...]] = {}
    for panel in plot.panels:
        here: dict[str, list[Marks]] = {}
        for marks in panel.marks:
            if marks.label:
                here.setdefault(marks.label, []).append(marks)
        for label, layers in here.items():
            found.setdefault(label, tuple(layers))
    order = dict.fromkeys([*plot.legend_order, *found])
    return [(label, found[label]) for label in order if label in found]


class Legend(QWidget):
    """Samples and labels in rows as wide as there is room."""

    def __init__(self, plot: Plot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries = entries(plot)
        self.several = any(m.series for p in plot.panels for m in p.marks)
        named(self, "plot_legend", self.tr("Legend: {0}").format(", ".join(label for label, _ in self.entries)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.manager().changed.connect(self._follow_text)
        self.resize(720, 1)
        self._follow_text()

    def _follow_text(self) -> None:
        self.setFont(theme.text_font(theme.SMALL))
        self.setFixedHeight(self.heightForWidth(self.width()))
        self.update()

    def places(self, width: int) -> list[QRectF]:
        """Where each entry stands in a widget of that width."""
        metrics = QFontMetrics(self.font())
        out: list[QRectF] = []
        x, y = 0.0, 0.0
        for label, _ in self.entries:
            wide = min(float(width), SAMPLE + GAP + metrics.horizontalAdvance(label) + 2)
            if x and x + wide > width:
                x, y = 0.0, y + ROW
            out.append(QRectF(x, y, wide, ROW))
            x += wide + BETWEEN
        return out

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self.places(width)
        return int(places[-1].bottom()) + 4 if places else 0

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self.heightForWidth(event.size().width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(self.font())
        for (label, layers), place in zip(self.entries, self.places(self.width())):
            for marks in layers:
                painter.save()
                self._sample(painter, marks, QRectF(place.left(), place.top(), SAMPLE, ROW))
                painter.restore()
            room = place.adjusted(SAMPLE + GAP, 0, 2, 0)
            painter.setPen(theme.colour("ink"))
            text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)

    def _sample(self, painter: QPainter, marks: Marks, place: QRectF) -> None:
        middle = place.center()
        if marks.kind in ("band", "bars", "box"):
            alpha = {"band": 0.16, "bars": 0.75, "box": 0.25}[marks.kind]
            edge = pen(marks, several=self.several) if marks.kind == "box" else Qt.PenStyle.NoPen
            painter.setPen(edge)
            painter.setBrush(mark_colour(marks, alpha, self.several))
            painter.drawRect(QRectF(place.left() + 3, middle.y() - 5, SAMPLE - 6, 10))
        if marks.kind in ("line", "hline", "vline"):
            at = Setting(several=self.several)
            look = line_looks(marks, at) if marks.kind == "line" else pen(marks, several=self.several)
            colour = look.color()
            colour.setAlphaF(1.0)  # an entry is no crowd: it need not be pale
            look.setColor(colour)
            painter.setPen(look)
            painter.drawLine(QPointF(place.left() + 1, middle.y()), QPointF(place.right() - 1, middle.y()))
        if marks.kind == "interval":
            painter.setPen(pen(marks, 1.2, 0.8, self.several))
            painter.drawLine(QPointF(middle.x(), middle.y() - 7), QPointF(middle.x(), middle.y() + 7))
        if marks.kind in ("points", "interval"):
            looks = symbol_looks(marks, 7.0, several=self.several)
            shape = looks["symbol"]
            path = Symbols[shape] if isinstance(shape, str) else shape
            size = max(5.0, looks["size"])
            painter.translate(middle)
            if looks["pen"] is None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(looks["brush"])
            else:
                painter.setPen(looks["pen"])
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.scale(size, size)
            painter.drawPath(path)
