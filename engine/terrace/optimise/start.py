"""Starting values: one step of Fisher scoring from a model without random effects.

At Σ = 0 and independent residuals the scoring step solves the equations of MIVQUE(0) (Rao 1971; Goodnight 1978),
which in balanced designs are those of the analysis of variance. It costs one evaluation, needs no guess, and
is unbiased; the search begins close to the solution. Where it leaves the parameter space it is pulled back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.objective import Objective, Tape

FloatArray = npt.NDArray[np.float64]

SMALLEST, LARGEST = 1e-3, 1e4


def scoring_start(objective: Objective, residual: FloatArray) -> FloatArray | None:
    """ψ after the step, shape (n_params,), with every Σ positive definite; None where it cannot be had.

    ``residual`` are the relative residual parameters to step from.
    """
    if isinstance(objective, IterativeObjective):
        return _iterative_start(objective)
    r, n_random, p = objective.n_params, objective.n_random, objective.p
    psi = np.zeros(r)
    psi[n_random:] = residual
    try:
        tape = Tape()
        m = objective.moments(psi, 1, tape=tape)
        a = m.f.sum(axis=0)[:p, :p]
        a_inverse = np.linalg.inv(a) if p else np.zeros((0, 0))
        f, f1 = m.f.sum(axis=0), m.f1.sum(axis=1)
        beta = a_inverse @ f[:p, p]
        v = np.append(-beta, 1.0)
        nu = objective.n_effective - p
        sigma2 = float(v @ f @ v) / nu
        x1 = f1[:, :p, :p]
        ax = a_inverse @ x1
        ld1 = m.ld1.sum(axis=1) + np.trace(ax, axis1=1, axis2=2)
        gradient = -0.5 * (np.einsum("i,aij,j->a", v, f1, v) / sigma2 + ld1)
        full = np.empty((r + 1, r + 1))
        weight = np.zeros((p + 1, p + 1))
        weight[:p, :p] = a_inverse
        trace_xx = np.tensordot(ax, np.swapaxes(ax, 1, 2), axes=([1, 2], [1, 2]))
        full[:r, :r] = 0.5 * (trace_xx - objective.curvature(psi, tape, weight))
        full[:r, r] = full[r, :r] = 0.5 * ld1
        full[r, r] = 0.5 * nu
        step = np.linalg.solve(full, np.append(gradient, 0.0))
    except np.linalg.LinAlgError:
        return None
    if not np.all(np.isfinite(step)):
        return None
    return _from_step(objective, psi, step)


def _iterative_start(objective: IterativeObjective) -> FloatArray | None:
    """The same step from what the iterative tier knows at zero."""
    zero, r = objective.at_zero(), objective.n_params
    sigma2 = zero.rss / zero.projected[r, r]
    gradient = 0.5 * (zero.squares / sigma2 - zero.projected[:r, r])
    try:
        step = np.linalg.solve(0.5 * zero.projected, np.append(gradient, 0.0))
    except np.linalg.LinAlgError:
        return None
    return _from_step(objective, np.zeros(r), step) if np.all(np.isfinite(step)) else None


def _from_step(objective: Objective, psi: FloatArray, step: FloatArray) -> FloatArray:
    """ψ after a step in (ψ, log σ²) from one without random effects."""
    r, n_random = objective.n_params, objective.n_random
    # σ²ψ is linear in V: σ²(1 + δτ) is the new σ², σ²δψ the new Σ
    shrink = 1.0 + step[r]
    if not shrink > 0.05:
        shrink = 0.05
    out = psi.copy()
    out[:n_random] = step[:n_random] / shrink
    out[n_random:] = psi[n_random:] + step[n_random:r]
    return _inside(objective, out)


def _inside(objective: Objective, psi: FloatArray) -> FloatArray:
    """ψ with eigenvalues of every Σ between bounds, so that the search starts in the interior."""
    out = psi.copy()
    for block, part in zip(objective.design.blocks, objective.layout.block_slices):
        if part.stop == part.start:
            continue
        sigma = block.structure.matrix(psi[part])
        values, vectors = np.linalg.eigh(sigma)
        top = max(float(values.max()), 0.0)
        floor = max(SMALLEST, 0.02 * top)
        if values.min() < floor:
            sigma = (vectors * np.clip(values, floor, LARGEST)) @ vectors.T
            theta = block.structure.from_matrix(sigma)
            out[part] = block.structure.to_psi(theta)[0]
    return out
