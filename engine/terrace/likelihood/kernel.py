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


def mul(a: FloatArray, b: FloatArray) -> FloatArray:
    """Matrix products along the last axis: (i, j, G) by (j, k, G)."""
    if a.shape[-1] == 1:
        return (a[..., 0] @ b[..., 0])[..., None]
    if a.shape[0] * b.shape[1] > 1000 or a.shape[1] > 30:
        return np.ascontiguousarray(np.moveaxis(np.moveaxis(a, -1, 0) @ np.moveaxis(b, -1, 0), 0, -1))
    product: FloatArray = np.einsum("ijg,jkg->ikg", a, b)
    return product


def mul_each(a: FloatArray, b: FloatArray) -> FloatArray:
    """Products of A with each of several B: (i, j, G) by (k, j, l, G), shape (k, i, l, G)."""
    return np.array([mul(a, each) for each in b])


def gram(a: FloatArray, b: FloatArray) -> FloatArray:
    """A'B summed over groups, shape (i, j), for A (q, i, G) and B (q, j, G)."""
    if a.shape[-1] == 1:
        return a[..., 0].T @ b[..., 0]
    return np.asarray((a @ np.swapaxes(b, 1, 2)).sum(axis=0))


def cholesky(m: FloatArray) -> FloatArray:
    """Lower L with LL' = M for M (q, q, G), positive definite.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where a matrix is not positive definite.
    """
    q = m.shape[0]
    lower = np.zeros_like(m)
    for j in range(q):
        pivot = m[j, j] - np.einsum("kg,kg->g", lower[j, :j], lower[j, :j])
        if not np.all(pivot > 0):
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        lower[j, j] = np.sqrt(pivot)
        for i in range(j + 1, q):
            lower[i, j] = (m[i, j] - np.einsum("kg,kg->g", lower[i, :j], lower[j, :j])) / lower[j, j]
    return lower


def forward(lower: FloatArray, right: FloatArray) -> FloatArray:
    """L⁻¹R for L (q, q, G) and R (q, m, G), or one R (q, m) for all groups: shape (q, m, G)."""
    q, g = lower.shape[0], lower.shape[-1]
    right = right if right.ndim == 3 else right[:, :, None]
    out = np.empty((q, right.shape[1], g))
    for i in range(q):
        row = right[i]
        if i:
            row = row - np.einsum("kg,kmg->mg", lower[i, :i], out[:i])
        out[i] = row / lower[i, i]
    return out


@dataclass
class Kernel:
    """``k`` and ``n`` (q, q, G), ``logdet`` (G,), ``root`` (q, q, G) with K = root'root where Σ has one, and
    ``variances`` (q,) of a large diagonal Σ. ``zero`` says that Σ = 0, so that B = I. B is formed only where it is
    asked for."""

    k: FloatArray
    n: FloatArray
    logdet: FloatArray
    d: FloatArray
    b: FloatArray | None = None
    root: FloatArray | None = None
    variances: FloatArray | None = None
    zero: bool = False

    def reduce(self, f: FloatArray, c: FloatArray, t: FloatArray) -> FloatArray:
        """F - C'KC for t = KC, as a difference of two crossproducts where K has a root."""
        if self.root is None:
            return f - mul(np.swapaxes(c, 0, 1), t)
        half = mul(self.root, c)
        return f - mul(np.swapaxes(half, 0, 1), half)

    def reduced_total(self, f: FloatArray, c: FloatArray, t: FloatArray) -> FloatArray:
        """`reduce` summed over groups, shape (m, m)."""
        if self.root is None:
            return np.asarray(f.sum(axis=-1) - gram(c, t))
        half = mul(self.root, c)
        return np.asarray(f.sum(axis=-1) - gram(half, half))

    def bt(self, x: FloatArray, kx: FloatArray | None = None) -> FloatArray:
        """B'x for x (q, m, G): x - DKx, or Σ⁻¹Kx for a diagonal Σ; ``kx`` is Kx where it is at hand."""
        if self.zero:
            return x
        if self.b is not None:
            return mul(np.swapaxes(self.b, 0, 1), x)
        kx = mul(self.k, x) if kx is None else kx
        if self.variances is not None:
            return kx / self.variances[:, None, None]
        return x - mul(self.d, kx)

    def full_b(self) -> FloatArray:
        """B (q, q, G) = I - KD, or KΣ⁻¹ for a diagonal Σ."""
        if self.variances is not None:
            return self.k / self.variances[None, :, None]
        if self.b is None and self.zero:
            self.b = np.array(np.broadcast_to(_identity(self.d), self.d.shape))
        elif self.b is None:
            self.b = _identity(self.d) - mul(self.k, self.d)
        return self.b


def _identity(d: FloatArray) -> FloatArray:
    return np.eye(d.shape[0])[:, :, None]


