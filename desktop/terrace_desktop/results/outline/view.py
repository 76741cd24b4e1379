"""The outline beside the document: goes there, renames, moves, collapses, removes; and adds notes and headings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QMimeData, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QMenu, QPushButton, QTreeView, QVBoxLayout, QWidget

from terrace.session.document.edits import HOLDERS
from terrace.session.document.items import Document, Item
from terrace_desktop.results.look import OUTLINE, OUTLINE_OVER
from terrace_desktop.results.outline.delegate import OutlineDelegate
from terrace_desktop.results.outline.model import AT_TOP, OutlineModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.tree_rows import set_up_rows
from terrace_desktop.ui.widgets import button, named
from terrace_desktop.work import outline


class OutlineTree(QTreeView):
    """The lines. `chosen` carries the id of what the user went to, `command_asked` what changes the document."""

    chosen = Signal(int)
    command_asked = Signal(str)
    draft_asked = Signal()  # the model that is being built

    def __init__(self) -> None:
        super().__init__()
        named(self, "outline", self.tr("Outline of the results"))
        self.lines = OutlineModel(self)
        self.lines.command_asked.connect(self.command_asked)
        self.setModel(self.lines)
        self.painter_ = OutlineDelegate(self)
        self.setItemDelegate(self.painter_)
        self.menu_of: Callable[[int], QMenu | None] = lambda _id: None
        set_up_rows(self)
        named(self.header(), "outline_header", self.tr("Outline of the results"))
        self.setUniformRowHeights(False)
        self.setWordWrap(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._showing = False
        self.selectionModel().currentChanged.connect(self._moved)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)

    # --- content ------------------------------------------------------------------------------------
    def show_document(self, document: Document, draft: tuple[str, int] = ("", 0)) -> None:
        """Show another document; the line that was chosen stays chosen."""
        was = self.current()
        self._showing = True
        self.lines.show(document, draft)
        for item in document:
            if document.under(item.id):
                self.setExpanded(self.lines.index_of(item.id), not item.folded)
        if was is not None:
            self._select(was.id)
        self._showing = False
        self.scheduleDelayedItemsLayout()

    def current(self) -> Item | None:
        """The item of the line that is chosen."""
        return self.lines.item(self.currentIndex())

    def point_at(self, id_: int) -> None:
        """The document has been scrolled to an item: its line is the chosen one."""
        if self.state() == QAbstractItemView.State.EditingState:
            return
        self._showing = True
        self._select(id_)
        self._showing = False
        item = self.lines.document.item(id_)
        while item is not None and item.kind != "model":
            item = self.lines.document.item(item.under)
        self.painter_.shown = 0 if item is None else item.id
        self.viewport().update()

    def _select(self, id_: int) -> None:
        index = self.lines.index_of(id_)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().setCurrentIndex(index, flags)

    def _moved(self, index: QModelIndex, _before: QModelIndex) -> None:
        item = self.lines.item(index)
        if item is not None and not self._showing:
            self.chosen.emit(item.id)

    def _clicked(self, index: QModelIndex) -> None:
        item = self.lines.item(index)
        if item is None:
            self.draft_asked.emit()
        else:
            self.chosen.emit(item.id)

    def _double_clicked(self, index: QModelIndex) -> None:
        item = self.lines.item(index)
        if item is not None:
            self.command_asked.emit(outline.fold([item.id], not item.folded))

    # --- keys ---------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.current()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        key = event.key()
        if item is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.command_asked.emit(outline.delete([item.id]))
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shift(item, -1 if key == Qt.Key.Key_Up else 1)
        elif alt and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.nest(item, key == Qt.Key.Key_Right)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and item.folded == (key == Qt.Key.Key_Right):
            self.command_asked.emit(outline.fold([item.id], key == Qt.Key.Key_Left))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != QAbstractItemView.State.EditingState:
            self.chosen.emit(item.id)
        else:
            super().keyPressEvent(event)

    def shift(self, item: Item, by: int) -> None:
        """Move an item up or down among those that stand beside it."""
        beside = [i.id for i in self.lines.document.under(item.under)]
        to = beside.index(item.id) + by
        if 0 <= to < len(beside):
            before, after = (beside[to], 0) if by < 0 else (0, beside[to])
            self.command_asked.emit(outline.move(item.id, before=before, after=after))

    def nest(self, item: Item, deeper: bool) -> None:
        """Move an item under the one above it, or out to the top."""
        document = self.lines.document
        if not deeper and item.under:
            self.command_asked.emit(outline.move(item.id, under=0, after=item.under))
        elif deeper and not item.under and item.kind not in AT_TOP:
            above = [i for i in document.under(0) if i.kind in HOLDERS]
            order = [i.id for i in document]
            over = [i for i in above if order.index(i.id) < order.index(item.id)]
            if over:
                self.command_asked.emit(outline.move(item.id, under=over[-1].id))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.current()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            item = self.lines.item(self.indexAt(event.pos()))
            if item is not None:
                self._select(item.id)
        menu = None if item is None else self.menu_of(item.id)
        if menu is not None:
            rect = self.visualRect(self.currentIndex())
            by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
            menu.popup(self.viewport().mapToGlobal(QPoint(24, rect.bottom())) if by_key else event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()  # titles wrap to the width


class OutlinePanel(QFrame):
    """The outline with what adds to the document at its foot."""

    note_asked = Signal()
    heading_asked = Signal()

    def __init__(self, mime: Callable[[int], QMimeData], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "results_outline", self.tr("Outline"))
        self._popup = False
        self._follow_text()
        theme.manager().changed.connect(self._follow_text)
        self.tree = OutlineTree()
        self.tree.lines.mime = mime
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 8)
        column.setSpacing(2)
        column.addWidget(self.tree, 1)
        for sign, text, name, asked in (
            ("note", self.tr("Add note"), "add_note", self.note_asked),
            ("heading", self.tr("Add heading"), "add_heading", self.heading_asked),
        ):
            column.addWidget(self._foot(sign, text, name, asked.emit))

    def _follow_text(self) -> None:
        self.setFixedWidth(theme.px(OUTLINE_OVER if self._popup else OUTLINE))

    def _foot(self, sign: str, text: str, name: str, do: Callable[[], object]) -> QPushButton:
        b = button(text, name, do, variant="act")
        set_icon(b, sign)
        return b

    def set_popup(self, popup: bool) -> None:
        """Beside the document, or over it."""
        self.setProperty("popup", popup)
        self._popup = popup
        self._follow_text()
