"""Smooth curves from data: kernel densities and locally weighted regression."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def _inside(z: FloatArray, reach: float, values: FloatArray) -> FloatArray:
    return np.where(np.abs(z) < reach, values, 0.0)


KERNELS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "epanechnikov": lambda z: _inside(z, sqrt(5), 0.75 * (1 - z * z / 5) / sqrt(5)),
    "epan2": lambda z: _inside(z, 1, 0.75 * (1 - z * z)),
    "biweight": lambda z: _inside(z, 1, 15 / 16 * (1 - z * z) ** 2),
    "cosine": lambda z: _inside(z, 0.5, 1 + np.cos(2 * pi * z)),
    "gaussian": lambda z: np.exp(-0.5 * z * z) / sqrt(2 * pi),
    "parzen": lambda z: np.where(
        np.abs(z) <= 0.5,
        4 / 3 - 8 * z * z + 8 * np.abs(z) ** 3,
        _inside(z, 1, 8 / 3 * np.maximum(1 - np.abs(z), 0) ** 3),
    ),
    "rectangle": lambda z: _inside(z, 1, np.full_like(z, 0.5)),
    "triangle": lambda z: _inside(z, 1, 1 - np.abs(z)),
}
"""Kernels by name; each integrates to 1 (Silverman 1986, table 3.1)."""


def usual_bandwidth(x: FloatArray, weights: FloatArray | None = None) -> float:
    """0.9 min(s, IQR/1.349) n^(−1/5) (Silverman 1986, eq. 3.31); 0 for a constant."""
    n = float(len(x) if weights is None else weights.sum())
    if n < 2:
        return 0.0
    mean = np.average(x, weights=weights)
    sd = sqrt(float(np.average((x - mean) ** 2, weights=weights)) * n / (n - 1))
    if weights is None:
        low, high = np.quantile(x, [0.25, 0.75], method="averaged_inverted_cdf")
    else:
        copies = np.repeat(x, np.maximum(weights.astype(np.int64), 0)) if n < 5e6 else x
        low, high = np.quantile(copies, [0.25, 0.75], method="averaged_inverted_cdf")
    spread = min(sd, (high - low) / 1.349) if high > low else sd
    return float(0.9 * spread / n**0.2)


def density(
    x: FloatArray, at: FloatArray, width: float, kernel: str = "epanechnikov", weights: FloatArray | None = None
) -> FloatArray:
    """The kernel density of finite `x`, shape (n,), at the places `at`, shape (m,).

    Beyond 20,000 values they are counted in cells a hundredth of the bandwidth wide, which no eye can tell.
    """
    w = np.ones(len(x)) if weights is None else weights
    if len(x) > 20_000:
        cell = width / 100
        place = np.floor((x - x.min()) / cell).astype(np.int64)
        used, inverse = np.unique(place, return_inverse=True)
        w = np.asarray(np.bincount(inverse, weights=w), dtype=np.float64)
        x = np.asarray(x.min() + (used + 0.5) * cell, dtype=np.float64)
    of = KERNELS[kernel]
    out = np.empty(len(at))
    step = max(1, 4_000_000 // max(1, len(x)))
    for i in range(0, len(at), step):
        out[i : i + step] = of((at[i : i + step, None] - x) / width) @ w
    heights: FloatArray = out / (w.sum() * width)
    return heights


def lowess(x: FloatArray, y: FloatArray, share: float = 0.8, most: int | None = None) -> tuple[FloatArray, FloatArray]:
    """Locally weighted linear regression of y on x, shape (n,): distinct places of x in order, and the curve there.

    Around the i-th of the sorted values the k = ⌊(n·share − ½)/2⌋ neighbours on each side (fewer at the ends) count
    with tricube weights of their distance to it over 1.0001 times the farthest (Cleveland 1979, without his
    robustness steps, which is what Stata's lowess draws). With `most` the curve is worked out at about so many of the
    places only.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    n = len(x)
    k = int((n * share - 0.5) / 2)
    first = np.flatnonzero(np.r_[True, x[1:] > x[:-1]])
    last = np.r_[first[1:], n] - 1
    chosen = np.arange(len(first))
    if most is not None and len(first) > most:
        chosen = np.unique(np.linspace(0, len(first) - 1, most).round().astype(np.int64))
    out = np.empty(len(chosen))
    for at, c in enumerate(chosen):
        i = (first[c] + last[c]) // 2
        low, high = max(0, i - k), min(n - 1, i + k)
        d = x[low : high + 1] - x[i]
        reach = 1.0001 * max(-d[0], d[-1])
        if reach <= 0:
            out[at] = y[low : high + 1].mean()
            continue
        w = (1 - np.minimum(np.abs(d) / reach, 1.0) ** 3) ** 3
        own = y[low : high + 1]
        total = w.sum()
        middle, mean = w @ d / total, w @ own / total
        squares = w @ (d - middle) ** 2
        slope = w @ ((d - middle) * (own - mean)) / squares if squares > 1e-12 * reach**2 * total else 0.0
        out[at] = mean - slope * middle
    return x[first[chosen]], out
