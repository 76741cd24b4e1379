"""p-values and intervals adjusted for several comparisons at once.

Bonferroni; Šidák (1967); Holm (1979); Scheffé (1953): F on (rank, df); Tukey (1949) and Kramer (1956):
the studentised range.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError

FloatArray = npt.NDArray[np.float64]

METHODS = {
    "none": "none",
    "bonferroni": "Bonferroni",
    "sidak": "Šidák",
    "holm": "Holm",
    "scheffe": "Scheffé",
    "tukey": "Tukey",
}


def adjusted_p(
    method: str,
    p: FloatArray,
    *,
    stat: FloatArray | None = None,
    rank: int = 1,
    means: int = 2,
    df: FloatArray | None = None,
) -> FloatArray:
    """Adjusted p-values, shape (k,); NaN stays and does not count as a comparison.

    Parameters
    ----------
    stat
        z or t of each comparison: for scheffe and tukey.
    rank
        Dimension of the space that the comparisons span (scheffe).
    means
        Number of means compared (tukey).
    df
        Degrees of freedom of each comparison; None for z.
    """
    if method not in METHODS:
        raise SpecError(
            f"{method} is not a method for multiple comparisons.",
            code="mcompare",
            subject="mcompare",
            advice="Choose none, bonferroni, sidak, scheffe, tukey or holm.",
        )
    out = np.array(p, dtype=np.float64)
    known = np.isfinite(out)
    k = int(known.sum())
    if method == "none" or k == 0:
        return out
    if method == "bonferroni":
        out[known] = np.minimum(out[known] * k, 1.0)
    elif method == "sidak":
        out[known] = -np.expm1(k * np.log1p(-np.minimum(out[known], 1 - 1e-16)))
    elif method == "holm":
        values = out[known]
        order = np.argsort(values, kind="stable")
        stepped = np.maximum.accumulate(values[order] * (k - np.arange(k)))
        back = np.empty(k)
        back[order] = np.minimum(stepped, 1.0)
        out[known] = back
    else:
        assert stat is not None
        for i in np.flatnonzero(known):
            own = math.inf if df is None or not np.isfinite(df[i]) else float(df[i])
            out[i] = _scheffe(float(stat[i]), rank, own) if method == "scheffe" else _tukey(float(stat[i]), means, own)
    return out


def _scheffe(stat: float, rank: int, df: float) -> float:
    from terrace.statistics.distributions import f_upper

    return f_upper(stat * stat / rank, rank, df)


def _tukey(stat: float, means: int, df: float) -> float:
    from terrace.statistics.studentized import range_upper

    return range_upper(abs(stat) * math.sqrt(2.0), means, df)


def critical(method: str, level: float, *, comparisons: int, rank: int, means: int, df: float | None) -> float | None:
    """The multiplier of a standard error for simultaneous intervals; None for holm, which has none."""
    from terrace.statistics.distributions import confidence_quantile

    alpha = 1.0 - level / 100.0
    own = math.inf if df is None else df
    if method == "none":
        return confidence_quantile(level, df)
    if method == "bonferroni":
        return confidence_quantile(100.0 * (1.0 - alpha / comparisons), df)
    if method == "sidak":
        return confidence_quantile(100.0 * (1.0 - alpha) ** (1.0 / comparisons), df)
    if method == "scheffe":
        from scipy import special

        f = special.chdtri(rank, alpha) / rank if math.isinf(own) else special.fdtri(rank, own, 1.0 - alpha)
        return math.sqrt(rank * float(f))
    if method == "tukey":
        from terrace.statistics.studentized import range_quantile

        return range_quantile(alpha, means, own) / math.sqrt(2.0)
    return None
