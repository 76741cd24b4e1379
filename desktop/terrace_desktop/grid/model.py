"""The table model of the data grid: reads cells on demand, sorts by a permutation, filters by a mask.

The data themselves are never reordered: sorting and filtering only change which row stands where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
        self.arrived: frozenset[str] = frozenset()  # variables that have just come
        self.labels = True
        self.room = False  # an empty row and an empty column at the end, to type new ones into
        self.sorted_by: tuple[str, bool] | None = None  # name, descending
        self._mask: np.ndarray | None = None
        self._readers: dict[str, ColumnReader] = {}
        self._rows = self._columns = 0  # of the data, as Qt has been told
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
        self._count()
        self.endResetModel()

    def update_dataset(self, dataset: Dataset) -> None:
        """Show a changed version of the same data: order, filter, and what is typed, selected or in sight stay."""
        old = self.dataset
        if old is None:
            self.set_dataset(dataset)
            return
        if self.sorted_by is not None and self.sorted_by[0] not in dataset:
            self._show_other(dataset, None)
            return
        rows = self._row_change(old, dataset)
        if rows is None:
            self._show_other(dataset, self.sorted_by)
            return
        columns = between(old.names, dataset.names)
        if columns is not None and columns.removed and columns.removed != columns.added:
            self.beginRemoveColumns(_NO_PARENT, columns.at, columns.at + columns.removed - 1)
            gone = old.names[columns.at : columns.at + columns.removed]
            self._hold(old.without(gone) if columns.added else dataset)
            self._columns -= columns.removed
            self.endRemoveColumns()
            columns = replace(columns, removed=0)
        if columns is not None and columns.added and not columns.removed:
            at = columns.at + (self.room and columns.at == self._columns)  # the empty one is the first of them
            self.beginInsertColumns(_NO_PARENT, at, at + columns.added - 1)
            self._hold(dataset)
            self._columns += columns.added
            self.endInsertColumns()
        self._change_rows(dataset, rows)
        self._hold(dataset)
        self._tell_all()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(0, self._columns - 1))

    def _change_rows(self, dataset: Dataset, rows: Between) -> None:
        """Rows that went or came in one place."""
        import numpy as np

        if rows.removed:
            self.beginRemoveRows(_NO_PARENT, rows.at, rows.at + rows.removed - 1)
            self._rows -= rows.removed
            self._hold(dataset)
            self.endRemoveRows()
        if rows.added:
            place = rows.at if self.order is None else self._rows
            place += self.room and place == self._rows  # the empty row is the first of them
            self.beginInsertRows(_NO_PARENT, place, place + rows.added - 1)
            self._hold(dataset)
            self._rows += rows.added
            if self.order is not None:
                self.order = np.concatenate([self.order, np.arange(rows.at, rows.at + rows.added)])
            if self._mask is not None:
                self._mask = np.concatenate([self._mask, np.ones(rows.added, dtype=bool)])
            self.endInsertRows()
        if rows.removed or rows.added:
            self.marked = None
            self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, max(0, self._rows - 1))

    def _row_change(self, old: Dataset, new: Dataset) -> Between | None:
        """What became of the rows; None where that is too much to tell, or they stand in an order of the view."""
        if old.lineage is not new.lineage and len(old) != len(new):
            return None
        if len(old) == len(new) and (old.lineage is not new.lineage or old.row_ids is new.row_ids):
            return Between(0, 0, 0)
        found = between_ids(old.ids, new.ids)
        if found is None or (self.order is not None and (found.removed or found.at < len(old))):
            return None
        return found

    def _show_other(self, dataset: Dataset, sorted_by: tuple[str, bool] | None) -> None:
        """Other rows or columns: order and filter are carried over by the numbers of the rows."""
        old, order, mask = self.dataset, self.order, self._mask
        self.beginResetModel()
        self._hold(dataset)
        self.order = self._mask = self.marked = None
        self.sorted_by = None
        if old is not None and old.lineage is dataset.lineage and order is not None:
            import numpy as np

            from terrace.data.row_numbers import places

            at, itself = places(old.ids, dataset.ids)
            there = np.flatnonzero(itself)
            now = np.full(len(old), -1, dtype=np.int64)
            now[at[there]] = there
            new = np.flatnonzero(~itself)
            if mask is not None:
                self._mask = np.ones(len(dataset), dtype=bool)
                self._mask[there] = mask[at[there]]
            if sorted_by is not None:
                self.sorted_by = sorted_by
                kept = now[order]
                self.order = np.concatenate([kept[kept >= 0], new])
            elif self._mask is not None:
                self.order = np.flatnonzero(self._mask)
        self._count()
        self.endResetModel()

    def _hold(self, dataset: Dataset) -> None:
        """Read other data from here on: whoever asked while Qt was told what is to come had readers of those before."""
        self.dataset = dataset
        self._readers = {
            name: reader
            for name, reader in self._readers.items()
            if name in dataset
            and reader.variable is dataset.variable(name)
            and dataset.frame[name].array is reader.values
        }

    def _count(self) -> None:
        self._columns = 0 if self.dataset is None else len(self.dataset.variables)
        self._rows = 0 if self.dataset is None else len(self.dataset) if self.order is None else len(self.order)

    def _tell_all(self) -> None:
        if self.rowCount() and self.columnCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def set_room(self, room: bool) -> None:
        """Whether an empty row and column stand at the end."""
        if room != self.room:
            self.beginResetModel()
            self.room = room
            self.endResetModel()

    @property
    def shown_rows(self) -> int:
        """How many rows of the data are shown."""
        return self._rows

    @property
    def variables(self) -> int:
        """How many variables are shown."""
        return self._columns

    def is_new(self, column: int) -> bool:
        """True for a variable that has just come."""
        if not self.arrived or self.dataset is None or column >= self._columns:
            return False
        return self.dataset.variables[column].name in self.arrived

    def is_room(self, row: int, column: int) -> bool:
        """True in the empty row or column."""
        return row >= self._rows or column >= self._columns

    def set_labels(self, labels: bool) -> None:
        """Show value labels, or the codes behind them."""
        self.labels = labels
        self._tell_all()

    def set_order(self, order: np.ndarray | None, sorted_by: tuple[str, bool] | None) -> None:
        """Put the rows in this order (a permutation, or the part of one that passes the filter)."""
        self.beginResetModel()
        self.order = order
        self.sorted_by = sorted_by
        self._count()
        self.endResetModel()

    def set_filter(self, mask: np.ndarray | None) -> None:
        """Show only the rows of the data where `mask` is true; None shows all."""
        import numpy as np

        if mask is not None and self._mask is not None and self.sorted_by is None and np.array_equal(mask, self._mask):
            return  # the same rows: what is selected or being typed stays
        self.beginResetModel()
        self._mask = mask
        self.order = None if mask is None else np.flatnonzero(mask)
        self.sorted_by = None
        self._count()
        self.endResetModel()

    def set_marked(self, mask: np.ndarray | None) -> None:
        """Mark rows of the data (those selected in a plot)."""
        self.marked = mask
        self._tell_all()

    @property
    def filtered(self) -> bool:
        """True where only some of the rows are shown."""
        return self._mask is not None

    @property
    def filter_mask(self) -> np.ndarray | None:
        """The filter over the rows of the data, or None."""
        return self._mask

    def data_row(self, row: int) -> int:
        """The row of the data that stands in this row of the screen; in the empty one, the row after the last."""
        if row >= self._rows:
            return 0 if self.dataset is None else len(self.dataset) + row - self._rows
        return row if self.order is None else int(self.order[row])

    def data_rows(self, rows: np.ndarray) -> np.ndarray:
        """The rows of the data that stand in these rows of the screen, those past the end among them."""
        import numpy as np

        inside = rows < self._rows
        beyond = rows - self._rows + (0 if self.dataset is None else len(self.dataset))
        if self.order is None or not inside.any():
            return rows if self.order is None else beyond
        return np.where(inside, self.order[np.where(inside, rows, 0)], beyond)

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
        if column >= self._columns:
            return False
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
        if self.is_room(0, column) or self.dataset is None or row >= len(self.dataset):
            return ""
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
        return self._rows + self.room

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() or self.dataset is None else self._columns + self.room

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in _ROLES or not index.isValid() or self.dataset is None:
            return None
        if self.is_room(index.row(), index.column()):
            return self._of_room(index, role)
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

    def _of_room(self, index: Index, role: int) -> str | None:
        if role != Qt.ItemDataRole.AccessibleTextRole:
            return "" if role == Qt.ItemDataRole.EditRole else None
        if index.column() >= self._columns:
            return self.tr("New variable, row {0}").format(self.data_row(index.row()) + 1)
        assert self.dataset is not None
        return self.tr("{0}, new row").format(self.dataset.variables[index.column()].name)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable if index.isValid() else Qt.ItemFlag.NoItemFlags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self.dataset is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(self.data_row(section) + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if section >= self._columns:
            return "+" if role == Qt.ItemDataRole.DisplayRole else self.tr("New variable")
        variable = self.dataset.variables[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return variable.name
        head = f"{variable.name}, {measure_word(variable.measure.value)}"
        return f"{head}\n{variable.label}" if variable.label else head


@dataclass(frozen=True, slots=True)
class Between:
    """From one list to another: at `at`, `removed` entries went and `added` came; all before and behind is the same."""

    at: int
    removed: int
    added: int


def between(old: Sequence[str], new: Sequence[str]) -> Between | None:
    """Where two lists of names differ; None where they are the same."""
    if len(old) == len(new) and old == new:
        return None
    short = min(len(old), len(new))
    at = next((k for k in range(short) if old[k] != new[k]), short)
    behind = next((k for k in range(short - at) if old[-1 - k] != new[-1 - k]), short - at)
    return Between(at, len(old) - at - behind, len(new) - at - behind)


def between_ids(old: np.ndarray, new: np.ndarray) -> Between | None:
    """The same of numbers of rows; None where rows both went and came, as after sorting."""
    import numpy as np

    short = min(len(old), len(new))
    differ = np.flatnonzero(old[:short] != new[:short])
    at = int(differ[0]) if len(differ) else short
    removed, added = max(0, len(old) - len(new)), max(0, len(new) - len(old))
    same = np.array_equal(old[at + removed :], new[at + added :])
    return Between(at, removed, added) if same else None


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
