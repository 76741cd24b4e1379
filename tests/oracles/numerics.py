"""Derivatives by Richardson extrapolation of central differences (Richardson 1911), to about nine digits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np


def _extrapolate(values: list[np.ndarray]) -> np.ndarray:
    """Limit of a sequence whose error runs in even powers of a step that is halved each time."""
    table = [np.asarray(v, float) for v in values]
    for level in range(1, len(values)):
        factor = 4.0**level
        table = [(factor * b - a) / (factor - 1) for a, b in pairwise(table)]
    return table[0]


def jacobian(f: Callable, x: np.ndarray, step: float = 0.02, levels: int = 4) -> np.ndarray:
    """Derivatives of f (any shape) along a last axis of length len(x); the step is in units of max(|x|, 1)
    times `step`, or of |x| where `step` is negative."""
    x = np.asarray(x, float)
    out = []
    for i in range(len(x)):
        unit = np.zeros(len(x))
        unit[i] = 1.0
        width = abs(step) * (abs(x[i]) if step < 0 else max(1.0, abs(x[i])))
        halves = [width / 2**k for k in range(levels)]
        out.append(
            _extrapolate(
                [(np.asarray(f(x + h * unit)) - np.asarray(f(x - h * unit))) / (2 * h) for h in halves]
            )
        )
    return np.stack(out, axis=-1)


def hessian(f: Callable, x: np.ndarray, step: float = 0.01, levels: int = 3) -> np.ndarray:
    """Second derivatives of a scalar f, shape (k, k).

    The step must stay well inside the region where f is smooth: bands and Toeplitz correlations stand close
    to the edge of the positive definite matrices.
    """
    x = np.asarray(x, float)
    k = len(x)
    here = f(x)
    out = np.zeros((k, k))
    unit = np.eye(k)
    for i in range(k):
        for j in range(i + 1):
            estimates = []
            for level in range(levels):
                h = step / 2**level
                a, b = h * unit[i], h * unit[j]
                if i == j:
                    estimates.append((f(x + a) - 2 * here + f(x - a)) / h**2)
                else:
                    mixed = f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)
                    estimates.append(mixed / (4 * h * h))
            out[i, j] = out[j, i] = _extrapolate(estimates)
    return out
