"""Tests of means from plain values: t tests and one-way analysis of variance with the intraclass correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.statistics.distributions import chi2_upper, t_two_sided

FloatArray = npt.NDArray[np.float64]


Variances = Literal["equal", "unequal", "welch"]


@dataclass(frozen=True, slots=True)
class TTest:
    """``estimate`` is the mean or difference without the hypothesised value; ``p_lower`` is P(T < t)."""

    estimate: float
    se: float
    t: float
    df: float
    p: float
    p_lower: float


def one_sample(x: FloatArray, value: float) -> TTest:
    """Student's test that the mean of `x`, shape (n,), is `value`."""
    n = len(x)
    mean = float(x.mean()) if n else float("nan")
    se = float(x.std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    return _test(mean, float(se), mean - value, n - 1)


def two_samples(a: FloatArray, b: FloatArray, variances: Variances) -> TTest:
    """The test that two means are equal.

    Degrees of freedom with unequal variances by Satterthwaite (1946), or with ``welch`` by Welch (1947): over n + 1
    and less 2.
    """
    n, m = len(a), len(b)
    if n < 2 or m < 2:
        nan = float("nan")
        return TTest(nan, nan, nan, nan, nan, nan)
    va, vb = float(a.var(ddof=1)), float(b.var(ddof=1))
    if variances == "equal":
        df = float(n + m - 2)
        se = np.sqrt(((n - 1) * va + (m - 1) * vb) / df * (1 / n + 1 / m))
    else:
        pa, pb = va / n, vb / m
        se = np.sqrt(pa + pb)
        plus = 1 if variances == "welch" else -1
        with np.errstate(invalid="ignore", divide="ignore"):
            df = float((pa + pb) ** 2 / (pa**2 / (n + plus) + pb**2 / (m + plus))) - (2 if plus == 1 else 0)
    difference = float(a.mean() - b.mean())
    return _test(difference, float(se), difference, df)


def _test(estimate: float, se: float, distance: float, df: float) -> TTest:
    t = distance / se if se > 0 else float("nan")
    p = t_two_sided(t, df) if df > 0 and t == t else float("nan")  # NaN is not equal to itself  # noqa: PLR0124
    return TTest(estimate, se, t, float(df), p, p / 2 if t < 0 else 1 - p / 2)


@dataclass(frozen=True, slots=True)
class Intraclass:
    """ρ = (MSB − MSW)/(MSB + (g − 1) MSW) with the mean size g; ``reliability`` is that of a mean of g rows."""

    rho: float
    se: float
    size: float
    sd_between: float
    sd_within: float
    reliability: float


@dataclass(frozen=True)
class Anova:
    """Sums of squares between and within k groups of sizes, means and SDs of shape (k,); Bartlett's chi2, df and p."""

    n: int
    mean: float
    ss_between: float
    ss_within: float
    sizes: FloatArray
    means: FloatArray
    sds: FloatArray
    bartlett: tuple[float, int, float] | None

    @property
    def df_between(self) -> int:
        """k − 1"""
        return len(self.sizes) - 1

    @property
    def df_within(self) -> int:
        """n − k"""
        return self.n - len(self.sizes)

    @property
    def ms_between(self) -> float:
        """Mean square between groups."""
        return self.ss_between / self.df_between

    @property
    def ms_within(self) -> float:
        """Mean square within groups; NaN without degrees of freedom."""
        return self.ss_within / self.df_within if self.df_within > 0 else float("nan")

    @property
    def ss_total(self) -> float:
        """Sum of squares around the mean."""
        return self.ss_between + self.ss_within

    @property
    def f(self) -> float:
        """The F statistic of equal means."""
        return self.ms_between / self.ms_within if self.ms_within > 0 else float("nan")

    @property
    def icc(self) -> Intraclass:
        """The intraclass correlation, truncated at 0, with the standard error of Smith (1956)."""
        n, k, sizes = float(self.n), len(self.sizes), self.sizes
        squares = float((sizes**2).sum())
        g = (n - squares / n) / (k - 1)
        between, within = self.ms_between, self.ms_within
        rho = max(0.0, (between - within) / (between + (g - 1) * within))
        a = (1 + rho * (g - 1)) ** 2 / (n - k)
        b = (k - 1) * (1 - rho) * (1 + rho * (2 * g - 1))
        c = rho**2 * (squares - 2 * float((sizes**3).sum()) / n + squares**2 / n**2)
        se = np.sqrt(2 * (1 - rho) ** 2 / g**2 * (a + (b + c) / (k - 1) ** 2))
        between_sd = np.sqrt(max(0.0, (between - within) / g))
        return Intraclass(rho, float(se), g, float(between_sd), float(np.sqrt(within)), g * rho / (1 + (g - 1) * rho))


def anova(x: FloatArray, codes: npt.NDArray[np.int64], groups: int) -> Anova:
    """One-way analysis of variance of x, shape (n,), in groups numbered 0 ... groups − 1, each with a row or more."""
    sizes = np.bincount(codes, minlength=groups).astype(np.float64)
    shift = float(x[0])
    d = x - shift
    means = np.bincount(codes, weights=d, minlength=groups) / sizes
    mean = float(d.mean())
    within = np.bincount(codes, weights=(d - means[codes]) ** 2, minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        variances = np.where(sizes > 1, within / (sizes - 1), np.nan)
    between = float(sizes @ (means - mean) ** 2)
    return Anova(
        len(x), mean + shift, between, float(within.sum()), sizes, means + shift, np.sqrt(variances),
        _bartlett(sizes, variances),
    )  # fmt: skip


def _bartlett(sizes: FloatArray, variances: FloatArray) -> tuple[float, int, float] | None:
    """Bartlett's (1937) test of equal variances over groups of two rows or more; None where one has no variance."""
    used = sizes > 1
    n, v = sizes[used] - 1, variances[used]
    if used.sum() < 2 or not np.all(v > 0):
        return None
    total, k = n.sum(), len(n)
    pooled = n @ v / total
    factor = 1 + ((1 / n).sum() - 1 / total) / (3 * (k - 1))
    chi2 = float((total * np.log(pooled) - n @ np.log(v)) / factor)
    return chi2, k - 1, chi2_upper(chi2, k - 1)
