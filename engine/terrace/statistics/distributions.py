"""The few distribution functions that inference needs, without the weight of scipy.stats.

Arguments and results are scalars; NaN passes through. Sources: the incomplete gamma and beta functions of
scipy.special. What the standard library has is taken from there, since scipy.special takes a tenth of the time in which
the program starts: a model with large-sample tests of one degree of freedom does without it.
"""

from __future__ import annotations

import math

# Above this df + t² is df to the last digit, so that a ratio of them would say 1 whatever t is.
_AS_GOOD_AS_INFINITE = 1e10


def normal_quantile(p: float) -> float:
    """z with Φ(z) = p."""
    from statistics import NormalDist  # Wichura's AS 241, to the last digits

    if 0.0 < p < 1.0:
        return NormalDist().inv_cdf(p)
    return {0.0: -math.inf, 1.0: math.inf}.get(p, math.nan)


def t_quantile(p: float, df: float) -> float:
    """The p quantile of Student's t; the normal one for infinite df."""
    if math.isinf(df):
        return normal_quantile(p)
    from scipy import special

    return float(special.stdtrit(df, p))


def normal_two_sided(z: float) -> float:
    """P(|Z| > |z|)."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def t_two_sided(t: float, df: float) -> float:
    """P(|T| > |t|) for Student's t."""
    if df > _AS_GOOD_AS_INFINITE:
        return normal_two_sided(t)
    from scipy import special

    return float(special.betainc(df / 2.0, 0.5, df / (df + t * t)))


def chi2_upper(x: float, df: float) -> float:
    """P(χ²_df > x)."""
    if df == 1:
        return math.erfc(math.sqrt(max(x, 0.0) / 2.0))
    if not df > 0:
        return math.nan
    from scipy import special

    return float(special.gammaincc(df / 2.0, max(x, 0.0) / 2.0))


def f_upper(x: float, df1: float, df2: float) -> float:
    """P(F_{df1, df2} > x); χ²/df1 for infinite df2."""
    if df2 > _AS_GOOD_AS_INFINITE:
        return chi2_upper(x * df1, df1)
    from scipy import special

    return float(special.betainc(df2 / 2.0, df1 / 2.0, df2 / (df2 + df1 * max(x, 0.0))))


def confidence_quantile(level: float, df: float | None = None) -> float:
    """The multiplier of a standard error for a two-sided interval of `level` percent."""
    p = 0.5 + level / 200.0
    return normal_quantile(p) if df is None else t_quantile(p, df)
