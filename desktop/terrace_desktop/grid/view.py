"""The data grid: one view over `GridModel`, with copy, keyboard, sorting and the context menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QLineEdit,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from terrace_desktop.grid.header import BADGE, PAD, ColumnHeader, RowHeader
from terrace_desktop.grid.model import MISSING, GridModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

WIDEST = 220  # px, to begin with; the user may widen a column further
NARROWEST = 52
MEASURED = 60  # columns whose cells decide their width; further ones go by their names


class CellDelegate(QStyledItemDelegate):
    """Paints a cell straight from the model: a screen of cells in a few milliseconds."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        if not isinstance(model, GridModel):
            super().paint(painter, option, index)
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
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        model = index.model()
        assert isinstance(model, GridModel) and model.dataset is not None
        name = model.dataset.variables[index.column()].name
        line = named(QLineEdit(parent), "cell_editor", f"{name}, {index.data(Qt.ItemDataRole.AccessibleTextRole)}")
        line.setFrame(False)
        if not model.left_aligned(index.column()):
            line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        labels = list(model.reader(index.column()).labels.values())
        if labels and model.labels:
            completer = QCompleter(labels, line)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            line.setCompleter(completer)
        return line

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        assert isinstance(editor, QLineEdit)
        editor.setText(index.data(Qt.ItemDataRole.EditRole))
        editor.selectAll()

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        assert isinstance(editor, QLineEdit) and isinstance(model, GridModel) and model.dataset is not None
        text = editor.text().strip()
        if text != index.data(Qt.ItemDataRole.EditRole):
            view = self.parent()
            assert isinstance(view, GridView)
            view.edit_asked.emit(model.dataset.variables[index.column()].name, model.data_row(index.row()), text)


