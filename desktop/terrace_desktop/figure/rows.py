"""Rows that are dragged into another order, or moved by Alt+Up and Alt+Down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import named, sized


class Grip(QToolButton):
    """What a row is held by."""

    dragged = Signal(int)  # px on the screen, from the top
    dropped = Signal()

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setProperty("variant", "grip")
        self.setToolTip(self.tr("Drag to another place (Alt+Up, Alt+Down)"))
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(self, "grip", "muted")
        sized(self, width=18, height=theme.ROW)
        self._held = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._held = event.button() == Qt.MouseButton.LeftButton

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._held:
            self.dragged.emit(round(event.globalPosition().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._held = False
        self.dropped.emit()


class Row(QWidget):
    """One row: its grip and what stands behind it, with more under that."""

    def __init__(self, object_name: str, title: str) -> None:
        super().__init__()
        named(self, object_name, title)
        self.grip = Grip(f"{object_name}_move", self.tr("Move {0}").format(title))
        self.line = QHBoxLayout()
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(6)
        self.line.addWidget(self.grip)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addLayout(self.line)


class Rows(QWidget):
    """A column of rows by their keys; `ordered` tells the keys in their new order."""

    ordered = Signal(object)

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.rows: dict[str, Row] = {}
        self._order: list[str] = []
        self._before: list[str] = []  # the order at the beginning of a drag
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        for keys, by in (("Alt+Up", -1), ("Alt+Down", 1)):  # as shortcuts, since buttons take any arrow for their own
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._step, by))

    def show_rows(self, rows: Mapping[str, Row]) -> None:
        """Show these rows and no others."""
        for old in self.rows.values():
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows, self._order = dict(rows), list(rows)
        for key, row in rows.items():
            row.grip.dragged.connect(partial(self._drag, key))
            row.grip.dropped.connect(self._drop)
            row.grip.setVisible(len(rows) > 1)
            self._column.addWidget(row)

    def show_order(self, order: Sequence[str]) -> None:
        """Put the rows into an order."""
        if list(order) == self._order:
            return
        self._order = list(order)
        for at, key in enumerate(order):
            self._column.removeWidget(self.rows[key])
            self._column.insertWidget(at, self.rows[key])

    def order(self) -> list[str]:
        """The keys from top to bottom."""
        return list(self._order)

    def move_row(self, key: str, to: int) -> None:
        """Another place for a row, as if it were dragged there."""
        before = self.order()
        self._place(key, to)
        if self._order != before:
            self.ordered.emit(self.order())

    def _step(self, by: int) -> None:
        now = QApplication.focusWidget()
        key = next((k for k, row in self.rows.items() if now is not None and row.isAncestorOf(now)), None)
        if key is not None:
            self.move_row(key, self._order.index(key) + by)
            if now is not None:
                now.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place(self, key: str, to: int) -> None:
        order = self.order()
        order.remove(key)
        order.insert(min(max(to, 0), len(order)), key)
        self.show_order(order)

    def _drag(self, key: str, y: int) -> None:
        self._before = self._before or self.order()
        heads = {k: row.mapToGlobal(row.rect().topLeft()).y() + row.grip.height() // 2 for k, row in self.rows.items()}
        others = [k for k in self._order if k != key]
        self._place(key, sum(heads[k] < y for k in others))

    def _drop(self) -> None:
        before, self._before = self._before, []
        if before and before != self._order:
            self.ordered.emit(self.order())
