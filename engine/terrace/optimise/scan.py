"""A look over the whole parameter space of small data, where a likelihood can have several summits.

Topographical global optimisation (Törn & Viitanen 1992): the likelihood is evaluated at points spread over the space,
and those that stand higher than all their nearest neighbours are worth a search. The summit that is known already is
one of the points, so that nothing on its slopes is searched again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import RandomBlock
from terrace.likelihood.objective import Objective
from terrace.optimise.search import Frames, SearchPoint, SearchSpace

FloatArray = npt.NDArray[np.float64]

# Rows beyond the fixed effects, and groups of the smallest level, for each covariance parameter.
ROWS, GROUPS = 15.0, 2.0
ROWS_AT_MOST = 400
POINTS, NEIGHBOURS, SEARCHES = 20, 5, 4


def is_small(objective: Objective) -> bool:
    """Whether there is so little in the data for each covariance parameter that a second summit is to be feared."""
    design, r = objective.design, objective.n_theta
    if not objective.n_random or design.n > ROWS_AT_MOST or design.residuals.n_by > 1:
        return False
    few_rows = design.n - objective.p < ROWS * (r + 1)
    few_groups = any(
        block.n_groups < GROUPS * (part.stop - part.start)
        for block, part in zip(design.blocks, objective.layout.theta_slices)
    )
    return few_rows or few_groups


def other_summits(space: SearchSpace, known: SearchPoint) -> list[FloatArray]:
    """Points θ to search from, the most promising first, beside the summit ``known``; none or a few."""
    space.frames = _upright(space, known.frames)
    thetas = _spread(space)
    values = np.array([space.value(theta) for theta in thetas])
    where = np.array([_coordinates(space, space.natural(theta)[0]) for theta in thetas])
    values = np.append(values, known.ll)
    where = np.vstack([where, _coordinates(space, known.psi)])
    apart = np.linalg.norm(where[:, None] - where[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    top = np.flatnonzero((values > values[near].max(axis=1)) & (np.arange(len(values)) < len(thetas)))
    best = [thetas[k] for k in top[np.argsort(-values[top], kind="stable")][:SEARCHES]]
    return best + _without_errors(space, known)


def _upright(space: SearchSpace, frames: Frames) -> Frames:
    """Frames whose axes have a side that the data give them: an eigenvector and its opposite are the same axis.

    Along each, the sums over the groups of effect times residual are skewed to the positive side.
    """
    objective = space.objective
    design = objective.design
    residual = design.y - design.x @ np.linalg.lstsq(design.x, design.y, rcond=None)[0]
    out: list[FloatArray | None] = []
    for b, frame in zip(space.blocks, frames):
        if frame is None:
            out.append(None)
            continue
        z = objective.layout.transforms[design.blocks.index(b.block)].columns(b.block.z) @ frame
        sums = [np.bincount(b.block.codes, weights=column * residual) for column in z.T]
        out.append(frame * np.where([float(np.sum(s**3)) < 0.0 for s in sums], -1.0, 1.0))
    return tuple(out)


def _without_errors(space: SearchSpace, known: SearchPoint) -> list[FloatArray]:
    """A point with next to no error variance, where the random effects alone can reproduce the outcome.

    The likelihood then has a limit as σ² goes to zero, or none; otherwise it falls with every power of ten.
    """
    far, farther = (_beside(space, known, scale) for scale in (1e4, 1e6))
    return [far] if space.value(farther) > space.value(far) - 1.0 else []


def rises_without_errors(space: SearchSpace, point: SearchPoint) -> bool:
    """Whether the likelihood has no maximum beside this point: it goes on to rise as the error variance falls.

    Where that is so small that digits are lost beyond the point, the way that led there tells.
    """
    sigma2 = point.evaluation.sigma2
    if sigma2 > 1e-4:
        return False
    if sigma2 > 1e-6:
        return space.value(space.with_sigmas(point, lambda _, sigma: 100.0 * sigma)) > point.ll + 0.5
    return space.value(space.with_sigmas(point, lambda _, sigma: 0.01 * sigma)) < point.ll - 0.5


def has_limit_without_errors(space: SearchSpace, point: SearchPoint) -> bool:
    """Whether a search along falling error variances has come so far that the rest of the way changes nothing."""
    if point.evaluation.sigma2 > 1e-4:
        return False
    farther = space.value(space.with_sigmas(point, lambda _, sigma: 10.0 * sigma))
    return abs(farther - point.ll) < 1e-3


def _beside(space: SearchSpace, known: SearchPoint, scale: float) -> FloatArray:
    """θ with all Σ* of a known point, moved into the interior, times ``scale``."""

    def change(block: RandomBlock, sigma: FloatArray) -> FloatArray:
        return scale * (sigma + np.eye(block.structure.size) / _rows_a_group(space.objective, block))

    return space.with_sigmas(known, change)


def _spread(space: SearchSpace) -> list[FloatArray]:
    """θ of points that are spread over all covariance matrices, by what they make of the groups.

    With n̄ rows a group, M = n̄Σ*(I + n̄Σ*)⁻¹ has eigenvalues between 0 and 1: the shares of the random effects that
    their predictions keep. These and the directions are drawn, always in the same way.
    """
    objective = space.objective
    residuals = objective.design.residuals.starts()
    rng = np.random.default_rng(1)
    out = []
    for k in range(POINTS * (min(objective.n_theta, 5) + 1)):
        theta = np.zeros(objective.n_theta)
        for b in space.blocks:
            q = b.structure.size
            # towards either end, where summits are
            share = 0.001 + 0.998 * np.sin(0.5 * np.pi * rng.random(q)) ** 2
            axes = np.linalg.qr(rng.normal(size=(q, q)))[0]
            sigma = (axes * (share / (1.0 - share))) @ axes.T / _rows_a_group(objective, b.block)
            theta[b.theta] = b.structure.from_matrix(sigma)
        theta[space.residual] = residuals[k % len(residuals)]
        out.append(space.to_search(theta))
    return out


def _rows_a_group(objective: Objective, block: RandomBlock) -> float:
    return objective.design.n / max(block.n_groups, 1)


def _coordinates(space: SearchSpace, psi: FloatArray) -> FloatArray:
    """Where ψ stands, (r,), each coordinate between -1 and 1: the diagonal of M for variances, correlations by the
    size of what they correlate, residual parameters by their hyperbolic tangent; Σ in the frames of the space."""
    out = np.tanh(psi)
    for b, frame in zip(space.blocks, space.frames):
        sigma = b.structure.matrix(psi[b.psi])
        sigma = sigma if frame is None else frame.T @ sigma @ frame
        variance = np.maximum(np.diag(sigma), 1e-12)
        scaled = variance * _rows_a_group(space.objective, b.block)
        root = np.sqrt(scaled / (1.0 + scaled))
        m = sigma / np.sqrt(np.outer(variance, variance)) * np.outer(root, root)
        for k, where in enumerate(b.structure.entries()):
            out[b.psi.start + k] = m[where[0]]
    return out
