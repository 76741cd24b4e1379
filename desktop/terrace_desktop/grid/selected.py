"""Which cells of the grid are current and selected, as rows on screen and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex
from PySide6.QtWidgets import QTableView, QWidget

from terrace_desktop.grid.block import Block, Rectangle, block_of, merge_spans
from terrace_desktop.grid.model import GridModel

if TYPE_CHECKING:
    import numpy as np


class SelectedCells(QTableView):
    """A view of a `GridModel`, `grid`, as far as its selection goes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = GridModel()
        self.setModel(self.grid)

    def go_to(self, index: QModelIndex) -> None:
        """Make a cell the current one, and it alone selected, also while Ctrl is down."""
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)

    def current_variable(self) -> str | None:
        """The variable of the current or first selected cell."""
        if self.grid.dataset is None:
            return None
        selection = self.selectionModel().selection()
        column = selection.at(0).left() if selection.count() else self.currentIndex().column()
        return self.grid.dataset.variables[column].name if 0 <= column < self.grid.variables else None

    def rectangles(self) -> list[Rectangle]:
        """The ranges of the selection within the data (rows on screen), from ranges, never cells."""
        selection = self.selectionModel().selection()
        bottom, right = self.grid.shown_rows - 1, self.grid.variables - 1
        found = [selection.at(k) for k in range(selection.count())]
        clipped = [(p.top(), min(p.bottom(), bottom), p.left(), min(p.right(), right)) for p in found]
        return [r for r in clipped if r[0] <= r[1] and r[2] <= r[3]]

    def selected_block(self) -> tuple[list[int], list[tuple[int, int]]]:
        """Columns and row ranges of the selection (rows on screen, inclusive)."""
        columns: set[int] = set()
        rectangles = self.rectangles()
        for _, _, left, right in rectangles:
            columns.update(range(left, right + 1))
        return sorted(columns), merge_spans([(top, bottom) for top, bottom, _, _ in rectangles])

    def block(self) -> Block | None:
        """What is selected, or the current cell; None where the ranges are not of the same rows or columns."""
        found = self.rectangles()
        at = self.currentIndex()
        if not found and at.isValid() and not self.grid.is_room(at.row(), at.column()):
            found = [(at.row(), at.row(), at.column(), at.column())]
        return block_of(found)

    def select(self, rectangles: list[Rectangle]) -> None:
        """Select these ranges, and nothing else; what is there of them."""
        rows, columns = self.grid.rowCount(), self.grid.columnCount()
        chosen = QItemSelection()
        for top, bottom, left, right in rectangles:
            if top < rows and left < columns:
                corner = self.grid.index(min(bottom, rows - 1), min(right, columns - 1))
                chosen.select(self.grid.index(top, left), corner)
        if not chosen.isEmpty():
            flag = QItemSelectionModel.SelectionFlag
            first = self.grid.index(rectangles[0][0], rectangles[0][2])
            self.selectionModel().setCurrentIndex(first, flag.NoUpdate)
            self.selectionModel().select(chosen, flag.ClearAndSelect)

    def whole_rows(self) -> np.ndarray | None:
        """The rows of the data that are selected whole, shape (k,); None where other cells are selected, or none."""
        if self.whole() != "rows":
            return None
        import numpy as np

        spans = merge_spans([(top, bottom) for top, bottom, _, _ in self.rectangles()])
        return self.grid.data_rows(np.concatenate([np.arange(a, b + 1) for a, b in spans]))

    def whole(self) -> str:
        """``columns`` or ``rows`` where whole ones are selected; empty otherwise."""
        found = self.rectangles()
        last, wide = self.grid.shown_rows - 1, all(self._wide(r) for r in found)
        tall = all(top == 0 and bottom == last for top, bottom, _, _ in found)
        if not found or not (tall or wide):
            return ""
        return "columns" if tall and (last or not wide) else "rows"

    def _wide(self, r: Rectangle) -> bool:
        return r[2] == 0 and r[3] == self.grid.variables - 1
