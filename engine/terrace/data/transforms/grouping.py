"""Rows in groups: one integer a row for the combination of values that it holds.

Everything that works by groups (egen, collapse, merge, reshape, ...) starts here. Whole numbers of a narrow range,
which most identifiers are, are numbered by a table instead of by hashing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.beside import cancellable
from terrace.data.dataset import Dataset
from terrace.data.digits import EXACT

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_DENSE = 4  # a table of codes may have this many places a row
_SMALL = 65_536  # and this many in any case
_HEAD = 4096


@dataclass(frozen=True)
class Grouping:
    """Groups of rows.

    ``codes``, shape (n,), run from 0 to ``n_groups`` - 1 in ascending order of the values, the first variable
    varying slowest; a missing value counts as a value after all others. ``missing``, shape (n,), marks rows in
    which a variable of the grouping is missing.
    """

    codes: IntArray
    n_groups: int
    missing: BoolArray

    @cached_property
    def first(self) -> IntArray:
        """The first row of each group, shape (n_groups,)."""
        out = np.full(self.n_groups, -1, dtype=np.int64)
        head = self.codes[:_HEAD]  # in which few groups have all begun
        out[head[::-1]] = np.arange(len(head) - 1, -1, -1)
        if (out >= 0).all():
            return out
        out[self.codes[::-1]] = np.arange(len(self.codes) - 1, -1, -1)
        return out

    @cached_property
    def sizes(self) -> IntArray:
        """Rows in each group, shape (n_groups,)."""
        return np.bincount(self.codes, minlength=self.n_groups)

    @cached_property
    def order(self) -> IntArray:
        """Rows sorted by group, shape (n,); within a group they keep their order."""
        codes = self.codes
        if len(codes) < 2 or bool((codes[1:] >= codes[:-1]).all()):
            return np.arange(len(codes))
        # 16-bit codes are sorted by radix, several times faster
        return _stable_order(_narrow(codes, self.n_groups))

    @cached_property
    def starts(self) -> IntArray:
        """Where each group begins in `order`, shape (n_groups + 1,): the last entry is n."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @cached_property
    def place(self) -> IntArray:
        """Each row's number within its group, from 0, shape (n,)."""
        out = np.empty(len(self.codes), dtype=np.int64)
        out[self.order] = np.arange(len(self.codes)) - np.repeat(self.starts[:-1], self.sizes)
        return out


def group(data: Dataset, names: Sequence[str]) -> Grouping:
    """The groups that the values of these variables make; without variables all rows are one group."""
    n = len(data)
    if not names:
        return Grouping(np.zeros(n, dtype=np.int64), min(n, 1), np.zeros(n, dtype=bool))
    codes, count, missing = ranks(column(data, names[0]))
    for name in names[1:]:
        more, k, gone = ranks(column(data, name))
        codes, count = _dense(codes * k + more, count * k)
        missing = missing | gone
    return Grouping(codes, count, missing)


def sort_order(data: Dataset, names: Sequence[str]) -> IntArray:
    """The rows in ascending order of these variables, missing values last, equal rows in their order; shape (n,).

    The last key is sorted first. Keys of few whole numbers are sorted by radix.
    """
    order: IntArray | None = None
    for name in reversed(names):
        keys = _sort_key(column(data, name))
        own = _stable_order(keys if order is None else keys[order])
        order = own if order is None else order[own]
    return np.arange(len(data)) if order is None else order


def _narrow(codes: IntArray, count: int) -> npt.NDArray[Any]:
    """Codes below `count` in the narrowest type that is sorted fast."""
    return codes.astype(np.uint16) if count <= _SMALL else codes.astype(np.uint32) if count <= 1 << 32 else codes


def _stable_order(keys: npt.NDArray[Any]) -> IntArray:
    return cancellable(lambda: _sorted(keys), len(keys))


def _sorted(keys: npt.NDArray[Any]) -> IntArray:
    """The stable order of keys. NumPy sorts 16 bits by radix, so 32 bits are taken in two halves, the lower one first.
    """
    if keys.dtype != np.uint32:
        return np.argsort(keys, kind="stable")
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    return order[np.argsort((keys >> np.uint32(16)).astype(np.uint16)[order], kind="stable")]


