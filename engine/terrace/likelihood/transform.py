"""The coordinates in which the likelihood sees the random effects of an equation.

Columns of Z are divided by their root mean square, so that ψ does not depend on units, and slopes are centred
where the equation has an intercept, so that a covariate far from zero (calendar years) loses no digits in its
cross-products. Slopes of an unstructured Σ are made orthogonal as well: what the search sees then depends on the
space that the columns of Z span and not on the origin or the coding of a covariate. With z = z̃A⁻¹ the effects are
ũ = A⁻¹u and Σ̃ = A⁻¹ΣA⁻ᵀ. An unstructured Σ keeps its form in the new coordinates, so that ψ is taken there; for
the other structures ψ is that of the scaled columns, and only the basis matrices of Σ are moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import RandomStructure
from terrace.design.design import RandomBlock
from terrace.design.fixed_part import CONSTANT

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlockTransform:
    """``a`` (q, q) is A: u = Aũ and z̃ = zA. ``bases`` (k, q, q) are ∂Σ̃/∂ψ_i, ``natural`` (k, k) gives the
    entries of Σ in the user's units: σ²·natural·ψ. A takes ``mean`` (q,) away, divides by ``scale`` (q,) and applies
    the matrices ``mixes`` (q, q) one after the other. ``size`` (q,) is the root mean square of the columns."""

    a: FloatArray
    bases: FloatArray
    natural: FloatArray

    mean: FloatArray
    scale: FloatArray
    size: FloatArray
    mixes: tuple[FloatArray, ...] = ()

    def columns(self, z: FloatArray) -> FloatArray:
        """z̃, shape (n, q), step by step: z times A at once would lose the digits that centring keeps."""
        out = np.empty(z.shape, order="F")
        for j, (mean, scale) in enumerate(zip(self.mean, self.scale)):
            if mean:
                np.subtract(z[:, j], mean, out=out[:, j])
                out[:, j] /= scale
            else:
                np.divide(z[:, j], scale, out=out[:, j])
        for mix in self.mixes:
            out = np.asfortranarray(out @ mix)
        return out


def block_transform(block: RandomBlock) -> BlockTransform:
    """The coordinates of one equation. ``R.`` equations stay as they are."""
    structure = block.structure
    if block.factor is not None:
        one = np.ones(1)
        return BlockTransform(np.eye(1), structure.basis(), np.eye(structure.n_entries), np.zeros(1), one, one)
    q = len(block.names)
    if q == 0:
        none = np.zeros(0)
        return BlockTransform(np.zeros((0, 0)), np.zeros((0, 0, 0)), np.zeros((0, 0)), none, none, none)
    centred = q > 1 and block.names[-1] == CONSTANT
    mean, spread, size = _sizes(block.z, centred)
    scale = spread if structure.free else size
    scale = np.where(scale > 0, scale, 1.0)
    if structure.tied:
        scale = np.full(q, np.sqrt(np.mean(scale**2)))
    a = np.diag(1.0 / scale)
    if centred:
        a[-1] -= mean / scale
    if structure.free:
        plain = BlockTransform(a, structure.basis(), np.zeros((0, 0)), mean, scale, size)
        mixes = _orthogonal(plain.columns(block.z)) if q - centred > 1 else ()
        for mix in mixes:
            a = a @ mix
        return BlockTransform(a, structure.basis(), congruence(structure, a), mean, scale, size, mixes)
    # Σ of the scaled columns keeps its structure: z/s = z̃C⁻¹ with C⁻¹ = A⁻¹ diag(1/s)
    back = np.linalg.inv(a) @ np.diag(1.0 / scale)
    natural = congruence(structure, np.diag(1.0 / scale))
    return BlockTransform(a, back @ structure.basis() @ back.T, natural, mean, scale, size)


def _sizes(z: FloatArray, centred: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The means of the columns of z (n, q) but that of the last, or zeros, and the root mean squares of the columns
    about these and about zero; block by block, which stay in the cache."""
    n, q = z.shape
    mean, about, plain = np.zeros(q), np.zeros(q), np.zeros(q)
    if centred:
        mean[:-1] = z[:, :-1].mean(axis=0)
    for first in range(0, n, _BLOCK):
        block = z[first : first + _BLOCK]
        plain += np.einsum("ij,ij->j", block, block)
        if centred:
            block = block - mean
        about += np.einsum("ij,ij->j", block, block)
    return mean, np.sqrt(about / n), np.sqrt(plain / n)


_BLOCK = 1 << 15


def _orthogonal(z: FloatArray) -> tuple[FloatArray, ...]:
    """Upper triangular matrices, one or two, after which the columns of z, (n, q), are orthonormal in mean squares.

    The second is for columns that nearly depend (Cholesky-QR twice; Yamamoto et al. 2015). None where they depend.
    """
    mixes: list[FloatArray] = []
    for _ in range(2):
        try:
            upper = np.linalg.cholesky(z.T @ z / len(z)).T
        except np.linalg.LinAlgError:
            return tuple(mixes)
        mixes.append(np.linalg.inv(upper))
        if np.diag(upper).min() > 1e-2:
            break
        z = z @ mixes[-1]
    return tuple(mixes)


def congruence(structure: RandomStructure, a: FloatArray) -> FloatArray:
    """The matrix of ψ -> the same entries of AΣ(ψ)A', shape (k, k)."""
    entries = structure.entries()
    moved = a @ structure.basis() @ a.T
    return np.array([[m[where[0]] for m in moved] for where in entries])
