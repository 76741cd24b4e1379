"""The data grid: one view over `GridModel`, with keyboard, selection, typing, sorting and the context menus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyledItemDelegate, QTableView, QWidget
from shiboken6 import isValid

from terrace_desktop.grid.arrivals import Arrivals
from terrace_desktop.grid.block import Cells, Rectangle
from terrace_desktop.grid.editor import Bubble, CellDelegate, CellEditor
from terrace_desktop.grid.frozen import FrozenColumns
from terrace_desktop.grid.header import BADGE, GAP, PAD, ColumnHeader, RowHeader
from terrace_desktop.grid.selected import SelectedCells
from terrace_desktop.grid.typing_in import cell_asked, usual_decimal
from terrace_desktop.ui import theme
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.words import from_engine

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

WIDEST = 220  # px, to begin with; the user may widen a column further
NARROWEST = 44
_REVERT = QStyledItemDelegate.EndEditHint.RevertModelCache
_ENSURE = QAbstractItemView.ScrollHint.EnsureVisible
Index = QModelIndex | QPersistentModelIndex
KEYS = {
    "Del": "clear", "Backspace": "clear", "Ctrl+X": "cut", "Ctrl+V": "paste", "Ctrl+D": "fill_down",
    "Ctrl+R": "fill_right", "Ctrl+F": "find", "Ctrl+H": "replace", "Ctrl+Shift++": "insert", "Ctrl+-": "delete",
}  # fmt: skip
"""Keys of the grid, which are no shortcuts of the window while it has the focus, and what they ask for."""
MEASURED = 60  # columns whose cells decide their width; further ones go by their names


class GridView(SelectedCells):
    """Columns resize, rows do not; whole columns and ranges can be selected and copied."""

    sort_asked = Signal(str, object)  # name, descending (True, False) or None for the order of the data
    copy_asked = Signal()
    menu_wanted = Signal(str, object)  # variable, where on the screen
    edit_asked = Signal(str, int, str)  # variable, row of the data, what was typed
    enter_asked = Signal(object)  # Cells that make the data larger, or a variable another kind
    menu_asked = Signal(QPoint)  # of cells, at a place of the screen
    asked = Signal(str)  # what a key of KEYS asks for
    rows_chosen = Signal()  # which rows are selected whole may have changed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "data_grid", self.tr("Data grid"))
        self.columns = ColumnHeader(self)
        self.setHorizontalHeader(self.columns)
        self.rows = RowHeader(self)
        self.setVerticalHeader(self.rows)
        self._inside = False  # Tab walks from cell to cell, and not out of the grid
        self._run = -1  # the column in which a run of Tab began
        self._after_growth: tuple[int, int] | None = None
        self._stays = self._anew = False
        self._kept: tuple[int, int, list[Rectangle], tuple[int, str, str] | None] = (-1, -1, [], None)
        self.setItemDelegate(CellDelegate(self, self))
        self.bubble = Bubble(self)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # by `focusNextPrevChild`
        self.setCornerButtonEnabled(True)
        self.columns.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.columns.customContextMenuRequested.connect(self._menu_on_header)
        self.columns.sort_asked.connect(self.next_sort)
        self.columns.menu_asked.connect(self._menu)
        self.frozen = FrozenColumns(self, self.grid, self)
        self.arrivals = Arrivals(self, self.grid)
        self.frozen.names.sort_asked.connect(self.next_sort)
        self.frozen.names.menu_asked.connect(self._menu)
        self.frozen.menu_asked.connect(self.menu_asked)
        self.frozen.held.connect(self._hold_open)
        self.frozen.closed.connect(self.bubble.hide)
        self.grid.modelAboutToBeReset.connect(self._keep)
        self.grid.modelReset.connect(self._bring_back)
        self.grid.rowsInserted.connect(self._grown)  # no lambdas: the model would keep the view in memory
        self.grid.columnsInserted.connect(self._grown)
        self._zoom = theme.manager().zoom
        theme.manager().changed.connect(self._theme_changed)

    # --- content ------------------------------------------------------------------------------------
    def show_dataset(self, dataset: Dataset | None, same: bool = False) -> None:
        """Show data; `same` keeps widths, order and place, since only values or labels changed."""
        if same and dataset is not None and self.grid.dataset is not None:
            known, count = set(self.grid.dataset.names), len(self.grid.dataset.names)
            widths = self.column_widths() if self.grid.order is not None else {}
            place = (self.horizontalScrollBar().value(), self.verticalScrollBar().value())
            self._anew = False
            with self._staying():
                self.grid.update_dataset(dataset)
            if self._anew:
                self._fit_columns(widths, only_new=True)
            new = [k for k, name in enumerate(dataset.names) if name not in known]
            if not self._anew:  # all others have the width that they had
                self._fit(new)
            self.horizontalScrollBar().setValue(place[0])
            self.verticalScrollBar().setValue(place[1])
            if len(dataset.names) > count:  # another name alone is no new column
                self.arrivals.show(new)
            return
        self._after_growth = None
        self.arrivals.forget()
        self.frozen.clear()
        self.grid.set_dataset(dataset)
        self._fit_columns({})

    @contextmanager
    def _staying(self) -> Iterator[None]:
        """What is current, selected and typed stays though rows are laid out anew."""
        self._stays = True
        try:
            yield
        finally:
            self._stays = False

    def column_widths(self) -> dict[str, int]:
        """Widths by variable, as they stand."""
        if self.grid.dataset is None:
            return {}
        return {name: self.columnWidth(i) for i, name in enumerate(self.grid.dataset.names)}

    def set_room(self, room: bool) -> None:
        """Whether there is an empty row and column to type new ones into."""
        self.grid.set_room(room)

    def set_labels(self, labels: bool) -> None:
        """Labels or codes; the columns take the width that they need now."""
        self.grid.set_labels(labels)
        self._fit_columns({})

    def set_order(self, order: np.ndarray | None, sorted_by: tuple[str, bool] | None) -> None:
        """Take over a finished sort."""
        column = self.currentIndex().column()
        across = self.horizontalScrollBar().value()
        widths = self.column_widths()
        with self._staying():
            self.grid.set_order(order, sorted_by)
        self._fit_columns(widths, only_new=True)
        if column >= 0 and self.grid.rowCount():  # the rows moved; the user is still at this variable
            first = self.grid.index(0, column)
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.horizontalScrollBar().setValue(across)

    def set_filter(self, mask: np.ndarray | None) -> None:
        """Show some rows, or all again."""
        widths = self.column_widths()
        with self._staying():
            self.grid.set_filter(mask)
        self._fit_columns(widths, only_new=True)

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
            # to the middle: at the foot the strip that tells of them would push it out of view
            at = self.grid.index(first, max(0, self.columns.logicalIndexAt(0)))
            self.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtCenter)

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
            self.go_to(index)
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_sort(self, section: int) -> None:
        """Ascending, then descending, then the order of the data again."""
        if self.grid.dataset is None or section >= self.grid.variables:
            return
        name = self.grid.dataset.variables[section].name
        now = self.grid.sorted_by
        if now is None or now[0] != name:
            self.sort_asked.emit(name, False)
        else:
            self.sort_asked.emit(name, None if now[1] else True)

    # --- keyboard and mouse -------------------------------------------------------------------------
    def event(self, event: QEvent) -> bool:
        # A key that means something here is no shortcut of the window: Qt asks the focus first.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._meant(event):
            event.accept()
            return True
        return super().event(event)

    def _meant(self, event: QKeyEvent) -> str:
        """What a key asks for; empty for a key that is none of the grid's own."""
        pressed = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        asked = KEYS.get(pressed, "")
        if asked in ("insert", "delete") and not self.whole():
            return ""
        return asked if self.grid.dataset is not None else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key not in (Qt.Key.Key_Escape, Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Tab):
            self._inside = True
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
            return
        if asked := self._meant(event):
            self.asked.emit(asked)
            return
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if ctrl and key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._jump(event)
            return
        if ctrl and key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._inside = False
            self.focusNextPrevChild(key == Qt.Key.Key_Tab)
            return
        if ctrl and key == Qt.Key.Key_Space and self.currentIndex().isValid():
            flag = QItemSelectionModel.SelectionFlag  # selectColumn would add, since Ctrl is down
            self.selectionModel().select(self.currentIndex(), flag.ClearAndSelect | flag.Columns)
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not ctrl:
            self.move_by(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1, 0)
            return
        if key == Qt.Key.Key_Escape:
            self._inside = False  # Tab leaves the grid then
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._inside = False  # who walks through the window with Tab is not held up here
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._inside = True
        super().mousePressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if not self._inside or not self.currentIndex().isValid():
            return super().focusNextPrevChild(forward)
        self.move_by(0, 1 if forward else -1)
        return True

    def move_by(self, down: int, right: int) -> None:
        """The next cell: Tab goes right, Enter down, and back to where a run of Tab began."""
        at = self.currentIndex()
        row, column = max(0, at.row()), max(0, at.column())
        if right:
            self._run = column if self._run < 0 else self._run
        elif self._run >= 0:
            column, self._run = self._run, -1
        run = self._run
        row, column = max(0, row + down), max(0, column + right)
        if row >= self.grid.rowCount() or column >= self.grid.columnCount():
            self._after_growth = (row, column)
            row, column = min(row, self.grid.rowCount() - 1), min(column, self.grid.columnCount() - 1)
        self.go_to(self.grid.index(row, column))
        self._run = run if right else -1
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self._run = -1

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.rows_chosen.emit()

    def _grown(self, *_where: object) -> None:
        """Rows or columns have come: go to where Enter or Tab meant to go from the last one."""
        if self._after_growth is not None:
            row, column = self._after_growth
            self._after_growth = None
            if self.grid.index(row, column).isValid():
                self.go_to(self.grid.index(row, column))

    # --- typing -------------------------------------------------------------------------------------
    def edit(self, index: QModelIndex, *args: Any) -> Any:  # type: ignore[override]  # two overloads
        if self.frozen.holds(index) and not self.frozen.editing:
            return self.frozen.edit_cell(index, *args)
        return super().edit(index, *args)

    def take_text(self, editor: CellEditor) -> None:
        """Ask for what was typed; where it is no value, say so at the cell and keep it."""
        text, dataset = editor.text(), self.grid.dataset
        index = editor.index
        if dataset is None or not index.isValid() or text == editor.before or editor.refused:
            return
        if not text.strip() and self.grid.is_room(index.row(), index.column()):
            return
        self._after_growth = None
        row = self.grid.data_row(index.row())
        try:
            asked = cell_asked(dataset, index.column(), row, text, usual_decimal())
        except ValueError as error:
            editor.refused = True
            self.refuse(self.grid.index(index.row(), index.column()), from_engine(str(error)))
            return
        editor.before = text
        if isinstance(asked, Cells):
            self.enter_asked.emit(asked)
        else:
            self.edit_asked.emit(dataset.variables[index.column()].name, row, asked)

    def refuse(self, index: QModelIndex, why: str) -> None:
        """Say at a cell why it does not hold what it should."""
        self.scrollTo(index)
        self.bubble.raise_()
        view: QTableView = self.frozen if self.frozen.holds(index) else self
        place = view.viewport().mapTo(self, view.visualRect(index).topLeft())
        self.bubble.say(why, QRect(place, view.visualRect(index).size()))

    def finish(self, editor: CellEditor, step: tuple[int, int]) -> None:
        """Take what was typed and go on to the next cell, unless it is refused."""
        editor.refused = False
        self.take_text(editor)
        if editor.refused:
            editor.selectAll()
            return
        index = editor.index
        self._inside = True
        self.closeEditor(editor, QStyledItemDelegate.EndEditHint.NoHint)
        if index.isValid() and self.currentIndex() != index:
            self.go_to(self.grid.index(index.row(), index.column()))
        self.move_by(*step)

    def closeEditor(self, editor: QWidget, hint: QStyledItemDelegate.EndEditHint) -> None:
        if isinstance(editor, CellEditor) and editor.refused and hint != _REVERT:
            self._hold_open(editor)
            return  # what was typed stays to be mended
        self.bubble.hide()
        if self.frozen.owns(editor):
            self.frozen.closeEditor(editor, hint)
        else:
            super().closeEditor(editor, hint)

    def _hold_open(self, editor: CellEditor) -> None:
        """Back to what was refused, once Qt is done with what would have closed it."""
        soon(self, lambda: self._back_to(editor))

    def _back_to(self, editor: CellEditor) -> None:
        if not isValid(editor) or not editor.refused or not editor.index.isValid():
            return
        focus = QApplication.focusWidget()
        if focus is None or focus is self or self.isAncestorOf(focus):
            self.go_to(self.grid.index(editor.index.row(), editor.index.column()))
            editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep(self) -> None:
        """Before all is laid out anew: what is current, selected and being typed."""
        editor = self.viewport().findChild(CellEditor) or self.frozen.viewport().findChild(CellEditor)
        at = self.currentIndex()
        self._kept = (at.row(), at.column(), self.rectangles() if self.selectionModel() else [], None)
        if editor is not None and editor.index.isValid() and self.grid.dataset is not None:
            row, column = editor.index.row(), editor.index.column()
            names = self.grid.dataset.names
            name = names[column] if column < len(names) else ""
            if editor.text() != editor.before:
                self._kept = (*self._kept[:3], (self.grid.data_row(row), name, editor.text()))

    def _bring_back(self) -> None:
        """The same after it."""
        self._anew = True
        row, column, rectangles, typed = self._kept
        rows, columns = self.grid.rowCount(), self.grid.columnCount()
        if not self._stays or row < 0 or not rows or not columns:
            return
        now = self.grid.index(min(row, rows - 1), min(column, columns - 1))
        self.select(rectangles[:50] or [(now.row(), now.row(), now.column(), now.column())])
        self.selectionModel().setCurrentIndex(now, QItemSelectionModel.SelectionFlag.NoUpdate)
        if typed is not None:
            soon(self, lambda: self._type_again(*typed))

    def _type_again(self, row: int, name: str, text: str) -> None:
        dataset = self.grid.dataset
        if dataset is None or name not in dataset or not self.go_to_row(row):
            return
        index = self.grid.index(self.currentIndex().row(), dataset.names.index(name))
        self.go_to(index)
        self.edit(index)
        editor = self.viewport().findChild(CellEditor) or self.frozen.viewport().findChild(CellEditor)
        if editor is not None:
            editor.setText(text)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would read every row on the GUI thread."""

    def _jump(self, event: QKeyEvent) -> None:
        rows, columns = self.grid.shown_rows, self.grid.variables
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
        if 0 <= section < self.grid.variables:
            self._menu(section, self.columns.mapToGlobal(at))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the mouse the menu of cells; by its key that of the column of the cell that one is at."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if index.isValid():
                if not self.selectionModel().isSelected(index):
                    self.setCurrentIndex(index)
                self.menu_asked.emit(event.globalPos())
            return
        index = self.currentIndex()
        if index.isValid():
            self._menu(index.column(), self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()))

    def _menu(self, section: int, at: QPoint) -> None:
        if self.grid.dataset is not None and section < self.grid.variables:
            self.menu_wanted.emit(self.grid.dataset.variables[section].name, at)

    # --- looks --------------------------------------------------------------------------------------
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "rows"):
            self.rows.follow_text()

    def _theme_changed(self) -> None:
        if self._zoom != theme.manager().zoom:
            self._zoom = theme.manager().zoom
            self._fit_columns({})
        for part in (self.viewport(), self.columns.viewport(), self.rows.viewport(), self.frozen.viewport()):
            part.update()

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = _ENSURE) -> None:
        super().scrollTo(index, hint)
        self.frozen.uncover(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.frozen.place()

    def _fit_columns(self, known: dict[str, int], *, only_new: bool = False) -> None:
        """Give columns the width of `known`, or what their names and cells need; `only_new` leaves those it knows."""
        if self.grid.dataset is None:
            return
        wanted = []
        for i, name in enumerate(self.grid.dataset.names):
            if name not in known:
                wanted.append(i)
            elif not only_new or self.columnWidth(i) != known[name]:
                self.setColumnWidth(i, known[name])
        self._fit(wanted, len(wanted) if only_new else MEASURED)

    def _fit(self, columns: list[int], measured: int = MEASURED) -> None:
        """Give columns the width that their names and, of the first ones, their cells need; no name is cut short."""
        assert self.grid.dataset is not None
        metrics = QFontMetrics(theme.text_font())
        bold = QFontMetrics(theme.text_font(bold=True))
        least, most = theme.px(NARROWEST), theme.px(WIDEST)
        for k, i in enumerate(columns):
            cells = 0
            if k < measured:
                cells = metrics.horizontalAdvance(self.grid.reader(i).widest(self.grid.labels))
            name = bold.horizontalAdvance(self.grid.dataset.variables[i].name)
            head = name + theme.px(BADGE) + GAP + 2 * PAD + 2
            self.setColumnWidth(i, max(least, min(most, cells + 2 * PAD + 2), head))
        if self.grid.room:
            self.setColumnWidth(self.grid.variables, theme.px(NARROWEST))
        self.frozen.place()
