"""Rows seen through groups and time: ``_n``, ``x[_n-1]``, ``L.x``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.digits import whole_text
from terrace.errors import DataError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Array = npt.NDArray[Any]  # numbers or text


@dataclass(frozen=True)
class Groups:
    """The rows of a dataset in groups; ``codes``, shape (n,), need not be sorted, and -1 is a group too.

    A row's number within its group counts the group's rows in the order in which they stand.
    """

    n: int
    codes: IntArray | None = None

    @cached_property
    def order(self) -> IntArray:
        """Rows sorted by group, shape (n,); a stable sort keeps the order within."""
        if self.codes is None or bool((self.codes[1:] >= self.codes[:-1]).all()):
            return np.arange(self.n)
        return np.argsort(self.codes, kind="stable")

    @cached_property
    def _bounds(self) -> tuple[IntArray, IntArray]:
        """First place in `order` and size of each row's group, each of shape (n,)."""
        if self.codes is None or self.n == 0:
            return np.zeros(self.n, dtype=np.int64), np.full(self.n, self.n)
        codes = self.codes[self.order]
        begins = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        sizes = np.diff(np.r_[begins, self.n])
        first, size = np.empty(self.n, dtype=np.int64), np.empty(self.n, dtype=np.int64)
        first[self.order] = np.repeat(begins, sizes)
        size[self.order] = np.repeat(sizes, sizes)
        return first, size

    @cached_property
    def place(self) -> FloatArray:
        """``_n``: each row's number in its group, from 1."""
        rank: IntArray = np.empty(self.n, dtype=np.int64)
        rank[self.order] = np.arange(self.n)
        return np.asarray(rank - self._bounds[0] + 1, dtype=np.float64)

    @cached_property
    def size(self) -> FloatArray:
        """``_N``: the number of rows in each row's group."""
        return self._bounds[1].astype(np.float64)

    def pick(self, values: Array, index: FloatArray) -> Array:
        """``values[index]`` within each row's group, shape (n,); missing where there is no such row."""
        first, size = self._bounds
        with np.errstate(invalid="ignore"):
            exists = (index >= 1) & (index < size + 1)
        row = self.order[np.where(exists, first + np.where(exists, index, 1).astype(np.int64) - 1, 0)]
        picked: Array = values[row]
        picked[~exists] = "" if values.dtype == object else np.nan
        return picked

    def lag(self, values: Array, k: int) -> Array:
        """``values[_n-k]`` within each row's group, shape (n,): what `pick` gives, several times faster."""
        nothing = "" if values.dtype == object else np.nan
        out: Array = np.full(self.n, nothing, dtype=values.dtype)
        if abs(k) >= self.n:
            return out
        to, start = (slice(k, None), slice(0, self.n - k)) if k >= 0 else (slice(0, k), slice(-k, None))
        if self.codes is None:
            out[to] = values[start]
            return out
        rows = self.order
        same = self.codes[rows[to]] == self.codes[rows[start]]
        out[rows[to][same]] = values[rows[start][same]]
        return out

    def running_sum(self, values: FloatArray) -> FloatArray:
        """The sum of the group's values so far, missing ones as 0, shape (n,)."""
        clean = np.where(np.isnan(values), 0.0, values)
        if self.codes is None:
            return np.asarray(np.cumsum(clean), dtype=np.float64)
        sums = pd.Series(clean).groupby(self.codes, sort=False).cumsum()
        return np.asarray(sums, dtype=np.float64)


@dataclass(frozen=True)
class Timeline:
    """Rows along the panel and time that `xtset` or `tsset` declared.

    Raises `DataError` where nothing is declared, where a time is no multiple of delta from the others, and
    where one panel has a time twice.
    """

    data: Dataset

    @cached_property
    def _keys(self) -> tuple[IntArray, IntArray, int]:
        """A number for panel and time, shape (n,), -1 where either is missing; sorted rows; periods a panel."""
        panel = self.data.panel
        if panel is None or panel.time is None:
            raise DataError(
                "A time-series operator needs to know the time variable.",
                code="no-time",
                advice="Declare it first: xtset panel time, or tsset time.",
            )
        time = self.data.numeric(panel.time)
        known = ~np.isnan(time)
        codes = np.zeros(len(self.data), dtype=np.int64)
        if panel.panel is not None:
            codes = self.data.codes(panel.panel)[0]
            known &= codes >= 0
        if not known.any():
            return np.full(len(self.data), -1), np.empty(0, dtype=np.int64), 1
        start = time[known].min()
        steps = (time - start) / panel.delta
        with np.errstate(invalid="ignore"):
            whole = np.rint(steps)
            crooked = known & (np.abs(steps - whole) > 1e-6 * np.maximum(1.0, np.abs(steps)))
        if crooked.any():
            row = int(np.argmax(crooked))
            raise DataError(
                f"{panel.time} is {whole_text(time[row])} in row {row + 1}, "
                f"which is not a whole number of steps of {panel.delta:g}.",
                code="time-step",
                subject=panel.time,
                advice="Declare the step with delta(), or number the occasions 1, 2, 3.",
            )
        periods = int(whole[known].max()) + 1
        keys = np.full(len(self.data), -1, dtype=np.int64)
        keys[known] = codes[known] * periods + whole[known].astype(np.int64)
        rows = np.flatnonzero(known)
        rows = rows[np.argsort(keys[rows], kind="stable")]
        twice = np.flatnonzero(np.diff(keys[rows]) == 0)
        if twice.size:
            a, b = sorted((int(rows[twice[0]]) + 1, int(rows[twice[0] + 1]) + 1))
            where = f" within {panel.panel}" if panel.panel else ""
            raise DataError(
                f"Rows {a} and {b} have the same {panel.time}{where}.", code="time-repeated", subject=panel.time
            )
        return keys, rows, periods

    def lag(self, values: FloatArray, k: int) -> FloatArray:
        """The values `k` steps earlier (later where `k` is negative), shape (n,); NaN where there is no row."""
        keys, rows, periods = self._keys
        out = np.full(len(values), np.nan)
        if not rows.size:
            return out
        at = keys[rows]
        step = at % periods
        inside = (step - k >= 0) & (step - k < periods)
        wanted = at - k
        found = np.minimum(np.searchsorted(at, wanted), len(at) - 1)
        hit = inside & (at[found] == wanted)
        out[rows[hit]] = values[rows[found[hit]]]
        return out

    def apply(self, values: FloatArray, operators: tuple[tuple[str, int], ...]) -> FloatArray:
        """Values after L, F, D, S operators (outermost first), shape (n,)."""
        for letter, k in reversed(operators):
            if letter in "LF":
                values = self.lag(values, k if letter == "L" else -k)
            elif letter == "S":
                values = values - self.lag(values, k)
            else:
                for _ in range(k):
                    values = values - self.lag(values, 1)
        return values
