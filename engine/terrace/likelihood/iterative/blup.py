"""Best linear unbiased predictions by the iterative tier, and their errors.

û = GZ'V⁻¹(y - Xβ) comes from one solve. The prediction errors G - GZ'V⁻¹ZG of a group are those that it would have if
no other group shared its rows, exactly, and what the others add, which is estimated with probes as traces are
(diagonals of an inverse: Bekas, Kokiopoulou & Saad 2007). With few effects beside the lead every direction is solved
for, and nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.iterative.probes import AT_ONCE, EXACT, TOLERANCE, Probes
from terrace.likelihood.iterative.schur import Schur, by_group, rows_of
from terrace.likelihood.iterative.solve import solve
from terrace.likelihood.iterative.system import effects
from terrace.likelihood.layout import Component

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyFloat = npt.NDArray[np.floating[Any]]
Found = list[tuple[Component, FloatArray, FloatArray | None]]

FEW = 512
"""Effects beside the lead for which every direction is solved for."""
PROBES, STEPS, AFFORDABLE = 512, 10, 4e10
"""Probes for prediction errors otherwise; the steps that a solve takes mostly, and the operations that solves in every
direction may take, some 20 s."""


def iterative_effects(
    objective: IterativeObjective, psi: FloatArray, beta: FloatArray, sigma2: float, errors: bool,
    beta_vcov: FloatArray | None,
) -> Found:
    """Each component with its effects (G, q) and the covariance matrices of their errors (G, q, q), in the objective's
    units; see `terrace.likelihood.blup.predict_effects`."""
    schur, e = objective.schur(psi), objective.equations
    right = [f.right for f in e.factors]
    by_factor = effects(schur, right, EXACT)
    far = np.append(-beta, 1.0)
    spread = _errors(objective, schur) if errors else [None] * len(by_factor)
    out: Found = []
    for factor, u, own in zip(e.factors, by_factor, spread):
        vcov = None
        if own is not None:
            vcov = sigma2 * own
            if beta_vcov is not None:
                x = rows_of(factor, u[:, : objective.p])
                vcov = vcov + x @ beta_vcov @ np.swapaxes(x, 1, 2)
            vcov = vcov[factor.place]
        out.append((factor.component, (u @ far).reshape(factor.groups, factor.q)[factor.place], vcov))
    return out


def _errors(objective: IterativeObjective, schur: Schur) -> list[FloatArray]:
    """The diagonal blocks of G - GZ'V⁻¹ZG by factor, (G, q, q), relative to σ²."""
    e = objective.equations
    inverse = [b @ np.swapaxes(b, 1, 2) for b in schur.b]
    covered = np.zeros_like(schur.w0)
    for f, each in enumerate(inverse):
        covered += e.couplings[0, f + 1].around_right(each)
    more = [np.zeros_like(block) for block in (schur.w0, *inverse)]
    if e.rest <= FEW or 2.0 * e.rest * e.cells * 2.0 * STEPS < AFFORDABLE:
        probes = Probes(np.eye(e.rest, dtype=objective.precision), 0)
    else:
        probes = Probes(objective.probes.basis, PROBES)
    for part, exact in probes.parts(AT_ONCE):
        weight = np.where(np.arange(part.shape[1]) < exact, 1.0, 1.0 / max(probes.count, 1))
        found = solve(schur, part, TOLERANCE)
        _add_products(more[0], weight, found.first_lead, found.lead - found.first_lead)
        for k, (span, each) in enumerate(zip(e.spans, inverse), start=1):
            at = each.astype(objective.precision)
            _add_products(more[k], weight, by_group(at, found.first_x[span]), by_group(at, found.x[span]))
    lead = schur.w0 + schur.w0 @ (covered + more[0]) @ schur.w0
    return [lead, *(each + extra for each, extra in zip(inverse, more[1:]))]


def _add_products(to: FloatArray, weight: FloatArray, a: AnyFloat, b: AnyFloat) -> None:
    """Add Σ_m w_m a_gm b_gm', made symmetric, to ``to`` (G, q, q); a and b (G·q, m)."""
    g, q, _ = to.shape
    left, right = a.reshape(g, q, -1) * weight.astype(a.dtype), b.reshape(g, q, -1)
    product = left @ np.swapaxes(right, 1, 2)
    to += (product + np.swapaxes(product, 1, 2)) / 2.0


@dataclass(frozen=True)
class RowEffects:
    """The columns (n, q) of Z of some rows for the groups ``codes`` (n,) of a component; -1 where it has no such group,
    whose columns are then zero."""

    codes: IntArray
    z: FloatArray


def error_variance(
    objective: IterativeObjective, psi: FloatArray, rows: dict[int, RowEffects], x: FloatArray, a_inverse: FloatArray,
    tick: Callable[[], None] | None = None,
) -> FloatArray:
    """Var(xβ̂ + zũ - xβ - zu)/σ² of n rows, (n,), by a solve a row.

    ``rows`` has the columns of Z by the id of the component, ``x`` (n, p) is in the objective's coordinates, and
    ``a_inverse`` (p, p) that of the evaluation.
    """
    schur, e = objective.schur(psi), objective.equations
    right = [f.right[:, : objective.p] for f in e.factors]
    of_x = effects(schur, right, EXACT, tick)
    out = np.empty(len(x))
    for first in range(0, len(x), AT_ONCE):
        some = np.arange(first, min(first + AT_ONCE, len(x)))
        given = []
        for factor in e.factors:
            own = rows[id(factor.component)]
            c = np.zeros((factor.groups, factor.q, len(some)))
            known = np.flatnonzero(own.codes[some] >= 0)
            c[factor.place[own.codes[some[known]]], :, known] = own.z[some[known]]
            given.append(c.reshape(factor.effects, -1))
        solved = effects(schur, given, EXACT, tick)
        own_error = np.einsum("em,em->m", np.concatenate(given), np.concatenate(solved))
        apart = x[some] - sum((g.T @ u for g, u in zip(given, of_x)), np.zeros((len(some), objective.p)))
        out[some] = own_error + np.einsum("ma,ab,mb->m", apart, a_inverse, apart)
    return out
