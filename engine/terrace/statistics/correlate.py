"""Correlations and covariances of columns, complete row by row or pair by pair.

Rows are taken block by block, so that no second copy of the columns stands in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_BLOCK = 16_384  # rows that are looked at together: a few columns of them stay in the cache of a processor


def complete(columns: Sequence[FloatArray], keep: BoolArray) -> BoolArray:
    """Which of the rows to keep, shape (n,), have a value in each of these columns, of shape (n,) each."""
    out = keep.copy()
    for x in columns:
        for start in range(0, len(x), _BLOCK):
            part = out[start : start + _BLOCK]
            np.logical_and(part, x[start : start + _BLOCK] == x[start : start + _BLOCK], out=part)
    return out


def covariance(
    columns: Sequence[FloatArray], keep: BoolArray, weights: FloatArray | None = None, kind: str = ""
) -> tuple[FloatArray, FloatArray, float]:
    """Covariances (k, k), means (k,) and the number of observations of the rows to keep, shape (n,), of k columns.

    These rows have no missing values, and the weights, shape (n,), are positive there. Frequency weights count copies;
    analytic weights are scaled to sum to the number of rows.
    """
    k = len(columns)
    total, rows, sums = 0.0, 0, np.zeros(k)
    at = int(np.argmax(keep))
    # From the first value: exact for a constant, and the deviations are small where the values are large.
    first = np.array([x[at] for x in columns])
    for d, w in _blocks(columns, keep, weights, first):
        rows += d.shape[1]
        total += d.shape[1] if w is None else w.sum()
        sums += d.sum(axis=1) if w is None else d @ w
    n = float(total) if kind == "fweight" else float(rows)
    shift = sums / total
    squares, rest = np.zeros((k, k)), np.zeros(k)
    for d, w in _blocks(columns, keep, weights, first):
        d -= shift[:, None]
        weighted = d if w is None else d * w
        rest += weighted.sum(axis=1)
        squares += weighted @ d.T
    # What rounding of the means left is taken out (Chan, Golub & LeVeque 1983, eq. 1.7).
    squares -= np.outer(rest, rest) / total
    c = squares / total * (n / (n - 1) if n > 1 else np.nan)
    return (c + c.T) / 2, first + (shift + rest / total), n


def _blocks(
    columns: Sequence[FloatArray], keep: BoolArray, weights: FloatArray | None, first: FloatArray
) -> Iterator[tuple[FloatArray, FloatArray | None]]:
    """The rows to keep, part by part: how far values are from the `first`, shape (k, m), and weights, shape (m,)."""
    for start in range(0, len(keep), _BLOCK):
        part = slice(start, start + _BLOCK)
        ok = keep[part]
        every = bool(ok.all())
        if not every and not ok.any():
            continue
        values = np.empty((len(columns), int(np.count_nonzero(ok))))
        for row, x, low in zip(values, columns, first, strict=True):
            np.subtract(x[part] if every else x[part][ok], low, out=row)
        yield values, None if weights is None else weights[part][ok]


def correlation(c: FloatArray) -> FloatArray:
    """Correlations from covariances; NaN for a variable that does not vary."""
    sd = np.sqrt(np.diag(c))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = c / np.outer(sd, sd)
    r[sd == 0] = np.nan
    r[:, sd == 0] = np.nan
    fixed: FloatArray = np.clip(r, -1.0, 1.0)
    np.fill_diagonal(fixed, np.where(sd > 0, 1.0, np.nan))
    return fixed


def pairwise(
    columns: Sequence[FloatArray], keep: BoolArray, weights: FloatArray | None = None, kind: str = ""
) -> tuple[FloatArray, FloatArray]:
    """Correlations (k, k) of k columns, shape (n,), by the rows to keep that are complete in each pair, and the numbers
    of those rows (k, k).
    """
    k = len(columns)
    r, n = np.full((k, k), np.nan), np.zeros((k, k))
    if weights is not None:
        keep = keep & (weights > 0)
    own = [complete([x], keep) for x in columns]
    full = [i for i in range(k) if np.array_equal(own[i], keep)]
    if full and keep.any():
        at = np.ix_(full, full)
        r[at], n[at] = _correlated([columns[i] for i in full], keep, weights, kind)
    for i in range(k):
        for j in range(i + 1):
            rows = own[i] & own[j]
            if (i in full and j in full) or not rows.any():
                continue
            found, count = _correlated([columns[i], columns[j]], rows, weights, kind)
            r[i, j] = r[j, i] = found[0, 1] if i != j else found[0, 0]
            n[i, j] = n[j, i] = count
    return r, n


def _correlated(
    columns: Sequence[FloatArray], rows: BoolArray, weights: FloatArray | None, kind: str
) -> tuple[FloatArray, float]:
    """Correlations, NaN of a single row, and the number of observations."""
    c, _, n = covariance(columns, rows, weights, kind)
    return correlation(c) if np.count_nonzero(rows) > 1 else np.full_like(c, np.nan), n