def _sort_key(values: Any) -> npt.NDArray[Any]:
    """Numbers that stand in the order of the values; 16 bits wide where that is enough."""
    if isinstance(values, np.ndarray):
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
        whole = _whole(values, missing)
        if whole is None:
            return values  # NaN sorts last
        codes, count = whole
    else:
        codes, count, _ = ranks(values)
    return _narrow(codes, count)


def descending_order(data: Dataset, name: str) -> IntArray | None:
    """The rows in descending order of a variable, equal rows in their order; None where a value of it is missing."""
    values = column(data, name)
    if not isinstance(values, np.ndarray) or (values.dtype.kind == "f" and bool(np.isnan(values).any())):
        codes, count, missing = ranks(values)
        if missing.any():
            return None
        keys = _narrow(count - 1 - codes, count)
    else:
        keys = _sort_key(values)
        if keys.dtype.kind == "f":
            keys = -keys
        else:
            whole = keys.astype(np.int64)
            keys = _narrow(whole.max(initial=0) - whole, 1 << 16) if keys.dtype == np.uint16 else -whole
    return _stable_order(keys)


def column(data: Dataset, name: str) -> Any:
    """The values of a variable as a key: numbers with NaN, or text with None, for what counts as missing."""
    v = data.variable(name)
    values = data.frame[name]
    if data.is_text(name):
        gone = values.isna() | (values == "").fillna(False).astype(bool)
        if v.missing_codes:
            gone |= values.isin(list(v.missing_codes))
        return values.where(~gone, None) if bool(gone.any()) else values
    if v.declares_missing or not isinstance(values.dtype, np.dtype):
        return data.numeric(name)
    return values.to_numpy()


def ranks(values: Any) -> tuple[IntArray, int, BoolArray]:
    """Codes in ascending order of the values, their number, and which are missing, each of shape (n,).

    Missing values share the last code.
    """
    if isinstance(values, np.ndarray):
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
        whole = _whole(values, missing)
        if whole is not None:
            return (*whole, missing)
        if not missing.any():
            missing = np.zeros(len(values), dtype=bool)
    found: tuple[Any, Any] = cancellable(lambda: pd.factorize(values, sort=True), len(values))
    codes = np.asarray(found[0], dtype=np.int64)
    missing = codes < 0
    count = len(found[1])
    if missing.any():
        codes = np.where(missing, count, codes)
        count += 1
    return codes, count, missing


def _whole(values: npt.NDArray[Any], missing: BoolArray) -> tuple[IntArray, int] | None:
    """Codes and their number where the values are whole numbers of a narrow range; None where they are not."""
    n = len(values)
    if not n:
        return np.zeros(0, dtype=np.int64), 0
    some = bool(missing.any())
    known = values[~missing] if some else values
    if not len(known):
        return np.zeros(n, dtype=np.int64), 1
    low, high = known.min(), known.max()
    if not np.isfinite(low) or not np.isfinite(high) or float(high) - float(low) + 2 > max(_DENSE * n, _SMALL):
        return None
    if max(-float(low), float(high)) >= EXACT:  # a step of one is none there
        return None
    if values.dtype.kind == "f":
        offset = np.where(missing, high + 1, values) - low if some else values - low
        shifted = offset.astype(np.int64)
        if float(low) != np.floor(low) or not np.array_equal(shifted, offset):
            return None
    else:
        shifted = values.astype(np.int64, copy=False)
        shifted = shifted - int(low) if low else shifted
    return _dense(shifted, int(high) - int(low) + 1 + some)


def _dense(codes: IntArray, count: int) -> tuple[IntArray, int]:
    """Codes without gaps, in the same order, and their number; ``codes`` lie in 0 ... count - 1."""
    if count > max(_DENSE * len(codes), _SMALL):
        found: tuple[Any, Any] = cancellable(lambda: pd.factorize(codes, sort=True), len(codes))
        return np.asarray(found[0], dtype=np.int64), len(found[1])
    used = np.zeros(count, dtype=bool)
    used[codes] = True
    number = int(used.sum())
    if number == count:
        return codes, count
    table = np.cumsum(used) - 1
    return table[codes], number
