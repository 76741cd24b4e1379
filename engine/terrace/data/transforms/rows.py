"""Rows repeated, inserted, filled in, and told from their duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.beside import cancellable
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.row_numbers import gathered
from terrace.data.transforms.columns import take
from terrace.data.transforms.grouping import descending_order, group
from terrace.errors import DataError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
MOST_ROWS = 200_000_000
"""More rows than this are taken for a mistake: 200 million rows of one number fill 1.6 GB."""


def expand(data: Dataset, copies: FloatArray, *, generate: str | None = None) -> Dataset:
    """Each row as often as `copies`, shape (n,), says; below 1 or missing counts as 1. The new rows come last.

    `generate` names a variable that is 1 in the new rows.
    """
    times = np.where(np.isnan(copies) | (copies < 1), 1, copies)
    if times.sum() > MOST_ROWS:
        raise DataError(f"This would create {times.sum():,.0f} rows.", code="too-many-rows")
    extra = np.repeat(np.arange(len(data)), times.astype(np.int64) - 1)
    out = data.rows(np.concatenate([np.arange(len(data)), extra])) if len(extra) else data
    if generate is not None:
        new = np.zeros(len(out), dtype=np.int8)
        new[len(data) :] = 1
        out = out.with_column(generate, new, Variable(generate, "Row made by expand", Measure.NOMINAL))
    return replace(out, sorted_by=()) if len(extra) else out


def lengthen(data: Dataset | None, count: int) -> Dataset:
    """The data with rows of missing values at their end, `count` in all; without data, rows without variables."""
    if data is None:
        return Dataset(pd.DataFrame(index=pd.RangeIndex(count)), ())
    return insert_rows(data, count - len(data), len(data))


def insert_rows(data: Dataset, count: int, at: int) -> Dataset:
    """The data with `count` rows of missing values before the row `at` (from 0; their number puts them at the end)."""
    n = len(data)
    rows = np.concatenate([np.arange(at), np.full(count, -1), np.arange(at, n)])
    columns = {name: take(data.frame[name], rows) for name in data.names}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(n + count), copy=False)
    return replace(data, frame=frame, sorted_by=(), row_ids=gathered(data.ids, rows))


def fill_in(data: Dataset, names: Sequence[str], marker: str = "_fillin") -> Dataset:
    """All combinations of the values of these variables, sorted; in rows that are new the others are missing.

    `marker` names a variable that is 1 in the new rows.
    """
    parts = [group(data, [n]) for n in names]
    sizes = [p.n_groups for p in parts]
    cells = int(np.prod([float(s) for s in sizes]))
    if cells > MOST_ROWS:
        raise DataError(
            f"{' '.join(names)} have {cells:,} combinations.", code="too-many-rows", subject=names[0]
        )
    own: IntArray = np.zeros(len(data), dtype=np.int64)
    for part, size in zip(parts, sizes):
        own = own * size + part.codes
    there = np.zeros(cells, dtype=bool)
    there[own] = True
    missing = np.flatnonzero(~there)
    order = np.argsort(np.concatenate([own, missing]), kind="stable")
    rows = np.concatenate([np.arange(len(data)), np.full(len(missing), -1)])[order]
    columns: dict[str, Any] = {name: take(data.frame[name], rows) for name in data.names}
    cell = np.concatenate([own, missing])[order]
    step = cells
    for name, part, size in zip(names, parts, sizes):
        step //= size
        columns[name] = take(data.frame[name], part.first[(cell // step) % size])
    columns[marker] = (rows < 0).astype(np.int8)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), copy=False)
    variables = (*data.variables, Variable(marker, "Row made by fillin", Measure.NOMINAL))
    ids = gathered(data.ids, rows)
    return replace(data, frame=frame, variables=variables, sorted_by=tuple(names), row_ids=ids)


def copies(data: Dataset, names: Sequence[str]) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """For each row how many other rows have the same values, and whether one before it has them; shape (n,)."""
    groups = group(data, names or data.names)
    again = np.ones(len(data), dtype=bool)
    again[groups.first] = False
    return (groups.sizes - 1)[groups.codes], again


def sort_signed(data: Dataset, keys: Sequence[tuple[str, bool]], *, missing_first: bool = False) -> Dataset:
    """Rows sorted by keys (name, descending); equal rows keep their order.

    Missing values come last; with `missing_first` they come first where the order is descending.
    """
    order = descending_order(data, keys[0][0]) if len(keys) == 1 and keys[0][1] else None
    columns: list[IntArray] = []
    for name, descending in keys if order is None else ():
        groups = group(data, [name])
        codes = -groups.codes if descending else groups.codes
        if descending:
            codes = np.where(groups.missing, -groups.n_groups if missing_first else 1, codes)
        columns.append(codes)
    if order is None:
        order = cancellable(lambda: np.lexsort(columns[::-1]), len(data) * len(columns))
    if bool((order[1:] > order[:-1]).all()):
        out = data
    else:
        out = data.rows(order)
    ascending: list[str] = []
    for name, descending in keys:
        if descending:
            break
        ascending.append(name)
    return replace(out, sorted_by=tuple(ascending))


def reordered(
    names: Sequence[str], chosen: Sequence[str], before: str | None = None, *, last: bool = False
) -> list[str]:
    """Names with the chosen ones first, last, or before the variable `before`."""
    rest = [n for n in names if n not in chosen]
    if before is not None:
        at = rest.index(before)
        return [*rest[:at], *chosen, *rest[at:]]
    return [*rest, *chosen] if last else [*chosen, *rest]
