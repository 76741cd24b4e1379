"""Cells of rows by the groups that they share, numbered as they turn up in a file that is read in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.design.sample import weight_values

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def computed_values(expression: str, batch: Dataset) -> FloatArray:
    """A weight in every row of the batch, shape (n,); its values were checked when the rows were chosen."""
    every = np.ones(len(batch), dtype=bool)
    return weight_values(expression, batch, every, integer=False, option="weights")


class Numbering:
    """Distinct numbers with the order in which they turned up."""

    def __init__(self, dtype: type) -> None:
        self._sorted: npt.NDArray[Any] = np.zeros(0, dtype=dtype)
        self._ids = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._sorted)

    def ids(self, values: npt.NDArray[Any]) -> IntArray:
        """The number of each of these distinct values, shape (n,)."""
        if not bool(np.all(values[1:] > values[:-1])):  # a search in order stays in the processor's cache
            order = np.argsort(values)
            out = np.empty(len(values), dtype=np.int64)
            out[order] = self.ids(values[order])
            return out
        at = np.searchsorted(self._sorted, values)
        known = at < len(self)
        known[known] = self._sorted[at[known]] == values[known]
        if not known.all():
            new = values[~known]
            merged = np.concatenate([self._sorted, new])
            ids = np.concatenate([self._ids, np.arange(len(self), len(merged))])
            order = np.argsort(merged, kind="stable")
            self._sorted, self._ids = merged[order], ids[order]
            at = np.searchsorted(self._sorted, values)
        return self._ids[at]

    def values(self) -> npt.NDArray[Any]:
        """The values by their numbers."""
        out = np.empty_like(self._sorted)
        out[self._ids] = self._sorted
        return out


class GroupCodes:
    """The values of one group variable (or of the expression of a weight, where `computed`) with their numbers."""

    def __init__(self, name: str, *, computed: bool = False) -> None:
        self.name, self.computed = name, computed
        self._text: dict[str, int] = {}
        self._numbers = Numbering(np.float64)

    def __len__(self) -> int:
        return len(self._text) or len(self._numbers)

    def local(self, batch: Dataset) -> tuple[IntArray, IntArray]:
        """Codes of the rows within the batch, shape (n,), and the numbers of these codes in the whole."""
        if not self.computed and batch.is_text(self.name):
            codes, levels = batch.codes(self.name)
            ids = [self._text.setdefault(str(value), len(self._text)) for value in levels]
            return codes, np.array(ids, dtype=np.int64)
        values = computed_values(self.name, batch) if self.computed else batch.numeric(self.name)
        codes, distinct = pd.factorize(values, sort=True)  # sorted, so that sorted rows have sorted codes
        return codes, self._numbers.ids(distinct)

    def series(self, ids: IntArray, dtype: Any) -> Any:
        """The values of these numbers: text, or numbers of the type `dtype` where that holds them all."""
        if self._text:
            return pd.Series(list(self._text), dtype="str").take(ids).reset_index(drop=True)
        values = self._numbers.values()
        if isinstance(dtype, np.dtype) and dtype.kind in "iu" and np.array_equal(values.astype(dtype), values):
            values = values.astype(dtype)
        return values[ids]


class KeyTable:
    """Cells by the combination of their groups."""

    def __init__(self, groups: Sequence[GroupCodes]) -> None:
        self.groups = tuple(groups)
        # the k-th numbers pairs: the combination of the groups before with the group's own number, below 2^32 each
        self._pairs = [Numbering(np.int64) for _ in self.groups[1:]]

    def cells(self, batch: Dataset) -> tuple[IntArray, IntArray]:
        """Codes of the rows within the batch, and the cells of these codes."""
        if not self.groups:
            return np.zeros(len(batch), dtype=np.int64), np.zeros(1, dtype=np.int64)
        codes, cells = self.groups[0].local(batch)
        for group, pairs in zip(self.groups[1:], self._pairs, strict=True):
            own, ids = group.local(batch)
            codes, distinct = pd.factorize(codes * len(ids) + own, sort=True)
            cells = pairs.ids((cells[distinct // len(ids)] << 32) | ids[distinct % len(ids)])
        return codes, cells

    def members(self, position: int) -> IntArray:
        """The number of one group in every cell, shape (cells,)."""
        if not self._pairs:
            return np.arange(len(self.groups[0]))
        cells = np.arange(len(self._pairs[-1]))
        for k in range(len(self._pairs) - 1, -1, -1):
            keys = self._pairs[k].values()[cells]
            if position == k + 1:
                return keys & 0xFFFFFFFF
            cells = keys >> 32
        return cells
