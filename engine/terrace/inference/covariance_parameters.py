"""The covariance parameters of an optimum, where the data cannot tell all of them too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.inference.identification import Unidentified, unidentified
from terrace.inference.parameters import NaturalEstimate, estimate_natural
from terrace.optimise.fit import Optimum
from terrace.optimise.search import SearchSpace, with_log_variance

FloatArray = npt.NDArray[np.float64]

# The smallest eigenvalue of the information from which all parameters are identified beyond doubt.
WELL = 1e-2


def covariance_parameters(
    optimum: Optimum, want_se: bool
) -> tuple[Optimum, NaturalEstimate, Unidentified | None]:
    """The covariance parameters, and what the data cannot tell of them where that is something.

    Of optima that only differ in what is not identified, it is the one with the least of it that goes on: one without
    what the fixed effects take up, and with covariances of zero where nothing tells them.
    """
    natural = estimate_natural(optimum.space, optimum.point, want_se=want_se)
    if natural.lowest > WELL and not natural.boundary:
        return optimum, natural, None
    unknown = unidentified_beside(optimum.space, optimum.point.theta)
    if not unknown.directions.shape[1]:
        return optimum, natural, None
    optimum = _with_least(optimum, unknown, np.ones(len(unknown.absorbed), dtype=bool)) or (
        _with_least(optimum, unknown, unknown.absorbed) or optimum
    )
    return optimum, estimate_natural(optimum.space, optimum.point, want_se=want_se, unknown=unknown), unknown


def unidentified_beside(space: SearchSpace, theta: FloatArray) -> Unidentified:
    """What the data cannot tell about the parameters at θ, in the frames of the space; where Σ is not linear in what is
    searched, in the directions that are open beside it, away from the boundary."""
    if space.quadratic:
        return unidentified(space.objective, space.natural(theta)[0])
    psi, jacobian, _ = space.natural(np.where(space.roots & (np.abs(theta) < 0.1), 0.1, theta))
    return unidentified(space.objective, psi, with_log_variance(jacobian))


def _with_least(optimum: Optimum, unknown: Unidentified, which: npt.NDArray[np.bool_]) -> Optimum | None:
    """The optimum with the least along some of the unidentified directions; None where that is no covariance matrix, or
    where they take the error variance along."""
    directions = unknown.directions[:-1, which]
    if not directions.shape[1] or np.abs(unknown.directions[-1, which] * unknown.size[-1]).max() > 1e-8:
        return None
    space, point = optimum.space, optimum.point
    weighted = directions * unknown.size[:-1, None]
    share, *_ = np.linalg.lstsq(weighted, unknown.size[:-1] * point.psi, rcond=None)
    psi = point.psi - directions @ share
    if np.abs(psi - point.psi)[space.objective.n_random :].max(initial=0.0) > 1e-8:
        return None  # residual parameters are not linear in V
    theta = space.from_psi(psi)
    theta[space.residual] = point.theta[space.residual]
    moved = space.point(theta)
    if moved is None or abs(moved.ll - point.ll) > 1e-8 * (1 + abs(point.ll)):
        return None
    moved = space.turned(moved)
    space.frames = moved.frames
    return replace(optimum, point=moved)
