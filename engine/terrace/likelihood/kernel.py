"""The matrices of one elimination step: K = Σ(I + DΣ)⁻¹, N = D(I + ΣD)⁻¹, B = (I + ΣD)⁻¹ and log|I + ΣD|.

With Σ = ΛΛ', I + Λ'DΛ = LL' is well conditioned from below, and K = R'R with R = L⁻¹Λ': F - (RC)'(RC) then loses no
more digits than F has, even where rows of one group differ in weight by many orders (Bates et al. 2015, section
3.6). An indefinite Σ, which an exchangeable covariance of crossed effects can bring, goes through a general
inverse; Σ = 0 needs no algebra (the scoring start is taken there); a large diagonal Σ is one factorisation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LARGE = 64


@dataclass
class Kernel:
    """``k`` and ``n`` (G, q, q), ``logdet`` (G,), ``root`` (G, q, q) with K = root'root where Σ has one. B is
    formed only where it is asked for."""

    k: FloatArray
    n: FloatArray
    logdet: FloatArray
    d: FloatArray
    b: FloatArray | None = None
    root: FloatArray | None = None

    def reduce(self, f: FloatArray, c: FloatArray, t: FloatArray) -> FloatArray:
        """F - C'KC for t = KC, as a difference of two crossproducts where K has a root."""
        if self.root is None:
            return f - np.swapaxes(c, 1, 2) @ t
        half = self.root @ c
        return f - np.swapaxes(half, 1, 2) @ half

    def bt(self, x: FloatArray) -> FloatArray:
        """B'x = x - DKx for x (G, q, m)."""
        if self.b is not None:
            return np.swapaxes(self.b, 1, 2) @ x
        return x - self.d @ (self.k @ x)

    def full_b(self) -> FloatArray:
        """B (G, q, q) = I - KD."""
        if self.b is None:
            self.b = np.eye(self.d.shape[1]) - self.k @ self.d
        return self.b


def kernel(d: FloatArray, sigma: FloatArray) -> Kernel:
    """The kernel for D (G, q, q) and Σ (q, q).

    Raises
    ------
    numpy.linalg.LinAlgError
        Where I + ΣD is not positive definite: these parameters give no covariance matrix.
    """
    if not sigma.any():
        return Kernel(np.zeros_like(d), d, np.zeros(len(d)), d, np.broadcast_to(np.eye(d.shape[1]), d.shape))
    q = d.shape[1]
    if q >= LARGE and len(d) == 1:
        variances = np.diag(sigma)
        if np.all(variances > 0) and np.count_nonzero(sigma) == q:
            return _diagonal(d, variances)
    factor = square_root(sigma)
    if factor is None:
        return _general(d, sigma)
    m = factor.T @ d @ factor
    m[:, np.arange(q), np.arange(q)] += 1.0
    lower = np.linalg.cholesky(m)
    logdet = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    root = np.linalg.inv(lower) @ factor.T
    k = np.swapaxes(root, 1, 2) @ root
    b = np.eye(q) - k @ d
    n = d @ b
    return Kernel(k, 0.5 * (n + np.swapaxes(n, 1, 2)), logdet, d, b, root)


def square_root(sigma: FloatArray) -> FloatArray | None:
    """Λ (q, q) with ΛΛ' = Σ, or None where Σ is not positive semidefinite."""
    q = len(sigma)
    if q == 1:
        return np.sqrt(sigma) if sigma[0, 0] >= 0 else None
    values, vectors = np.linalg.eigh(sigma)
    if values[0] < -1e-12 * values[-1]:
        return None
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _general(d: FloatArray, sigma: FloatArray) -> Kernel:
    q = d.shape[1]
    m = sigma @ d
    m[:, np.arange(q), np.arange(q)] += 1.0
    sign, logdet = np.linalg.slogdet(m)
    if np.any(sign <= 0) or not np.all(np.isfinite(logdet)):
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    b: FloatArray = np.linalg.inv(m).astype(np.float64, copy=False)
    k = b @ sigma
    k = 0.5 * (k + np.swapaxes(k, 1, 2))
    return Kernel(k, d @ b, logdet, d, b)


def _diagonal(d: FloatArray, variances: FloatArray) -> Kernel:
    from scipy.linalg import lapack

    s = np.sqrt(variances)
    m = np.asfortranarray(d[0] * s[:, None] * s[None, :])
    m[np.diag_indices_from(m)] += 1.0
    factor, info = lapack.dpotrf(m, lower=1, overwrite_a=1, clean=0)
    if info:
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    logdet = 2.0 * float(np.log(np.diag(factor)).sum())
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse)
    inverse = inverse + np.tril(inverse, -1).T
    k = inverse * s[:, None] * s[None, :]
    n = -inverse / s[:, None] / s[None, :]
    n[np.diag_indices_from(n)] += 1.0 / variances
    return Kernel(k[None], n[None], np.array([logdet]), d)
