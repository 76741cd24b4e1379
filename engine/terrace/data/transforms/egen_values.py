"""What ``egen`` makes of values rather than of sums: classes, sequences, modes, comparisons across a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.transforms.grouping import Grouping, ranks

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def cut_at(values: FloatArray, breaks: FloatArray) -> FloatArray:
    """The number of the interval [b_k, b_k+1), from 0, that holds each value; NaN outside; shape (n,)."""
    k = np.searchsorted(breaks, values, side="right") - 1.0
    return np.where(np.isnan(values) | (k < 0) | (k >= len(breaks) - 1), np.nan, k)


def group_breaks(values: FloatArray, count: int) -> FloatArray:
    """Lower ends of `count` groups of about equal size, and infinity; fewer where values are tied.

    The k-th lower end is the value at place floor(k n / count) of the n sorted values, from 0.
    """
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return np.array([np.inf])
    ends = known[(np.arange(count) * len(known)) // count]
    return np.append(np.unique(ends), np.inf)


def sequence(groups: Grouping, keep: BoolArray, first: int, last: int | None, block: int) -> FloatArray:
    """first, first±1, ... last, first, ... within each group, each number `block` times; shape (n,)."""
    out = np.full(len(keep), np.nan)
    rows = np.flatnonzero(keep)
    codes = groups.codes[rows]
    place = pd.Series(codes).groupby(codes).cumcount().to_numpy() // block
    if last is None:
        out[rows] = first + place
        return out
    steps = abs(last - first) + 1
    out[rows] = first + (1 if last >= first else -1) * (place % steps)
    return out


def mode(
    values: Any, groups: Grouping, keep: BoolArray, ties: Literal["none", "min", "max"] | int, *, missing: bool = False
) -> tuple[Any, int]:
    """The most frequent value of each group in all of its rows, and in how many groups several were most frequent.

    `values` are numbers (NaN missing) or text in an object array (empty is missing), shape (n,). With ``ties`` "none"
    a group with several modes has none; a number takes the k-th of them in ascending order.
    """
    text = values.dtype == object
    source = np.where(values == "", None, values) if text else values
    codes, _, gone = ranks(pd.Series(source) if text else source)
    used = keep if missing else keep & ~gone
    rows = np.flatnonzero(used)
    frame = pd.DataFrame({"g": groups.codes[rows], "v": codes[rows], "row": rows})
    counted = frame.groupby(["g", "v"], sort=True)["row"].agg(["size", "min"]).reset_index()
    best = counted[counted["size"] == counted.groupby("g")["size"].transform("max")]
    number = best.groupby("g")["v"].transform("size")
    place = best.groupby("g").cumcount()
    if ties == "none":
        chosen = best[number == 1]
    elif ties == "min":
        chosen = best[place == 0]
    elif ties == "max":
        chosen = best[place == number - 1]
    else:
        chosen = best[place == ties - 1]
    at = np.full(groups.n_groups, -1, dtype=np.int64)
    at[chosen["g"].to_numpy()] = chosen["min"].to_numpy()
    several = int((best.groupby("g").size() > 1).sum()) if ties == "none" else 0
    rows_of = np.where(keep, at[groups.codes], -1)
    if text:
        return np.where(rows_of >= 0, values[np.maximum(rows_of, 0)], ""), several
    return np.where(rows_of >= 0, values[np.maximum(rows_of, 0)] if len(values) else np.nan, np.nan), several


def any_of(columns: Sequence[FloatArray], wanted: Sequence[float]) -> FloatArray:
    """In how many of the columns the value is one of the wanted; shape (n,)."""
    count: FloatArray = np.sum([np.isin(c, np.asarray(wanted)) for c in columns], axis=0).astype(np.float64)
    return count


def differ(columns: Sequence[Any]) -> FloatArray:
    """1 where the columns do not all hold the same, missing counting as a value; shape (n,)."""
    out = np.zeros(len(columns[0]), dtype=bool)
    first = pd.Series(columns[0])
    for column in columns[1:]:
        other = pd.Series(column)
        out |= np.asarray((first != other) & ~(first.isna() & other.isna()))
    return out.astype(np.float64)


def fill_pattern(pattern: Sequence[float], n: int) -> FloatArray:
    """The sequence that the numbers begin, shape (n,): repeated where they repeat, otherwise with steady steps.

    ``1 3`` goes on 5 7; ``1 2 1 2`` repeats; ``1 1 2 2`` goes on 3 3.
    """
    start = np.asarray(pattern, dtype=np.float64)
    m = len(start)
    for block in range(1, m):  # the shortest block whose next copy is it again, shifted by one step
        if m < 2 * block and block != 1:
            continue
        steps = start[block:] - start[:-block]
        if len(steps) and np.all(steps == steps[0]) and (m >= 2 * block or block == 1):
            k = np.arange(n)
            going_on: FloatArray = start[k % block] + (k // block) * steps[0]
            return going_on
    return start[np.arange(n) % m]


def absolute_deviation(values: FloatArray, groups: Grouping, keep: BoolArray, *, median: bool) -> FloatArray:
    """Median absolute deviation from the median, or mean absolute deviation from the mean, of each group; (n,)."""
    from terrace.data.transforms.egen import spread

    name = "median" if median else "mean"
    centre = spread(name, values, groups, keep)
    return spread(name, np.abs(values - centre), groups, keep)


def row_pick(columns: Sequence[FloatArray], *, last: bool) -> FloatArray:
    """The first or last value that is there in each row; shape (n,)."""
    out = np.full(len(columns[0]), np.nan)
    for column in columns if last else reversed(columns):
        out = np.where(np.isnan(column), out, column)
    return out


def moving_average(values: FloatArray, groups: Grouping, window: int, *, partial: bool) -> FloatArray:
    """Centred means of `window` (odd) values within groups in the order of the rows; ends only with `partial`; (n,)."""
    half = window // 2
    total, count = np.zeros(len(values)), np.zeros(len(values))
    order = groups.order
    sorted_values, codes = values[order], groups.codes[order]
    for shift in range(-half, half + 1):
        at = np.arange(len(values)) + shift
        inside = (at >= 0) & (at < len(values))
        at = np.clip(at, 0, max(len(values) - 1, 0))
        good = inside & (codes[at] == codes) & ~np.isnan(sorted_values[at])
        total += np.where(good, sorted_values[at], 0.0)
        count += good
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where((count == window) | (partial & (count > 0)), total / count, np.nan)
    out = np.empty(len(values))
    out[order] = means
    return out
