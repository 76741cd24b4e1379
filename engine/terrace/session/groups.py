"""Sorting rows and taking them group by group, for ``by``, ``bysort`` and ``sort``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.beside import cancellable
from terrace.data.dataset import Dataset
from terrace.data.transforms.grouping import sort_order
from terrace.data.value import Value

IntArray = npt.NDArray[np.int64]


def sort_rows(data: Dataset, names: Sequence[str]) -> Dataset:
    """The rows in ascending order of these variables, missing values last; equal rows keep their order."""
    if not names:
        return data
    order = sort_order(data, names)
    # What the data say of their order may be out of date, so the order itself decides.
    if bool((order[1:] > order[:-1]).all()):
        declared = data.sorted_by[: len(names)] == tuple(names)
        return data if declared else replace(data, sorted_by=tuple(names))
    return replace(data.rows(order), sorted_by=tuple(names))


def group_rows(data: Dataset, names: Sequence[str]) -> Iterator[tuple[tuple[Value | None, ...], IntArray]]:
    """Each combination of values that occurs, in ascending order, with the numbers of its rows.

    Missing values make groups of their own and come last; they are given as None.
    """
    columns = [data.codes(n) for n in names]
    keys = [_missing_last(codes, len(values)) for codes, values in columns]
    if not len(data):
        return
    order = cancellable(lambda: np.lexsort(keys[::-1]), len(data) * len(keys))
    sorted_keys = np.stack([k[order] for k in keys])
    starts = np.flatnonzero(np.r_[True, (sorted_keys[:, 1:] != sorted_keys[:, :-1]).any(axis=0)])
    for start, stop in zip(starts, np.r_[starts[1:], len(order)]):
        values = tuple(
            None if keys[k][order[start]] == len(columns[k][1]) else columns[k][1][keys[k][order[start]]]
            for k in range(len(names))
        )
        yield values, np.sort(order[start:stop])


def _missing_last(codes: IntArray, count: int) -> IntArray:
    return np.where(codes < 0, count, codes)
