"""The rows that something was made from, so that they are found again in data that have changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.data.row_numbers import IntArray, places

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset


@dataclass(frozen=True, slots=True, eq=False)
class KnownRows:
    """The ``count`` rows of a dataset: their lineage and their numbers in it, None for 0, 1, ... (`Dataset`)."""

    lineage: object
    row_ids: IntArray | None
    count: int

    def _ids(self) -> IntArray:
        return np.arange(self.count) if self.row_ids is None else self.row_ids

    def fit(self, data: Dataset) -> bool:
        """True where the rows of `data` come from the same rows, so that they can be told apart by their numbers."""
        return data.lineage is self.lineage

    def same(self, other: KnownRows) -> bool:
        """True where these are the same rows in the same order."""
        own = (self.lineage is other.lineage, self.row_ids is other.row_ids, self.count == other.count)
        return all(own)

    def now(self, rows: npt.NDArray[np.int64], data: Dataset) -> IntArray:
        """Where rows of then are in `data`, sorted, each once; those that are gone are left out.

        Raises ValueError where `data` are not of the same lineage.
        """
        if not self.fit(data):
            raise ValueError("these rows are not of the same data")
        rows = np.unique(rows[(rows >= 0) & (rows < self.count)])
        if self.same(known_rows(data)):
            return rows
        then, itself = places(self._ids(), data.ids)
        wanted = np.zeros(self.count, dtype=bool)
        wanted[rows] = True
        return np.flatnonzero(itself & wanted[np.where(itself, then, 0)]) if self.count else rows[:0]

    def then(self, rows: npt.NDArray[np.int64], data: Dataset) -> IntArray:
        """Where rows of `data` were then, sorted; those that were not there are left out. Raises as `now`."""
        if not self.fit(data):
            raise ValueError("these rows are not of the same data")
        if self.same(known_rows(data)):
            return np.unique(rows)
        then, itself = places(self._ids(), data.ids)
        return np.unique(then[rows[itself[rows]]])


def known_rows(data: Dataset) -> KnownRows:
    """The rows of `data`, to be found again."""
    return KnownRows(data.lineage, data.row_ids, len(data))
