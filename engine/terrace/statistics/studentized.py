"""The studentised range: the distribution of the range of k means over an independent standard deviation.

P(Q < q) = ∫ f(s) W(qs) ds with s² ~ χ²(ν)/ν and W(w) = k ∫ φ(z) [Φ(z) - Φ(z - w)]^(k-1) dz (Copenhaver & Holland 1988).
Both integrals by Gauss and Legendre's rule on fixed nodes, a thousandth of the time of general quadrature, which
matters where every comparison has degrees of freedom of its own.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

FloatArray = npt.NDArray[np.float64]

_REACH = 8.5
"""Beyond so many standard deviations the normal density counts for nothing."""

_TAIL = 1e-15


@cache
def _nodes(count: int) -> tuple[FloatArray, FloatArray]:
    x, w = np.polynomial.legendre.leggauss(count)
    return x, w


def _range_upper(w: FloatArray, k: int) -> FloatArray:
    """P(range of k standard normals > w), shape of w."""
    x, weight = _nodes(160)
    z = _REACH * x
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * weight * _REACH
    inside = special.ndtr(z) - special.ndtr(z - w[..., None])
    return np.asarray(np.clip(1.0 - k * (inside ** (k - 1)) @ density, 0.0, 1.0))


def range_upper(q: float, k: int, df: float = math.inf) -> float:
    """P(Q > q) for k means and `df` degrees of freedom."""
    if not q > 0:
        return 1.0
    if math.isinf(df) or df > 1e7:
        return float(_range_upper(np.array([q]), k)[0])
    low, high = (math.sqrt(float(special.chdtri(df, p)) / df) for p in (1.0 - _TAIL, _TAIL))
    x, weight = _nodes(128)
    # with few degrees of freedom the density has a corner at 0, which powers of the nodes smooth
    power = 4 if df < 6.0 else 1
    u = 0.5 * (x + 1.0)
    s = low + (high - low) * u**power
    step = 0.5 * (high - low) * power * u ** (power - 1) * weight
    constant = math.log(2.0) + 0.5 * df * math.log(0.5 * df) - math.lgamma(0.5 * df)
    log_density = constant + (df - 1.0) * np.log(s) - 0.5 * df * s * s
    density = np.exp(log_density) * step
    return min(max(float(density @ _range_upper(q * s, k)), 0.0), 1.0)


def range_quantile(p: float, k: int, df: float = math.inf) -> float:
    """The q with P(Q > q) = `p`."""
    high = 8.0
    while range_upper(high, k, df) > p:
        high *= 2.0
        if high > 1e8:
            return math.inf
    return float(optimize.brentq(lambda q: range_upper(q, k, df) - p, 0.0, high, xtol=1e-10, rtol=1e-12))
