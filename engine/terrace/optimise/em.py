"""EM iterations for the covariance of the random effects (Dempster, Laird & Rubin 1977; Laird & Ware 1982).

With β and σ² at their conditional maxima, the M step Σ ← mean over groups of E(uu'|y) equals a step along the
gradient: Σ_new = Σ + (2/M) Σ G Σ with G the symmetric matrix of ∂ll/∂Σ. So one gradient evaluation is one EM
iteration, for ML and REML alike, and the likelihood never falls (an ECM algorithm; Meng & Rubin 1993).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import RandomStructure
from terrace.likelihood.objective import Objective
from terrace.optimise.log import Iteration

FloatArray = npt.NDArray[np.float64]


def em_step(objective: Objective, psi: FloatArray, gradient: FloatArray) -> FloatArray:
    """ψ after one M step; `gradient` is that of the profiled objective in ψ (random part)."""
    out = psi.copy()
    for block, part in zip(objective.design.blocks, objective.layout.block_slices):
        if part.stop == part.start:
            continue
        structure = block.structure
        if block.factor is not None:
            values = structure.em_over_values(psi[part], gradient[part], block.level.n_groups)
            if values is not None:
                out[part] = values
                continue
        sigma = structure.matrix(psi[part])
        g = np.zeros_like(sigma)
        for k, cells in enumerate(structure.entries()):
            share = gradient[part][k] / len(cells)
            for i, j in cells:
                if i == j:
                    g[i, i] += share
                else:
                    g[i, j] += share / 2
                    g[j, i] += share / 2
        groups = block.n_groups
        out[part] = _m_step(structure, sigma, g, groups)
    return out


def _m_step(structure: RandomStructure, sigma: FloatArray, g: FloatArray, groups: int) -> FloatArray:
    """Project Σ + (2/M) Σ G Σ on the family: averages over tied cells are its M step.

    For tied parameters G is known only summed over their cells; spreading it evenly leaves the averages of
    ΣGΣ unchanged for identity and independent Σ, and for exchangeable Σ by symmetry.
    """
    return structure.m_step(sigma + 2.0 / groups * sigma @ g @ sigma)


def run_em(
    objective: Objective,
    psi: FloatArray,
    iterations: int,
    tolerance: float,
    *,
    report: Callable[[Iteration], None] | None = None,
    tick: Callable[[], None] | None = None,
) -> tuple[FloatArray, tuple[Iteration, ...], bool]:
    """At most `iterations` EM steps, until the log-likelihood changes by less than `tolerance` relatively."""
    begun = time.perf_counter()
    log: list[Iteration] = []
    last = None
    converged = False
    for number in range(iterations + 1):
        evaluation = objective.evaluate(psi, 1, tick=tick)
        entry = Iteration(
            "EM", number, evaluation.ll, float(np.linalg.norm(evaluation.gradient)), 0.0,
            time.perf_counter() - begun,
        )
        log.append(entry)
        if report:
            report(entry)
        if last is not None and abs(evaluation.ll - last) < tolerance * max(abs(last), 1e-300):
            converged = True
            break
        last = evaluation.ll
        if number < iterations:
            psi = em_step(objective, psi, evaluation.gradient)
    return psi, tuple(log), converged
