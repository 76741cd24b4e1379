"""Least-squares curves over one variable, with bands: what ``lfit``, ``lfitci``, ``qfit``, ``qfitci`` draw."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A fitted curve at ``x``, shape (m,); ``lower`` and ``upper`` are None where nothing is left to judge by,
    otherwise they are by ``df`` degrees of freedom."""

    x: FloatArray
    y: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    df: float = nan


def polynomial(
    x: FloatArray,
    y: FloatArray,
    degree: int,
    at: FloatArray,
    *,
    weights: FloatArray | None = None,
    counts: bool = False,
    level: float | None = None,
    forecast: bool = False,
) -> Curve | None:
    """The polynomial of a degree fitted to finite `x` and `y` of shape (n,), evaluated at the places `at`.

    With `level` a band of that many percent: of the mean, ŷ ± t √(s² v), or with `forecast` of a new value,
    ŷ ± t √(s² (1 + v)), v = t(x)'(T'WT)⁻¹t(x), on n − k degrees of freedom (Draper and Smith 1998, §8.1).
    `weights` are analytic (scaled to sum to n) or, with `counts`, numbers of copies. Terms that the distinct
    values of x do not determine are left out; None where that leaves no slope.
    """
    if weights is not None:
        used = weights > 0
        x, y, weights = x[used], y[used], weights[used]
    distinct = len(np.unique(x))
    degree = min(degree, distinct - 1)
    if degree < 1:
        return None
    n = float(len(x))
    w = np.ones_like(x)
    if weights is not None:
        w = weights if counts else weights * (n / weights.sum())
        n = float(weights.sum()) if counts else n
    # on [-1, 1] the columns are far from collinear whatever the unit of x
    middle, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 2
    root = np.sqrt(w)
    q, r = np.linalg.qr(_powers((x - middle) / half, degree) * root[:, None])
    coefficients = np.linalg.solve(r, q.T @ (root * y))
    design = _powers((at - middle) / half, degree)
    fitted = design @ coefficients
    df = n - degree - 1
    if level is None or df <= 0:
        return Curve(at, fitted)
    from scipy.special import stdtrit

    rest = y - _powers((x - middle) / half, degree) @ coefficients
    s2 = float((w * rest**2).sum()) / df
    v = (np.linalg.solve(r.T, design.T) ** 2).sum(axis=0)
    reach = stdtrit(df, 0.5 + level / 200) * np.sqrt(s2 * (v + forecast))
    return Curve(at, fitted, fitted - reach, fitted + reach, df)


def _powers(t: FloatArray, degree: int) -> FloatArray:
    return np.vander(t, degree + 1, increasing=True)
