"""Solves of the mixed-model equations: effects and scores of columns, by factor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.equations import Equations
from terrace.likelihood.iterative.schur import Schur, by_group
from terrace.likelihood.iterative.solve import solve

FloatArray = npt.NDArray[np.float64]
ByFactor = list[FloatArray]
"""Effects (G·q, m) of every factor, the lead first."""


def effects(schur: Schur, right: ByFactor, tolerance: float, tick: Callable[[], None] | None = None) -> ByFactor:
    """GZ'V⁻¹c for right sides Z'c."""
    first = by_group(schur.w0, right[0])
    b = schur.b_transposed_times(np.concatenate(right[1:]) - schur.from_lead(first))
    solved = solve(schur, np.ascontiguousarray(b), tolerance, tick, parts=False)
    u = schur.b_times(b + solved.beyond)
    lead = first - by_group(schur.w0, schur.to_lead(u))
    return [np.asarray(lead), *(np.asarray(u[span]) for span in schur.equations.spans)]


def scores(schur: Schur, right: ByFactor, solved: ByFactor) -> ByFactor:
    """Z'V⁻¹c for right sides Z'c and what `effects` makes of them."""
    rest = np.concatenate(solved[1:])
    lead = by_group(np.swapaxes(schur.p0, 1, 2), right[0] - schur.to_lead(rest))
    out = np.concatenate(right[1:]) - schur.from_lead(solved[0]) - schur.own_times(rest)
    among = schur.among_rest(rest)
    if among is not None:
        out = out - among
    return [np.asarray(lead), *(np.asarray(out[span]) for span in schur.equations.spans)]


def times(equations: Equations, given: ByFactor) -> ByFactor:
    """Kg, the products Z'Zg."""
    out = [np.asarray(by_group(factor.own, each)) for factor, each in zip(equations.factors, given)]
    for (a, b), coupling in equations.couplings.items():
        out[a] = out[a] + coupling.times(given[b])
        out[b] = out[b] + coupling.transposed_times(given[a])
    return out


def inner(left: ByFactor, right: ByFactor) -> FloatArray:
    """Σ over factors of left'right, symmetric."""
    total = sum((a.T @ b for a, b in zip(left, right)), np.zeros((left[0].shape[1], right[0].shape[1])))
    return np.asarray((total + total.T) / 2.0)
