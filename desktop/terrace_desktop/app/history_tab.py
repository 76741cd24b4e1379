"""The History tab: every command with its state and time, and the command bar under it."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from terrace_desktop.app.command_bar import CommandBar
from terrace_desktop.app.completing import syntax_of
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import ElidedLabel, button, hairline, label, named
from terrace_desktop.work.history import Entry, HistoryModel

SIGNS = {"waiting": "○", "running": "●", "ok": "✓", "error": "✕", "cancelled": "–"}
ROW = 30


class EntryDelegate(QStyledItemDelegate):
    """One line an entry: sign, command, time; a second line tells why it failed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        entry = index.data(HistoryModel.EntryRole)
        return QSize(120, ROW + (18 if entry is not None and entry.message else 0))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: Entry = index.data(HistoryModel.EntryRole)
        model = index.model()
        assert isinstance(model, HistoryModel)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.colour("sunk"))
        line = QRect(rect.left() + 12, rect.top(), rect.width() - 24, ROW)
        tint = {"ok": "accent", "error": "danger", "running": "accent"}.get(entry.state, "muted")
        centre = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        painter.setFont(theme.text_font())
        painter.setPen(theme.colour(tint))
        painter.drawText(line, centre, SIGNS[entry.state])
        words = model.state_text(entry)
        painter.setFont(theme.text_font(theme.SMALL))
        painter.setPen(theme.colour("danger" if entry.state == "error" else "muted"))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), words)
        taken = QFontMetrics(theme.text_font(theme.SMALL)).horizontalAdvance(words) + 12
        room = line.adjusted(22, 0, -taken, 0)
        mono = theme.mono_font()
        painter.setFont(mono)
        quiet = entry.auto or entry.state in ("error", "cancelled")
        painter.setPen(theme.colour("muted" if quiet else "ink"))
        text = " ".join(entry.command.split())
        shown = QFontMetrics(mono).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, centre, shown)
        if entry.message:
            below = QRect(line.left() + 22, line.top() + ROW - 5, line.width() - 22, 18)
            small = theme.text_font(theme.SMALL)
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            told = " ".join(entry.message.split())
            metrics = QFontMetrics(small)
            painter.drawText(
                below, centre, metrics.elidedText(told, Qt.TextElideMode.ElideRight, below.width())
            )
        painter.restore()


class HistoryTab(QWidget):
    """The list, what can be done with it, and the command bar."""

    run_asked = Signal(str)
    save_asked = Signal()

    def __init__(self, history: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "history_tab", self.tr("History"))
        self.history = history
        self.list = named(QListView(), "history_list", self.tr("Commands that were run"))
        self.list.setModel(history)
        self.list.setItemDelegate(EntryDelegate(self.list))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.doubleClicked.connect(self._edit)
        self.bar = CommandBar(history)
        self.bar.command_entered.connect(self.run_asked)
        self.bar.textChanged.connect(self._show_syntax)
        self.bar.help_asked.connect(lambda text: self.run_asked.emit(self._help_on(text)))
        self.run_button = button(self.tr("Run again"), "history_run", self.run_selected, variant="flat")
        self.copy_button = button(self.tr("Copy"), "history_copy", self.copy_selected, variant="flat")
        self.save_button = button(
            self.tr("Save as do-file…"), "history_save", self.save_asked.emit, variant="flat"
        )
        tools = QHBoxLayout()
        tools.setContentsMargins(8, 4, 8, 4)
        tools.setSpacing(4)
        for b in (self.run_button, self.copy_button):
            tools.addWidget(b)
        tools.addStretch(1)
        tools.addWidget(self.save_button)
        self._hint = label(self.tr("Commands appear here as you work."), "muted", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setContentsMargins(16, 24, 16, 24)
        self._syntax = ElidedLabel("", "mono")
        named(self._syntax, "command_syntax", self.tr("Syntax"))
        self._syntax.hide()
        entry = QVBoxLayout()
        entry.setContentsMargins(12, 8, 12, 8)
        entry.setSpacing(6)
        entry.addWidget(self._syntax)
        entry.addWidget(self.bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(hairline())
        column.addWidget(self._hint)
        column.addWidget(self.list, 1)
        column.addWidget(hairline())
        column.addLayout(entry)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        history.rowsInserted.connect(self._inserted)
        theme.manager().changed.connect(self.list.viewport().update)
        self._refresh()

    def _show_syntax(self) -> None:
        """The syntax of the command that is being typed, over the bar."""
        last = self.bar.text().rsplit("\n", 1)[-1]
        syntax = syntax_of(last, self.bar.commands)
        self._syntax.set_text(syntax)
        self._syntax.setVisible(bool(syntax))

    def _help_on(self, text: str) -> str:
        words = syntax_of(text, self.bar.commands).split()
        name = next((n for n in (" ".join(words[:2]), *words[:1]) if n in self.bar.commands), "")
        return f"help {name}".strip()

    def selected(self) -> list[Entry]:
        """The selected entries, oldest first."""
        rows = sorted(i.row() for i in self.list.selectionModel().selectedRows())
        return [self.history.entries[r] for r in rows]

    def run_selected(self) -> None:
        """Run the selected commands again, in order."""
        for entry in self.selected():
            self.run_asked.emit(entry.command)

    def copy_selected(self) -> None:
        """Copy the selected commands."""
        QGuiApplication.clipboard().setText("\n".join(e.command for e in self.selected()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.hasFocus():
            self._edit(self.list.currentIndex())
        else:
            super().keyPressEvent(event)

    def _edit(self, index: QModelIndex) -> None:
        if index.isValid():
            self.bar.put(self.history.entries[index.row()].command)

    def _menu(self, at: QPoint) -> None:
        if not self.selected():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Run again"), self.run_selected)
        menu.addAction(self.tr("Edit in the command bar"), lambda: self._edit(self.list.currentIndex()))
        menu.addAction(self.tr("Copy"), self.copy_selected)
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _inserted(self, _parent: QModelIndex, _first: int, _last: int) -> None:
        self._refresh()
        self.list.scrollToBottom()

    def _refresh(self) -> None:
        some = bool(self.history.entries)
        self._hint.setVisible(not some)
        self.list.setVisible(some)
        chosen = bool(self.list.selectionModel().selectedRows()) if some else False
        self.run_button.setEnabled(chosen)
        self.copy_button.setEnabled(chosen)
        self.save_button.setEnabled(some)
