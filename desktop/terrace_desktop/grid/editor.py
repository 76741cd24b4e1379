"""A cell as it is painted, and the line in which its content is typed."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QCompleter,
    QFrame,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace_desktop.grid.header import PAD
from terrace_desktop.grid.model import MISSING, GridModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.icons import icon
from terrace_desktop.ui.widgets import label, named, proposals, tell

Index = QModelIndex | QPersistentModelIndex
STEPS = {
    Qt.Key.Key_Return: (1, 0), Qt.Key.Key_Enter: (1, 0), Qt.Key.Key_Tab: (0, 1), Qt.Key.Key_Backtab: (0, -1),
}  # fmt: skip
WIDEST = 320  # px of a bubble


class CellEditor(QLineEdit):
    """What is typed into a cell. `refused` says that it was no value, and stays to be mended."""

    def __init__(self, parent: QWidget, index: Index) -> None:
        super().__init__(parent)
        self.index = QPersistentModelIndex(index)
        self.before = ""  # as it stood in the cell
        self.filled = self.refused = False
        self.setFrame(False)
        self.textEdited.connect(self._edited)

    def offer(self, labels: list[str]) -> None:
        """Value labels: as one types, or all of them by the arrow and Alt+Down."""
        completer = QCompleter(labels, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(12)
        named(proposals(completer), "cell_labels", self.tr("Value labels"))
        self.setCompleter(completer)
        down = QAction(icon("down"), self.tr("Value labels (Alt+Down)"), self)
        down.triggered.connect(self.show_labels)
        self.addAction(down, QLineEdit.ActionPosition.TrailingPosition)
        for b in self.findChildren(QToolButton):
            named(b, "cell_labels_button", self.tr("Value labels"))

    def show_labels(self) -> None:
        """All value labels, whatever is typed."""
        completer = self.completer()
        if completer is not None:
            completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
            completer.complete()
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)

    def _edited(self) -> None:
        self.refused = False


class Typed(Protocol):
    """The view, as far as the delegate knows it."""

    def take_text(self, editor: CellEditor) -> None: ...

    def finish(self, editor: CellEditor, step: tuple[int, int]) -> None: ...


class CellDelegate(QStyledItemDelegate):
    """Paints a cell straight from the model: a screen of cells in a few milliseconds."""

    def __init__(self, parent: QWidget, view: Typed) -> None:
        super().__init__(parent)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, GridModel):
            super().paint(painter, option, index)
            return
        if model.is_room(index.row(), index.column()):
            self._paint_room(painter, option)
            return
        column = index.column()
        row = model.data_row(index.row())
        reader = model.reader(column)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        marked = model.marked is not None and bool(model.marked[row])
        painter.save()
        if marked or state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
        elif model.is_new(column):
            painter.fillRect(rect, theme.colour("accent_soft"))
        text = reader.text(row, model.labels)
        if not text:
            painter.setPen(theme.colour("faint"))
            text = MISSING
        elif reader.is_coded_missing(row):
            painter.setPen(theme.colour("faint"))
        else:
            painter.setPen(theme.colour("ink"))
        painter.setFont(option.font)
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        metrics: QFontMetrics = option.fontMetrics
        if metrics.horizontalAdvance(text) > inner.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, int(model.alignment(column)), text)
        self._paint_focus(painter, option)
        painter.restore()

    def _paint_room(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """The empty row and column: a ground of their own."""
        painter.save()
        selected = option.state & QStyle.StateFlag.State_Selected
        painter.fillRect(option.rect, theme.colour("selection" if selected else "ground"))
        self._paint_focus(painter, option)
        painter.restore()

    def _paint_focus(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))

    # --- typing -------------------------------------------------------------------------------------
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        model = index.model()
        assert isinstance(model, GridModel) and model.dataset is not None
        line = CellEditor(parent, index)
        known = index.column() < model.variables
        name = model.dataset.variables[index.column()].name if known else self.tr("New variable")
        named(line, "cell_editor", f"{name}, {index.data(Qt.ItemDataRole.AccessibleTextRole)}")
        if not model.left_aligned(index.column()):
            line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        labels = list(model.reader(index.column()).labels.values()) if known else []
        if labels and model.labels:
            line.offer(labels)
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, CellEditor)
        if editor.filled:
            return  # the data changed meanwhile: what is being typed stays
        editor.filled = True
        editor.before = str(index.data(Qt.ItemDataRole.EditRole) or "")
        editor.setText(editor.before)
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, CellEditor)
        self._view.take_text(editor)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(editor, CellEditor) and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key, modifiers = Qt.Key(event.key()), event.modifiers()
            if modifiers & Qt.KeyboardModifier.AltModifier and key == Qt.Key.Key_Down:
                editor.show_labels()
                return True
            if key in STEPS and not modifiers & Qt.KeyboardModifier.ControlModifier:
                down, right = STEPS[key]
                back = bool(modifiers & Qt.KeyboardModifier.ShiftModifier) and down
                self._view.finish(editor, (-down if back else down, right))
                return True
        return super().eventFilter(editor, event)


class Bubble(QFrame):
    """Under a cell: why what was typed is no value."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        named(self, "cell_bubble", self.tr("Why not"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        self._text = named(label("", "danger", wrap=True), "cell_bubble_text", self.tr("Why not"))
        column.addWidget(self._text)
        self.hide()

    def text(self) -> str:
        """What is said."""
        return self._text.text() if self.isVisible() else ""

    def say(self, text: str, cell: QRect) -> None:
        """Say it at a cell; over it where there is no room below."""
        tell(self._text, text)
        host = self.parentWidget()
        assert host is not None
        area = host.rect()
        width = min(theme.px(WIDEST), max(80, area.width() - 8))
        self._text.setFixedWidth(min(width, self._text.fontMetrics().horizontalAdvance(text) + 4))
        self.adjustSize()
        y = cell.bottom() + 3
        if y + self.height() > area.bottom():
            y = max(0, cell.top() - self.height() - 3)
        self.move(max(2, min(cell.left(), area.width() - self.width() - 2)), y)
        self.show()
        self.raise_()
        announce(self, text)
