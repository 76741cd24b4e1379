"""The plot on screen: pan, zoom, what is pointed at, and a brush that selects rows of the data."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QToolTip, QWidget

from terrace.results.plot import Plot
from terrace.results.plot_words import figure_words
from terrace_desktop.plots.brushing import Brushed, has_rows, rows_inside
from terrace_desktop.plots.line_labels import LineLabels, at_lines
from terrace_desktop.plots.near import Found
from terrace_desktop.plots.panels import BrushBox, Grid, Mode, Span
from terrace_desktop.plots.pointing import Pointer
from terrace_desktop.plots.selected import over_layer
from terrace_desktop.plots.thin import MOST, Prepared, prepare
from terrace_desktop.plots.trellis import Trellis, logged
from terrace_desktop.ui import theme
from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.widgets import named

_MOVES = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip
_MODES: dict[Qt.Key, Mode] = {Qt.Key.Key_M: "move", Qt.Key.Key_Z: "zoom", Qt.Key.Key_S: "select"}
STEP = 20  # ms for which drawing may hold up the window at a time
REST = 2  # ms between the steps of plots that are drawn at the same time

pg.setConfigOptions(antialias=True)


class PlotView(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws a `Plot`, in steps if it is large. `compact` is the small picture: no tick labels, no interaction.

    Whoever needs all of it at once calls `finish`.
    """

    rows_selected = Signal(object)  # Brushed, or None
    close_asked = Signal()
    mode_changed = Signal(str)
    attended = Signal()  # the mouse or the focus has come or gone
    ranges_changed = Signal()
    pointed = Signal(str)  # the mark that a key went to, in words
    menu_asked = Signal(QPoint)  # at a place of the screen
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
        self._labels = LineLabels(self.shown) if not compact and at_lines(self.plot) else None
        self._grid = Grid(self.ci, self.shown, self.trellis, compact)
        self._jobs: deque[Callable[[], object]] = deque()
        self._stale = False
        self._views: list[list[list[float]]] = []
        self._chosen = np.zeros(0, dtype=np.int64)
        self._overlay: list[Any] = []
        self.mode: Mode = "move"
        self.pointer = Pointer(self.shown, self._grid)
        self._holding = False
        self._still: QPixmap | None = None  # the figure while nothing but what is pointed at changes
        self.scene().changed.connect(self._scene_changed)
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
            self.scene().sigMouseClicked.connect(self._clicked)
        self._begin()
        self._step()
        self.ranges_changed.connect(self._place_labels)
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
        self.pointer.clear()
        self._still = None
        if self._labels is not None:
            self._labels.clear(self.scene())
        self.clear()
        self.setBackground(theme.colour("panel"))
        self._jobs = deque(self._grid.jobs())
        self._jobs.append(self._end)
        self._timer.start()

    def _end(self) -> None:
        for box, at in zip(self._grid.boxes, range(len(self._grid.boxes))):
            box.mode = self.mode
            box.brushed.connect(lambda rect, add, at=at: self._brush(at, rect, add))
            box.sigRangeChanged.connect(lambda *_: self.ranges_changed.emit())
        self._grid.place(self.width(), self.height())
        if self._views:
            self._grid.restore(self._views)
        else:
            self._grid.reset()
        self._show_chosen()
        self._place_labels()
        self.viewport().update()

    def _place_labels(self) -> None:
        """Leave the labels at the lines their room, and put them there."""
        if self._labels is None or not self._grid.boxes or self.closed:
            return
        room = self._labels.room(self.width())
        self.ci.layout.setContentsMargins(4, 4, 8 + room, 2)
        self.ci.layout.activate()
        self._labels.place(self.scene(), self._grid.boxes[0], room)

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
            return
        if self._still is None:
            super().paintEvent(ev)
        painter = QPainter(self.viewport())
        if self._still is not None:
            painter.drawPixmap(0, 0, self._still)
        if not self._holding:
            self.pointer.paint(painter, lambda at: QPointF(self.mapFromScene(at)))
        painter.end()

    def _scene_changed(self, _where: object) -> None:
        if self._still is not None:
            self._still = None
            self.viewport().update()

    def _point(self, panel: int, found: Found) -> None:
        """Highlight a mark. The figure under it is kept as a picture, since drawing it anew takes long for a move."""
        if self._still is None:
            self._holding = True
            self._still = self.viewport().grab()
            self._holding = False
        self.pointer.show(panel, found)
        self.viewport().update()

    def _point_at_nothing(self) -> None:
        if self.pointer.found is not None:
            self.pointer.clear()
            self.viewport().update()

    def resizeEvent(self, ev: QResizeEvent) -> None:
        super().resizeEvent(ev)
        self._still = None
        ready = hasattr(self, "_jobs") and not self._jobs and not self._stale
        if ready and not self.closed:  # a closed view has no panels any more, but is resized once
            self._grid.place(self.width(), self.height())
            self._place_labels()

    # --- interaction --------------------------------------------------------------------------------
    def set_mode(self, mode: Mode) -> None:
        """What dragging does: move what is shown, zoom to a rectangle, or select the rows in it."""
        if mode == self.mode:
            return
        self.mode = mode
        for box in self.boxes:
            box.mode = mode
        self.setCursor(Qt.CursorShape.ArrowCursor if mode == "move" else Qt.CursorShape.CrossCursor)
        self.mode_changed.emit(mode)

    def reset_view(self) -> None:
        """Show everything again."""
        self.finish()
        self._grid.reset()

    def zoomed(self) -> bool:
        """True where other parts of the axes are shown than at first."""
        return not self._jobs and bool(self._grid.changed("x") or self._grid.changed("y"))

    def seen(self) -> tuple[Span | None, Span | None] | None:
        """What is shown of both axes, None of one where all is; None where the panels show different parts."""
        self.finish()
        spans = {w: self._grid.seen(w) if self._grid.changed(w) else None for w in "xy"}
        if any(self._grid.changed(w) and spans[w] is None for w in "xy"):
            return None
        return spans["x"], spans["y"]

    def select_inside(
        self, x0: float, x1: float, y0: float, y1: float, panel: int = 0, add: bool = False
    ) -> np.ndarray:
        """Select the rows whose marks lie inside a rectangle of one panel, drawn or not; `add` keeps those before."""
        self.finish()
        return self.select_rows(rows_inside(logged(self.plot.panels[panel]).marks, x0, x1, y0, y1), add)

    def select_rows(self, rows: np.ndarray, add: bool = False) -> np.ndarray:
        """Select rows of the data that the figure was drawn from, and tell."""
        rows = np.union1d(self._chosen, rows) if add else rows
        self._highlight(rows)
        self.rows_selected.emit(Brushed(rows, self.plot.drawn_from) if len(rows) else None)
        return rows

    def show_rows(self, rows: np.ndarray) -> None:
        """Mark rows that were selected elsewhere, without a word; none takes the marks away."""
        if not np.array_equal(rows, self._chosen):
            self._highlight(rows)

    def chosen(self) -> np.ndarray:
        """The rows that are selected."""
        return self._chosen

    def clear_selection(self) -> None:
        """Take the brush away."""
        self._highlight(np.zeros(0, dtype=np.int64))
        self.rows_selected.emit(None)

    def _brush(self, panel: int, rect: QRectF, add: bool) -> None:
        low, high = sorted((rect.top(), rect.bottom()))
        left, right = sorted((rect.left(), rect.right()))
        self.select_inside(left, right, low, high, panel, add)

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
                layer = over_layer(marks, rows, self._grid.setting) if has_rows(marks) else None
                if layer is None:
                    continue
                item.addItem(layer, ignoreBounds=True)
                self._overlay.append((item, layer))

    # --- what is pointed at -------------------------------------------------------------------------
    def hover_text(self, at: QPointF) -> str:
        """What stands at a place of the widget: the group or row of the nearest mark, its numbers and its layer."""
        self.finish()
        found = self.pointer.find(self.mapToScene(at.toPoint()))
        return "" if found is None else self.pointer.words(*found)

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        if self.compact or self._jobs or self._stale or ev.buttons() != Qt.MouseButton.NoButton:
            return
        found = self.pointer.find(self.mapToScene(ev.position().toPoint()))
        if found is None:
            self._point_at_nothing()
            QToolTip.hideText()
            return
        self._point(*found)
        QToolTip.showText(ev.globalPosition().toPoint(), self.pointer.words(*found), self)

    def enterEvent(self, ev: QEnterEvent) -> None:
        super().enterEvent(ev)
        self.attended.emit()

    def focusInEvent(self, ev: QFocusEvent) -> None:
        super().focusInEvent(ev)
        self.attended.emit()

    def focusOutEvent(self, ev: QFocusEvent) -> None:
        super().focusOutEvent(ev)
        self.attended.emit()

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.attended.emit()
        if not self.hasFocus():
            self._point_at_nothing()

    def _walk(self, key: Qt.Key) -> bool:
        """Go to another mark by a key, and say which."""
        if not self.pointer.step(key) or self.pointer.found is None:
            return False
        self._point(self.pointer.panel, self.pointer.found)
        words = self.pointer.words(self.pointer.panel, self.pointer.found)
        place = self.pointer.place()
        if place is not None:
            QToolTip.showText(self.mapToGlobal(self.mapFromScene(place)), words, self)
        self.pointed.emit(words)
        announce(self, words.replace("\n", ", "))
        return True

    def wheelEvent(self, ev: QWheelEvent) -> None:
        shift = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(ev.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self.compact or not (self.hasFocus() or control):
            ev.ignore()  # scrolling the pane must not stop at a plot that nobody touched
        elif shift:  # along one axis: the horizontal one, with Ctrl the vertical one
            self.finish()
            turned = ev.angleDelta().y() or ev.angleDelta().x()
            self._grid.zoom(0.8 ** (turned / 120), "y" if control else "x")
            ev.accept()
        else:
            super().wheelEvent(ev)

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(ev)

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(ev)
        if not self.compact and ev.button() == Qt.MouseButton.LeftButton:
            self.reset_view()

    def _clicked(self, ev: Any) -> None:
        """A click with the right button and no drag, which scales the axes."""
        if ev.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(ev.screenPos().toPoint())

    def contextMenuEvent(self, ev: QContextMenuEvent) -> None:
        if ev.reason() != QContextMenuEvent.Reason.Mouse:  # that of the mouse may come before it is known to be no drag
            self._menu_by_key()
        ev.accept()

    def _menu_by_key(self) -> None:
        """The menu at the mark that is pointed at, or else over the figure."""
        place = self.pointer.place()
        self.menu_asked.emit(self.mapToGlobal(self.rect().center() if place is None else self.mapFromScene(place)))

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        key, mods = Qt.Key(ev.key()), ev.modifiers()
        shift = bool(mods & Qt.KeyboardModifier.ShiftModifier)
        control = bool(mods & Qt.KeyboardModifier.ControlModifier)
        self.finish()
        if key == Qt.Key.Key_Escape:
            self._escape()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and not control:
            self._grid.zoom(1.25 if key == Qt.Key.Key_Minus else 0.8)
        elif key == Qt.Key.Key_0 and not control:
            self.reset_view()
        elif key in _MOVES and control:
            self._grid.zoom(0.8 if sum(_MOVES[key]) > 0 else 1.25, "x" if _MOVES[key][0] else "y")
        elif key == Qt.Key.Key_F10 and shift:
            self._menu_by_key()
        elif key in _MOVES and shift:
            self._grid.move(*(0.1 * step for step in _MOVES[key]))
        elif key in _MODES and not control:
            self.set_mode(_MODES[key])
        elif key == Qt.Key.Key_Space and self.pointer.found is not None:
            self.select_rows(self.pointer.rows(), add=shift)
        elif control or not self._walk(key):
            super().keyPressEvent(ev)

    def _escape(self) -> None:
        """What is pointed at first, then what is selected, then the figure."""
        if self.pointer.found is not None:
            self._point_at_nothing()
            QToolTip.hideText()
        elif len(self._chosen):
            self.clear_selection()
        else:
            self.close_asked.emit()
