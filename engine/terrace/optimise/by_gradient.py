"""The search of the iterative tier: a root of the gradient, by Newton steps with the average information.

Both the likelihood and its gradient are estimated with the same fixed probes, but not so that one is the derivative
of the other: near the maximum they contradict each other by their Monte Carlo error. So only the gradient decides
about a step. Where the search has come to rest, it is looked at how far the estimates can be from those of the exact
gradient; probes are added until that is below a tenth of a standard error.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.objective import FEWEST, IterativeEvaluation, IterativeObjective
from terrace.likelihood.objective import Objective
from terrace.optimise.log import Iteration
from terrace.optimise.newton import Log, NewtonResult, trust_region_step
from terrace.optimise.search import SearchPoint, SearchSpace
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]

SHARE, LL_ERROR = 0.1, 0.05
"""The Monte Carlo error of a parameter, in standard errors, and that of the log-likelihood, that are good enough."""
MOST_PROBES = 512
"""As many as are taken for a parameter; for the log-likelihood alone no more than `_affordable`."""
NEAR, AT_REST = 1e-3, 1e-8
"""Gains in log-likelihood that a step promises: from where on the main directions are those of the maximum, and where
the search ends."""


def monte_carlo_share(point: SearchPoint) -> float:
    """The largest Monte Carlo error of any combination of the parameters θ, in its standard errors."""
    e = point.evaluation
    if not isinstance(e, IterativeEvaluation) or not len(point.theta):
        return 0.0
    error = point.jacobian.T @ e.gradient_vcov @ point.jacobian
    values, vectors = np.linalg.eigh(-point.hessian)
    good = values > 1e-9 * max(float(values[-1]), 1e-300)
    root = vectors[:, good] / np.sqrt(values[good])
    return math.sqrt(max(float(np.linalg.eigvalsh(root.T @ error @ root)[-1]), 0.0)) if good.any() else 0.0


def monte_carlo(point: SearchPoint, objective: Objective) -> dict[str, float | int | None]:
    """What is stored of the Monte Carlo error of a fit: see `terrace.results.fit.FitResult`; empty if it is exact."""
    e = point.evaluation
    if not isinstance(objective, IterativeObjective) or not isinstance(e, IterativeEvaluation):
        return {}
    return {"mc_ll": e.ll_error, "mc_se": monte_carlo_share(point), "probes": objective.probes.count}


def climb(
    space: SearchSpace,
    theta: FloatArray,
    *,
    iterations: int,
    report: Callable[[Iteration], None] | None = None,
) -> NewtonResult:
    """From θ to a root of the gradient. Raises `numpy.linalg.LinAlgError` where θ is outside of the space."""
    objective = space.objective
    assert isinstance(objective, IterativeObjective)
    objective.sharpen(space.natural(theta)[0], FEWEST, space.tick)
    point = space.point(theta, average=True)
    if point is None:
        raise np.linalg.LinAlgError("the likelihood cannot be evaluated at the starting values")
    log = Log(report, space.keep_hessians)
    near, radius, moved = False, 1.0, 0.0
    while True:
        point = space.turned(point)
        scale = np.maximum(np.abs(point.theta), 0.3)
        gradient, hessian = point.gradient * scale, point.hessian * np.outer(scale, scale)
        step, gain = trust_region_step(gradient, hessian, radius)
        log.note(point, moved)
        wanted = _probes_wanted(objective, point, near, gain)
        if wanted:
            objective.sharpen(point.psi, wanted, space.tick)
            near = True
            point = _again(space, point)
            continue
        if gain < AT_REST:
            return NewtonResult(point, True, log.entries)
        if len(log.entries) > iterations:
            return NewtonResult(point, False, log.entries, f"no convergence in {plural(iterations, 'iteration')}")
        found = _step(space, point, gradient, step, scale, radius)
        if found is None:
            return NewtonResult(point, False, log.entries, "no step leads uphill")
        point, length = found
        moved = length
        radius = max(radius, 2.0 * length) if length > 0.9 * float(np.linalg.norm(step)) else 2.0 * length


def _probes_wanted(objective: IterativeObjective, point: SearchPoint, near: bool, gain: float) -> int:
    """How many probes to go on with from a point, where that is other than now; 0 to go on as it is."""
    count = objective.probes.count
    if not near:
        return count if gain < NEAR else 0
    e = point.evaluation
    if gain > AT_REST or count >= MOST_PROBES or not isinstance(e, IterativeEvaluation):
        return 0
    wanted = []
    for short, most in (
        (monte_carlo_share(point) / SHARE, MOST_PROBES),
        (e.ll_error / LL_ERROR, _affordable(objective.equations.cells)),
    ):
        if short > 1.0 and count < most:
            wanted.append(min(most, math.ceil(1.3 * count * short**2)))
    return max(wanted, default=0)


def _affordable(cells: int) -> int:
    """How many probes may be taken for the digits of the log-likelihood, by what a product with one costs."""
    return int(min(max(2e8 / cells, 64), MOST_PROBES))


def _again(space: SearchSpace, point: SearchPoint) -> SearchPoint:
    again = space.point(point.theta, average=True, frames=point.frames)
    if again is None:
        raise np.linalg.LinAlgError("the mixed-model equations are too close to singular to be solved by iteration")
    return again


def _step(
    space: SearchSpace, point: SearchPoint, gradient: FloatArray, step: FloatArray, scale: FloatArray, radius: float
) -> tuple[SearchPoint, float] | None:
    """The point after a step, made shorter until the slope along it has not turned round; and its length."""
    slope = float(gradient @ step)
    for _ in range(30):
        new = space.point(point.theta + scale * step, average=True, frames=point.frames)
        length = float(np.linalg.norm(step))
        if new is None:
            step, slope = step / 4.0, slope / 4.0
            continue
        after = float((new.gradient * scale) @ step)
        if after >= -0.7 * slope:
            return new, length
        shorter = max(slope / (slope - after), 0.1)  # where a line through both slopes is zero
        step, slope = step * shorter, slope * shorter
    return None
