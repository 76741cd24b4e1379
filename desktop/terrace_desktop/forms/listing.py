"""The list of entries under their headings; what does not apply to the model says why."""

from __future__ import annotations

from typing import Generic

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from terrace_desktop.forms.entry import Entry, F, Group
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

Index = QModelIndex | QPersistentModelIndex
EntryRole = int(Qt.ItemDataRole.UserRole)
ReasonRole = EntryRole + 1
HEAD, LINE, WITH_REASON = 30, 28, 44  # px


class EntryDelegate(QStyledItemDelegate):
    """Headings, entries, and entries that do not apply with their reason under them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry = index.data(EntryRole)
        height = HEAD if entry is None else WITH_REASON if index.data(ReasonRole) else LINE
        return QSize(120, theme.px(height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        room = option.rect
        entry, reason = index.data(EntryRole), str(index.data(ReasonRole) or "")
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        if entry is None:
            painter.setFont(theme.text_font(theme.SMALL, bold=True))
            painter.setPen(theme.colour("muted"))
            self._line(painter, room.adjusted(12, 8, -8, 0), text)
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent_soft" if chosen else "sunk"))
            painter.drawRoundedRect(room.adjusted(4, 1, -4, -1), 6, 6)
            if chosen and option.state & QStyle.StateFlag.State_HasFocus:
                painter.setPen(theme.colour("accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(room.adjusted(4, 1, -5, -2), 6, 6)
        painter.setFont(theme.text_font(bold=chosen and not reason))
        painter.setPen(theme.colour("muted" if reason else "ink"))
        inside = room.adjusted(14, 0, -12, 0)
        if not reason:
            self._line(painter, inside, text)
        else:
            self._line(painter, QRect(inside.x(), inside.y() + theme.px(5), inside.width(), theme.px(18)), text)
            painter.setFont(theme.text_font(theme.SMALL))
            self._line(painter, QRect(inside.x(), inside.y() + theme.px(22), inside.width(), theme.px(17)), reason)
        painter.restore()

    @staticmethod
    def _line(painter: QPainter, room: QRect, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


class EntryList(QListView, Generic[F]):
    """The entries; `chosen` carries the one that is selected, `opened` that its form is wanted."""

    chosen = Signal(object)
    opened = Signal()

    def __init__(self, groups: tuple[Group[F], ...]) -> None:
        super().__init__()
        named(self, "after_list", self.tr("Tools after a fit"))
        self.setProperty("role", "pick")
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(EntryDelegate(self))
        self._groups = groups
        self._facts: F | None = None
        self._text = ""
        self._filling = False
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.activated.connect(lambda _index: self.opened.emit())

    def set_facts(self, facts: F) -> None:
        """The entries are judged for another model, or for the same one with other data."""
        self._facts = facts
        self._fill()

    def filter(self, text: str) -> None:
        """Show the entries that hold every word."""
        self._text = text
        self._fill()

    def current(self) -> Entry[F] | None:
        """The entry that is selected."""
        found = self.currentIndex().data(EntryRole)
        return found if isinstance(found, Entry) else None

    def entries(self) -> list[Entry[F]]:
        """The entries as shown."""
        rows = (self._model.item(k).data(EntryRole) for k in range(self._model.rowCount()))
        return [e for e in rows if isinstance(e, Entry)]

    def reason_of(self, key: str) -> str:
        """Why an entry does not apply; empty where it does."""
        for k in range(self._model.rowCount()):
            entry = self._model.item(k).data(EntryRole)
            if isinstance(entry, Entry) and entry.key == key:
                return str(self._model.item(k).data(ReasonRole) or "")
        raise KeyError(key)

    def select(self, key: str) -> None:
        """Select an entry."""
        for k in range(self._model.rowCount()):
            entry = self._model.item(k).data(EntryRole)
            if isinstance(entry, Entry) and entry.key == key:
                self.setCurrentIndex(self._model.index(k, 0))
                return
        raise KeyError(key)

    def icon_of(self, key: str) -> str:
        """The icon of the group that an entry stands in; empty where it has none."""
        return next((g.icon for g in self._groups for e in g.entries if e.key == key), "")

    def head_of(self, key: str) -> tuple[str, str] | None:
        """Icon and title of a group with an icon of its own."""
        return next(((g.icon, g.title) for g in self._groups if g.key == key and g.icon), None)

    def go_to_group(self, key: str) -> None:
        """Bring a group to the top of the list and select its first entry that applies."""
        group = next((g for g in self._groups if g.key == key), None)
        if group is None:
            return
        shown = [e for e in self.entries() if e.key in {x.key for x in group.entries}]
        fit = [e for e in shown if not self.reason_of(e.key)]
        if shown:
            self.select((fit or shown)[0].key)
            at = self.currentIndex().row()
            self.scrollTo(self._model.index(max(0, at - 1), 0), QListView.ScrollHint.PositionAtTop)

    def select_first(self) -> None:
        """Select the first entry that applies, or else the first."""
        shown = self.entries()
        fit = [e for e in shown if not self.reason_of(e.key)]
        if shown:
            self.select((fit or shown)[0].key)

    def _fill(self) -> None:
        if self._facts is None:
            return
        before = self.current()
        # Some versions of Qt make the first entry current while the list fills: nobody chose it.
        self._filling = True
        self._model.clear()
        for group, entries in search(self._text, self._groups):
            head = QStandardItem(group.title)
            head.setFlags(Qt.ItemFlag.NoItemFlags)
            self._model.appendRow(head)
            for entry in entries:
                self._model.appendRow(self._item(entry))
        keys = [e.key for e in self.entries()]
        if before is not None and before.key in keys:
            self.select(before.key)
        else:
            self.select_first()
        self._filling = False
        self.chosen.emit(self.current())

    def _item(self, entry: Entry[F]) -> QStandardItem:
        assert self._facts is not None
        reason = entry.reason(self._facts)
        item = QStandardItem(entry.title)
        item.setData(entry, EntryRole)
        item.setData(reason, ReasonRole)
        item.setToolTip(reason or entry.purpose)
        spoken = self.tr("{0}. Does not apply: {1}").format(entry.title, reason) if reason else entry.title
        item.setData(spoken, int(Qt.ItemDataRole.AccessibleTextRole))
        item.setData(entry.purpose, int(Qt.ItemDataRole.AccessibleDescriptionRole))
        return item

    def _current_changed(self, index: QModelIndex, _before: QModelIndex) -> None:
        entry = index.data(EntryRole)
        if isinstance(entry, Entry) and not self._filling:
            self.chosen.emit(entry)


class SearchLine(QLineEdit):
    """Filters the list as one types; the arrows move in the list, Enter goes to the form."""

    def __init__(self, listing: EntryList[F], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "after_search", self.tr("Search"))
        self.setPlaceholderText(self.tr("Search"))
        self.setClearButtonEnabled(True)
        for b in self.findChildren(QToolButton):
            named(b, "after_search_clear", self.tr("Clear"))
        self._list = listing
        self.textChanged.connect(listing.filter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._list.keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._list.opened.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


def search(text: str, among: tuple[Group[F], ...]) -> list[tuple[Group[F], list[Entry[F]]]]:
    """The entries that hold every word of `text`, with their groups; all for an empty text."""
    words = text.lower().split()
    found = [(g, [e for e in g.entries if e.matches(words)]) for g in among]
    return [(g, entries) for g, entries in found if entries]
