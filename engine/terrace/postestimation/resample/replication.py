"""Standard errors, bias and intervals from replicates (Efron & Tibshirani 1993)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.statistics.distributions import confidence_quantile, normal_quantile

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Replicated:
    """Numbers by statistic, each of shape (k,); ``vcov`` (k, k). ``used`` counts the replicates that are complete.

    ``percentile`` and ``corrected`` (bias-corrected) are intervals (k, 2), NaN for the jackknife.
    """

    observed: FloatArray
    bias: FloatArray
    vcov: FloatArray
    percentile: FloatArray
    corrected: FloatArray
    used: int

    @property
    def se(self) -> FloatArray:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.vcov))


def bootstrap(observed: FloatArray, replicates: FloatArray, level: float, *, mse: bool = False) -> Replicated:
    """From bootstrap replicates (r, k), rows with a missing value left out; nothing about what was not observed (NaN).

    The covariance has denominator r - 1 about the replicates' mean, or with `mse` r about the observed values.
    Percentile and bias-corrected intervals: Efron & Tibshirani 1993, eqs. 13.5 and 14.10 with a = 0.
    """
    known = ~np.isnan(observed)
    if not known.all():
        return _among(known, bootstrap(observed[known], replicates[:, known], level, mse=mse))
    good = replicates[~np.isnan(replicates).any(axis=1)]
    r, k = good.shape
    if r < 2:
        nothing = np.full(k, np.nan)
        return Replicated(observed, nothing, np.full((k, k), np.nan), _none(k), _none(k), r)
    mean = good.mean(axis=0)
    d = good - (observed if mse else mean)
    vcov = d.T @ d / (r if mse else r - 1)
    tail = (1 - level / 100) / 2
    corrected = np.full((k, 2), np.nan)
    for j in range(k):
        below = (np.sum(good[:, j] < observed[j]) + 0.5 * np.sum(good[:, j] == observed[j])) / r
        if 0 < below < 1:
            z0 = normal_quantile(float(below))
            z = confidence_quantile(level)
            corrected[j] = np.quantile(good[:, j], [_phi(2 * z0 - z), _phi(2 * z0 + z)])
    percentile = np.quantile(good, [tail, 1 - tail], axis=0).T
    return Replicated(observed, mean - observed, vcov, percentile, corrected, r)


def jackknife(observed: FloatArray, replicates: FloatArray, *, mse: bool = False) -> Replicated:
    """From estimates that leave one unit out, (n, k): (n-1)/n Σ(θ_i - θ̄)(θ_i - θ̄)', bias (n-1)(θ̄ - θ); nothing about
    what was not observed (NaN)."""
    known = ~np.isnan(observed)
    if not known.all():
        return _among(known, jackknife(observed[known], replicates[:, known], mse=mse))
    good = replicates[~np.isnan(replicates).any(axis=1)]
    n, k = good.shape
    if n < 2:
        nothing = np.full(k, np.nan)
        return Replicated(observed, nothing, np.full((k, k), np.nan), _none(k), _none(k), n)
    mean = good.mean(axis=0)
    d = good - (observed if mse else mean)
    return Replicated(observed, (n - 1) * (mean - observed), (n - 1) / n * d.T @ d, _none(k), _none(k), n)


def _among(known: npt.NDArray[np.bool_], found: Replicated) -> Replicated:
    """Numbers of the known statistics among all, NaN elsewhere."""
    k = len(known)
    observed, bias, percentile, corrected = (
        np.full((k, *part.shape[1:]), np.nan)
        for part in (found.observed, found.bias, found.percentile, found.corrected)
    )
    observed[known], bias[known] = found.observed, found.bias
    percentile[known], corrected[known] = found.percentile, found.corrected
    vcov = np.full((k, k), np.nan)
    vcov[np.ix_(known, known)] = found.vcov
    return Replicated(observed, bias, vcov, percentile, corrected, found.used)


def _none(k: int) -> FloatArray:
    return np.full((k, 2), np.nan)


def _phi(z: float) -> float:
    from math import erfc, sqrt

    return 0.5 * erfc(-z / sqrt(2))
