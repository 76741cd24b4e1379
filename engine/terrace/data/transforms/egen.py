"""What ``egen`` makes: group statistics spread over their rows, tags, group numbers, ranks, row statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.transforms.aggregate import Cells, statistic
from terrace.data.transforms.grouping import Grouping, group
from terrace.data.value import Value

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

GROUP_FUNCTIONS = {
    "mean": "mean",
    "median": "median",
    "sd": "sd",
    "var": "variance",
    "min": "min",
    "max": "max",
    "total": "sum",
    "sum": "sum",
    "count": "count",
    "iqr": "iqr",
    "skew": "skewness",
    "kurt": "kurtosis",
}
"""Functions of a group's values that have one value in all its rows, with the statistic behind each."""

ROW_FUNCTIONS = ("rowmean", "rowtotal", "rowmin", "rowmax", "rowsd", "rowmedian", "rowmiss", "rownonmiss")
Ties = Literal["average", "field", "track", "unique"]


def spread(name: str, values: FloatArray, groups: Grouping, keep: BoolArray) -> FloatArray:
    """A statistic of the values in the rows to keep, in all of those rows of the group; shape (n,)."""
    of = statistic(name)
    assert of is not None
    if keep.all():
        return of(Cells(values, groups))[groups.codes]
    found = of(Cells(np.where(keep, values, np.nan), groups))[groups.codes]
    return np.where(keep, found, np.nan)


def tag(data: Dataset, names: Sequence[str], keep: BoolArray, *, missing: bool = False) -> FloatArray:
    """1 in the first row to keep of each group, else 0; groups with a missing value have none unless `missing`."""
    groups = group(data, names)
    keep = keep if missing else keep & ~groups.missing
    rows = np.flatnonzero(keep)
    _, first = np.unique(groups.codes[rows], return_index=True)
    out = np.zeros(len(data))
    out[rows[first]] = 1.0
    return out


def number(
    data: Dataset, names: Sequence[str], keep: BoolArray, *, missing: bool = False, labels: bool = True
) -> tuple[FloatArray, dict[Value, str]]:
    """Groups numbered 1, 2, ... in ascending order, missing outside, and what each number stands for.

    Without `labels` that is left out, which takes far longer than the numbers where there are many groups.
    """
    groups = group(data, names)
    keep = keep if missing else keep & ~groups.missing
    used = np.zeros(groups.n_groups, dtype=bool)
    used[groups.codes[keep]] = True
    numbers = np.cumsum(used)
    codes = numbers.astype(np.float64)[groups.codes]
    out = codes if keep.all() else np.where(keep, codes, np.nan)
    if not labels:
        return out, {}
    shown = zip(*(_shown(data, n, groups.first[used]) for n in names), strict=True)
    return out, {k: " ".join(parts) for k, parts in enumerate(shown, 1)}


def _shown(data: Dataset, name: str, rows: IntArray) -> list[str]:
    """The values of a variable in these rows, by their labels."""
    text = data.is_text(name)
    values = data.frame[name].iloc[rows]
    return [
        "." if gone else data.level_label(name, value if text else float(value))
        for value, gone in zip(values.tolist(), values.isna().tolist(), strict=True)
    ]


def rank(values: FloatArray, groups: Grouping, ties: Ties = "average") -> FloatArray:
    """Ranks within groups, from 1 for the smallest value (``field``: for the largest); shape (n,).

    ``average`` shares the mean of tied ranks, ``field`` and ``track`` the best of them, ``unique`` none.
    """
    method: Any = {"average": "average", "field": "min", "track": "min", "unique": "first"}[ties]
    ranks = pd.Series(values).groupby(groups.codes).rank(method=method, ascending=ties != "field")
    return np.asarray(ranks, dtype=np.float64)


def standardize(values: FloatArray, groups: Grouping, keep: BoolArray, mean: float, sd: float) -> FloatArray:
    """Values shifted and scaled to this mean and standard deviation within groups; shape (n,)."""
    centre, scale = spread("mean", values, groups, keep), spread("sd", values, groups, keep)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values - centre) / scale
    return np.where(np.isfinite(z), mean + sd * z, np.nan)


def across(name: str, columns: Sequence[FloatArray], *, missing: bool = False) -> FloatArray:
    """A statistic of several variables in each row, shape (n,). A row total of nothing is 0, or with `missing` NaN."""
    x = np.stack(columns)
    there = ~np.isnan(x)
    whole = bool(there.all())
    n: FloatArray = np.full(x.shape[1], float(len(x))) if whole else there.sum(axis=0).astype(np.float64)
    if name == "rownonmiss":
        return n
    if name == "rowmiss":
        return len(columns) - n
    total = (x if whole else np.where(there, x, 0.0)).sum(axis=0)
    if name == "rowtotal":
        return np.where((n == 0) & missing, np.nan, total)
    none = n == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(none, np.nan, total / n)
        if name == "rowmean":
            return mean
        if name == "rowsd":
            squares = (np.where(there, x - mean, 0.0) ** 2).sum(axis=0)
            return np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)
    if name == "rowmedian":
        filled = np.sort(np.where(there, x, np.inf), axis=0)
        high = np.maximum(n.astype(np.int64) // 2, 0)
        low = np.maximum((n.astype(np.int64) - 1) // 2, 0)
        at = np.arange(x.shape[1])
        with np.errstate(invalid="ignore"):
            middle = (filled[np.minimum(low, len(x) - 1), at] + filled[np.minimum(high, len(x) - 1), at]) / 2
        return np.where(none, np.nan, middle)
    smallest = name == "rowmin"
    filled = np.where(there, x, np.inf if smallest else -np.inf)
    return np.where(none, np.nan, filled.min(axis=0) if smallest else filled.max(axis=0))
