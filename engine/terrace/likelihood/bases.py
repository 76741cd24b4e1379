"""The derivatives ∂Σ/∂ψ_i of one elimination step: constant symmetric matrices Σ_i, and the products and sums
over groups that derivatives of the likelihood need of them. Letters as in `terrace.likelihood.eliminate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from terrace.likelihood.kernel import gram, mul

FloatArray = npt.NDArray[np.float64]


class Bases(Protocol):
    """Σ_i of one step for the parameters at ``keys`` in ψ; k is their number."""

    keys: tuple[int, ...]

    def sigma(self, psi: FloatArray) -> FloatArray:
        """Σ(ψ), shape (q, q), or its diagonal, shape (q,), where there is nothing else."""
        ...

    def apply(self, u: FloatArray) -> FloatArray:
        """Σ_i u, shape (k, q, m, G), for u of shape (q, m, G)."""
        ...

    def traces(self, n: FloatArray) -> FloatArray:
        """tr Σ_i N per group, shape (k, G), for N of shape (q, q, G)."""
        ...

    def forms(self, u: FloatArray) -> FloatArray:
        """U'Σ_iU summed over groups, shape (k, m, m), for U of shape (q, m, G)."""
        ...

    def pairs(self, n: FloatArray, u: FloatArray, ua: FloatArray, omega: FloatArray) -> FloatArray:
        """2 tr AU'Σ_iNΣ_jU - ω tr Σ_iNΣ_jN summed over groups, shape (k, k); ``ua`` is UA, ``omega`` (1,) or (G,)."""
        ...

    def product_traces(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """tr Σ_iXY' summed over groups, shape (k,), for X and Y of shape (q, m, G)."""
        ...


class DenseBases:
    """(q, q) matrices shared by all groups of a level."""

    def __init__(self, matrices: dict[int, FloatArray]) -> None:
        self.keys = tuple(matrices)
        self.stack = np.array(list(matrices.values()))
        self.flat = self.stack.reshape(len(self.keys), -1)

    def sigma(self, psi: FloatArray) -> FloatArray:
        q = self.stack.shape[1]
        matrix: FloatArray = (psi[list(self.keys)] @ self.flat).reshape(q, q)
        return matrix

    def sigmas(self, psi: FloatArray) -> FloatArray:
        """Σ for each row of ψ, shape (R, r): (q, q, R)."""
        q = self.stack.shape[1]
        return np.asarray((psi[:, list(self.keys)] @ self.flat).T.reshape(q, q, -1))

    def apply(self, u: FloatArray) -> FloatArray:
        q, m, g = u.shape
        return (self.stack.reshape(-1, q) @ u.reshape(q, m * g)).reshape(-1, q, m, g)

    def traces(self, n: FloatArray) -> FloatArray:
        return self.flat @ n.reshape(-1, n.shape[-1])

    def forms(self, u: FloatArray) -> FloatArray:
        q, m, g = u.shape
        flat = u.reshape(q * m, g)
        products = (flat @ flat.T).reshape(q, m, q, m).transpose(0, 2, 1, 3).reshape(q * q, m * m)
        return (self.flat @ products).reshape(-1, m, m)

    def pairs(self, n: FloatArray, u: FloatArray, ua: FloatArray, omega: FloatArray) -> FloatArray:
        # the sum over groups of N ⊗ X, X = 2UAU' - ωN, is one product; then Σ_i and Σ_j act on it
        q, g = n.shape[0], n.shape[-1]
        x = 2.0 * mul(ua, np.swapaxes(u, 0, 1)) - omega * n
        outer = (n.reshape(q * q, g) @ x.reshape(q * q, g).T).reshape((q,) * 4)
        sums: FloatArray = self.flat @ outer.transpose(3, 0, 1, 2).reshape(q * q, q * q) @ self.flat.T
        return sums

    def product_traces(self, x: FloatArray, y: FloatArray) -> FloatArray:
        return self.flat @ gram(np.swapaxes(y, 0, 1), np.swapaxes(x, 0, 1)).ravel()


@dataclass(frozen=True)
class Kronecker:
    """I_count ⊗ E at ``offset`` of one large block: a crossed factor among the columns of a single group."""

    offset: int
    count: int
    matrix: FloatArray

    @property
    def rows(self) -> slice:
        """Where it stands among the columns of the block."""
        return slice(self.offset, self.offset + self.count * len(self.matrix))


class KroneckerBases:
    """Crossed factors in one dense block: there is one group, and most factors have one effect."""

    def __init__(self, parts: Sequence[tuple[int, Kronecker]]) -> None:
        """``parts`` are (place in ψ, ∂Σ/∂ψ there). A place that comes twice is that of effects of two factors."""
        self.keys = tuple(key for key, _ in parts)
        self.parts = tuple(part for _, part in parts)
        self.q = max((part.rows.stop for part in self.parts), default=0)
        self.diagonal = all(np.count_nonzero(p.matrix - np.diag(np.diag(p.matrix))) == 0 for p in self.parts)

    def sigma(self, psi: FloatArray) -> FloatArray:
        if self.diagonal:
            out = np.zeros(self.q)
            for i, part in zip(self.keys, self.parts):
                out[part.rows] += psi[i] * np.tile(np.diag(part.matrix), part.count)
            return out
        out = np.zeros((self.q, self.q))
        for i, part in zip(self.keys, self.parts):
            out[part.rows, part.rows] += psi[i] * np.kron(np.eye(part.count), part.matrix)
        return out

    def apply(self, u: FloatArray) -> FloatArray:
        out = np.zeros((len(self.parts), *u.shape))
        for value, part in zip(out, self.parts):
            value[part.rows] = kronecker_apply(part, u[part.rows])
        return out

    def traces(self, n: FloatArray) -> FloatArray:
        out = np.empty((len(self.parts), n.shape[-1]))
        for k, part in enumerate(self.parts):
            q = len(part.matrix)
            if q == 1:
                out[k] = part.matrix[0, 0] * np.trace(n[part.rows, part.rows])
            else:
                block = n[part.rows, part.rows].reshape(part.count, q, part.count, q, -1)
                out[k] = np.einsum("ab,kbkag->g", part.matrix, block)
        return out

    def forms(self, u: FloatArray) -> FloatArray:
        return np.array([gram(u[part.rows], kronecker_apply(part, u[part.rows])) for part in self.parts])

    def pairs(self, n: FloatArray, u: FloatArray, ua: FloatArray, omega: FloatArray) -> FloatArray:
        # block by block, so that nothing of the size of N is formed: <Σ_iNΣ_j, UAU'> = <UA, Σ_iNΣ_jU>
        out = np.empty((len(self.parts),) * 2)
        wide, u, ua = n[..., 0], u[..., 0], ua[..., 0]
        for i, left in enumerate(self.parts):
            for j, right in enumerate(self.parts[: i + 1]):
                block = wide[left.rows, right.rows]
                through = block @ kronecker_apply(right, u[right.rows])
                value = 2.0 * float(np.vdot(kronecker_apply(left, ua[left.rows]), through))
                if omega[0]:
                    value -= omega[0] * square(left, right, block)
                out[i, j] = out[j, i] = value
        return out

    def product_traces(self, x: FloatArray, y: FloatArray) -> FloatArray:
        out = np.empty(len(self.parts))
        for k, part in enumerate(self.parts):
            if len(part.matrix) == 1:
                out[k] = part.matrix[0, 0] * _inner(y[part.rows, :, 0], x[part.rows, :, 0])
            else:
                out[k] = np.vdot(y[part.rows], kronecker_apply(part, x[part.rows]))
        return out


def kronecker_apply(part: Kronecker, rows: FloatArray) -> FloatArray:
    """(I ⊗ E) times the rows of that factor; further axes as they are."""
    q = len(part.matrix)
    if q == 1:
        applied: FloatArray = part.matrix[0, 0] * rows
        return applied
    wide = rows.reshape(part.count, q, -1)
    return (part.matrix @ wide).reshape(rows.shape)


def square(left: Kronecker, right: Kronecker, block: FloatArray) -> float:
    """tr Σ_iNΣ_jN for the block of N between two factors, N symmetric: <Σ_i block, block Σ_j>."""
    if len(left.matrix) == len(right.matrix) == 1:
        return float(left.matrix[0, 0] * right.matrix[0, 0] * _inner(block, block))
    return float(np.vdot(kronecker_apply(left, block), kronecker_apply(right, np.ascontiguousarray(block.T)).T))


def _inner(x: FloatArray, y: FloatArray) -> float:
    """<X, Y>, without the copies that `vdot` makes of slices."""
    return float(np.einsum("ij,ij->", x, y))
