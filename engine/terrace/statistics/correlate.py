"""Correlations and covariances of columns, complete row by row or pair by pair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_ROWS = 1 << 13  # at once: what the cache of a processor holds


def covariance(
    x: FloatArray, weights: FloatArray | None = None, kind: str = ""
) -> tuple[FloatArray, FloatArray, float]:
    """Covariances (k, k), means (k,) and the number of observations of x (n, k) without missing values.

    Frequency weights count copies; analytic weights are scaled to sum to n.
    """
    total = float(len(x)) if weights is None else float(weights.sum())
    n = total if kind == "fweight" else float(len(x))
    means = (x.sum(axis=0) if weights is None else weights @ x) / total
    k = x.shape[1]
    c, left = np.zeros((k, k)), np.zeros(k)
    for start in range(0, len(x), _ROWS):
        d = x[start : start + _ROWS] - means
        weighted = d if weights is None else d * weights[start : start + _ROWS, None]
        c += weighted.T @ d
        left += weighted.sum(axis=0)
    c -= np.outer(left, left) / total  # what rounding of the means left (Chan, Golub & LeVeque 1983, eq. 1.7)
    np.fill_diagonal(c, np.maximum(c.diagonal(), 0.0))
    return c / total * (n / (n - 1) if n > 1 else np.nan), means + left / total, n


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


def pairwise(x: FloatArray, weights: FloatArray | None = None, kind: str = "") -> tuple[FloatArray, FloatArray]:
    """Correlations (k, k) of x (n, k) by all rows complete in each pair, and the numbers of those rows (k, k)."""
    k = x.shape[1]
    r, n = np.full((k, k), np.nan), np.zeros((k, k))
    there = [~np.isnan(column) for column in x.T]
    if weights is not None:
        there = [ok & (weights > 0) for ok in there]
    # columns without gaps have all rows in common: one pass does for all their pairs
    whole = [j for j, ok in enumerate(there) if ok.all()] if len(x) > 1 else []
    if whole:
        c, _, count = covariance(x if len(whole) == k else x[:, whole], weights, kind)
        r[np.ix_(whole, whole)], n[np.ix_(whole, whole)] = correlation(c), count
    for i in range(k):
        for j in range(i + 1):
            if i in whole and j in whole:
                continue
            ok = there[i] & there[j]
            pair = np.array([x[ok, i], x[ok, j]]).T
            count = float(weights[ok].sum()) if kind == "fweight" and weights is not None else float(len(pair))
            n[i, j] = n[j, i] = count
            if len(pair) > 1:
                c, _, _ = covariance(pair, None if weights is None else weights[ok], kind)
                r[i, j] = r[j, i] = correlation(c)[0, 1]
    return r, n
