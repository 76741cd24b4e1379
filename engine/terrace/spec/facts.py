"""Facts about the data that a model is judged by, each worked out once and kept as long as the data live.

Everything is one or two passes over a column, without sorting where that can be helped: a million rows take
some tens of milliseconds a fact. `Facts` may be read and filled from several threads: a fact found twice is
the same fact, and storing it is atomic.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.value import Value

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")

_KEPT_ARRAYS = 48
"""Columns of codes and group numbers kept at a time; scalars are all kept."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one column holds. ``minimum`` to ``constant`` are of the rows that are not missing.

    ``n`` counts rows that are not missing; ``first_infinite`` is a row number from 1, 0 where there is none.
    For text ``minimum`` and ``maximum`` are NaN and ``integer`` is False.
    """

    text: bool
    n: int
    n_missing: int
    n_infinite: int
    first_infinite: int
    minimum: float
    maximum: float
    integer: bool
    constant: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows that a model uses. ``mask`` None means every row. ``key`` tells samples apart."""

    mask: BoolArray | None
    n: int
    key: Hashable


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one level within a sample: their number and the rows in them."""

    n: int
    min: int
    avg: float
    max: int


class Facts:
    """Facts of one dataset; get them by `facts_of`. Names must exist in the data."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = weakref.ref(dataset)
        self._scalars: dict[Hashable, Any] = {}
        self._arrays: OrderedDict[Hashable, Any] = OrderedDict()
        self.rows = len(dataset)

    @property
    def dataset(self) -> Dataset:
        """The data; they must be alive."""
        dataset = self._dataset()
        assert dataset is not None, "the data of these facts are gone"
        return dataset

    # --- columns -----------------------------------------------------------------------------------------
    def profile(self, name: str) -> Profile:
        """What the column holds."""
        return self._scalar(("profile", name), lambda: self._profile(name))

    def missing(self, name: str) -> BoolArray | None:
        """The rows in which the variable is missing, shape (rows,), or None where there is none."""
        if self.profile(name).n_missing == 0:
            return None
        return self._array(("missing", name), lambda: self.codes(name) < 0 if self._text(name) else
                           np.isnan(self.dataset.numeric(name)))  # fmt: skip

    def codes(self, name: str) -> IntArray:
        """Group numbers, shape (rows,), -1 for missing."""
        return self._array(("codes", name), lambda: self._codes(name))

    def levels(self, name: str) -> tuple[Value, ...]:
        """The distinct values, sorted, of all rows."""
        if ("levels", name) not in self._scalars:
            self._codes(name)
        return tuple(self._scalars[("levels", name)])

    def n_levels(self, name: str) -> int:
        """How many distinct values there are in all rows."""
        return len(self.levels(name))

    # --- samples -----------------------------------------------------------------------------------------
    def sample(
        self, names: Iterable[str], condition: BoolArray | None = None, key: Hashable = None
    ) -> Sample:
        """The rows where none of the variables is missing and `condition`, known as `key`, holds."""
        holed = tuple(sorted({n for n in names if self.profile(n).n_missing}))
        if not holed and condition is None:
            return Sample(None, self.rows, ())
        name = (holed, key if condition is not None else None)

        def find() -> Sample:
            mask = np.ones(self.rows, dtype=bool) if condition is None else condition.copy()
            for n in holed:
                missing = self.missing(n)
                if missing is not None:
                    mask &= ~missing
            return Sample(mask, int(np.count_nonzero(mask)), name)

        return self._array(("sample", name), find)

    def levels_in(self, name: str, sample: Sample) -> IntArray:
        """How many rows of the sample each distinct value has, shape (levels,)."""
        return self._array(
            ("counts", name, sample.key),
            lambda: np.bincount(_used(self.codes(name), sample), minlength=max(self.n_levels(name), 1)),
        )

    def range_in(self, name: str, sample: Sample) -> tuple[float, float]:
        """Smallest and largest value within the sample; NaN where it is empty."""

        def find() -> tuple[float, float]:
            values = self.dataset.numeric(name)
            if sample.mask is not None:
                values = values[sample.mask]
            values = values[~np.isnan(values)]
            return (float(values.min()), float(values.max())) if values.size else (np.nan, np.nan)

        return self._scalar(("range", name, sample.key), find)

    def constant_in(self, name: str, sample: Sample) -> bool:
        """True where at most one value remains in the sample."""
        if self._text(name):
            return int(np.count_nonzero(self.levels_in(name, sample))) <= 1
        low, high = self.range_in(name, sample)
        return not low < high

    # --- groups ------------------------------------------------------------------------------------------
    def group_codes(self, path: tuple[str, ...]) -> IntArray:
        """Numbers of the groups that the variables of `path` make together, shape (rows,), -1 for missing.

        No variables make one group of all rows.
        """
        if not path:
            return self._array(("path", path), lambda: np.zeros(self.rows, dtype=np.int64))
        if len(path) == 1:
            return self.codes(path[0])
        return self._array(("path", path), lambda: self._combined(path))

    def groups(self, path: tuple[str, ...], sample: Sample) -> Groups:
        """How many groups the sample has, and of what size."""

        def find() -> Groups:
            counts = np.bincount(_used(self.group_codes(path), sample))
            counts = counts[counts > 0]
            if not counts.size:
                return Groups(0, 0, 0.0, 0)
            return Groups(counts.size, int(counts.min()), float(counts.mean()), int(counts.max()))

        return self._scalar(("groups", path, sample.key), find)

    def varying(self, name: str, path: tuple[str, ...], sample: Sample) -> int:
        """In how many groups of the sample the variable takes more than one value."""
        return self._scalar(("varying", name, path, sample.key), lambda: self._varying(name, path, sample))

    def first_varying(self, name: str, path: tuple[str, ...], sample: Sample) -> str:
        """A group in which the variable takes more than one value, in words; empty where there is none."""
        differs, _codes, used = self._differs(name, path, sample)
        rows = np.flatnonzero(used)[differs]
        return self._group_in_words(path, int(rows[0])) if rows.size else ""

    def repeated(self, name: str, path: tuple[str, ...], sample: Sample) -> tuple[str, str] | None:
        """A group and a value that stands in it twice, in words, or None where there is none."""

        def find() -> tuple[str, str] | None:
            codes = self.group_codes(path)
            times = self.codes(name)
            used = (codes >= 0) & (times >= 0)
            if sample.mask is not None:
                used &= sample.mask
            cells = codes[used] * max(self.n_levels(name), 1) + times[used]
            twice = pd.Index(cells).duplicated()
            if not twice.any():
                return None
            row = int(np.flatnonzero(used)[np.argmax(twice)])
            value = self.levels(name)[int(times[row])]
            return self._group_in_words(path, row), self.dataset.level_label(name, value)

        return self._scalar(("repeated", name, path, sample.key), find)

    def cells(self, names: tuple[str, ...], without: tuple[int, ...], sample: Sample) -> int:
        """How many combinations of values occur in the sample.

        ``without`` has a code for each name: rows with that value do not count (a base level); -1 is none.
        """

        def find() -> int:
            codes = self.group_codes(names)
            used = codes >= 0
            for name, code in zip(names, without, strict=True):
                if code >= 0:
                    used &= self.codes(name) != code
            if sample.mask is not None:
                used &= sample.mask
            return int(np.count_nonzero(np.bincount(codes[used])))

        return self._scalar(("cells", names, without, sample.key), find)

    def known(self, *key: Hashable) -> Any:
        """A fact that has been worked out already, or None; for those who must not wait."""
        return self._scalars.get(key)

    # --- inside ------------------------------------------------------------------------------------------
    def _text(self, name: str) -> bool:
        return self.dataset.is_text(name)

    def _profile(self, name: str) -> Profile:
        if self._text(name):
            codes = self.codes(name)
            n = int(np.count_nonzero(codes >= 0))
            return Profile(True, n, self.rows - n, 0, 0, np.nan, np.nan, False, self.n_levels(name) <= 1)
        values = self.dataset.numeric(name)
        missing = int(np.count_nonzero(np.isnan(values)))
        if missing:
            infinite_at = np.flatnonzero(np.isinf(values))
            values = values[~np.isnan(values)]
        else:
            infinite_at = np.flatnonzero(np.isinf(values))
        if not values.size:
            return Profile(False, 0, missing, 0, 0, np.nan, np.nan, False, True)
        low, high = float(values.min()), float(values.max())
        first = int(infinite_at[0]) + 1 if infinite_at.size else 0
        whole = not infinite_at.size and bool(np.array_equal(values, np.floor(values)))
        return Profile(False, values.size, missing, infinite_at.size, first, low, high, whole, low == high)

    def _codes(self, name: str) -> IntArray:
        codes, levels = self.dataset.codes(name)
        self._scalars[("levels", name)] = levels
        return codes

    def _combined(self, path: tuple[str, ...]) -> IntArray:
        upper = self.group_codes(path[:-1])
        lower = self.codes(path[-1])
        joint = np.where((upper < 0) | (lower < 0), -1, upper * max(self.n_levels(path[-1]), 1) + lower)
        codes, found = pd.factorize(joint)
        at = np.flatnonzero(found == -1)
        if not at.size:
            return codes.astype(np.int64)
        hole = int(at[0])
        codes = np.where(codes == hole, -1, codes - (codes > hole))
        return codes.astype(np.int64)

    def _differs(
        self, name: str, path: tuple[str, ...], sample: Sample
    ) -> tuple[BoolArray, IntArray, BoolArray]:
        """Of the rows used: does the value differ from one of the same group; their groups; which rows."""
        codes = self.group_codes(path)
        values: Any = self.codes(name) if self._text(name) else self.dataset.numeric(name)
        used = codes >= 0
        used &= (values >= 0) if self._text(name) else ~np.isnan(values)
        if sample.mask is not None:
            used &= sample.mask
        groups, values = codes[used], values[used]
        example = np.zeros(int(groups.max()) + 1 if groups.size else 0, dtype=values.dtype)
        example[groups] = values  # the last row of each group stands for it
        return values != example[groups], groups, used

    def _varying(self, name: str, path: tuple[str, ...], sample: Sample) -> int:
        differs, groups, _used_rows = self._differs(name, path, sample)
        if not groups.size:
            return 0
        return int(np.count_nonzero(np.bincount(groups, weights=differs)))

    def _group_in_words(self, path: tuple[str, ...], row: int) -> str:
        words = []
        for name in path:
            value = self.levels(name)[int(self.codes(name)[row])]
            words.append(f"{name} {self.dataset.level_label(name, value)}")
        return ", ".join(words) if words else "the data as a whole"

    def _scalar(self, key: Hashable, find: Callable[[], T]) -> T:
        if key not in self._scalars:
            self._scalars[key] = find()
        found: T = self._scalars[key]
        return found

    def _array(self, key: Hashable, find: Callable[[], T]) -> T:
        found: T | None = self._arrays.get(key)
        if found is None:
            found = find()
            self._arrays[key] = found
            while len(self._arrays) > _KEPT_ARRAYS:
                try:
                    self._arrays.popitem(last=False)
                except KeyError:  # another thread emptied it meanwhile
                    break
        return found


_FACTS: dict[int, tuple[weakref.ref[Dataset], Facts]] = {}


def facts_of(dataset: Dataset) -> Facts:
    """The facts of a dataset: the same object every time, forgotten with the data."""
    number = id(dataset)
    known = _FACTS.get(number)
    if known is not None and known[0]() is dataset:
        return known[1]
    facts = Facts(dataset)
    _FACTS[number] = (weakref.ref(dataset, lambda _gone: _FACTS.pop(number, None)), facts)
    return facts


def _used(codes: IntArray, sample: Sample) -> IntArray:
    if sample.mask is not None:
        codes = codes[sample.mask]
    return codes[codes >= 0]
