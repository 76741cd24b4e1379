"""Robust covariance of the fixed effects with few clusters: bias-reduced residuals and degrees of freedom.

Bell & McCaffrey (2002); Pustejovsky & Tipton (2018). With W = V⁻¹, Φ = (X'WX)⁻¹ and D_c'D_c = V_c (upper Cholesky),

    A_c = D_c' B_c^(-1/2) D_c,    B_c = D_c (V_c - X_cΦX_c') D_c',

makes A_c e_c have covariance V_c where the model holds: CR2. A statement c'β then uses the vectors
p_c = (I - H)_c'A_c'W_cX_cΦc, whose products under the model are

    p_c'Vp_d = δ_cd m'S_c m - (U_c m)'Φ(U_d m),    m = Φc, Y_c = A_c'W_cX_c, S_c = Y_c'V_cY_c, U_c = X_c'Y_c,

so that ν = (Σ_c p_c'Vp_c)² / Σ_cd (p_c'Vp_d)² for one row (Satterthwaite), and the approximate Hotelling test for
several, its degrees of freedom matched to the total variance of the matrix (Pustejovsky & Tipton 2018, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.frozen import freeze

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FewClusters:
    """``vcov`` (p, p) is the robust covariance of β; ``phi`` (p, p) is Φ; ``s`` and ``u`` (c, p, p) are S and U."""

    vcov: FloatArray
    phi: FloatArray
    s: FloatArray
    u: FloatArray

    def __post_init__(self) -> None:
        freeze(self, ("vcov", "phi", "s", "u"))

    def _products(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """δ-part (c, l, l) and rank-p part (c, l, p) of p_sc'Vp_td for hypothesis rows (l, p)."""
        m = rows @ self.phi
        return np.einsum("si,cij,tj->cst", m, self.s, m), np.einsum("cij,sj->csi", self.u, m)

    def single(self, c: FloatArray) -> float:
        """Degrees of freedom of a one-row hypothesis."""
        own, far = self._products(np.atleast_2d(c))
        mean, spread = self._mean(own, far), self._spread(own, far)
        return 2.0 * float(mean[0, 0]) ** 2 / spread if spread > 0 else float("inf")

    def joint(self, c: FloatArray) -> tuple[float, float]:
        """(ddf, λ) of a hypothesis with rows c (l, p) of full rank: F = λχ²/l."""
        c = np.atleast_2d(c)
        length = c.shape[0]
        if length == 1:
            return self.single(c[0]), 1.0
        own, far = self._products(c)
        values, vectors = np.linalg.eigh(self._mean(own, far))
        root = (vectors / np.sqrt(values)) @ vectors.T
        eta = length * (length + 1) / self._spread(root @ own @ root, root @ far)
        ddf = eta - length + 1
        return ddf, ddf / eta

    def _mean(self, own: FloatArray, far: FloatArray) -> FloatArray:
        """Σ_c p_sc'Vp_tc, (l, l): what the model expects of the robust covariance of the statements."""
        expected: FloatArray = own.sum(axis=0) - np.einsum("csi,ij,ctj->st", far, self.phi, far, optimize=True)
        return expected

    def _spread(self, own: FloatArray, far: FloatArray) -> float:
        """Σ_st of the variances of its elements, Σ_cd tr(g_cd²) + (tr g_cd)² with g_cd,st = p_sc'Vp_td."""
        across = -np.einsum("csi,ij,ctj->cst", far, self.phi, far, optimize=True)
        values, vectors = np.linalg.eigh(self.phi)
        f = far @ (vectors * np.sqrt(np.maximum(values, 0.0)))
        pairs = np.einsum("csi,ctj->sitj", f, f)
        whole = float(np.einsum("sbta,tbsa->", pairs, pairs) + np.einsum("sitj,tjsi->", pairs, pairs))
        return whole + _squares(own + across) - _squares(across)


def _squares(g: FloatArray) -> float:
    """Σ tr(g²) + (tr g)² over the first axis."""
    return float(np.einsum("cst,cts->", g, g) + np.sum(np.trace(g, axis1=1, axis2=2) ** 2))


def few_clusters(
    x: FloatArray,
    residual: FloatArray,
    clusters: IntArray,
    covariance: Callable[[IntArray], FloatArray],
    phi: FloatArray,
    correction: str,
) -> FewClusters:
    """The robust covariance of β with what its degrees of freedom need.

    Parameters
    ----------
    x, residual, clusters
        X (n, p), y - Xβ (n,) and the codes (n,) of independent clusters.
    covariance
        V of some rows, by their positions.
    phi
        Φ (p, p), with constraints the Φ of the constrained β.
    correction
        ``cr0``, ``cr1`` or ``cr2``.
    """
    order = np.argsort(clusters, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1)
    p = x.shape[1]
    meat = np.zeros((p, p))
    s, u = np.zeros((len(groups), p, p)), np.zeros((len(groups), p, p))
    for k, rows in enumerate(groups):
        v, xc = covariance(rows), x[rows]
        y = np.linalg.solve(v, xc)
        if correction == "cr2":
            d = np.linalg.cholesky(v).T
            b = d @ (v - xc @ phi @ xc.T) @ d.T
            values, vectors = np.linalg.eigh((b + b.T) / 2)
            # a cluster that alone determines a coefficient leaves a zero here: its residuals say nothing about it
            keep = values > 1e-12 * values.max()
            y = d.T @ ((vectors[:, keep] / np.sqrt(values[keep])) @ (vectors[:, keep].T @ (d @ y)))
        score = y.T @ residual[rows]
        meat += np.outer(score, score)
        s[k], u[k] = y.T @ v @ y, xc.T @ y
    factor = len(groups) / (len(groups) - 1.0) if correction == "cr1" else 1.0
    return FewClusters(phi @ meat @ phi * factor, phi, s, u)
