"""The information at a random part of zero, which takes no solves: V = I there.

It is where a search begins (`terrace.optimise.start`) and what tells which parameters are identified: V is linear in
them, so that the rank is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.equations import Equations
from terrace.likelihood.iterative.schur import rows_of
from terrace.likelihood.iterative.system import times

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AtZero:
    """tr(PV_aPV_b) and tr(V_aV_b), both (r + 1, r + 1) with log σ² last, y'PV_iPy (r,), and y'Py."""

    projected: FloatArray
    plain: FloatArray
    squares: FloatArray
    rss: float


def at_zero(equations: Equations, r: int, p: int, n: float) -> AtZero:
    """For r parameters of the random effects, p orthonormal columns of X, and n rows."""
    factors = equations.factors
    placed = [(f, i, basis) for f, factor in enumerate(factors) for i, basis in factor.component.bases.items()]
    plain = np.zeros((r + 1, r + 1))
    first = np.zeros(r)
    for f, i, basis in placed:
        own = factors[f].own
        first[i] += float(np.tensordot(own, basis, axes=2).sum())
        for h, j, other in placed:
            if f == h:
                plain[i, j] += float(np.einsum("gab,gba->", basis @ own, other @ own))
            elif f < h:
                both = equations.couplings[f, h].squares(basis, other)
                plain[i, j] += both
                plain[j, i] += both
    plain[:r, r] = plain[r, :r] = first
    plain[r, r] = n
    projected = plain.copy()
    x = [np.zeros((f.effects, r * p)) for f in factors]  # (I ⊗ E_i)Z'X side by side
    within, squares = np.zeros((r, p, p)), np.zeros(r)
    for f, i, basis in placed:
        rows = rows_of(factors[f], factors[f].right)
        moved = basis @ rows
        x[f][:, i * p : (i + 1) * p] += moved[:, :, :p].reshape(-1, p)
        within[i] += np.einsum("gqa,gqb->ab", rows[:, :, :p], moved[:, :, :p])
        squares[i] += float(np.einsum("gq,gq->", rows[:, :, p], moved[:, :, p]))
    if p:
        kx = times(equations, x)
        for i in range(r):
            for j in range(r):
                across = sum(
                    float(np.vdot(left[:, i * p : (i + 1) * p], right[:, j * p : (j + 1) * p]))
                    for left, right in zip(x, kx)
                )
                projected[i, j] += float(np.vdot(within[i], within[j])) - 2.0 * across
        traces = np.trace(within, axis1=1, axis2=2)
        projected[:r, r] -= traces
        projected[r, :r] -= traces
        projected[r, r] -= p
    return AtZero((projected + projected.T) / 2.0, plain, squares, float(equations.products[p, p]))
