"""Which covariance parameters the data cannot tell apart, whatever their values.

Parameters are identified where the derivatives of V, under restricted likelihood projected off X, are linearly
independent: where their products K (`terrace.likelihood.information`) have full rank (Rothenberg 1971, theorem 1, for
the normal distribution). In parameters in which V is linear the rank is the same everywhere; with others it is looked
at in two places, since a single value can be degenerate by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.likelihood.information import expected_information
from terrace.likelihood.objective import Objective

FloatArray = npt.NDArray[np.float64]

# Eigenvalues of K, scaled to sizes of one, that are rounding; and entries of their vectors that are.
RANK, ENTRY = 1e-11, 1e-5

# Logarithms of ratios of residual variances that are near each other.
NEAR = 3.0


@dataclass(frozen=True)
class Unidentified:
    """Directions (r + 1, s) of (ψ, log σ²) along which the likelihood does not change; s is 0 mostly.

    ``size`` (r + 1,) are the lengths of the derivatives of V: the directions are orthonormal in units of these.
    ``absorbed`` (s,) tells those along which V does change, where the fixed effects take up the change.
    """

    directions: FloatArray
    size: FloatArray
    absorbed: npt.NDArray[np.bool_]

    def moved(self, jacobian: FloatArray) -> FloatArray:
        """How far functions of the parameters move along each direction, (k, s), in parts of the most they could;
        0 is exact. ``jacobian`` (k, r + 1) is theirs in (ψ, log σ²)."""
        reach = np.sqrt(np.sum((jacobian / self.size) ** 2, axis=1))
        moved = (jacobian @ self.directions) / np.where(reach > 0, reach, 1.0)[:, None]
        return np.where(np.abs(moved) > ENTRY, moved, 0.0)


def unidentified(objective: Objective, psi: FloatArray, tangent: FloatArray | None = None) -> Unidentified:
    """What the data cannot tell about the parameters at ψ and beside it.

    ``tangent`` (r + 1, t + 1) spans the directions of (ψ, log σ²) that the structures allow, where that is not all.
    """
    r, first = objective.n_params, objective.n_random
    nothing = Unidentified(np.zeros((r + 1, 0)), np.ones(r + 1), np.zeros(0, dtype=bool))
    found = _null(objective, psi, tangent) if r else None
    if found is None or not found.directions.shape[1] or r == first:
        return found or nothing
    own = [first + k for k, _ in objective.design.residuals.slices() if k is not None]
    for shift in (0.05, -0.05, 0.01):
        elsewhere = psi.copy()
        elsewhere[first:] = psi[first:] * (1.0 - shift) + 0.3 * shift
        # a variance of its own that goes to zero moves nothing with its logarithm; beside the others it does
        elsewhere[own] = np.clip(elsewhere[own], -NEAR, NEAR)
        other = _null(objective, elsewhere, tangent)
        if other is not None:
            return found if other.directions.shape[1] == found.directions.shape[1] else other
    return found


def _null(objective: Objective, psi: FloatArray, tangent: FloatArray | None) -> Unidentified | None:
    try:
        k, plain = expected_information(objective, psi)
    except np.linalg.LinAlgError:
        return None
    size = _lengths(plain)
    open_ = np.eye(len(k)) if tangent is None else tangent
    length = _lengths(open_.T @ plain @ open_)
    values, vectors = np.linalg.eigh(open_.T @ k @ open_ / np.outer(length, length))
    null = open_ @ (vectors[:, values < RANK * max(1.0, float(values[-1]))] / length[:, None])
    return Unidentified(null, size, np.einsum("is,ij,js->s", null, plain, null) > ENTRY)


def _lengths(products: FloatArray) -> FloatArray:
    """The lengths of derivatives of V from their products; 1 for what V does not depend on."""
    length = np.sqrt(np.maximum(np.diag(products), 0.0))
    return np.where(length > 0, length, 1.0)


# A variance of how far a coefficient moves, in units of its own at a change of V by its own size, that is rounding.
STILL = 1e-9


def moving(objective: Objective, psi: FloatArray, unknown: Unidentified) -> FloatArray:
    """A basis (p, k) of the changes of β̂ along what is not identified, in the units of the columns of X that the
    objective was made from; k is 0 where the estimates stay.

    Along a direction D of V that changes no restricted likelihood, P is the same everywhere, Xβ̂ = y - VPy, and β̂
    moves on a line: by -A⁻¹X'V⁻¹DPy with A = X'V⁻¹X. What can move is the range of the covariance matrix of that over
    all outcomes, A⁻¹(X'V⁻¹DV⁻¹DV⁻¹X - A_D A⁻¹ A_D)A⁻¹, A_D the derivative of A.
    """
    p, directions = objective.p, unknown.directions[:-1, unknown.absorbed]
    none = np.zeros((p, 0))
    if not p or not directions.shape[1]:
        return none
    m = objective.moments(psi, 2, linear=True)
    a, f1 = m.f.sum(axis=0)[:p, :p], m.f1.sum(axis=1)[:, :p, :p]
    f2 = m.f2.sum(axis=2)[:, :, :p, :p]
    root = np.linalg.inv(np.linalg.cholesky(a))
    total = np.zeros((p, p))
    for d in directions.T:
        first = root @ np.tensordot(d, f1, axes=1) @ root.T
        second = root @ np.einsum("i,j,ijkl->kl", d, d, f2) @ root.T
        total += second / 2.0 - first @ first
    values, vectors = np.linalg.eigh((total + total.T) / 2)
    found = root.T @ vectors[:, values > STILL]
    if not found.shape[1]:
        return none
    basis = objective.back @ found
    errors = np.sqrt(np.sum((objective.back @ root.T) ** 2, axis=1))
    return np.where(np.abs(basis) > 1e-7 * errors[:, None], basis, 0.0)


@dataclass(frozen=True)
class Confounded:
    """Printed parameters, by position, of which only combinations (or, of one alone, nothing) is known. ``absorbed``
    says whether the fixed effects take up what would tell."""

    members: tuple[int, ...]
    absorbed: bool


def confounded(unknown: Unidentified, jacobian: FloatArray) -> tuple[Confounded, ...]:
    """The sets of parameters, as small as they can be, whose ``jacobian`` is (k, r + 1) in (ψ, log σ²)."""
    sets: list[set[int]] = []
    moved = unknown.moved(jacobian)
    for row in sparse(moved.T):
        own = set(np.flatnonzero(np.abs(row) > ENTRY).tolist())
        apart = [s for s in sets if not s & own]
        sets = [*apart, own.union(*(s for s in sets if s & own))]
    return tuple(
        Confounded(members, bool(unknown.absorbed[np.any(moved[list(members)] != 0, axis=0)].all()))
        for members in sorted(tuple(sorted(s)) for s in sets if s)
    )


def clear_column(rows: FloatArray, pivot: int, column: int) -> None:
    """Brings one row to 1 in a column and takes it from all others, in place: a step of Gauss and Jordan."""
    rows[pivot] /= rows[pivot, column]
    others = np.arange(len(rows)) != pivot
    rows[others] -= np.outer(rows[others, column], rows[pivot])


def sparse(rows: FloatArray) -> FloatArray:
    """The same space by rows with as many zeros as elimination with full pivoting gives."""
    rows = rows.copy()
    done: list[int] = []
    for _ in range(len(rows)):
        left = [i for i in range(len(rows)) if i not in done]
        block = np.abs(rows[left])
        i, j = np.unravel_index(int(np.argmax(block)), block.shape)
        if block[i, j] < ENTRY:
            break
        pivot = left[i]
        clear_column(rows, pivot, int(j))
        rows[np.abs(rows) < 1e-9] = 0.0
        done.append(pivot)
    return rows
