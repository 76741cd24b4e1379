"""Tests that use ranks or exact counts: Spearman, Wilcoxon-Mann-Whitney, Kruskal-Wallis, Fisher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.statistics.distributions import chi2_upper, normal_two_sided, t_two_sided

FloatArray = npt.NDArray[np.float64]


def ranks(x: FloatArray) -> FloatArray:
    """Ranks from 1, ties sharing their mean; shape (n,)."""
    return np.asarray(pd.Series(x).rank(), dtype=np.float64)


def spearman(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Spearman's ρ and its p value by Student's t on n − 2 degrees of freedom; NaN where a variable is constant."""
    a, b = ranks(x), ranks(y)
    n = len(a)
    if n < 3 or not a.std() > 0 or not b.std() > 0:
        return float("nan"), float("nan")
    rho = float(np.corrcoef(a, b)[0, 1])
    room = 1 - rho * rho
    return rho, 0.0 if room <= 0 else t_two_sided(rho * np.sqrt((n - 2) / room), n - 2)


@dataclass(frozen=True, slots=True)
class RankSums:
    """Sizes, rank sums and expected rank sums of the groups; the statistic (z or χ²), its df and p value."""

    sizes: FloatArray
    sums: FloatArray
    expected: FloatArray
    statistic: float
    df: int
    p: float


def rank_sum(x: FloatArray, codes: npt.NDArray[np.int64]) -> RankSums:
    """Wilcoxon's (1945) rank-sum test of two groups (codes 0 and 1) by the normal distribution.

    The variance is n₁n₂s²/n with s² that of the ranks, which allows for ties.
    """
    r = ranks(x)
    n = len(r)
    sizes = np.bincount(codes, minlength=2).astype(np.float64)
    sums = np.bincount(codes, weights=r, minlength=2).astype(np.float64)
    expected = sizes * (n + 1) / 2
    variance = sizes[0] * sizes[1] * float(r.var(ddof=1)) / n
    z = float((sums[0] - expected[0]) / np.sqrt(variance)) if variance > 0 else float("nan")
    return RankSums(sizes, sums, expected, z, 1, normal_two_sided(z))


def kruskal_wallis(x: FloatArray, codes: npt.NDArray[np.int64], groups: int) -> RankSums:
    """The test of Kruskal and Wallis (1952) with their correction for ties."""
    r = ranks(x)
    n = len(r)
    sizes = np.bincount(codes, minlength=groups).astype(np.float64)
    sums = np.bincount(codes, weights=r, minlength=groups).astype(np.float64)
    expected = sizes * (n + 1) / 2
    between = float((sums**2 / sizes).sum()) - n * (n + 1) ** 2 / 4
    variance = float(r.var(ddof=1))
    h = between / variance if variance > 0 else float("nan")
    return RankSums(sizes, sums, expected, h, groups - 1, chi2_upper(h, groups - 1))


def fisher_exact(table: FloatArray) -> tuple[float, float]:
    """Fisher's exact test of a 2 by 2 table of counts: the two-sided p value and the smaller one-sided one.

    Two-sided: the tables that are no more probable than the one found, given its margins (Fisher 1935; Agresti
    2002, §3.5.1).
    """
    from scipy.special import gammaln

    a, b, c, d = (float(v) for v in table.ravel())
    row, column, n = a + b, a + c, a + b + c + d

    def log_choose(m: FloatArray | float, k: FloatArray) -> FloatArray:
        return np.asarray(gammaln(m + 1.0) - gammaln(k + 1) - gammaln(m - k + 1))

    k = np.arange(max(0.0, row + column - n), min(row, column) + 1)
    log_p = log_choose(column, k) + log_choose(n - column, row - k)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    own = p[int(a - k[0])]
    both = float(p[p <= own * (1 + 1e-7)].sum())
    one = min(float(p[k <= a].sum()), float(p[k >= a].sum()))
    return min(1.0, both), min(1.0, one)