def kernel(d: FloatArray, sigma: FloatArray) -> Kernel:
    """The kernel for D (q, q, G) and Σ (q, q), a diagonal Σ as (q,), or (q, q, B): a Σ for each of B runs of
    equally many groups.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where I + ΣD is not positive definite: these parameters give no covariance matrix.
    """
    q, groups = d.shape[0], d.shape[-1]
    if not sigma.any():
        return Kernel(np.zeros_like(d), d, np.zeros(groups), d, zero=True)
    if sigma.ndim == 1:
        if q >= LARGE and groups == 1 and np.all(sigma > 0):
            return _diagonal(d, sigma)
        sigma = np.diag(sigma)
    if q == 1:
        return _single(d, sigma if sigma.ndim < 3 else np.repeat(sigma, groups // sigma.shape[-1], axis=-1))
    if sigma.ndim == 3:
        factors = np.repeat(square_roots(sigma), groups // sigma.shape[-1], axis=-1)
        transposed = np.swapaxes(factors, 0, 1)
        m = mul(transposed, mul(d, factors))
    else:
        factor = square_root(sigma)
        if factor is None:
            return _general(d, sigma)
        transposed = factor.T
        half = np.tensordot(transposed, d, axes=1)
        m = np.tensordot(transposed, np.swapaxes(half, 0, 1), axes=1)
    m[np.arange(q), np.arange(q)] += 1.0
    if q <= 12 or sigma.ndim == 3:
        lower = cholesky(m)
        root = forward(lower, transposed)
    else:
        wide: FloatArray = np.linalg.cholesky(np.moveaxis(m, -1, 0)).astype(np.float64, copy=False)
        lower = np.moveaxis(wide, 0, -1)
        root = np.ascontiguousarray(np.moveaxis(np.linalg.solve(wide, transposed[None]), 0, -1))
    logdet = 2.0 * np.log(np.einsum("iig->ig", lower)).sum(axis=0)
    k = mul(np.swapaxes(root, 0, 1), root)
    b = _identity(d) - mul(k, d)
    n = mul(d, b)
    return Kernel(k, 0.5 * (n + np.swapaxes(n, 0, 1)), logdet, d, b, root)


def _single(d: FloatArray, sigma: FloatArray) -> Kernel:
    """One random effect a group: everything is a ratio to 1 + σ²d."""
    variance = sigma.reshape(1, 1, -1)
    b = 1.0 + variance * d
    if not np.all(b > 0):
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    logdet = np.log(b[0, 0])
    np.divide(1.0, b, out=b)
    k = variance * b
    root = np.sqrt(k) if np.all(variance >= 0) else None
    return Kernel(k, d * b, logdet, d, b, root)


def careful_kernel(d: FloatArray, sigma: FloatArray) -> Kernel:
    """The kernel with B from an inverse of its own rather than as I - KD, which has no digits left where Σ is huge."""
    q = d.shape[0]
    sigma = np.diag(sigma) if sigma.ndim == 1 else sigma
    return _single(d, sigma) if q == 1 else _general(d, sigma)


def square_root(sigma: FloatArray) -> FloatArray | None:
    """Λ (q, q) with ΛΛ' = Σ, or None where Σ is not positive semidefinite."""
    q = len(sigma)
    if q == 1:
        return np.sqrt(sigma) if sigma[0, 0] >= 0 else None
    values, vectors = np.linalg.eigh(sigma)
    if values[0] < -1e-12 * values[-1]:
        return None
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def square_roots(sigma: FloatArray) -> FloatArray:
    """Λ (q, q, G) with ΛΛ' = Σ for positive semidefinite Σ (q, q, G).

    Raises
    ------
    numpy.linalg.LinAlgError
        Where one is not.
    """
    if len(sigma) == 1:
        if np.any(sigma < 0):
            raise np.linalg.LinAlgError("a variance is negative")
        return np.sqrt(sigma)
    values, vectors = np.linalg.eigh(np.moveaxis(sigma, -1, 0))
    if np.any(values[:, 0] < -1e-12 * values[:, -1]):
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    return np.ascontiguousarray(np.moveaxis(root, 0, -1))


def _general(d: FloatArray, sigma: FloatArray) -> Kernel:
    q = d.shape[0]
    m = np.moveaxis(np.tensordot(sigma, d, axes=1), -1, 0)
    m = m + np.eye(q)
    sign, logdet = np.linalg.slogdet(m)
    if np.any(sign <= 0) or not np.all(np.isfinite(logdet)):
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    inverse: FloatArray = np.linalg.inv(m).astype(np.float64, copy=False)
    b = np.ascontiguousarray(np.moveaxis(inverse, 0, -1))
    k = np.einsum("ijg,jk->ikg", b, sigma)
    k = 0.5 * (k + np.swapaxes(k, 0, 1))
    return Kernel(k, mul(d, b), logdet, d, b)


def _diagonal(d: FloatArray, variances: FloatArray) -> Kernel:
    from scipy.linalg import lapack

    # M = I + Λ'DΛ is symmetric, so its lower triangle in one order of storage is the upper one in the other
    s = np.sqrt(variances)
    m = d[..., 0] * s
    m *= s[:, None]
    m.flat[:: len(s) + 1] += 1.0
    factor, info = lapack.dpotrf(m.T, lower=1, overwrite_a=1, clean=0)
    if info:
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    logdet = 2.0 * float(np.log(np.diag(factor)).sum())
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    inverse = mirrored(inverse.T)
    k = inverse * s
    k *= s[:, None]
    # N = D(I + ΣD)⁻¹ = Σ⁻¹ - Λ⁻¹M⁻¹Λ⁻¹
    n = inverse
    n /= -s
    n /= s[:, None]
    n.flat[:: len(s) + 1] += 1.0 / variances
    return Kernel(k[..., None], n[..., None], np.array([logdet]), d, variances=variances)


def mirrored(m: FloatArray, block: int = 256) -> FloatArray:
    """M (q, q) with its upper triangle copied to the lower one, in place; by blocks, which stay in the cache."""
    q = len(m)
    for i in range(0, q, block):
        end = min(i + block, q)
        own = m[i:end, i:end]
        own[:] = np.triu(own) + np.triu(own, 1).T
        for j in range(end, q, block):
            m[j : j + block, i:end] = m[i:end, j : j + block].T
    return m
