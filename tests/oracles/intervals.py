"""The interval that belongs to an estimate and its standard error, by the kind of parameter.

Variances and SDs on the log scale; covariances symmetric; correlations on the hyperbolic-arctangent scale;
the exponential structure's correlation on the logit scale; AR(p >= 2) and MA coefficients symmetric.
"""

from __future__ import annotations

import numpy as np
from scipy import stats


def interval(kind: str, estimate: float, se: float, level: float = 95.0) -> tuple[float, float]:
    """(lower, upper) for a kind of `structures.Block`, or ``corr``."""
    z = stats.norm.ppf(0.5 + level / 200)
    if kind in ("var", "sd"):
        width = np.exp(z * se / estimate)
        return estimate / width, estimate * width
    if kind in ("rho", "corr"):
        middle, width = np.arctanh(estimate), z * se / (1 - estimate**2)
        return float(np.tanh(middle - width)), float(np.tanh(middle + width))
    if kind == "rho01":
        middle, width = np.log(estimate / (1 - estimate)), z * se / (estimate * (1 - estimate))
        return float(1 / (1 + np.exp(width - middle))), float(1 / (1 + np.exp(-width - middle)))
    return estimate - z * se, estimate + z * se
