"""The crossed effects of a large design as one block: K = (Σ⁻¹ + S)⁻¹, log|I + ΣS| and M = S - SKS.

Σ is block-diagonal, I ⊗ Σ_j for each crossed factor, S (T, T) dense once it is factorised. Where every Σ_j has an
inverse, Σ⁻¹ + S differs from S in the blocks of its diagonal alone and is factorised, and inverted for derivatives,
in the place of S; M = Σ⁻¹ - Σ⁻¹KΣ⁻¹ (Henderson 1975). A singular Σ, which a search meets at its boundary, keeps S
beside K: with Σ = ΛΛ', K = Λ(I + Λ'SΛ)⁻¹Λ'. An indefinite one, which an exchangeable covariance can bring, goes through
a general inverse. Symmetric matrices are flat as in `terrace.likelihood.gram`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from terrace.likelihood.bases import Kronecker, KroneckerBases, kronecker_apply, square
from terrace.likelihood.gram import full

FloatArray = npt.NDArray[np.float64]

# The least variance, in units of what the data tell of an effect (the mean of S's diagonal), whose inverse is taken.
LEAST = 1e-7
# The least eigenvalue of a Σ_j beside its largest whose inverse is taken.
SINGULAR = 1e-9
# Groups whose rows of a (T, T) matrix are treated together.
GROUPS = 128


class FarBlock(Protocol):
    """K of the crossed effects, and what derivatives need of it. ``zero`` says that Σ = 0."""

    logdet: float
    zero: bool

    def solve(self, right: FloatArray) -> FloatArray:
        """K times (T, m)."""
        ...

    def through(self, right: FloatArray, solved: FloatArray) -> FloatArray:
        """(I - SK) times (T, m), of which K times it is ``solved``."""
        ...

    def inverse(self) -> FloatArray:
        """K, flat."""
        ...

    def traces(self, bases: KroneckerBases) -> FloatArray:
        """tr Σ_iM for each parameter of the block, (k,)."""
        ...

    def trace_product(self, left: Kronecker, right: Kronecker) -> float:
        """tr Σ_iMΣ_jM for two parameters."""
        ...

    def whole(self) -> FloatArray:
        """K (T, T), both of its triangles."""
        ...

    def met(self, g: FloatArray, product: FloatArray, bases: KroneckerBases) -> FloatArray:
        """tr (I - SK)G(I - KS)Σ_j for each parameter of the block, (k,), for symmetric G and ``product`` = KG."""
        ...


@dataclass(frozen=True)
class Own:
    """Σ_j (q, q) of one crossed factor with ``count`` groups, whose columns begin at ``offset``."""

    offset: int
    count: int
    sigma: FloatArray

    @property
    def rows(self) -> slice:
        """Where its columns stand."""
        return slice(self.offset, self.offset + self.count * len(self.sigma))

    def times(self, matrix: FloatArray, rows: FloatArray) -> FloatArray:
        """(I ⊗ matrix) times its rows, (count·q, m)."""
        return kronecker_apply(Kronecker(self.offset, self.count, matrix), rows)


def owns(bases: KroneckerBases, psi: FloatArray) -> list[Own]:
    """Σ_j(ψ) of every factor: its parameters stand at the same columns."""
    found: dict[tuple[int, int], FloatArray] = {}
    for key, part in zip(bases.keys, bases.parts):
        at = (part.offset, part.count)
        found[at] = found.get(at, np.zeros_like(part.matrix)) + psi[key] * part.matrix
    return [Own(offset, count, sigma) for (offset, count), sigma in found.items()]


def far_block(flat: FloatArray, bases: KroneckerBases, psi: FloatArray) -> FarBlock:
    """The crossed effects eliminated; ``flat`` is S, which is overwritten.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where Σ⁻¹ + S is not positive definite.
    """
    blocks = owns(bases, psi)
    if not any(b.sigma.any() for b in blocks):
        return _Zero(flat, bases.q)
    values = [np.linalg.eigvalsh(b.sigma) for b in blocks]
    diagonal = flat[:: bases.q + 1]
    informed = [float(diagonal[b.rows].mean()) for b in blocks]
    if all(v[0] > SINGULAR * v[-1] and v[0] * s > LEAST for v, s in zip(values, informed)):
        return _Inverted(flat, bases.q, blocks)
    return _General(full(flat, bases.q), blocks, any(v[0] < -1e-12 * np.abs(v).max() for v in values))


class _Inverted:
    """Σ with an inverse: everything in the place of S."""

    zero = False

    def __init__(self, flat: FloatArray, width: int, blocks: list[Own]) -> None:
        from scipy.linalg import lapack

        self.width, self.blocks = width, blocks
        self.inverses: list[FloatArray] = [np.asarray(np.linalg.inv(b.sigma), dtype=np.float64) for b in blocks]
        at = flat.reshape(width, width)
        logdet = 0.0
        for b, inverse in zip(blocks, self.inverses):
            q = len(inverse)
            first = np.arange(b.offset, b.rows.stop, q)
            for i in range(q):
                for j in range(i, q):
                    at[first + i, first + j] += inverse[i, j]
            logdet += b.count * float(np.linalg.slogdet(b.sigma)[1])
        factor, info = lapack.dpotrf(at.T, lower=1, overwrite_a=1, clean=0)
        if info:
            raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
        self.logdet = logdet + 2.0 * float(np.log(np.diag(factor)).sum())
        self._factor: FloatArray | None = factor
        self._inverse: FloatArray | None = None
        self._whole: FloatArray | None = None

    def solve(self, right: FloatArray) -> FloatArray:
        from scipy.linalg import blas, lapack

        if self._factor is not None:
            return np.asarray(lapack.dpotrs(self._factor, right, lower=1)[0])
        assert self._inverse is not None
        at = self._inverse.reshape(self.width, self.width).T
        return np.asarray(blas.dsymm(1.0, at, np.asfortranarray(right), lower=1))

    def through(self, right: FloatArray, solved: FloatArray) -> FloatArray:
        return self._sigma_inverse(solved)

    def _sigma_inverse(self, rows: FloatArray) -> FloatArray:
        """Σ⁻¹ times (T, m)."""
        out = np.empty_like(rows)
        for b, inverse in zip(self.blocks, self.inverses):
            out[b.rows] = b.times(inverse, rows[b.rows])
        return out

    def inverse(self) -> FloatArray:
        from scipy.linalg import lapack

        if self._inverse is None:
            found, info = lapack.dpotri(self._factor, lower=1, overwrite_c=1)
            if info:
                raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
            self._factor, self._inverse = None, found.T.reshape(-1)
        return self._inverse

    def _own_blocks(self, b: Own, inverse: FloatArray) -> FloatArray:
        """The blocks of M on the diagonal for one factor, summed over its groups, (q, q)."""
        k = self.inverse().reshape(self.width, self.width)
        q = len(inverse)
        first = np.arange(b.offset, b.rows.stop, q)
        total = np.empty((q, q))
        for i in range(q):
            for j in range(i, q):
                total[i, j] = total[j, i] = k[first + i, first + j].sum()
        return b.count * inverse - inverse @ total @ inverse

    def traces(self, bases: KroneckerBases) -> FloatArray:
        own = {b.offset: self._own_blocks(b, inverse) for b, inverse in zip(self.blocks, self.inverses)}
        return np.array([float(np.vdot(part.matrix, own[part.offset])) for part in bases.parts])

    def _inverse_of(self, part: Kronecker) -> FloatArray:
        return next(inverse for b, inverse in zip(self.blocks, self.inverses) if b.offset == part.offset)

    def trace_product(self, left: Kronecker, right: Kronecker) -> float:
        a, b, k = self._inverse_of(left), self._inverse_of(right), self.whole()
        q = len(a)
        total = 0.0
        # some groups at a time, so that what is computed stays in the cache
        for start in range(left.offset, left.rows.stop, GROUPS * q):
            some = replace(left, offset=start, count=min(GROUPS, (left.rows.stop - start) // q))
            block = kronecker_apply(replace(some, matrix=-a), k[some.rows, right.rows])
            block = (block.reshape(-1, len(b)) @ b).reshape(block.shape)
            if left.offset == right.offset:
                first = np.arange(0, some.count * q, q)
                for i in range(q):
                    for j in range(q):
                        block[first + i, start - left.offset + first + j] += a[i, j]
            total += square(some, right, block)
        return total

    def whole(self) -> FloatArray:
        if self._whole is None:
            self._whole = full(self.inverse().copy(), self.width)
        return self._whole

    def met(self, g: FloatArray, product: FloatArray, bases: KroneckerBases) -> FloatArray:
        # (I - SK)G(I - KS) = Σ⁻¹KGKΣ⁻¹, of which the blocks on the diagonal are wanted
        k = self.whole()
        out = np.empty(len(bases.parts))
        for at, part in enumerate(bases.parts):
            inverse = self._inverse_of(part)
            q = len(inverse)
            middle = np.array([[_rows_met(product, k, part, i, j) for j in range(q)] for i in range(q)])
            out[at] = float(np.vdot(part.matrix, inverse @ middle @ inverse))
        return out


def _rows_met(a: FloatArray, b: FloatArray, part: Kronecker, i: int, j: int) -> float:
    """The sum over the groups of a factor of (AB')_ij, for its ith and jth effects."""
    q = len(part.matrix)
    return float(np.einsum("tk,tk->", a[part.offset + i : part.rows.stop : q], b[part.offset + j : part.rows.stop : q]))


class _General:
    """A singular or an indefinite Σ: S (T, T) and K (T, T) side by side."""

    zero = False

    def __init__(self, s: FloatArray, blocks: list[Own], indefinite: bool) -> None:
        from scipy.linalg import lapack

        self.s = s
        if indefinite:
            # the transpose of ΣS, since both are symmetric
            system = np.ascontiguousarray(_each(blocks, [b.sigma for b in blocks], s)) + np.eye(len(s))
            sign, logdet = np.linalg.slogdet(system)
            if sign <= 0 or not np.isfinite(logdet):
                raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
            sigma = _each(blocks, [b.sigma for b in blocks], np.eye(len(s)))
            k = np.linalg.solve(system, sigma)
            self.k, self.logdet = 0.5 * (k + k.T), float(logdet)
        else:
            roots = [_root(b.sigma) for b in blocks]
            down = [root.T for root in roots]
            m = _each(blocks, down, np.ascontiguousarray(_each(blocks, down, s).T))
            m.flat[:: len(s) + 1] += 1.0
            factor, info = lapack.dpotrf(m.T, lower=1, overwrite_a=1, clean=0)
            if info:
                raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
            self.logdet = 2.0 * float(np.log(np.diag(factor)).sum())
            inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
            inverse = full(inverse.T.reshape(-1), len(s))
            self.k = _each(blocks, roots, np.ascontiguousarray(_each(blocks, roots, inverse).T))
        self._m: FloatArray | None = None
        self._sk: FloatArray | None = None

    def solve(self, right: FloatArray) -> FloatArray:
        return self.k @ right

    def through(self, right: FloatArray, solved: FloatArray) -> FloatArray:
        return right - self.s @ solved

    def inverse(self) -> FloatArray:
        return self.k.reshape(-1)

    def _parts(self) -> tuple[FloatArray, FloatArray]:
        """M and SK, (T, T)."""
        if self._m is None or self._sk is None:
            self._sk = self.s @ self.k
            self._m = self.s - self._sk @ self.s
        return self._m, self._sk

    def traces(self, bases: KroneckerBases) -> FloatArray:
        return bases.traces(self._parts()[0][..., None])[:, 0]

    def trace_product(self, left: Kronecker, right: Kronecker) -> float:
        return square(left, right, self._parts()[0][left.rows, right.rows])

    def whole(self) -> FloatArray:
        return self.k

    def met(self, g: FloatArray, product: FloatArray, bases: KroneckerBases) -> FloatArray:
        half = g - self.s @ product
        return bases.traces((half - (half @ self.k) @ self.s)[..., None])[:, 0]


class _Zero:
    """Σ = 0, where a search begins: K = 0 and M = S, for which nothing is computed."""

    zero = True
    logdet = 0.0

    def __init__(self, flat: FloatArray, width: int) -> None:
        self.s = full(flat, width)

    def solve(self, right: FloatArray) -> FloatArray:
        return np.zeros_like(right)

    def through(self, right: FloatArray, solved: FloatArray) -> FloatArray:
        return right

    def inverse(self) -> FloatArray:
        return np.zeros(self.s.size)

    def traces(self, bases: KroneckerBases) -> FloatArray:
        return bases.traces(self.s[..., None])[:, 0]

    def trace_product(self, left: Kronecker, right: Kronecker) -> float:
        return square(left, right, self.s[left.rows, right.rows])

    def whole(self) -> FloatArray:
        return np.zeros_like(self.s)

    def met(self, g: FloatArray, product: FloatArray, bases: KroneckerBases) -> FloatArray:
        return bases.traces(g[..., None])[:, 0]


def _each(blocks: list[Own], matrices: list[FloatArray], rows: FloatArray) -> FloatArray:
    """A block-diagonal matrix times (T, m)."""
    out = np.zeros_like(rows)
    for b, matrix in zip(blocks, matrices):
        out[b.rows] = b.times(matrix, rows[b.rows])
    return out


def _root(sigma: FloatArray) -> FloatArray:
    """Λ with ΛΛ' = Σ."""
    values, vectors = np.linalg.eigh(sigma)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
