"""A plain maximiser for small problems: quasi-Newton on the free metric, then Newton steps to the end."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from .dense import Dense
from .numerics import hessian, jacobian


def start(dense: Dense) -> np.ndarray:
    """A rough interior point: half the residual variance of least squares left in the error, small rest."""
    beta = np.linalg.lstsq(dense.x, dense.y, rcond=None)[0]
    s2 = float(np.var(dense.y - dense.x @ beta))
    out = []
    for i, block in enumerate(dense.blocks):
        scale = 0.5
        if i < len(dense.z):
            scale = 0.5 / len(dense.z) / max(1e-12, float(np.mean(dense.z[i] ** 2)))
        for kind, pair in zip(block.kinds, block.pairs):
            if kind == "var":
                out.append(s2 * scale)
            elif kind == "rho01":
                out.append(0.5)
            elif kind == "rho" and len(block.names) == 2:
                out.append(0.3)
            else:
                out.append(0.05 if kind in ("rho", "phi", "theta") and pair is None else 0.0)
    return np.array(out)


def maximise(dense: Dense, natural: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """(natural parameters, log likelihood) at an interior maximum."""
    free = dense.free(start(dense) if natural is None else natural)

    def lost(v: np.ndarray) -> float:
        value = -dense.ll_free(v)
        return value if np.isfinite(value) else 1e10

    free = optimize.minimize(lost, free, method="BFGS", options={"gtol": 1e-6, "maxiter": 500}).x
    for _ in range(4):
        slope = jacobian(dense.ll_free, free, step=0.002)
        step = np.linalg.solve(-hessian(dense.ll_free, free, step=0.02), slope)
        if dense.ll_free(free + step) < dense.ll_free(free) - 1e-10:
            break
        free = free + step
        if np.abs(step).max() < 1e-9:
            break
    return dense.natural(free), dense.ll_free(free)
