"""Second derivatives for the observed information, which standard errors are made of.

With W = Z'V⁻¹Z, tr(V⁻¹V_iV⁻¹V_j) = tr(WE_iWE_j), E_i the derivative of G. For E_i of a factor it is the mean of
(WE_it)'E_j(Wt) over random signs t on the effects of that factor; factors with few effects have every direction in
place of random ones, so that nothing is random about them. Quadratic forms are solved for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.equations import EffectFactor, Equations
from terrace.likelihood.iterative.probes import SEED
from terrace.likelihood.iterative.schur import Schur, rows_of
from terrace.likelihood.iterative.system import effects, scores, times

FloatArray = npt.NDArray[np.float64]
Tick = Callable[[], None]

FEW = 256
"""Effects of a factor for which every direction is taken."""
PROBES, AT_ONCE, TOLERANCE = 16, 16, 1e-8


def moved(factor: EffectFactor, basis: FloatArray, v: FloatArray) -> FloatArray:
    """(I ⊗ E)v for effects of a factor, (G·q, m)."""
    out: FloatArray = (basis @ rows_of(factor, v)).reshape(v.shape)
    return out


def products(equations: Equations, left: list[FloatArray], right: list[FloatArray], r: int) -> FloatArray:
    """Σ_columns left'E_j right for every parameter j, (r,), both by factor (G·q, m)."""
    out = np.zeros(r)
    for factor, a, b in zip(equations.factors, left, right):
        for j, basis in factor.component.bases.items():
            out[j] += float(np.vdot(a, moved(factor, basis, b)))
    return out


def log_det_second(schur: Schur, r: int, tick: Tick | None = None) -> FloatArray:
    """-tr(V⁻¹V_iV⁻¹V_j), (r, r), estimated."""
    e = schur.equations
    found, exact = np.full((r, r), np.nan), np.zeros((r, r), dtype=bool)
    for k, factor in enumerate(e.factors):
        few = factor.effects <= FEW
        count = factor.effects if few else PROBES
        rows = np.zeros((r, r))
        for first in range(0, count, AT_ONCE):
            last = min(first + AT_ONCE, count)
            signs = np.eye(count)[:, first:last] if few else _signs(factor.effects, k, first, last)
            plain = _w_times(schur, k, signs, tick)
            for i, basis in factor.component.bases.items():
                own = plain
                if factor.q > 1:
                    own = _w_times(schur, k, moved(factor, basis, signs), tick)
                rows[i] += (basis[0, 0] if factor.q == 1 else 1.0) * products(e, own, plain, r)
        if not few:
            rows /= PROBES
        for i in factor.component.bases:
            for j in range(r):
                # what is exact goes before what is random, and of two estimates it is the mean
                if np.isnan(found[j, i]) or few > exact[j, i]:
                    found[i, j] = found[j, i] = rows[i, j]
                elif few == exact[j, i] and i != j:
                    found[i, j] = found[j, i] = (found[j, i] + rows[i, j]) / 2.0
                exact[i, j] = exact[j, i] = exact[j, i] or few
    return -found


def _signs(size: int, number: int, first: int, last: int) -> FloatArray:
    each = [np.random.default_rng((SEED, 1 + number, k)).integers(0, 2, size) for k in range(first, last)]
    return np.ascontiguousarray(2.0 * np.array(each).T - 1.0)


def _w_times(schur: Schur, at: int, v: FloatArray, tick: Tick | None) -> list[FloatArray]:
    """W v by factor, for effects v of one factor."""
    e = schur.equations
    given = [v if k == at else np.zeros((f.effects, v.shape[1])) for k, f in enumerate(e.factors)]
    return weighted(schur, given, tick)


def weighted(schur: Schur, given: list[FloatArray], tick: Tick | None) -> list[FloatArray]:
    """W g by factor, for effects g by factor."""
    right = times(schur.equations, given)
    return scores(schur, right, effects(schur, right, TOLERANCE, tick))


def quadratic_second(schur: Schur, score: list[FloatArray], r: int, tick: Tick | None = None) -> FloatArray:
    """2 Σ_columns s'V_iV⁻¹V_js, (r, r), for Z's by factor (G·q, m): second derivatives of the sum of c'V⁻¹c."""
    e = schur.equations
    out, m = np.zeros((r, r)), score[0].shape[1]
    own = [
        (i, k, moved(factor, basis, score[k])) for k, factor in enumerate(e.factors)
        for i, basis in factor.component.bases.items()
    ]
    # as many systems at once as leave the vectors small
    at_once = max(1, AT_ONCE // m)
    for first in range(0, len(own), at_once):
        some = own[first : first + at_once]
        given = [np.zeros((factor.effects, m * len(some))) for factor in e.factors]
        for place, (_, k, g) in enumerate(some):
            given[k][:, place * m : (place + 1) * m] = g
        found = weighted(schur, given, tick)
        for place, (i, _, _) in enumerate(some):
            out[i] += products(e, [w[:, place * m : (place + 1) * m] for w in found], score, r)
    return out + out.T
