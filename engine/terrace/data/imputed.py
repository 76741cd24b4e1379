"""Multiply imputed data in one dataset: all rows of the original (m = 0) and of each imputation (m = 1, ..., M).

The form is that of Stata's flong style: ``_mi_m`` numbers the imputation, ``_mi_id`` the row within it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.transforms.grouping import group
from terrace.errors import DataError

IntArray = npt.NDArray[np.int64]
M, ID = "_mi_m", "_mi_id"


def declare(data: Dataset, m: str | None, ids: Sequence[str]) -> Dataset:
    """The data with ``_mi_m`` and ``_mi_id``, made from the variables `m` and `ids`; without `m`: no imputation yet.

    Raises `DataError` where m is no whole number from 0 up, or an imputation lacks rows that another has.
    """
    if m is None:
        out = data.with_column(M, np.zeros(len(data)), Variable(M, "Imputation", Measure.NOMINAL))
        return out.with_column(ID, np.arange(1.0, len(data) + 1), Variable(ID, "Row", Measure.IDENTIFIER))
    values = data.numeric(m)
    bad = np.isnan(values) | (values < 0) | (values != np.floor(values))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{m} numbers the imputations 0 (the original), 1, 2, ...; in row {row + 1} it is "
            f"{whole_text(values[row])}.",
            code="mi-numbers",
            subject=m,
        )
    if ids:
        rows = group(data, ids).codes + 1.0
    else:
        rows = group(data, [m]).place + 1.0  # the rows of each imputation stand in the same order
    out = data.with_column(M, values, Variable(M, "Imputation", Measure.NOMINAL))
    out = out.with_column(ID, rows.astype(np.float64), Variable(ID, "Row", Measure.IDENTIFIER))
    check(out)
    return out


def from_wide(data: Dataset, imputed: Mapping[str, Sequence[str]], *, drop: bool) -> Dataset:
    """Imputations that stand beside each other (x with x1, x2, ...) as rows below each other.

    ``imputed`` names the imputations 1, 2, ... of each variable; with `drop` these go. Raises `DataError` where the
    variables have different numbers of them.
    """
    if M in data or ID in data:
        raise DataError("The data are already set up as imputed.", code="mi-set", advice="Write mi unset first.")
    counts = {name: len(made) for name, made in imputed.items()}
    if len(set(counts.values())) != 1:
        told = ", ".join(f"{n}: {k}" for n, k in counts.items())
        raise DataError(f"Each variable needs the same number of imputations ({told}).", code="mi-numbers")
    n, many = len(data), next(iter(counts.values()))
    gone = {m for made in imputed.values() for m in made} if drop else set()
    base = data.without(gone) if gone else data
    frame = base.frame.take(np.tile(np.arange(n), many + 1)).reset_index(drop=True)
    for name, made in imputed.items():
        if data.is_text(name):
            raise DataError(f"{name} holds text, but imputed values must be "
                            "numbers.", code="text-variable", subject=name)
        frame[name] = np.concatenate([data.numeric(name), *(data.numeric(m) for m in made)])
    out = replace(base, frame=frame, sorted_by=(), lineage=object(), row_ids=None, panel=None)
    m = np.repeat(np.arange(many + 1.0), n)
    out = out.with_column(M, m, Variable(M, "Imputation", Measure.NOMINAL))
    ids = np.tile(np.arange(1.0, n + 1), many + 1)
    return out.with_column(ID, ids, Variable(ID, "Row", Measure.IDENTIFIER))


def from_mlong(data: Dataset, m: str, ids: Sequence[str]) -> Dataset:
    """Imputations that hold the incomplete rows only, filled up by the complete rows of the original (m = 0)."""
    values = data.numeric(m)
    rows = group(data, ids).codes
    original = np.flatnonzero(values == 0)
    if not len(original) or len(np.unique(rows[original])) < len(original):
        raise DataError(f"The original rows ({m} = 0) must be there once each.", code="mi-rows", subject=m)
    wanted: list[npt.NDArray[np.int64]] = [original]
    numbers = [np.zeros(len(original))]
    known = set(rows[original].tolist())
    for k in np.unique(values[values > 0]):
        own = np.flatnonzero(values == k)
        if not set(rows[own].tolist()) <= known or len(np.unique(rows[own])) < len(own):
            raise DataError(
                f"Imputation {k:g} has rows that are not in the original, or has a row "
                "twice.", code="mi-rows", subject=m
            )
        at = {int(r): int(i) for r, i in zip(rows[own], own)}
        wanted.append(np.array([at.get(int(r), int(i)) for r, i in zip(rows[original], original)], dtype=np.int64))
        numbers.append(np.full(len(original), k))
    order = np.concatenate(wanted)
    frame = data.frame.take(order).reset_index(drop=True)
    frame[m] = np.concatenate(numbers)
    full = replace(data, frame=frame, sorted_by=(), lineage=object(), row_ids=None, panel=None)
    return declare(full, m, ids)


def check(data: Dataset) -> None:
    """`DataError` where the data are not imputed data, or the imputations do not hold the same rows once each."""
    if M not in data or ID not in data:
        raise DataError(
            "The data are not set up as imputed.",
            code="mi-not-set",
            advice="Declare them: mi import flong, m(imputation) id(row).",
        )
    m, ids = data.numeric(M), data.numeric(ID)
    expected: npt.NDArray[np.float64] | None = None
    for k in np.unique(m):
        own = np.sort(ids[m == k])
        if len(np.unique(own)) < len(own):
            raise DataError(f"A row occurs twice in imputation {k:g}.", code="mi-rows", subject=ID)
        if k == 0:
            continue
        if expected is not None and not np.array_equal(own, expected):
            raise DataError(f"Imputation {k:g} has different rows from the others.", code="mi-rows", subject=M)
        expected = own


def imputations(data: Dataset) -> list[tuple[int, IntArray]]:
    """The imputations 1 to M with their rows."""
    check(data)
    m = data.numeric(M)
    return [(int(k), np.flatnonzero(m == k)) for k in np.unique(m) if k > 0]


def forget(data: Dataset, keep: int = 0) -> Dataset:
    """The rows of one imputation (the original by default), without the marks of imputed data."""
    check(data)
    rows = data.numeric(M) == keep
    return replace(data.rows(rows), notes=()).without([M, ID])
