"""The plot on screen: pan, zoom, hover and a brush that selects rows of the data."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QToolTip, QWidget

from terrace.results.plot import Plot
from terrace.results.plot_words import figure_words
from terrace_desktop.plots import hover, layers
from terrace_desktop.plots.panels import BrushBox, Grid
from terrace_desktop.plots.thin import MOST, Prepared, prepare, rows_inside
from terrace_desktop.plots.trellis import Trellis, logged
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

STEP = 20  # ms for which drawing may hold up the window at a time
REST = 2  # ms between the steps of plots that are drawn at the same time

pg.setConfigOptions(antialias=True)


class PlotView(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws a `Plot`, in steps if it is large. `compact` is the small picture: no tick labels, no interaction.

    Whoever needs all of it at once calls `finish`.
    """

    rows_selected = Signal(object)  # rows of the data, or None
    close_asked = Signal()
    _rest = 0.0  # no plot is drawn before this reading of the clock

    def __init__(self, plot: Plot | Prepared, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        prepared = prepare(plot)
        self.plot = prepared.plot
        self.compact = compact
        shown = prepared.small if compact else prepared.large
        self.shown = replace(shown, panels=tuple(logged(p) for p in shown.panels))
        self.trellis = Trellis(self.shown)
        self.points_drawn, self.points_total = prepared.drawn, prepared.total
        self._grid = Grid(self.ci, self.shown, self.trellis, compact)
        self._jobs: deque[Callable[[], object]] = deque()
        self._stale = False
        self._views: list[list[list[float]]] = []
        self._chosen = np.zeros(0, dtype=np.int64)
        self._overlay: list[Any] = []
        self._selecting = False
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._step)
        named(self, "plot_small" if compact else "plot_view", self.plot.title)
        self.setAccessibleDescription(figure_words(self.plot))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.ci.layout.setContentsMargins(4, 4, 8, 2)
        self.ci.layout.setSpacing(6)
        if compact:
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setMouseTracking(True)
        self._begin()
        self._step()
        theme.manager().changed.connect(self._redress)

    # --- drawing ------------------------------------------------------------------------------------
    @property
    def boxes(self) -> list[BrushBox]:
        """The view boxes of the panels."""
        self.finish()
        return self._grid.boxes

    def finish(self) -> None:
        """Draw what is still to be drawn."""
        if self._stale:
            self._begin()
        while self._jobs:
            self._jobs.popleft()()
        self._timer.stop()

    def grab(self, *area: Any) -> QPixmap:
        """The whole plot as a picture."""
        self.finish()
        picture: QPixmap = super().grab(*area)
        return picture

    def _redress(self) -> None:
        """Draw in the colours of another theme, once there is somebody to see it."""
        if self.closed:
            return
        self._stale = True
        self.setBackground(theme.colour("panel"))
        self.viewport().update()
        if not self.visibleRegion().isEmpty():
            theme.manager().before_seen(self, self._draw_next)

    def _draw_next(self) -> None:
        """One part of what is to be drawn, before the window is painted."""
        if self._stale:
            self._begin()
        if self._jobs and not self.closed:
            self._jobs.popleft()()
            theme.manager().before_seen(self, self._draw_next)

    def _begin(self) -> None:
        if self._grid.items and not self._jobs:  # keep what the user zoomed to
            self._views = [[list(r) for r in box.viewRange()] for box in self._grid.boxes]
        self._stale = False
        self._overlay = []
        self.clear()
        self.setBackground(theme.colour("panel"))
        self._jobs = deque(self._grid.jobs())
        self._jobs.append(self._end)
        self._timer.start()

    def _end(self) -> None:
        for box, at in zip(self._grid.boxes, range(len(self._grid.boxes))):
            box.selecting = self._selecting
            box.brushed.connect(lambda rect, at=at: self._brush(at, rect))
        self._grid.place(self.width(), self.height())
        if self._views:
            self._grid.restore(self._views)
        else:
            self._grid.reset()
        self._show_chosen()
        self.viewport().update()

    def _step(self) -> None:
        if time.perf_counter() < PlotView._rest:
            return  # another plot has just had its turn; the window gets one before this does
        if self._stale:
            self._begin()
        until = time.perf_counter() + STEP / 1000
        while self._jobs and time.perf_counter() < until:
            self._jobs.popleft()()
        PlotView._rest = time.perf_counter() + REST / 1000
        if not self._jobs:
            self._timer.stop()

    def paintEvent(self, ev: QPaintEvent) -> None:
        if self._stale:
            self._timer.start()  # the scene must not change while it is painted
        if self._stale or self._jobs:
            painter = QPainter(self.viewport())
            painter.fillRect(ev.rect(), theme.colour("panel"))
            painter.end()
        else:
            super().paintEvent(ev)

    def resizeEvent(self, ev: QResizeEvent) -> None:
        super().resizeEvent(ev)
        ready = hasattr(self, "_jobs") and not self._jobs and not self._stale
        if ready and not self.closed:  # a closed view has no panels any more, but is resized once
            self._grid.place(self.width(), self.height())

    # --- interaction --------------------------------------------------------------------------------
    @property
    def selecting(self) -> bool:
        """True while dragging selects rows."""
        return self._selecting

    def set_selecting(self, selecting: bool) -> None:
        """Dragging selects rows instead of moving the plot."""
        self._selecting = selecting
        for box in self.boxes:
            box.selecting = selecting
        self.setCursor(Qt.CursorShape.CrossCursor if selecting else Qt.CursorShape.ArrowCursor)

    def reset_view(self) -> None:
        """Show everything again."""
        self.finish()
        self._grid.reset()

    def select_inside(self, x0: float, x1: float, y0: float, y1: float, panel: int = 0) -> np.ndarray:
        """Select the rows whose points lie inside a rectangle of one panel, drawn or not."""
        self.finish()
        rows = rows_inside(logged(self.plot.panels[panel]).marks, x0, x1, y0, y1)
        self._highlight(rows)
        self.rows_selected.emit(rows if len(rows) else None)
        return rows

    def clear_selection(self) -> None:
        """Take the brush away."""
        self._highlight(np.zeros(0, dtype=np.int64))
        self.rows_selected.emit(None)

    def _brush(self, panel: int, rect: QRectF) -> None:
        low, high = sorted((rect.top(), rect.bottom()))
        left, right = sorted((rect.left(), rect.right()))
        self.select_inside(left, right, low, high, panel)

    def _highlight(self, rows: np.ndarray) -> None:
        self.finish()
        self._chosen = rows
        for item, layer in self._overlay:
            item.removeItem(layer)
        self._overlay = []
        self._show_chosen()

    def _show_chosen(self) -> None:
        rows = self._chosen
        if not len(rows):
            return
        # Of few selected points all are shown, of many those that are drawn anyway.
        few = len(rows) <= MOST // 4
        panels = [logged(p) for p in self.plot.panels] if few else self.shown.panels
        for item, panel in zip(self._grid.items, panels):
            for marks in panel.marks:
                if marks.kind != "points" or marks.rows is None or not len(marks.rows):
                    continue
                chosen = np.zeros(int(max(marks.rows.max(), rows.max())) + 1, dtype=bool)
                chosen[rows] = True
                hit = chosen[marks.rows]
                if not hit.any():
                    continue
                layer = pg.ScatterPlotItem(
                    x=marks.x[hit], y=marks.y[hit], size=layers.point_size(len(marks.x), self._grid.setting) + 1,
                    pen=None, brush=pg.mkBrush(theme.colour("warning")),
                )  # fmt: skip
                item.addItem(layer, ignoreBounds=True)
                self._overlay.append((item, layer))

    def hover_text(self, at: QPointF) -> str:
        """What stands at a place of the widget: the label of the nearest mark, or its numbers."""
        scene = self.mapToScene(at.toPoint())
        for box, panel in zip(self.boxes, self.shown.panels):
            if box.sceneBoundingRect().contains(scene):
                here = box.mapSceneToView(scene)
                px, py = box.viewPixelSize()
                return hover.text_at(panel, here.x(), here.y(), px, py)
        return ""

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        if self.compact or self._jobs or ev.buttons() != Qt.MouseButton.NoButton:
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
        self.finish()
        if key == Qt.Key.Key_Escape:
            self.close_asked.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._grid.zoom(1.25 if key == Qt.Key.Key_Minus else 0.8)
        elif key == Qt.Key.Key_0:
            self.reset_view()
        elif key in moves:
            self._grid.move(*(0.1 * step for step in moves[Qt.Key(key)]))
        else:
            super().keyPressEvent(ev)