class GridView(QTableView):
    """Columns resize, rows do not; whole columns and ranges can be selected and copied."""

    sort_asked = Signal(str, object)  # name, descending (True, False) or None for the order of the data
    copy_asked = Signal()
    variable_asked = Signal(str)
    filter_by_asked = Signal(str)
    edit_asked = Signal(str, int, str)  # variable, row of the data, what was typed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "data_grid", self.tr("Data grid"))
        self.grid = GridModel()
        self.setModel(self.grid)
        self.columns = ColumnHeader(self)
        self.setHorizontalHeader(self.columns)
        self.rows = RowHeader(self)
        self.setVerticalHeader(self.rows)
        self.setItemDelegate(CellDelegate(self))
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the grid; the arrow keys walk in it
        self.setCornerButtonEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu_on_cell)
        self.columns.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.columns.customContextMenuRequested.connect(self._menu_on_header)
        self.columns.sort_asked.connect(self.next_sort)
        self._zoom = theme.manager().zoom
        theme.manager().changed.connect(self._theme_changed)

    # --- content ------------------------------------------------------------------------------------
    def show_dataset(self, dataset: Dataset | None, same: bool = False) -> None:
        """Show data; `same` keeps widths, order and place, since only values or labels changed."""
        widths = self.column_widths()
        place = (self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        if same and dataset is not None:
            self.grid.update_dataset(dataset)
        else:
            self.grid.set_dataset(dataset)
            widths = {}
        self._fit_columns(widths)
        if same:
            self.horizontalScrollBar().setValue(place[0])
            self.verticalScrollBar().setValue(place[1])

    def column_widths(self) -> dict[str, int]:
        """Widths by variable, as they stand."""
        if self.grid.dataset is None:
            return {}
        return {name: self.columnWidth(i) for i, name in enumerate(self.grid.dataset.names)}

    def set_labels(self, labels: bool) -> None:
        """Labels or codes; the columns take the width that they need now."""
        self.grid.set_labels(labels)
        self._fit_columns({})

    def set_order(self, order: np.ndarray | None, sorted_by: tuple[str, bool] | None) -> None:
        """Take over a finished sort."""
        column = self.currentIndex().column()
        across = self.horizontalScrollBar().value()
        widths = self.column_widths()
        self.grid.set_order(order, sorted_by)
        self._fit_columns(widths)
        if column >= 0 and self.grid.rowCount():  # the rows moved; the user is still at this variable
            first = self.grid.index(0, column)
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.horizontalScrollBar().setValue(across)

    def set_filter(self, mask: np.ndarray | None) -> None:
        """Show some rows, or all again."""
        widths = self.column_widths()
        self.grid.set_filter(mask)
        self._fit_columns(widths)

    def mark_rows(self, mask: np.ndarray | None) -> None:
        """Mark rows that were selected in a plot, and bring the first of them into view."""
        self.grid.set_marked(mask)
        self.rows.viewport().update()
        if mask is None or not self.grid.rowCount():
            return
        order = self.grid.order
        shown = mask if order is None else mask[order]
        first = int(shown.argmax())
        if shown[first]:
            self.scrollTo(self.grid.index(first, max(0, self.columns.logicalIndexAt(0))))

    def go_to_row(self, row: int) -> bool:
        """Make a row of the data the current one; False where the filter leaves it out."""
        order = self.grid.order
        if order is not None:
            found = (order == row).nonzero()[0]
            if not len(found):
                return False
            row = int(found[0])
        self._go(row, max(0, self.currentIndex().column()))
        return True

    def go_to_variable(self, name: str) -> None:
        """Make a variable the current one, in the present row."""
        assert self.grid.dataset is not None
        self._go(max(0, self.currentIndex().row()), self.grid.dataset.names.index(name))

    def _go(self, row: int, column: int) -> None:
        index = self.grid.index(row, column)
        if index.isValid():
            flag = QItemSelectionModel.SelectionFlag  # setCurrentIndex would go by the keys that are down
            self.selectionModel().setCurrentIndex(index, flag.ClearAndSelect)
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_sort(self, section: int) -> None:
        """Ascending, then descending, then the order of the data again."""
        if self.grid.dataset is None:
            return
        name = self.grid.dataset.variables[section].name
        now = self.grid.sorted_by
        if now is None or now[0] != name:
            self.sort_asked.emit(name, False)
        else:
            self.sort_asked.emit(name, None if now[1] else True)

    def current_variable(self) -> str | None:
        """The variable of the current or first selected cell."""
        if self.grid.dataset is None:
            return None
        selection = self.selectionModel().selection()
        column = selection.at(0).left() if selection.count() else self.currentIndex().column()
        return self.grid.dataset.variables[column].name if column >= 0 else None

    def selected_block(self) -> tuple[list[int], list[tuple[int, int]]]:
        """Columns and row ranges of the selection (rows on screen, inclusive), from ranges, never cells."""
        columns: set[int] = set()
        spans: list[tuple[int, int]] = []
        selection = self.selectionModel().selection()
        for k in range(selection.count()):
            part = selection.at(k)
            columns.update(range(part.left(), part.right() + 1))
            spans.append((part.top(), part.bottom()))
        return sorted(columns), merge_spans(spans)

    # --- keyboard and mouse -------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
            return
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if ctrl and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._jump(event)
            return
        if ctrl and event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            flag = QItemSelectionModel.SelectionFlag  # selectColumn would add, since Ctrl is down
            self.selectionModel().select(self.currentIndex(), flag.ClearAndSelect | flag.Columns)
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would read every row on the GUI thread."""

    def _jump(self, event: QKeyEvent) -> None:
        rows, columns = self.grid.rowCount(), self.grid.columnCount()
        if not rows or not columns:
            return
        at = self.currentIndex()
        row, column = max(0, at.row()), max(0, at.column())
        target = {
            Qt.Key.Key_Up: (0, column), Qt.Key.Key_Down: (rows - 1, column),
            Qt.Key.Key_Left: (row, 0), Qt.Key.Key_Right: (row, columns - 1),
        }[Qt.Key(event.key())]  # fmt: skip
        index = self.grid.index(*target)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            span = self.visualRect(at).united(self.visualRect(index))
            self.setSelection(span, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        else:
            self.setCurrentIndex(index)
        self.scrollTo(index)

    def _menu_on_header(self, at: QPoint) -> None:
        section = self.columns.logicalIndexAt(at)
        if section >= 0:
            self._menu(section, self.columns.mapToGlobal(at))

    def _menu_on_cell(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if index.isValid():
            self._menu(index.column(), self.viewport().mapToGlobal(at))

    def _menu(self, section: int, at: QPoint) -> None:
        assert self.grid.dataset is not None
        name = self.grid.dataset.variables[section].name
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Sort ascending"), lambda: self.sort_asked.emit(name, False))
        menu.addAction(self.tr("Sort descending"), lambda: self.sort_asked.emit(name, True))
        back = menu.addAction(self.tr("Original order"), lambda: self.sort_asked.emit(name, None))
        back.setEnabled(self.grid.sorted_by is not None)
        menu.addSeparator()
        menu.addAction(self.tr("Filter by value…"), lambda: self.filter_by_asked.emit(name))
        menu.addAction(self.tr("Select column"), lambda: self.selectColumn(section))
        menu.addAction(self.tr("Copy"), self.copy_asked.emit)
        menu.addSeparator()
        menu.addAction(self.tr("Show in Variables"), lambda: self.variable_asked.emit(name))
        menu.popup(at)

    # --- looks --------------------------------------------------------------------------------------
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "rows"):
            self.rows.follow_text()

    def _theme_changed(self) -> None:
        if self._zoom != theme.manager().zoom:
            self._zoom = theme.manager().zoom
            self._fit_columns({})
        for part in (self.viewport(), self.columns.viewport(), self.rows.viewport()):
            part.update()

    def _fit_columns(self, known: dict[str, int]) -> None:
        if self.grid.dataset is None:
            return
        metrics = QFontMetrics(theme.text_font())
        bold = QFontMetrics(theme.text_font(bold=True))
        for i, name in enumerate(self.grid.dataset.names):
            if name in known:
                self.setColumnWidth(i, known[name])
                continue
            cells = 0
            if i < MEASURED:
                cells = metrics.horizontalAdvance(self.grid.reader(i).widest(self.grid.labels))
            head = bold.horizontalAdvance(name) + theme.px(BADGE) + 7
            least, most = theme.px(NARROWEST), theme.px(WIDEST)
            self.setColumnWidth(i, min(most, max(least, cells + 2 * PAD + 2, head + 2 * PAD + 2)))


def merge_spans(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of rows in order, with those that touch or overlap made one."""
    out: list[tuple[int, int]] = []
    for top, bottom in sorted(spans):
        if out and top <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], bottom))
        else:
            out.append((top, bottom))
    return out
