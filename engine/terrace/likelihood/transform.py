"""The coordinates in which the likelihood sees the random effects of an equation.

Columns of Z are divided by their root mean square, so that ψ does not depend on units, and slopes are centred
where the equation has an intercept, so that a covariate far from zero (calendar years) loses no digits in its
cross-products. With z = z̃A⁻¹ the effects are ũ = A⁻¹u and Σ̃ = A⁻¹ΣA⁻ᵀ. An unstructured Σ keeps its form in the
new coordinates, so that ψ is taken there; for the other structures ψ is that of the scaled columns, and only the
basis matrices of Σ are moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.design import CONSTANT, RandomBlock

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlockTransform:
    """``a`` (q, q) is A: u = Aũ and z̃ = zA. ``bases`` (k, q, q) are ∂Σ̃/∂ψ_i, ``natural`` (k, k) gives the
    parameters in the user's units: σ²·natural·ψ."""

    a: FloatArray
    bases: FloatArray
    natural: FloatArray

    def columns(self, z: FloatArray) -> FloatArray:
        """z̃, shape (n, q)."""
        q = len(self.a)
        out = np.empty(z.shape, order="F")
        for j in range(q):
            # A is diagonal but for its last row, which takes the mean away through the constant
            np.multiply(z[:, j], self.a[j, j], out=out[:, j])
            if j < q - 1 and self.a[-1, j]:
                out[:, j] += self.a[-1, j]
        return out


def block_transform(block: RandomBlock) -> BlockTransform:
    """The coordinates of one equation. ``R.`` equations stay as they are."""
    structure = block.structure
    if block.factor is not None:
        return BlockTransform(np.eye(1), structure.basis(), np.eye(structure.n_params))
    q = len(block.names)
    if q == 0:
        return BlockTransform(np.zeros((0, 0)), np.zeros((0, 0, 0)), np.zeros((0, 0)))
    centred = q > 1 and block.names[-1] == CONSTANT
    mean = np.append(block.z[:, :-1].mean(axis=0), 0.0) if centred else np.zeros(q)
    spread = np.sqrt(np.mean((block.z - mean) ** 2, axis=0))
    size = np.sqrt(np.mean(block.z**2, axis=0))
    scale = spread if structure.key == "unstructured" else size
    scale = np.where(scale > 0, scale, 1.0)
    if structure.key in ("identity", "exchangeable"):
        scale = np.full(q, np.sqrt(np.mean(scale**2)))
    a = np.diag(1.0 / scale)
    if centred:
        a[-1] -= mean / scale
    if structure.key == "unstructured":
        return BlockTransform(a, structure.basis(), _congruence(block, a))
    # Σ of the scaled columns keeps its structure: z/s = z̃C⁻¹ with C⁻¹ = A⁻¹ diag(1/s)
    back = np.linalg.inv(a) @ np.diag(1.0 / scale)
    return BlockTransform(a, back @ structure.basis() @ back.T, _congruence(block, np.diag(1.0 / scale)))


def _congruence(block: RandomBlock, a: FloatArray) -> FloatArray:
    """The matrix of ψ -> natural parameters of AΣ(ψ)A', shape (k, k)."""
    parameters = block.structure.parameters()
    moved = a @ block.structure.basis() @ a.T
    return np.array([[m[p.where[0]] for m in moved] for p in parameters])
