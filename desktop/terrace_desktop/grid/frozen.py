"""Columns that stay in sight: a second view of their cells over the left edge of the grid."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QWidget

from terrace_desktop.grid.editor import CellDelegate, CellEditor, Typed
from terrace_desktop.grid.header import ColumnHeader, RowHeader
from terrace_desktop.grid.model import GridModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

Index = QModelIndex | QPersistentModelIndex
MOST = 0.6  # of the width of the grid: the rest scrolls


class FrozenColumns(QTableView):
    """The first `count` columns. It never has the focus: keys go to the grid, which shares its selection."""

    changed = Signal()
    menu_asked = Signal(QPoint)  # of cells, at a place of the screen
    held = Signal(object)  # a CellEditor that stays open, since what it holds was refused
    closed = Signal()  # an editor

    def __init__(self, grid: QTableView, model: GridModel, typed: Typed) -> None:
        super().__init__(grid)
        named(self, "frozen_columns", self.tr("Frozen columns"))
        self._grid, self._model = grid, model
        self.count = 0
        self.editing = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("frozen", True)
        self.setModel(model)
        self.setSelectionModel(grid.selectionModel())
        self.setItemDelegate(CellDelegate(self, typed))
        self.names = header = ColumnHeader(self)
        header.setObjectName("frozen_names")
        self.setHorizontalHeader(header)
        rows = RowHeader(self)
        rows.setObjectName("frozen_rows")
        self.setVerticalHeader(rows)
        rows.hide()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(grid.editTriggers())
        self.setWordWrap(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        grid.verticalScrollBar().valueChanged.connect(self._scrolled)
        grid.horizontalHeader().sectionResized.connect(self._resized)
        header.sectionResized.connect(self._resized_here)
        self.hide()

    def set_count(self, count: int) -> None:
        """How many columns stay; none where 0."""
        if count != self.count:
            self.count = count
            self.place()
            self.changed.emit()

    def clear(self) -> None:
        """Let all columns scroll."""
        self.set_count(0)

    def holds(self, index: Index) -> bool:
        """True for a cell that is shown here."""
        return self.isVisible() and index.isValid() and index.column() < self.count

    def owns(self, editor: QWidget) -> bool:
        """True for an editor that was opened here."""
        return self.isAncestorOf(editor)

    def edit_cell(self, index: Index, *args: Any) -> Any:
        """Edit a cell here: in the grid it may be out of sight."""
        self.editing = True
        try:
            return self.edit(index, *args)
        finally:
            self.editing = False

    def frozen_width(self) -> int:
        """Px that the columns take."""
        return sum(self._grid.columnWidth(k) for k in range(min(self.count, self._model.variables)))

    def place(self) -> None:
        """Over the left edge of the grid, and as wide as its columns; they scroll where they take too much of it."""
        grid = self._grid
        count = min(self.count, self._model.variables)
        width = self.frozen_width()
        if not count or width > MOST * grid.viewport().width():
            self.hide()
            return
        for k in range(count):
            if self.columnWidth(k) != grid.columnWidth(k):
                self.setColumnWidth(k, grid.columnWidth(k))
        corner = grid.viewport().geometry()
        head = grid.horizontalHeader().height()
        self.horizontalHeader().setFixedHeight(head)
        self.setGeometry(QRect(corner.left(), corner.top() - head, width, corner.height() + head))
        self.horizontalScrollBar().setValue(0)
        self._scrolled(grid.verticalScrollBar().value())
        self.show()
        self.raise_()

    def uncover(self, index: Index) -> None:
        """Scroll the grid so that a cell is not under the frozen columns."""
        if not self.isVisible() or not index.isValid() or index.column() < self.count:
            return
        hidden = self.width() - self._grid.visualRect(index).left()
        if hidden > 0:
            bar = self._grid.horizontalScrollBar()
            bar.setValue(bar.value() - hidden)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setPen(theme.colour("outline"))
        edge = self.viewport().rect()
        painter.drawLine(edge.topRight(), edge.bottomRight())
        painter.end()

    def scrollTo(self, index: Index, hint: Any = QAbstractItemView.ScrollHint.EnsureVisible) -> None:
        """Never by itself: it follows the grid."""

    def closeEditor(self, editor: QWidget, hint: Any) -> None:
        if isinstance(editor, CellEditor) and editor.refused:
            self.held.emit(editor)
        else:
            self.closed.emit()
            super().closeEditor(editor, hint)

    def _ask_menu(self, at: QPoint) -> None:
        self.menu_asked.emit(self.viewport().mapToGlobal(at))

    def _scrolled(self, value: int) -> None:
        self.verticalScrollBar().setValue(value)

    def _resized(self, section: int, _old: int, _new: int) -> None:
        if section < self.count:
            self.place()

    def _resized_here(self, section: int, _old: int, new: int) -> None:
        if section < self.count and self._grid.columnWidth(section) != new:
            self._grid.setColumnWidth(section, new)
