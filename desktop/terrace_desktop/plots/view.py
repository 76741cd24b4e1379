"""The plot on screen: pan, zoom, hover and a brush that selects rows of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QToolTip, QWidget

from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace_desktop import theme
from terrace_desktop.plots import layers
from terrace_desktop.plots.thin import MOST, Prepared, prepare, rows_inside
from terrace_desktop.widgets import named

REACH = 10  # px within which the pointer finds a mark

pg.setConfigOptions(antialias=True)


class BrushBox(pg.ViewBox):
    """A view box whose drag either pans or draws the rectangle of the brush."""

    brushed = Signal(QRectF)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.selecting = False

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        if not self.selecting or axis is not None or ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        start = ev.buttonDownPos(ev.button())
        if ev.isFinish():
            self.rbScaleBox.hide()
            corners = self.childGroup.mapRectFromParent(QRectF(start, ev.pos()).normalized())
            self.brushed.emit(corners)
        else:
            self.updateScaleBox(start, ev.pos())


class PlotView(pg.GraphicsLayoutWidget):
    """Draws a `Plot`. `compact` is the small picture: no tick labels, no interaction of its own."""

    rows_selected = Signal(object)  # rows of the data, or None
    close_asked = Signal()

    def __init__(self, plot: Plot | Prepared, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        prepared = prepare(plot)
        self.plot = prepared.plot
        self.compact = compact
        self.shown = prepared.small if compact else prepared.large
        self.points_drawn, self.points_total = prepared.drawn, prepared.total
        self._boxes: list[BrushBox] = []
        self._panels: list[Any] = []
        self._overlay: list[Any] = []
        self._selecting = False
        named(self, "plot_small" if compact else "plot_view", self.plot.title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.ci.layout.setContentsMargins(4, 4, 8, 2)
        if compact:
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setMouseTracking(True)
        self._draw()
        theme.manager().changed.connect(self._draw)

    # --- drawing ------------------------------------------------------------------------------------
    def _draw(self) -> None:
        self.clear()
        self._boxes, self._panels, self._overlay = [], [], []
        self.setBackground(theme.colour("panel"))
        for k, panel in enumerate(self.shown.panels):
            box = BrushBox()
            item = pg.PlotItem(viewBox=box, enableMenu=False)
            row, column = divmod(k, max(1, self.shown.columns))
            self.addItem(item, row=row, col=column)
            item.hideButtons()
            self._axis(item.getAxis("bottom"), panel.x)
            self._axis(item.getAxis("left"), panel.y)
            if panel.title and len(self.shown.panels) > 1:
                item.setTitle(panel.title, color=theme.colour("ink"), size="9pt")
            legend = None
            if self.shown.legend and not self.compact:
                legend = item.addLegend(offset=(10, 4), labelTextColor=theme.colour("muted"))
            for marks in panel.marks:
                drawn = layers.items(marks, self.compact)
                for layer in drawn:
                    item.addItem(layer)
                if legend is not None and marks.label:
                    legend.addItem(drawn[0], marks.label)
            self._limits(item, panel)
            box.selecting = self._selecting
            box.brushed.connect(lambda rect, at=k: self._brush(at, rect))
            if self.compact:
                box.setMouseEnabled(False, False)
            self._boxes.append(box)
            self._panels.append(item)

    def _axis(self, axis: Any, spec: Axis) -> None:
        axis.setPen(pg.mkPen(theme.colour("faint" if self.compact else "line"), width=1))
        axis.setTextPen(theme.colour("muted"))
        axis.setStyle(tickFont=theme.text_font(11), tickLength=0 if self.compact else -4)
        if spec.log:
            axis.setLogMode(x=axis.orientation == "bottom", y=axis.orientation == "left")
        if self.compact:
            axis.setStyle(showValues=False)
            axis.setWidth(6) if axis.orientation == "left" else axis.setHeight(6)
            return
        if spec.ticks is not None:
            axis.setTicks([[(float(at), text) for at, text in spec.ticks]])
        axis.enableAutoSIPrefix(False)
        axis.setLabel(spec.title, color=theme.colour("muted").name(), **{"font-size": "12px"})

    def _limits(self, item: Any, panel: PlotPanel) -> None:
        box = item.getViewBox()
        if panel.x.limits is not None:
            box.setXRange(*panel.x.limits, padding=0.02)
        if panel.y.limits is not None:
            box.setYRange(*panel.y.limits, padding=0.02)
        if panel.x.limits is None and panel.y.limits is None:
            box.autoRange(padding=0.04)

    # --- interaction --------------------------------------------------------------------------------
    def set_selecting(self, selecting: bool) -> None:
        """Dragging selects rows instead of moving the plot."""
        self._selecting = selecting
        for box in self._boxes:
            box.selecting = selecting
        self.setCursor(Qt.CursorShape.CrossCursor if selecting else Qt.CursorShape.ArrowCursor)

    def reset_view(self) -> None:
        """Show everything again."""
        for item, panel in zip(self._panels, self.shown.panels):
            item.getViewBox().enableAutoRange()
            self._limits(item, panel)

    def select_inside(self, x0: float, x1: float, y0: float, y1: float, panel: int = 0) -> np.ndarray:
        """Select the rows whose points lie inside a rectangle of one panel, drawn or not."""
        rows = rows_inside(self.plot.panels[panel].marks, x0, x1, y0, y1)
        self._highlight(rows)
        self.rows_selected.emit(rows if len(rows) else None)
        return rows

    def clear_selection(self) -> None:
        """Take the brush away."""
        self._highlight(np.zeros(0, dtype=np.int64))
        self.rows_selected.emit(None)

    def _brush(self, panel: int, rect: QRectF) -> None:
        low, high = sorted((rect.top(), rect.bottom()))
        self.select_inside(rect.left(), rect.right(), low, high, panel)

    def _highlight(self, rows: np.ndarray) -> None:
        for item, layer in self._overlay:
            item.removeItem(layer)
        self._overlay = []
        if not len(rows):
            return
        # Of few selected points all are shown, of many those that are drawn anyway.
        shown = self.plot if len(rows) <= MOST // 4 else self.shown
        for item, panel in zip(self._panels, shown.panels):
            for marks in panel.marks:
                if marks.kind != "points" or marks.rows is None:
                    continue
                chosen = np.zeros(int(max(marks.rows.max(), rows.max())) + 1, dtype=bool)
                chosen[rows] = True
                hit = chosen[marks.rows]
                layer = pg.ScatterPlotItem(
                    x=marks.x[hit], y=marks.y[hit], size=layers.point_size(len(marks.x), False) + 1,
                    pen=None, brush=pg.mkBrush(theme.colour("warning")),
                )  # fmt: skip
                item.addItem(layer)
                self._overlay.append((item, layer))

    def hover_text(self, at: QPointF) -> str:
        """What stands at a place of the widget: the label of the nearest mark, or its numbers."""
        scene = self.mapToScene(at.toPoint())
        for item, panel in zip(self._panels, self.shown.panels):
            box = item.getViewBox()
            if not box.sceneBoundingRect().contains(scene):
                continue
            best: tuple[float, str] | None = None
            px, py = box.viewPixelSize()
            here = box.mapSceneToView(scene)
            for marks in panel.marks:
                found = _nearest(marks, here.x(), here.y(), px, py, panel)
                if found is not None and (best is None or found[0] < best[0]):
                    best = found
            return best[1] if best is not None else ""
        return ""

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        if self.compact or ev.buttons() != Qt.MouseButton.NoButton:
            return
        text = self.hover_text(ev.position())
        if text:
            QToolTip.showText(ev.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def wheelEvent(self, ev: QWheelEvent) -> None:
        if self.compact or not (self.hasFocus() or ev.modifiers() & Qt.KeyboardModifier.ControlModifier):
            ev.ignore()  # scrolling the pane must not stop at a plot that nobody touched
        else:
            super().wheelEvent(ev)

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(ev)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        key = ev.key()
        moves = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        if key == Qt.Key.Key_Escape:
            self.close_asked.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1.25 if key == Qt.Key.Key_Minus else 0.8
            for box in self._boxes:
                box.scaleBy((factor, factor))
        elif key == Qt.Key.Key_0:
            self.reset_view()
        elif key in moves:
            for box in self._boxes:
                (x0, x1), (y0, y1) = box.viewRange()
                dx, dy = moves[Qt.Key(key)]
                box.translateBy(x=dx * 0.1 * (x1 - x0), y=dy * 0.1 * (y1 - y0))
        else:
            super().keyPressEvent(ev)


def _nearest(
    marks: Marks, x: float, y: float, px: float, py: float, panel: PlotPanel
) -> tuple[float, str] | None:
    """Distance in px and text of the nearest mark within reach."""
    if marks.kind not in ("points", "interval", "line", "bars") or not len(marks.x):
        return None
    if marks.kind == "line" and not marks.labels and not marks.label:
        return None
    with np.errstate(invalid="ignore"):
        if marks.kind == "bars":
            inside = np.abs(marks.x - x) <= marks.width / 2
            distance = np.where(inside & (y <= np.maximum(marks.y, 0)), 0.0, np.inf)
        elif marks.kind == "interval" and marks.lower is not None and marks.upper is not None:
            inside = (y >= marks.lower) & (y <= marks.upper)
            distance = np.where(inside, np.abs(marks.x - x) / px, np.inf)
        else:
            distance = np.hypot((marks.x - x) / px, (marks.y - y) / py)
    if np.all(np.isnan(distance)):
        return None
    at = int(np.nanargmin(distance))
    if not distance[at] <= REACH:
        return None
    lines = []
    if marks.labels:
        lines.append(marks.labels[at])
    elif marks.label:
        lines.append(marks.label)
    if marks.kind == "interval" and marks.labels:
        return float(distance[at]), lines[0]
    if marks.rows is not None and not marks.labels:
        lines.append(QCoreApplication.translate("PlotView", "Row {0}").format(int(marks.rows[at]) + 1))
    lines.append(f"{panel.x.title or 'x'}: {_short(marks.x[at])}")
    lines.append(f"{panel.y.title or 'y'}: {_short(marks.y[at])}")
    return float(distance[at]), "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
