"""Find anything: one line that searches actions, forms, commands, variables and results, and does what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCompleter,
    QLabel,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import lead_with, pixmap
from terrace_desktop.ui.widgets import named, proposals

Index = QModelIndex | QPersistentModelIndex
MOST = 12  # lines shown
FoundRole = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True)
class Thing:
    """What can be found: its words, what kind of thing it is, and what is done when it is chosen.

    ``also`` are further words that it is found by.
    """

    title: str
    kind: str
    icon: str
    do: Callable[[], object]
    also: str = ""


def ranked(things: Sequence[Thing], text: str) -> list[Thing]:
    """The things that hold every word of `text`, the best first: those whose title begins with it, then has it."""
    words = text.lower().split()
    if not words:
        return []
    found: list[tuple[int, int, Thing]] = []
    for k, thing in enumerate(things):
        title = thing.title.lower()
        if not all(w in f"{title} {thing.also.lower()}" for w in words):
            continue
        whole = " ".join(words)
        if title.startswith(whole):
            rank = 0
        elif f" {whole}" in title:
            rank = 1
        else:
            rank = 2 if all(w in title for w in words) else 3
        found.append((rank, k, thing))
    return [thing for _, _, thing in sorted(found, key=lambda f: f[:2])][:MOST]


class FindLine(QLineEdit):
    """The line of the tool bar. ``things`` is asked for everything each time that the line gets the focus."""

    left = Signal()

    def __init__(self, things: Callable[[], Sequence[Thing]]) -> None:
        super().__init__()
        named(self, "find_line", self.tr("Find anything"))
        self.setPlaceholderText(self.tr("Find anything"))
        self.setToolTip(self.tr("Actions, forms, commands, variables and results (Ctrl+K)"))
        lead_with(self, "search")
        self.keys = QLabel(self.tr("Ctrl+K"), self)
        self.keys.setProperty("tone", "small")
        self._ask = things
        self._things: Sequence[Thing] = ()
        self._model = QStandardItemModel(self)
        self._completer = QCompleter(self._model, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self)  # not `setCompleter`: what is shown is never put into the line
        self._completer.setMaxVisibleItems(MOST)
        view = named(proposals(self._completer), "find_list", self.tr("Found"))
        view.setItemDelegate(FoundDelegate(view))
        view.setMinimumWidth(420)
        self._completer.activated[QModelIndex].connect(self._chosen)  # type: ignore[index]  # by its overload
        self.textEdited.connect(self._look)

    def found(self) -> list[Thing]:
        """What is shown, the best first."""
        return [self._model.item(k).data(FoundRole) for k in range(self._model.rowCount())]

    def _look(self, text: str) -> None:
        self._model.clear()
        self._things = self._things or self._ask()
        for thing in ranked(self._things, text):
            item = QStandardItem(thing.title)
            item.setData(thing, FoundRole)
            item.setData(f"{thing.title}, {thing.kind}", int(Qt.ItemDataRole.AccessibleTextRole))
            self._model.appendRow(item)
        if self._model.rowCount():
            self._completer.complete(QRect(0, 0, max(420, self.width()), self.height()))
            proposals(self._completer).setCurrentIndex(self._completer.completionModel().index(0, 0))
        else:
            proposals(self._completer).hide()

    def _chosen(self, index: QModelIndex) -> None:
        thing = index.data(FoundRole)
        if isinstance(thing, Thing):
            self._do(thing)

    def _do(self, thing: Thing) -> None:
        proposals(self._completer).hide()
        self.clear()
        self._model.clear()
        self.left.emit()
        thing.do()

    def _show_keys(self) -> None:
        """The keys that lead here, where they have room beside the words."""
        self.keys.setVisible(self.width() >= theme.px(170) and not self.hasFocus() and not self.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._things = self._ask()
        self.keys.hide()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_keys()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            found = self.found()
            if found:
                self._do(found[0])
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self._model.clear()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Down and self._model.rowCount():
            self._look(self.text())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]  # QResizeEvent
        size = self.keys.sizeHint()
        self.keys.setGeometry(QRect(self.width() - size.width() - 10, 0, size.width(), self.height()))
        self._show_keys()


class FoundDelegate(QStyledItemDelegate):
    """The icon and words of what was found, and at the right what kind of thing it is."""

    ROW = 30

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(320, self.ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        thing = index.data(FoundRole)
        if not isinstance(thing, Thing):
            return
        painter.save()
        room = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(room, theme.colour("selection"))
        painter.drawPixmap(room.left() + 10, room.center().y() - 7, pixmap(thing.icon, "muted"))
        painter.setFont(theme.text_font(theme.SMALL))
        wide = painter.fontMetrics().horizontalAdvance(thing.kind)
        painter.setPen(theme.colour("muted"))
        inside = room.adjusted(36, 0, -12, 0)
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), thing.kind)
        painter.setFont(theme.text_font())
        painter.setPen(theme.colour("ink"))
        shown = painter.fontMetrics().elidedText(thing.title, Qt.TextElideMode.ElideRight, inside.width() - wide - 12)
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.restore()
