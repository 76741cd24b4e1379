"""Two datasets into one: side by side by key variables (merge), or one below the other (append)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.row_numbers import gathered, new_rows
from terrace.data.transforms.columns import coalesce, described, same_kind, take
from terrace.data.transforms.grouping import column, ranks
from terrace.data.value import Value
from terrace.errors import DataError

IntArray = npt.NDArray[np.int64]
Kind = Literal["1:1", "m:1", "1:m"]

MASTER, USING, MATCHED, UPDATED, CONFLICT = 1, 2, 3, 4, 5
RESULTS = {
    MASTER: "Master only (1)",
    USING: "Using only (2)",
    MATCHED: "Matched (3)",
    UPDATED: "Missing updated (4)",
    CONFLICT: "Nonmissing conflict (5)",
}


@dataclass(frozen=True, slots=True)
class MergeReport:
    """How many rows came from where, by the codes of `RESULTS`, before any were left out.

    ``kept_master`` are variables of both datasets that are no keys, so that the master's values stay.
    """

    counts: dict[int, int]
    kept_master: tuple[str, ...] = ()


def merge(
    master: Dataset,
    using: Dataset,
    keys: Sequence[str],
    kind: Kind,
    *,
    keepusing: Sequence[str] | None = None,
    keep: frozenset[int] = frozenset(RESULTS),
    generate: str | None = "_merge",
    update: bool = False,
    overwrite: bool = False,
) -> tuple[Dataset, MergeReport]:
    """Join the using data to the master data on `keys`; without keys row by row.

    Rows stand as in the master data (repeated under ``1:m``), then those of the using data alone. A missing
    value of a key matches a missing value. Variables in both keep the master's values; `update` fills the
    missing ones, `overwrite` also replaces others. `generate` names the variable of result codes.

    Raises `DataError` where a key is missing from a dataset, is text in one and numbers in the other, or does
    not single out rows on the side that `kind` calls 1.
    """
    check_keys(master, using, keys)
    left, right, count = match_codes(master, using, keys)
    if kind[0] == "1":
        _check_unique(master, left, count, keys, "data in memory")
    if kind[2] == "1":
        _check_unique(using, right, count, keys, "using data")
    a, b, aligned = _pairs(left, right, count, kind)
    status = np.where(a < 0, USING, np.where(b < 0, MASTER, MATCHED)).astype(np.int8)
    wanted = [n for n in (using.names if keepusing is None else keepusing) if n not in keys]
    both = [n for n in wanted if n in master]
    for name in both:
        _check_kind(master, using, name)
    columns: dict[str, Any] = {}
    for name in master.names:
        if name in keys:
            same = master.frame[name] if aligned else coalesce(master.frame[name], a, using.frame[name], b)
            columns[name] = same
        elif name in both:
            columns[name], changed = _shared(master, using, name, a, b, update, overwrite)
            status = np.maximum(status, changed)
        else:
            columns[name] = master.frame[name] if aligned else take(master.frame[name], a)
    variables = [
        described(v, using.variable(v.name)) if v.name in both or v.name in keys else v for v in master.variables
    ]
    for name in wanted:
        if name not in master:
            columns[name] = take(using.frame[name], b)
            variables.append(using.variable(name))
    counts = np.bincount(status, minlength=6)
    report = MergeReport({k: int(counts[k]) for k in RESULTS}, () if update else tuple(both))
    if generate is not None:
        columns[generate] = status
        labels: dict[Value, str] = {k: v for k, v in RESULTS.items() if k <= MATCHED or update}
        variables.append(Variable(generate, "Matching result from merge", Measure.NOMINAL, labels))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(status)), copy=False)
    ordered = master.sorted_by if not (a < 0).any() else ()
    ids = master.row_ids if aligned else gathered(master.ids, a)
    out = replace(master, frame=frame, variables=tuple(variables), sorted_by=ordered, row_ids=ids)
    stay = np.isin(status, list(keep))
    return (out if stay.all() else out.rows(stay)), report


def check_keys(master: Dataset, using: Dataset, keys: Sequence[str]) -> None:
    """Raise `DataError` where a key is missing from a dataset, or holds text in one and numbers in the other."""
    for name in keys:
        master.variable(name)
        if name not in using:
            raise DataError(
                f"The key {name} is not in the using data.",
                code="no-such-variable",
                subject=name,
                advice=f"The using data have: {', '.join(using.names[:12])}{', ...' if len(using.names) > 12 else ''}",
            )
        _check_kind(master, using, name)


def _check_kind(master: Dataset, using: Dataset, name: str) -> None:
    if not same_kind(master, using, name):
        first, second = ("text", "numbers") if master.is_text(name) else ("numbers", "text")
        raise DataError(
            f"{name} holds {first} in the data in memory and {second} in the using data.",
            code="type-mismatch",
            subject=name,
            advice="Make both the same type first (destring, tostring), or leave the variable out with keepusing().",
        )


def match_codes(master: Dataset, using: Dataset, keys: Sequence[str]) -> tuple[IntArray, IntArray, int]:
    """One number for each combination of key values, on both sides, and how many there are; without keys, by row."""
    n, m = len(master), len(using)
    if not keys:
        return np.arange(n), np.arange(m), max(n, m)
    codes = np.zeros(n + m, dtype=np.int64)
    count = 1
    for name in keys:
        one, two = column(master, name), column(using, name)
        both = np.concatenate([one, two]) if isinstance(one, np.ndarray) and isinstance(two, np.ndarray) else None
        more, k, _ = ranks(both if both is not None else pd.concat([pd.Series(one), pd.Series(two)]))
        codes, count = (more, k) if count == 1 else _combined(codes, more, k)
    return codes[:n], codes[n:], count


def _combined(codes: IntArray, more: IntArray, k: int) -> tuple[IntArray, int]:
    out, count, _ = ranks(codes * k + more)
    return out, count


def _check_unique(data: Dataset, codes: IntArray, count: int, keys: Sequence[str], where: str) -> None:
    times = np.bincount(codes, minlength=count)
    if not keys or not len(codes) or times.max() <= 1:
        return
    row = int(np.flatnonzero(times[codes] > 1)[0])
    value = ", ".join(f"{k} = {shown_value(data, k, row)}" for k in keys)
    raise DataError(
        f"{' and '.join(keys)} do{'es' * (len(keys) == 1)} not uniquely identify rows in the {where}: "
        f"{value} is in {int(times[codes[row]]):,} rows.",
        code="not-unique",
        subject=keys[0],
        advice="Use m:1 where rows of the data in memory share a key, 1:m where rows of the using data do.",
    )


def shown_value(data: Dataset, name: str, row: int) -> str:
    """The value of a variable in a row (from 0) as people write it."""
    value = data.frame[name].iloc[row]
    if data.is_text(name):
        return '""' if pd.isna(value) else str(value)
    return "." if pd.isna(value) else whole_text(value)


def _pairs(left: IntArray, right: IntArray, count: int, kind: Kind) -> tuple[IntArray, IntArray, bool]:
    """Rows of master and using that stand beside each other, -1 for none; True where master rows stay in place."""
    n, m = len(left), len(right)
    met = np.zeros(count, dtype=bool)
    met[left] = True
    alone = np.flatnonzero(~met[right])  # rows of the using data alone
    if kind[2] == "1":
        place = np.full(count, -1, dtype=np.int64)
        place[right] = np.arange(m)
        a, b = np.arange(n), place[left]
    else:
        order = np.argsort(right, kind="stable")
        times = np.bincount(right, minlength=count)
        first = np.concatenate([[0], np.cumsum(times)])
        copies = np.maximum(times[left], 1)
        a = np.repeat(np.arange(n), copies)
        step = np.arange(len(a)) - np.repeat(np.cumsum(copies) - copies, copies)
        found = times[left[a]] > 0
        b = np.full(len(a), -1, dtype=np.int64)
        b[found] = order[(first[left[a]] + step)[found]]
    if not len(alone):
        return a, b, len(a) == n and kind[2] == "1"
    return np.concatenate([a, np.full(len(alone), -1)]), np.concatenate([b, alone]), False


def _shared(
    master: Dataset, using: Dataset, name: str, a: IntArray, b: IntArray, update: bool, overwrite: bool
) -> tuple[Any, npt.NDArray[np.int8]]:
    """A variable of both: its values, and result codes above `MATCHED` where they were changed or differ."""
    codes = np.zeros(len(a), dtype=np.int8)
    if not update:
        return coalesce(master.frame[name], a, using.frame[name], b), codes
    one = pd.Series(take(master.frame[name], a))
    two = pd.Series(take(using.frame[name], b))
    paired = (a >= 0) & (b >= 0)
    gone, there = _missing(one, master, name), ~_missing(two, using, name)
    fill = paired & gone & there
    differ = paired & ~gone & there & np.asarray((one != two).fillna(False), dtype=bool)
    codes[fill], codes[differ] = UPDATED, CONFLICT
    take_using = fill | (differ & overwrite) | (a < 0)
    return one.where(~take_using, two).array, codes


def _missing(values: pd.Series, data: Dataset, name: str) -> npt.NDArray[np.bool_]:
    gone = values.isna() | (values == "").fillna(False) if data.is_text(name) else values.isna()
    codes = data.missing_values(name)
    return np.asarray(gone | values.isin(list(codes)) if codes else gone, dtype=bool)


# --- append -----------------------------------------------------------------------------------------------
def append(
    master: Dataset, others: Sequence[Dataset], *, generate: str | None = None, force: bool = False
) -> Dataset:
    """The rows of all datasets, one below the other; a variable that a dataset lacks is missing there.

    `generate` names a variable that numbers the datasets from 0. With `force` text meets numbers as missing
    values; otherwise that is a `DataError`.
    """
    everything = [master, *others]
    names = list(dict.fromkeys(n for d in everything for n in d.names))
    rows = sum(len(d) for d in everything)
    columns: dict[str, Any] = {}
    variables: list[Variable] = []
    for name in names:
        known = [d for d in everything if name in d]
        v = known[0].variable(name)
        for d in known[1:]:
            if not same_kind(known[0], d, name) and not force:
                _check_kind(known[0], d, name)
            v = described(v, d.variable(name))
        variables.append(v)
        columns[name] = _stacked(everything, known[0], name)
    if generate is not None:
        columns[generate] = np.repeat(np.arange(len(everything)), [len(d) for d in everything]).astype(np.float64)
        variables.append(Variable(generate, "Number of the dataset", Measure.NOMINAL))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows), copy=False)
    ids = np.concatenate([master.ids, new_rows(rows - len(master))])
    return replace(master, frame=frame, variables=tuple(variables), sorted_by=(), row_ids=ids)


def _stacked(everything: Sequence[Dataset], model: Dataset, name: str) -> Any:
    parts = []
    for d in everything:
        if name in d and same_kind(model, d, name):
            parts.append(d.frame[name])
        else:
            dtype = model.frame[name].dtype
            parts.append(take(pd.Series([], dtype=dtype), np.full(len(d), -1)))
    if model.is_text(name):
        return pd.concat([pd.Series(p) for p in parts], ignore_index=True).array
    return np.concatenate([np.asarray(p) for p in parts])
