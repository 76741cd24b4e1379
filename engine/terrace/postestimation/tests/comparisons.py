"""Pairwise comparisons of means, with adjustments for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.postestimation.tests.adjust import METHODS, adjusted_p, critical
from terrace.postestimation.tests.combinations import (
    Estimate,
    by_t,
    combine,
    confidence_level,
    covariance,
    estimate_columns,
)
from terrace.postestimation.tests.notestimable import marked
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table
from terrace.results.under_heads import under_heads

FloatArray = npt.NDArray[np.float64]
Pair = tuple[int, int]


def pairs(count: int) -> list[Pair]:
    """(later, earlier) for all pairs: 2 vs 1, 3 vs 1, ..., 3 vs 2, ..."""
    return [(j, i) for i in range(count) for j in range(i + 1, count)]


def compare(
    fit: FitResult,
    rows: FloatArray,
    estimable: npt.NDArray[np.bool_] | None = None,
    *,
    mcompare: str = "none",
    level: float | None = None,
    small: bool = False,
    means: int = 0,
    offset: FloatArray | float = 0.0,
) -> tuple[Estimate, ...]:
    """Estimates of rows·β + offset with p-values and intervals adjusted for their number, (l, p).

    ``means`` is the number of means that the rows compare (tukey). A row that is not estimable has value None.
    """
    chosen = confidence_level(fit, level)
    plain = combine(fit, rows, offset=offset, level=chosen, small=small)
    fine = np.ones(len(rows), dtype=bool) if estimable is None else np.asarray(estimable)
    known = [k for k, e in enumerate(plain) if fine[k] and e.p is not None]
    out = [e if fine[k] else Estimate(None) for k, e in enumerate(plain)]
    if mcompare == "none" or not known:
        adjusted_p(mcompare, np.zeros(0))  # an unknown method is an error also here
        return tuple(out)
    v = covariance(fit, small)
    rank = _rank(rows[known], v)
    df = [plain[k].df for k in known]
    p = adjusted_p(
        mcompare,
        np.array([plain[k].p for k in known], dtype=np.float64),
        stat=np.array([plain[k].stat for k in known], dtype=np.float64),
        rank=rank,
        means=means or rank + 1,
        df=np.array([math.inf if d is None else d for d in df]),
    )
    factors: dict[float | None, float | None] = {}
    for d in df:
        if d not in factors:
            factors[d] = critical(
                mcompare, chosen, comparisons=len(known), rank=rank, means=means or rank + 1, df=d
            )
    for position, k in enumerate(known):
        e, factor = plain[k], factors[df[position]]
        assert e.value is not None and e.se is not None
        low = None if factor is None else e.value - factor * e.se
        high = None if factor is None else e.value + factor * e.se
        out[k] = replace(e, p=float(p[position]), lower=low, upper=high)
    return tuple(out)


def _rank(rows: FloatArray, v: FloatArray) -> int:
    m = rows @ v @ rows.T
    size = np.sqrt(np.maximum(np.diag(m), 1e-300))
    values = np.linalg.eigvalsh(m / np.outer(size, size))
    return int((values > 1e-10 * max(float(values.max()), 1e-300)).sum())


def comparison_table(
    found: Sequence[Estimate],
    labels: Sequence[str],
    *,
    title: str,
    level: float,
    mcompare: str,
    small: bool,
    stub: str = "",
    key: str = "pwcompare",
    notes: Sequence[str] = (),
    codes: Sequence[str] = (),
    several: bool = False,
    heads: Sequence[Sequence[str]] = (),
) -> Table:
    """Comparisons as a table: estimate, SE, with `small` df, z or t, p, interval.

    ``several`` tells that they belong to several terms, each adjusted by itself. ``heads`` are those above each.
    """
    as_t = by_t(found, small)
    rows = []
    for k, (label, e) in enumerate(zip(labels, found)):
        cells = e.cells(small=as_t) if e.value is not None else marked(6 if as_t else 5)
        rows.append((heads[k] if heads else (), Row(label, cells, code=codes[k] if codes else "")))
    own = list(notes)
    if mcompare != "none":
        what = "p" if mcompare == "holm" else "p and intervals"
        own.append(f"{what} adjusted by {METHODS[mcompare]} for the number of comparisons{' of each term' * several}.")
    columns = estimate_columns(level, small=as_t, title="Difference")
    return Table(title, columns, under_heads(rows), stub, tuple(own), key)
