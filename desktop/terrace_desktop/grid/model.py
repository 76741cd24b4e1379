"""The table model of the data grid: reads cells on demand, sorts by a permutation, filters by a mask.

The data themselves are never reordered: sorting and filtering only change which row stands where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from terrace_desktop.grid.columns import ColumnReader, exact
from terrace_desktop.ui.measures import measure_word

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

Index = QModelIndex | QPersistentModelIndex
MISSING = "."
_NO_PARENT = QModelIndex()


class GridModel(QAbstractTableModel):
    """A `Dataset` on screen. `order` maps rows on screen to rows of the data; None is the data's order."""

    def __init__(self, dataset: Dataset | None = None) -> None:
        super().__init__()
        self.dataset: Dataset | None = None
        self.order: np.ndarray | None = None
        self.marked: np.ndarray | None = None
        self.labels = True
        self.sorted_by: tuple[str, bool] | None = None  # name, descending
        self._mask: np.ndarray | None = None
        self._readers: dict[str, ColumnReader] = {}
        if dataset is not None:
            self.set_dataset(dataset)

    # --- what is shown ------------------------------------------------------------------------------
    def set_dataset(self, dataset: Dataset | None) -> None:
        """Show other data, in their own order, without filter."""
        self.beginResetModel()
        self.dataset = dataset
        self.order = self.marked = self._mask = None
        self.sorted_by = None
        self._readers = {}
        self.endResetModel()

    def update_dataset(self, dataset: Dataset) -> None:
        """Show a changed version of the same data; order and filter stay where the rows are the same."""
        if self.dataset is None or len(dataset) != len(self.dataset):
            self.set_dataset(dataset)
            return
        old = self.dataset
        self.beginResetModel()
        self.dataset = dataset
        if self.sorted_by is not None and self.sorted_by[0] not in dataset:
            self.sorted_by = None
            self.order = None
        keep = {
            v.name: self._readers[v.name]
            for v in dataset.variables
            if v.name in self._readers
            and v.name in old
            and self._readers[v.name].variable is v
            and dataset.frame[v.name].array is self._readers[v.name].values
        }
        self._readers = keep
        self.endResetModel()

    def set_labels(self, labels: bool) -> None:
        """Show value labels, or the codes behind them."""
        self.labels = labels
        if self.rowCount() and self.columnCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def set_order(self, order: np.ndarray | None, sorted_by: tuple[str, bool] | None) -> None:
        """Put the rows in this order (a permutation, or the part of one that passes the filter)."""
        self.beginResetModel()
        self.order = order
        self.sorted_by = sorted_by
        self.endResetModel()

    def set_filter(self, mask: np.ndarray | None) -> None:
        """Show only the rows of the data where `mask` is true; None shows all."""
        import numpy as np

        self.beginResetModel()
        self._mask = mask
        self.order = None if mask is None else np.flatnonzero(mask)
        self.sorted_by = None
        self.endResetModel()

    def set_marked(self, mask: np.ndarray | None) -> None:
        """Mark rows of the data (those selected in a plot)."""
        self.marked = mask
        if self.rowCount() and self.columnCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    @property
    def filtered(self) -> bool:
        """True where only some of the rows are shown."""
        return self._mask is not None

    @property
    def filter_mask(self) -> np.ndarray | None:
        """The filter over the rows of the data, or None."""
        return self._mask

    def data_row(self, row: int) -> int:
        """The row of the data that stands in this row of the screen."""
        return row if self.order is None else int(self.order[row])

    def reader(self, column: int) -> ColumnReader:
        """The reader of one column, made when it is first needed."""
        assert self.dataset is not None
        variable = self.dataset.variables[column]
        found = self._readers.get(variable.name)
        if found is None:
            found = self._readers[variable.name] = ColumnReader(self.dataset, variable)
        return found

    def left_aligned(self, column: int) -> bool:
        """True for words: text variables, and codes while their labels are shown."""
        reader = self.reader(column)
        return reader.is_text or (self.labels and reader.shows_labels())

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Words to the left, numbers to the right."""
        side = Qt.AlignmentFlag.AlignLeft if self.left_aligned(column) else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter

    def badge(self, column: int) -> str:
        """The measure level, whose icon stands in the header."""
        assert self.dataset is not None
        return self.dataset.variables[column].measure.value

    def edit_text(self, row: int, column: int) -> str:
        """What stands in the editor of a cell: the label while labels are shown, else every digit."""
        reader = self.reader(column)
        if reader.is_missing(row):
            return "" if reader.is_text else MISSING
        if reader.is_text or reader.is_date or (self.labels and reader.values[row] in reader.labels):
            return reader.text(row, self.labels)
        return exact(reader.values[row])

    # --- Qt -----------------------------------------------------------------------------------------
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        if parent.isValid() or self.dataset is None:
            return 0
        return len(self.dataset) if self.order is None else len(self.order)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() or self.dataset is None else len(self.dataset.variables)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in _ROLES or not index.isValid() or self.dataset is None:
            return None
        reader = self.reader(index.column())
        row = self.data_row(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return reader.text(row, self.labels) or MISSING
        if role == Qt.ItemDataRole.EditRole:
            return self.edit_text(row, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(self.alignment(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            full = reader.full_text(row)
            return full if full and full != reader.text(row, self.labels) else None
        text = reader.text(row, self.labels) or self.tr("missing")
        told = self.tr("{0}, row {1}: {2}")
        return told.format(self.dataset.variables[index.column()].name, row + 1, text)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self.dataset is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(self.data_row(section) + 1) if role == Qt.ItemDataRole.DisplayRole else None
        variable = self.dataset.variables[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return variable.name
        head = f"{variable.name}, {measure_word(variable.measure.value)}"
        return f"{head}\n{variable.label}" if variable.label else head


_ROLES = frozenset(
    (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.EditRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)


def sort_order(dataset: Dataset, name: str, descending: bool, mask: np.ndarray | None = None) -> np.ndarray:
    """Row numbers in the order of one variable, missing last, ties in the order of the data.

    Safe to run off the GUI thread. With `mask`, only rows where it is true.
    """
    import numpy as np
    import pandas as pd

    if dataset.is_text(name):
        column = dataset.frame[name]
        codes, _ = pd.factorize(column.where(column.notna() & (column != ""), None), sort=True)
        keys = codes.astype(np.float64)
        keys[codes < 0] = np.nan
    else:
        keys = dataset.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    order = np.argsort(-keys if descending else keys, kind="stable")
    return order if mask is None else order[mask[order]]
