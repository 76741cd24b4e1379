"""Rubin's rules: one estimate from those of several imputations (Rubin 1987, sec. 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.statistics.distributions import f_upper, t_quantile, t_two_sided

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """Pooled estimates (k,), total covariance (k, k), and what the imputations cost.

    ``rvi`` is the relative increase in variance, ``fmi`` the fraction of missing information, ``df`` the degrees of
    freedom of t; each of shape (k,). ``within`` and ``between`` are the covariances inside and between imputations.
    """

    estimate: FloatArray
    vcov: FloatArray
    within: FloatArray
    between: FloatArray
    df: FloatArray
    rvi: FloatArray
    fmi: FloatArray
    m: int

    @property
    def se(self) -> FloatArray:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.vcov))

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Bounds at `level` percent, each of shape (k,)."""
        half = np.array([t_quantile(0.5 + level / 200, float(d)) for d in self.df]) * self.se
        return self.estimate - half, self.estimate + half

    def p(self) -> FloatArray:
        """Two-sided p values that each is zero, shape (k,)."""
        return np.array([t_two_sided(float(e / s), float(d)) if s > 0 else np.nan
                         for e, s, d in zip(self.estimate, self.se, self.df)])  # fmt: skip


def pool(estimates: FloatArray, vcovs: FloatArray, complete_df: float | None = None) -> Pooled:
    """Combine estimates (M, k) with their covariances (M, k, k).

    T = Ū + (1 + 1/M)B; df (M - 1)(1 + 1/r)². With the degrees of freedom of complete data, those of Barnard & Rubin
    1999 (eq. 3). Raises `ValueError` for fewer than two imputations.
    """
    m = len(estimates)
    if m < 2:
        raise ValueError("Rubin's rules need at least two imputations")
    mean = estimates.mean(axis=0)
    d = estimates - mean
    between = d.T @ d / (m - 1)
    within = vcovs.mean(axis=0)
    total = within + (1 + 1 / m) * between
    u, b, t = np.diag(within), np.diag(between), np.diag(total)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (1 + 1 / m) * b / u
        df = np.where(r > 0, (m - 1) * (1 + 1 / r) ** 2, np.inf)
        if complete_df is not None:
            share = np.where(t > 0, (1 + 1 / m) * b / t, 0.0)
            observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
            df = 1 / (1 / df + 1 / observed)
        fmi = np.where(np.isinf(df), 0.0, (r + 2 / (df + 3)) / (r + 1))
    return Pooled(mean, total, within, between, df, r, fmi, m)


@dataclass(frozen=True, slots=True)
class ModelTest:
    """An F test with its degrees of freedom; ``rvi`` is the average relative increase in variance."""

    f: float
    df1: int
    df2: float
    p: float
    rvi: float


def joint_test(pooled: Pooled, keep: npt.NDArray[np.bool_]) -> ModelTest | None:
    """The test that all coefficients to keep are zero, as if each lost the same share of information.

    Li, Raghunathan & Rubin 1991 (D₁ with their denominator degrees of freedom). None where nothing is tested.
    """
    at = np.flatnonzero(keep)
    k = len(at)
    if not k:
        return None
    inside = pooled.within[np.ix_(at, at)]
    q = pooled.estimate[at]
    m = pooled.m
    r = float((1 + 1 / m) * np.trace(np.linalg.solve(inside, pooled.between[np.ix_(at, at)])) / k)
    f = float(q @ np.linalg.solve(inside, q) / (k * (1 + r)))
    t = k * (m - 1)
    if r <= 0:
        df2 = np.inf
    elif t > 4:
        df2 = 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
    else:
        df2 = t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2
    return ModelTest(f, k, float(df2), f_upper(f, k, float(df2)), r)
