"""Correlations and covariances of columns, complete row by row or pair by pair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def covariance(
    x: FloatArray, weights: FloatArray | None = None, kind: str = ""
) -> tuple[FloatArray, FloatArray, float]:
    """Covariances (k, k), means (k,) and the number of observations of x (n, k) without missing values.

    Frequency weights count copies; analytic weights are scaled to sum to n.
    """
    w = np.ones(len(x)) if weights is None else weights
    total = w.sum()
    n = float(total) if kind == "fweight" else float(len(x))
    means = w @ x / total
    d = x - means
    d -= w @ d / total  # what rounding of the mean left
    c = (d * w[:, None]).T @ d / total * (n / (n - 1) if n > 1 else np.nan)
    return c, means, n


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
    for i in range(k):
        for j in range(i + 1):
            ok = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            if weights is not None:
                ok &= weights > 0
            pair = x[ok][:, [i, j]]
            count = float(weights[ok].sum()) if kind == "fweight" and weights is not None else float(len(pair))
            n[i, j] = n[j, i] = count
            if len(pair) > 1:
                c, _, _ = covariance(pair, None if weights is None else weights[ok], kind)
                r[i, j] = r[j, i] = correlation(c)[0, 1]
    return r, n
