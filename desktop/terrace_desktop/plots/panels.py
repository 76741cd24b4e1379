"""The panels of a plot in a pyqtgraph layout: made one by one, placed on a grid, their shared axes tied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import floor, log10
from typing import Any, Literal

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics

from terrace.results.plot import Axis, Plot, PlotPanel
from terrace.wording import true_minus
from terrace_desktop.plots import layers
from terrace_desktop.plots.axis import NumberAxis
from terrace_desktop.plots.trellis import Trellis, axis_of
from terrace_desktop.ui import theme

NUMBERS_LEFT = 44  # px beside a panel for the numbers of its axis
NUMBERS_BELOW = 24
HEADING = 20
TITLE = 20  # px of the title that stands once for all panels
SPACING = 6
THIN = 8  # px below which a side of a rectangle is none
Mode = Literal["move", "zoom", "select"]
Span = tuple[float, float]
_SIDES = (("x", "bottom"), ("y", "left"))


class BrushBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """A view box whose drag moves what is shown, zooms to a rectangle or draws that of the brush, by its `mode`."""

    brushed = Signal(QRectF, bool)  # the rectangle, and whether it adds to what is selected

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.mode: Mode = "move"

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        if self.mode == "move" or axis is not None or ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        drawn = self._along(QRectF(ev.buttonDownPos(ev.button()), ev.pos()).normalized())
        if not ev.isFinish():
            self.updateScaleBox(drawn.topLeft(), drawn.bottomRight())
            return
        self.rbScaleBox.hide()
        corners = self.childGroup.mapRectFromParent(drawn)
        if self.mode == "select":
            self.brushed.emit(corners, bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif max(drawn.width(), drawn.height()) > THIN:
            self.setRange(corners, padding=0)

    def _along(self, drawn: QRectF) -> QRectF:
        """The rectangle that is zoomed to: a thin one is meant along one axis alone, and goes from edge to edge."""
        whole = self.rect()
        if self.mode != "zoom":
            return drawn
        if drawn.height() < THIN < drawn.width():
            return QRectF(drawn.left(), whole.top(), drawn.width(), whole.height())
        if drawn.width() < THIN < drawn.height():
            return QRectF(whole.left(), drawn.top(), whole.width(), drawn.height())
        return drawn


class Grid:
    """Makes and ties the panels of one plot. `jobs` are the steps in which it is drawn."""

    def __init__(self, layout: Any, plot: Plot, trellis: Trellis, compact: bool) -> None:
        self.layout = layout
        self.plot = plot
        self.trellis = trellis
        self.compact = compact
        several = any(m.series for p in plot.panels for m in p.marks)
        self.setting = layers.Setting(compact, several, trellis.scale)
        self.boxes: list[BrushBox] = []
        self.items: list[Any] = []
        self._titles: dict[str, Any] = {}
        self._tied = False
        self._home: list[list[list[float]]] = []  # the ranges when everything is shown

    def jobs(self) -> Iterator[Callable[[], object]]:
        """What is to be done, in order, each a matter of milliseconds."""
        self.boxes, self.items, self._titles = [], [], {}
        for k, panel in enumerate(self.plot.panels):
            yield partial(self._panel, k, panel)
            for marks in panel.marks:
                yield partial(self._layer, k, marks)
        yield self._into_layout
        if not self.compact:
            yield self._common_titles
        yield self._tie

    # --- making -------------------------------------------------------------------------------------
    def _panel(self, k: int, panel: PlotPanel) -> None:
        box = BrushBox()
        axes = {side: NumberAxis(side, axis_of(panel, which)) for which, side in _SIDES}
        item = pg.PlotItem(viewBox=box, enableMenu=False, axisItems=axes)
        item.hideButtons()
        for which, side in _SIDES:
            self._axis(item.getAxis(side), axis_of(panel, which), k, which)
        if panel.title and self.trellis.count > 1 and not self.compact:
            item.setTitle("x", size="11px" if self.trellis.small else "12px", color=theme.colour("ink"))
            item.titleLabel.setMaximumHeight(HEADING)
            item.layout.setRowFixedHeight(0, HEADING)
        if self.compact:
            box.setMouseEnabled(False, False)
        box.disableAutoRange()  # once, at the end, and not for every layer
        self.boxes.append(box)
        self.items.append(item)

    def _into_layout(self) -> None:
        """All at once: a layout that grows panel by panel would move those before it every time."""
        for k, item in enumerate(self.items):
            row, column = divmod(k, self.trellis.columns)
            self.layout.addItem(item, row=row, col=column + 1)

    def _layer(self, k: int, marks: Any) -> None:
        for layer in layers.items(marks, self.setting):
            self.items[k].addItem(layer)

    def _axis(self, axis: Any, spec: Axis, number: int, which: str) -> None:
        axis.setPen(pg.mkPen(theme.colour("faint" if self.compact else "line"), width=1))
        axis.setTextPen(theme.colour("muted"))
        small = self.trellis.small
        axis.setStyle(tickFont=theme.text_font(10 if small else 11), tickLength=0 if self.compact else -4)
        if spec.log:  # the marks already stand at their logarithms
            axis.setLogMode(x=which == "x", y=which == "y")
        if self.compact:
            axis.setStyle(showValues=False)
            axis.setWidth(6) if which == "y" else axis.setHeight(6)
            return
        if spec.ticks is not None:
            axis.setTicks([[(float(at), true_minus(text)) for at, text in spec.ticks]])
        axis.enableAutoSIPrefix(False)
        axis.setStyle(showValues=self.trellis.numbers(number, which))
        if not self.trellis.common[which]:
            axis.setLabel(spec.title, color=theme.colour("muted").name(), **{"font-size": f"{theme.px(12)}px"})
        if which in self.plot.shared and self.trellis.count > 1:
            room = self.trellis.room_for_numbers(number, which)
            label = 0 if self.trellis.common[which] else TITLE
            if which == "y":
                axis.setWidth((NUMBERS_LEFT if room else 4) + label)
            else:
                axis.setHeight((NUMBERS_BELOW if room else 4) + label)

    def _common_titles(self) -> None:
        last = self.trellis.rows
        places: dict[str, tuple[int, int, int, int, int]] = {
            "x": (last, 1, 1, self.trellis.columns, 0),
            "y": (0, 0, last, 1, -90),
        }
        for which, (row, column, down, across, angle) in places.items():
            if not self.trellis.title(which):
                continue
            title = pg.LabelItem("", angle=angle, color=theme.colour("muted"), size="12px")
            self.layout.addItem(title, row=row, col=column, rowspan=down, colspan=across)
            self._titles[which] = title

    # --- placing ------------------------------------------------------------------------------------
    def place(self, width: int, height: int) -> None:
        """Give all panels the same room for data in a widget of that size, and shorten what does not fit."""
        trellis, layout = self.trellis, self.layout.layout
        if not self.items:
            return
        metrics = QFontMetrics(theme.text_font(12))
        room = max(40, width - 20 - (TITLE + SPACING if "y" in self._titles else 0))
        if trellis.count > 1 and not self.compact:
            self._columns(layout, room)
            self._rows(layout, height)
        for k, (item, panel) in enumerate(zip(self.items, self.plot.panels)):
            if panel.title and trellis.count > 1 and not self.compact:
                across = int(layout.columnPreferredWidth(k % trellis.columns + 1)) or room // trellis.columns
                text = metrics.elidedText(panel.title, Qt.TextElideMode.ElideRight, max(30, across - 10))
                item.titleLabel.setText(_plain(text))
                item.titleLabel.setToolTip(panel.title)
        for which, title in self._titles.items():
            most = (width if which == "x" else height) - 60
            text = metrics.elidedText(trellis.title(which), Qt.TextElideMode.ElideRight, max(40, most))
            title.setText(_plain(text))
            if which == "y":
                title.setMaximumWidth(TITLE)
                layout.setColumnFixedWidth(0, TITLE)
            else:
                title.setMaximumHeight(TITLE)
                layout.setRowFixedHeight(trellis.rows, TITLE)
        layout.activate()  # at once, so that no picture shows the panels on their way
        for item in self.items:
            item.layout.activate()

    def _columns(self, layout: Any, room: int) -> None:
        columns = self.trellis.columns
        extra = [self._outer(c, "y") for c in range(columns)]
        each = (room - sum(extra) - SPACING * (columns - 1)) / columns
        for c in range(columns):
            layout.setColumnFixedWidth(c + 1, max(20.0, each + extra[c]))

    def _rows(self, layout: Any, height: int) -> None:
        rows, columns = self.trellis.rows, self.trellis.columns
        extra = [self._outer(r * columns, "x") for r in range(rows)]
        room = height - 14 - (TITLE + SPACING if "x" in self._titles else 0)
        each = (room - sum(extra) - SPACING * (rows - 1)) / rows
        for r in range(rows):
            layout.setRowFixedHeight(r, max(20.0, each + extra[r]))

    def _outer(self, number: int, which: str) -> float:
        """px that a shared axis takes beside or below the panels of one row or column."""
        if which not in self.plot.shared:
            return 0.0
        axis = self.items[number].getAxis("left" if which == "y" else "bottom")
        return float(axis.maximumWidth() if which == "y" else axis.maximumHeight())

    # --- ranges -------------------------------------------------------------------------------------
    def reset(self) -> None:
        """Every panel shows all it has, or what was asked for."""
        self._tied = False
        for item, panel in zip(self.items, self.plot.panels):
            box = item.getViewBox()
            for which in "xy":
                asked, union = axis_of(panel, which).limits, self.trellis.ranges[which]
                span = asked or union
                flip = span is not None and span[0] > span[1]
                (box.invertX if which == "x" else box.invertY)(flip)
                if span is not None:
                    padding = 0.02 if asked else 0.0
                    (box.setXRange if which == "x" else box.setYRange)(*sorted(span), padding=padding)
                else:
                    self._auto(box, which)
        self._home = [[list(r) for r in box.viewRange()] for box in self.boxes]
        self._tied = True

    def changed(self, which: str) -> list[int]:
        """The panels that show another part of an axis than at first."""
        k = 0 if which == "x" else 1
        out = []
        for number, (box, home) in enumerate(zip(self.boxes, self._home)):
            now, (low, high) = box.viewRange()[k], home[k]
            if max(abs(now[0] - low), abs(now[1] - high)) > 1e-6 * abs(high - low):
                out.append(number)
        return out

    def seen(self, which: str) -> Span | None:
        """The part of an axis that all panels show, in its units and its direction; None where it differs."""
        k = 0 if which == "x" else 1
        spans = [box.viewRange()[k] for box in self.boxes]
        low, high = spans[0]
        if any(max(abs(s[0] - low), abs(s[1] - high)) > 1e-6 * abs(high - low) for s in spans):
            return None
        axis = axis_of(self.plot.panels[0], which)
        ends = (10**low, 10**high) if axis.log else (low, high)
        first, last = (rounded(v, high - low, axis.log) for v in ends)
        inverted = self.boxes[0].state["xInverted" if which == "x" else "yInverted"]
        return (last, first) if inverted else (first, last)

    def _auto(self, box: BrushBox, which: str) -> None:
        bounds = box.childrenBounds()[0 if which == "x" else 1]
        if bounds is not None:
            (box.setXRange if which == "x" else box.setYRange)(*bounds, padding=0.04)

    def restore(self, views: list[list[list[float]]]) -> None:
        """Show again what was shown, as `viewRange` gave it."""
        self.reset()
        self._tied = False
        for box, (x, y) in zip(self.boxes, views):
            box.setRange(xRange=x, yRange=y, padding=0)
        self._tied = True

    def _tie(self) -> None:
        for box in self.boxes if len(self.boxes) > 1 else []:
            if "x" in self.plot.shared:
                box.sigXRangeChanged.connect(lambda _b, span: self._follow("x", span))
            if "y" in self.plot.shared:
                box.sigYRangeChanged.connect(lambda _b, span: self._follow("y", span))

    def _follow(self, which: str, span: tuple[float, float]) -> None:
        if not self._tied:
            return
        self._tied = False
        for box in self.boxes:
            (box.setXRange if which == "x" else box.setYRange)(*span, padding=0)
        self._tied = True

    def zoom(self, factor: float, axes: str = "xy") -> None:
        """Scale what is shown around its middle, along these axes."""
        for which in axes:
            for box in self._own(which):
                box.scaleBy(**{which: factor})

    def move(self, x: float, y: float) -> None:
        """Move what is shown by parts of its width and height."""
        for which, part in (("x", x), ("y", y)):
            for box in self._own(which) if part else []:
                low, high = box.viewRange()[0 if which == "x" else 1]
                box.translateBy(**{which: part * (high - low)})

    def _own(self, which: str) -> list[BrushBox]:
        return self.boxes[:1] if which in self.plot.shared else self.boxes


def rounded(value: float, span: float, log: bool) -> float:
    """A limit with the digits that can be seen: a thousandth of what is shown, or four where it is logarithmic."""
    if log or not span:
        return float(f"{value:.4g}")
    return round(value, 3 - floor(log10(abs(span))))


def _plain(text: str) -> str:
    """Letters that mean themselves in rich text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
