"""A layout that sets widgets side by side and goes on in the next line where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flow(QLayout):
    """Widgets at their own sizes, line by line, centred within the height of their line.

    A widget wider than the whole line is given the line, and the height it needs then. With ``column``, they stand
    in equal columns of at least so many px instead, as many as fit, ``height`` px high where that is given.

    Python knows its items, but no longer than they live: Qt takes each out by `takeAt` before it deletes it.
    """

    def __init__(
        self, parent: QWidget | None = None, across: int = 6, down: int = 6, *, column: int = 0, height: int = 0
    ) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._across, self._down = across, down
        self._column, self._height = column, height
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def insert(self, index: int, widget: QWidget) -> None:
        """Put a widget at a place."""
        self.addWidget(widget)
        self._items.insert(index, self._items.pop())
        self.invalidate()

    def move(self, widget: QWidget, index: int) -> None:
        """Put a widget that is here already at another place."""
        at = next(k for k, item in enumerate(self._items) if item.widget() is widget)
        if at != index:
            self._items.insert(index, self._items.pop(at))
            self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        if self._column:
            return QSize(self._column, self.heightForWidth(3 * self._column + 40))
        m = self.contentsMargins()
        shown = self._shown()
        width = sum(i.sizeHint().width() for i in shown) + self._across * max(len(shown) - 1, 0)
        height = max((i.sizeHint().height() for i in shown), default=0)
        return QSize(width + m.left() + m.right(), height + m.top() + m.bottom())

    def minimumSize(self) -> QSize:
        if self._column:
            return QSize(min(self._column, 160), 0)
        m: QMargins = self.contentsMargins()
        height = max((i.sizeHint().height() for i in self._shown()), default=0)
        return QSize(48 + m.left() + m.right(), height + m.top() + m.bottom())

    def _shown(self) -> list[QLayoutItem]:
        return [i for i in self._items if (widget := i.widget()) is None or not widget.isHidden()]

    def _place(self, rect: QRect, move: bool) -> int:
        m = self.contentsMargins()
        room = rect.adjusted(m.left(), m.top(), -m.right(), -m.bottom())
        y = room.y()
        for line in self._columns(room.width()) if self._column else self._lines(room.width()):
            height = max((size.height() for _, size in line), default=0)
            x = room.x()
            for item, size in line:
                if move:
                    item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2), size))
                x += size.width() + self._across
            y += height + self._down
        return y - self._down - rect.y() + m.bottom()

    def _lines(self, room: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """The items with their own sizes, as many in a line as there is room for."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        x = 0
        for item in self._shown():
            size = item.sizeHint()
            if size.width() > room:
                width = max(room, 1)
                height = item.heightForWidth(width) if item.hasHeightForWidth() else size.height()
                size = QSize(width, height)
            if lines[-1] and x + size.width() > room:
                lines.append([])
                x = 0
            lines[-1].append((item, size))
            x += size.width() + self._across
        return lines

    def _columns(self, room: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """The items in equal columns."""
        shown, gap = self._shown(), self._across
        across = max(1, min(len(shown), (room + gap) // (self._column + gap)))
        width = (room - gap * (across - 1)) // across
        lines = []
        for start in range(0, max(len(shown), 1), across):
            row = shown[start : start + across]
            height = self._height or max((i.sizeHint().height() for i in row), default=0)
            lines.append([(i, QSize(width, height)) for i in row])
        return lines


class FlowBox(QWidget):
    """A widget for a flow inside a form: as high as its lines.

    Qt's form layout keeps the height that a row had at another width, as where a scroll bar comes, and then cuts off
    all lines but the first; a minimum height it does not cut.
    """

    def __init__(self, across: int, down: int) -> None:
        super().__init__()
        self.flow = Flow(self, across=across, down=down)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMinimumHeight(self.flow.heightForWidth(self.width()))
