"""Columns taken from rows of another table, and columns of two tables one above the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Variable

IntArray = npt.NDArray[np.int64]


def take(column: pd.Series, rows: IntArray) -> Any:
    """The values in these rows, missing where a row is -1."""
    if not len(rows) or rows.min() >= 0:
        return column.array.take(rows) if not isinstance(column.dtype, np.dtype) else column.to_numpy()[rows]
    if not isinstance(column.dtype, np.dtype) or column.dtype == object:
        return column.array.take(rows, allow_fill=True)
    values = np.full(len(rows), np.nan, dtype=column.dtype if column.dtype.kind == "f" else np.float64)
    there = rows >= 0
    values[there] = column.to_numpy()[rows[there]]
    return values


def coalesce(first: pd.Series, a: IntArray, second: pd.Series, b: IntArray) -> Any:
    """``first`` in rows ``a`` where they are not -1, otherwise ``second`` in rows ``b``."""
    if not len(a) or a.min() >= 0:
        return take(first, a)
    top, below = take(first, a), take(second, b)
    if not isinstance(first.dtype, np.dtype) or first.dtype == object:
        out = np.where(a >= 0, np.asarray(top, dtype=object), np.asarray(below, dtype=object))
        return pd.Series(out).astype(first.dtype).array
    return narrow(np.where(a >= 0, top, below), first.dtype, second.dtype)


def narrow(values: npt.NDArray[Any], *dtypes: Any) -> npt.NDArray[Any]:
    """The values in the type that these types share, where that loses nothing; otherwise as they are."""
    numeric = [d for d in dtypes if isinstance(d, np.dtype) and d.kind in "iuf"]
    if len(numeric) != len(dtypes) or not numeric:
        return values
    common = np.result_type(*numeric)
    if common.kind in "iu" and values.dtype.kind == "f" and np.isnan(values).any():
        return values
    with np.errstate(invalid="ignore", over="ignore"):
        cast = values.astype(common)
    return cast if np.array_equal(cast, values, equal_nan=common.kind == "f") else values


def described(first: Variable | None, second: Variable | None) -> Variable:
    """What is known of a variable that two tables have: the first table's word, the second's where it is silent."""
    if first is None or second is None:
        known = first or second
        assert known is not None
        return known
    return replace(
        first,
        label=first.label or second.label,
        value_labels=first.value_labels or second.value_labels,
        label_set=first.label_set if first.value_labels else second.label_set,
        # what one calls missing is no value
        missing_codes=tuple(dict.fromkeys((*first.missing_codes, *second.missing_codes))),
        missing_ranges=tuple(dict.fromkeys((*first.missing_ranges, *second.missing_ranges))),
        format=first.format or second.format,
        native_format=first.native_format or second.native_format,
        width=first.width or second.width,
    )


def same_kind(a: Dataset, b: Dataset, name: str) -> bool:
    """True where a variable holds text in both datasets, or numbers in both."""
    return a.is_text(name) == b.is_text(name)
