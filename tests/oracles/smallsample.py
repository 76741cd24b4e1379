"""Degrees of freedom by the dense textbook formulas.

Satterthwaite after Giesbrecht and Burns (1985) and Fai and Cornelius (1996); Kenward and Roger (1997) without
the terms in the second derivatives of V; the manual of `mixed`, eqs. 15 to 17. The variance parameters are
the natural ones (variances, covariances, correlations).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dense import Dense


@dataclass(frozen=True)
class SmallSample:
    """What both methods need: W, Phi, P_i = X' (dV^-1) X and Q_ij, with the adjusted covariance."""

    beta: np.ndarray
    phi: np.ndarray
    w: np.ndarray
    first: np.ndarray  # P_i, shape (r, p, p)
    adjusted: np.ndarray

    def satterthwaite(self, contrast: np.ndarray) -> float:
        """Degrees of freedom of one contrast c'b (eq. 15)."""
        spread = contrast @ self.phi @ contrast
        d = np.array([-contrast @ self.phi @ p @ self.phi @ contrast for p in self.first])
        return float(2 * spread**2 / (d @ self.w @ d))

    def satterthwaite_f(self, rows: np.ndarray) -> tuple[float, float]:
        """(F, denominator df) of the joint test rows @ beta = 0 (Fai and Cornelius)."""
        spread = rows @ self.phi @ rows.T
        values, vectors = np.linalg.eigh(spread)
        estimate = rows @ self.beta
        count = len(values)
        f = float(estimate @ np.linalg.solve(spread, estimate)) / count
        if count == 1:
            return f, self.satterthwaite(rows[0])
        df = np.array([self.satterthwaite(vectors[:, k] @ rows) for k in range(count)])
        if np.ptp(df) < 1e-6 * df.mean():
            return f, float(df.mean())
        total = (df / (df - 2))[df > 2].sum()
        return f, float(2 * total / (total - count))

    def kenward_roger(self, rows: np.ndarray) -> tuple[float, float, float]:
        """(scaled F, denominator df, lambda) of rows @ beta = 0 (Kenward and Roger 1997, p. 987)."""
        rows = np.atleast_2d(rows)
        count = len(rows)
        theta = rows.T @ np.linalg.solve(rows @ self.phi @ rows.T, rows)
        middle = [theta @ self.phi @ p @ self.phi for p in self.first]
        a1 = a2 = 0.0
        for i, left in enumerate(middle):
            for j, right in enumerate(middle):
                a1 += self.w[i, j] * np.trace(left) * np.trace(right)
                a2 += self.w[i, j] * np.trace(left @ right)
        b = (a1 + 6 * a2) / (2 * count)
        g = ((count + 1) * a1 - (count + 4) * a2) / ((count + 2) * a2)
        scale = 3 * count + 2 * (1 - g)
        c1, c2, c3 = g / scale, (count - g) / scale, (count + 2 - g) / scale
        mean = 1 / (1 - a2 / count)
        variance = 2 / count * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        rho = variance / (2 * mean**2)
        df = 4 + (count + 2) / (count * rho - 1)
        factor = df / (mean * (df - 2))
        estimate = rows @ self.beta
        f = factor / count * estimate @ np.linalg.solve(rows @ self.adjusted @ rows.T, estimate)
        return float(f), float(df), float(factor)


def small_sample(dense: Dense, natural: np.ndarray, information: str = "eim") -> SmallSample:
    """The pieces at the REML estimates; ``information`` is ``eim`` or ``oim``."""
    v = dense.v(natural)
    inverse = np.linalg.inv(v)
    beta, phi, _, _ = dense.pieces(natural)
    slopes = [-inverse @ d @ inverse for d in dense.dv(natural)]  # derivatives of V^-1
    x = dense.x
    first = np.array([x.T @ d @ x for d in slopes])
    count = len(slopes)
    through = [d @ v for d in slopes]
    second = np.array([[x.T @ a @ b @ x for b in slopes] for a in through])
    if information == "oim":
        w = dense.covariance(natural)
    else:
        expected = np.zeros((count, count))
        for i in range(count):
            for j in range(count):
                trace = np.sum(through[i] * through[j].T)  # tr(AB)
                part = np.trace(2 * phi @ second[i, j] - phi @ first[i] @ phi @ first[j])
                expected[i, j] = (trace - part) / 2
        w = np.linalg.inv(expected)
    change = sum(
        w[i, j] * (second[i, j] - first[i] @ phi @ first[j]) for i in range(count) for j in range(count)
    )
    return SmallSample(beta, phi, w, first, phi + 2 * phi @ change @ phi)
