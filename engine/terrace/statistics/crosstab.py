"""Counts by one variable or two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.extended import extended_name
from terrace.data.transforms.grouping import Grouping, column, group
from terrace.data.value import Value

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_NARROW = 65_536


@dataclass(frozen=True)
class Levels:
    """The values of a variable that occur, in ascending order, missing (None) last; as they are shown; one code a row.

    A row that is left out has the code -1.
    """

    name: str
    values: tuple[Value | None, ...]
    labels: tuple[str, ...]
    codes: npt.NDArray[np.int64]


def levels(data: Dataset, name: str, keep: BoolArray, *, missing: bool = False, labels: bool = True) -> Levels:
    """The values of a variable in the rows to keep; missing ones only with `missing`."""
    groups: Grouping = group(data, [name])
    if missing and data.variable(name).declares_missing:
        return _with_codes(data, name, keep, groups, labels=labels)
    keep = keep if missing else keep & ~groups.missing
    every = bool(keep.all())
    used = np.full(groups.n_groups, every)
    if not every:
        used[groups.codes[keep]] = True
    number = np.cumsum(used) - 1
    text = data.is_text(name)
    source = data.frame[name] if text else column(data, name)
    values: list[Value | None] = []
    for g in np.flatnonzero(used):
        row = int(groups.first[g])
        value = source.iloc[row] if text else source[row]
        gone = bool(groups.missing[row])
        values.append(None if gone else value if text else float(value))
    return Levels(
        name,
        tuple(values),
        tuple(shown_level(data, name, v, labels=labels) for v in values),
        groups.codes if every else np.where(keep, number[groups.codes], -1),
    )


def _with_codes(data: Dataset, name: str, keep: BoolArray, groups: Grouping, *, labels: bool) -> Levels:
    """As `levels` with missing ones, each missing code by itself: they tell why a value is missing."""
    raw = data.frame[name]
    plain = levels(data, name, keep & ~groups.missing, labels=labels)
    values, codes = list(plain.values), plain.codes.copy()
    for code in data.missing_values(name):
        rows = keep & np.asarray(raw == code)
        if rows.any():
            codes[rows] = len(values)
            values.append(code)
    rest = keep & groups.missing & (codes < 0)
    if rest.any():
        codes[rest] = len(values)
        values.append(None)
    return Levels(name, tuple(values), tuple(shown_level(data, name, x, labels=labels) for x in values), codes)


def shown_level(data: Dataset, name: str, value: Value | None, *, labels: bool = True) -> str:
    """A value as tables show it: its label, or the number in the variable's format."""
    if value is None:
        return "."
    if isinstance(value, str):
        return value
    if labels and value in data.variable(name).value_labels:
        return data.variable(name).value_labels[value]
    if float(value).is_integer():
        return extended_name(value) or str(int(value))
    return f"{value:.7g}"


@dataclass(frozen=True)
class Tally:
    """The values of a variable as `Levels` has them, and the (weighted) number of rows of each, shape (r,)."""

    values: tuple[Value | None, ...]
    labels: tuple[str, ...]
    n: FloatArray


def tally(
    data: Dataset, name: str, keep: BoolArray, weights: FloatArray | None = None, *, missing: bool = False,
    labels: bool = True,
) -> Tally:  # fmt: skip
    """How many rows have each value; missing ones only with `missing`."""
    if weights is None and len(data) and bool(keep.all()) and (found := _whole_tally(data, name)) is not None:
        values, n = found
        return Tally(values, tuple(shown_level(data, name, v, labels=labels) for v in values), n)
    own = levels(data, name, keep, missing=missing, labels=labels)
    return Tally(own.values, own.labels, counts(own, weights))


def _whole_tally(data: Dataset, name: str) -> tuple[tuple[Value | None, ...], FloatArray] | None:
    """The values of whole numbers of a narrow range, none missing, with how often they occur; None of all else.

    They are counted as they are, without a code for each row.
    """
    kind = data.frame[name].dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "iu" or data.variable(name).declares_missing:
        return None
    values = data.frame[name].to_numpy()
    least, most = min(int(values.min()), 0), int(values.max())
    if most - least >= _NARROW:
        return None
    values = values.astype(np.int64, copy=False)
    n = np.bincount(values - least if least else values)
    there = np.flatnonzero(n)
    return tuple((there + least).astype(np.float64).tolist()), n[there].astype(np.float64)


def counts(first: Levels, weights: FloatArray | None = None) -> FloatArray:
    """The (weighted) number of rows of each value, shape (r,)."""
    codes, ok = first.codes, first.codes >= 0
    if not ok.all():
        codes, weights = codes[ok], None if weights is None else weights[ok]
    return np.bincount(codes, weights=weights, minlength=len(first.values)).astype(np.float64)


def cross(first: Levels, second: Levels, weights: FloatArray | None = None) -> FloatArray:
    """The (weighted) number of rows of each pair of values, shape (r, c)."""
    ok = (first.codes >= 0) & (second.codes >= 0)
    r, c = len(first.values), len(second.values)
    flat = first.codes[ok] * c + second.codes[ok]
    found = np.bincount(flat, weights=None if weights is None else weights[ok], minlength=r * c)
    return found.astype(np.float64).reshape(r, c)


def pearson(table: FloatArray) -> tuple[float, int]:
    """Pearson's chi-squared statistic of independence, and its degrees of freedom."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    return float(((table - expected) ** 2 / expected).sum()), df


def likelihood_ratio(table: FloatArray) -> float:
    """The likelihood-ratio statistic of independence, with the degrees of freedom of Pearson's."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    some = table > 0
    return float(2 * (table[some] * np.log(table[some] / expected[some])).sum())


def cramers_v(table: FloatArray) -> float:
    """Cramér's V; with its sign for a table of two by two."""
    chi2, _ = pearson(table)
    small = min(table.shape) - 1
    if not small:
        return float("nan")
    v = float(np.sqrt(chi2 / (table.sum() * small)))
    if table.shape == (2, 2) and table[0, 0] * table[1, 1] < table[0, 1] * table[1, 0]:
        return -v
    return v
