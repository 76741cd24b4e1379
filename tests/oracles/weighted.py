"""Sampling weights and robust variances, from the definition of the pseudolikelihood.

The integral over the random intercept (manual of `mixed`, eq. 14; Rabe-Hesketh and Skrondal 2006) is done by
quadrature, observation by observation; no closed form of the normal distribution is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from .dense import Dense
from .numerics import hessian, jacobian

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def scale(
    kind: str, inner: np.ndarray, outer: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(observation weights, group weights, both by row) after pwscale(kind)."""
    inner, outer = inner.astype(float).copy(), outer.astype(float).copy()
    for g in np.unique(codes):
        rows = codes == g
        w = inner[rows]
        if kind == "size":
            inner[rows] = w * len(w) / w.sum()
        elif kind == "effective":
            inner[rows] = w * w.sum() / (w**2).sum()
        elif kind == "gk":
            outer[rows] = np.mean(w * outer[rows])
            inner[rows] = 1.0
    return inner, outer


def group_logs(
    y: np.ndarray, x: np.ndarray, codes: np.ndarray, inner: np.ndarray, parameters: np.ndarray
) -> np.ndarray:
    """Log pseudolikelihood of every group without its weight; parameters (beta, log sd_u, log sd_e)."""
    p = x.shape[1]
    beta, sd_u, sd_e = parameters[:p], np.exp(parameters[p]), np.exp(parameters[p + 1])
    out = []
    for g in np.unique(codes):
        rows = codes == g
        r, w = y[rows] - x[rows] @ beta, inner[rows]

        def log_joint(u: np.ndarray, r: np.ndarray = r, w: np.ndarray = w) -> np.ndarray:
            u = np.atleast_1d(u)
            one = -0.5 * np.log(2 * np.pi * sd_e**2) - (r[:, None] - u[None, :]) ** 2 / (2 * sd_e**2)
            return w @ one - 0.5 * np.log(2 * np.pi * sd_u**2) - u**2 / (2 * sd_u**2)

        # centre and width from three values of the log integrand, which only places the nodes
        h = 0.1 * min(sd_u, sd_e)
        low, mid, high = log_joint(np.array([-h, 0.0, h]))
        slope, bend = (high - low) / (2 * h), (high - 2 * mid + low) / h**2
        centre, width = -slope / bend, 1 / np.sqrt(-bend)
        logs = log_joint(centre + width * NODES) + NODES**2 / 2
        top = logs.max()
        out.append(top + np.log(width * (WEIGHTS @ np.exp(logs - top))))
    return np.array(out)


def maximise(log: Callable[[np.ndarray], float], start: np.ndarray) -> np.ndarray:
    """Quasi-Newton, then Newton steps with Richardson derivatives."""
    best = optimize.minimize(lambda v: -log(v), start, method="BFGS", options={"gtol": 1e-5}).x
    for _ in range(3):
        best = best - np.linalg.solve(hessian(log, best, step=0.02), jacobian(log, best, step=0.002))
    return best


def sandwich(scores: np.ndarray, bread: np.ndarray, clusters: int | None = None) -> np.ndarray:
    """H^-1 (sum s s') H^-1 M/(M - 1) from scores (M, k) and H^-1 (k, k)."""
    count = len(scores) if clusters is None else clusters
    return bread @ (scores.T @ scores) @ bread * count / (count - 1)


def robust_fixed(dense: Dense, natural: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Cluster-robust covariance of the fixed effects: score X_j' (V^-1 r)_j, bread (X'V^-1X)^-1."""
    _, phi, rest, _ = dense.pieces(natural)
    weighted = np.linalg.solve(dense.v(natural), rest)
    scores = np.array([dense.x[clusters == c].T @ weighted[clusters == c] for c in np.unique(clusters)])
    return sandwich(scores, phi)
