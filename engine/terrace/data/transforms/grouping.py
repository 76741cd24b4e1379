"""Rows in groups: one integer a row for the combination of values that it holds.

Everything that works by groups (egen, collapse, merge, reshape, ...) starts here. Whole numbers of a narrow range,
which most identifiers are, are numbered by a table instead of by hashing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
        head = self.codes[: max(_SMALL, _DENSE * self.n_groups)]  # of few groups, each occurs near the beginning
        out[head[::-1]] = np.arange(len(head) - 1, -1, -1)
        if len(head) == len(self.codes) or bool((out >= 0).all()):
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
        return _stable_order(codes.astype(np.uint16) if self.n_groups <= _SMALL else codes)

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
    codes, count, missing = _key_ranks(data, names[0])
    for name in names[1:]:
        more, k, gone = _key_ranks(data, name)
        codes, count = _dense(codes * k + more, count * k)
        missing = missing | gone
    return Grouping(codes, count, missing)


def sort_order(
    data: Dataset, names: Sequence[str], descending: Collection[int] = (), *, missing_first: bool = False
) -> IntArray:
    """The rows in the order of these variables, missing values last, equal rows in their order; shape (n,).

    The order is ascending but for the variables at the places ``descending``; with `missing_first` their missing values
    come first. The last key is sorted first. Keys of few whole numbers are sorted by radix.
    """
    order: IntArray | None = None
    for place in reversed(range(len(names))):
        falling = place in descending
        keys, missing = _sort_key(data, names[place], falling)
        own = _stable_order(keys if order is None else keys[order])
        if falling and missing_first and missing:
            own = np.concatenate([own[-missing:], own[:-missing]])
        order = own if order is None else order[own]
    return np.arange(len(data)) if order is None else order


def _stable_order(keys: npt.NDArray[Any]) -> IntArray:
    return cancellable(lambda: np.argsort(keys, kind="stable"), len(keys))


def _sort_key(data: Dataset, name: str, descending: bool) -> tuple[npt.NDArray[Any], int]:
    """Numbers that stand in the order of the values, missing ones last, and how many are missing; 16 bits wide where
    that is enough.
    """
    if not data.is_text(name):
        values = column(data, name)
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
        whole = _whole(values, missing)
        if whole is None:  # NaN sorts last; the complement of a whole number falls as its negative, and always fits
            turned = values if not descending else -values if values.dtype.kind == "f" else ~values
            return turned, int(np.count_nonzero(missing))
        codes, count = whole
    else:
        codes, count, missing = _key_ranks(data, name)
    gone = int(np.count_nonzero(missing))
    if descending:
        codes = count - 1 - codes
        if gone:
            codes[missing] = count
            count += 1
    return (codes.astype(np.uint16) if count <= _SMALL else codes), gone


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


def _key_ranks(data: Dataset, name: str) -> tuple[IntArray, int, BoolArray]:
    """`ranks` of a variable. What counts as missing is looked for among the different texts, not in all rows."""
    if not data.is_text(name):
        return ranks(column(data, name))
    values = data.frame[name]
    found: tuple[Any, Any] = cancellable(lambda: pd.factorize(values, sort=True), len(values))
    codes, different = np.asarray(found[0], dtype=np.int64), pd.Index(found[1])
    gone = np.asarray(different == "", dtype=bool) | different.isin(list(data.variable(name).missing_codes))
    if gone.any():
        codes = np.append(np.where(gone, -1, np.cumsum(~gone) - 1), -1)[codes]
    missing = codes < 0
    count = int(np.count_nonzero(~gone))
    if missing.any():
        return np.where(missing, count, codes), count + 1, missing
    return codes, count, missing


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
        shifted = values.astype(np.int64, copy=False) - int(low)
    return _dense(shifted, int(high) - int(low) + 1 + some)


def _dense(codes: IntArray, count: int) -> tuple[IntArray, int]:
    """Codes without gaps, in the same order, and their number; ``codes`` lie in 0 ... count - 1."""
    if count > max(_DENSE * len(codes), _SMALL):
        found: tuple[Any, Any] = cancellable(lambda: pd.factorize(codes, sort=True), len(codes))
        return np.asarray(found[0], dtype=np.int64), len(found[1])
    used = np.zeros(count, dtype=bool)
    for part in (codes[:_SMALL], codes[_SMALL:]):  # of few codes, each occurs near the beginning
        used[part] = True
        if used.all():
            return codes, count
    number = int(used.sum())
    table = np.cumsum(used) - 1
    return table[codes], number
