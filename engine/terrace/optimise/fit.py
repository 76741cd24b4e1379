"""From an objective to its maximum: start values, the search, and a second look at the boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.likelihood.objective import Objective
from terrace.likelihood.patterns import PatternData
from terrace.optimise.by_gradient import climb
from terrace.optimise.em import run_em
from terrace.optimise.log import Iteration
from terrace.optimise.newton import NewtonResult, Tolerances, maximise, saddle
from terrace.optimise.scan import has_limit_without_errors, is_small, other_summits, rises_without_errors
from terrace.optimise.search import Frames, SearchPoint, SearchSpace
from terrace.optimise.start import scoring_start
from terrace.spec.model import Maximisation

FloatArray = npt.NDArray[np.float64]
Report = Callable[[Iteration], None]

START_SCALES = (0.1, 30.0, 1.0)
RESTART_ITERATIONS = 60


@dataclass(frozen=True)
class Optimum:
    """The end of a search: the point with exact second derivatives, the log, and what went wrong if anything.

    ``unbounded`` says that the likelihood is higher elsewhere and has no maximum there.
    """

    point: SearchPoint
    space: SearchSpace
    converged: bool
    log: tuple[Iteration, ...]
    reason: str = ""
    unbounded: bool = False


def optimise(
    objective: Objective,
    options: Maximisation,
    *,
    start: FloatArray | None = None,
    frames: Frames | None = None,
    report: Report | None = None,
    tick: Callable[[], None] | None = None,
) -> Optimum:
    """Maximise the objective over the covariance parameters.

    ``start`` is θ to begin with (from()), in ``frames`` where given; otherwise the best of a few multiples of the
    identity begins. If
    the search ends at the boundary or fails, further starts are tried and the highest likelihood wins; in small data,
    and with ``difficult`` in all, they come from a look over the whole space (`terrace.optimise.scan`). Where the
    variance of the by() group to which the others are relative goes to zero, the search is made again relative to the
    largest: the objective of the optimum is then another than the one given.
    """
    found = _optimum(objective, options, start, frames, report, tick)
    largest = _largest_variance(found)
    if not largest or options.emonly or _tolerances(options).iterations <= 1:
        return found
    again = _optimum(objective.relative_to(largest), options, None, None, report, tick)
    better = again.point.ll > found.point.ll - 1e-6 * (1.0 + abs(found.point.ll))
    return again if (again.converged, better) >= (found.converged, True) else found


# The logarithm of a ratio of variances from which on a search may be on the way to zero: the tanh of it still moves.
FAR = 8.0


def _largest_variance(found: Optimum) -> int:
    """The by() group of the largest residual variance where that of the first is next to nothing beside it; else 0."""
    objective = found.space.objective
    logs = objective.design.residuals.logarithms(found.point.psi[objective.n_random :])
    return int(np.argmax(logs)) if logs.max() > FAR else 0


def _optimum(
    objective: Objective, options: Maximisation, start: FloatArray | None, frames: Frames | None, report: Report | None,
    tick: Callable[[], None] | None,
) -> Optimum:
    """`optimise` relative to the by() group that comes first."""
    # the iterative tier looks for a root of the gradient, for which the boundary has to be a point like any other
    space = SearchSpace(objective, tick, logarithms=options.metric == "matlog" and objective.tier == "exact")
    space.keep_hessians = options.hessian
    if objective.n_theta == 0:
        point = space.point(np.zeros(0))
        if point is None:
            raise np.linalg.LinAlgError("the fixed effects are not estimable")
        return Optimum(point, space, True, (Iteration("Newton", 0, point.ll, 0.0, 0.0, 0.0),))
    tolerances = _tolerances(options)
    average = objective.layout.sparse or objective.crossed_stage.q > 150
    technique = parse_technique(options.technique)
    theta, rest = (space.to_search(start), []) if start is not None else _starts(space)
    log: tuple[Iteration, ...] = ()
    if options.emonly:
        return _em_only(space, theta, options, report, tick)
    if options.emiterate or options.emlog or options.emdots:
        theta, log = _em_start(space, theta, options, report, tick)
    if objective.tier == "iterative":
        result = climb(space, theta, iterations=tolerances.iterations, report=report)
        point = space.point(result.point.theta, frames=result.point.frames) or result.point
        point = _on_boundary(space, point, slack=1e-7)
        space.frames = point.frames
        return Optimum(point, space, result.converged, log + result.log, result.reason)
    result = maximise(space, theta, tolerances, average=average, technique=technique, report=report, frames=frames)
    if tolerances.iterations > 1 and (not result.converged or _at_edge(space, result.point)):
        for other in rest[: _opinions(objective, result.converged)]:
            again = maximise(space, other, replace(tolerances, iterations=RESTART_ITERATIONS), average=average)
            better = again.point.ll > result.point.ll + 1e-9 * (1 + abs(result.point.ll))
            if (again.converged and not result.converged) or (again.converged >= result.converged and better):
                result = again
    unbounded = False
    if start is None and tolerances.iterations > 1 and (is_small(objective) or options.difficult):
        limits = replace(tolerances, iterations=RESTART_ITERATIONS)
        result, unbounded = _over_the_space(space, result, limits, average)
    if space.logarithms:
        # inference works in the square-root metric, in which the boundary is a point like any other
        roots = SearchSpace(objective, tick)
        roots.evaluations = space.evaluations
        theta, frames, space = space.root(result.point.theta), None, roots
    else:
        theta, frames = result.point.theta, result.point.frames
    result = _settled(space, result, theta, frames, tolerances, close=options.metric == "matlog")
    point = result.point
    point = _canonical(space, point)
    space.frames = point.frames
    reason = result.reason if result.converged else _why(objective, point, result.reason)
    return Optimum(point, space, result.converged, log + result.log, reason, unbounded)


def _settled(
    space: SearchSpace, result: NewtonResult, theta: FloatArray, frames: Frames | None, tolerances: Tolerances, *,
    close: bool,
) -> NewtonResult:
    """The end of a search with exact second derivatives, its null spaces exactly null.

    In the frames of the eigenvectors these derivatives show whether it is a maximum of the whole space
    (`terrace.optimise.search`); where it is a saddle, the search goes on from there, as it does where it is only
    ``close``: logarithms approach a boundary for ever.
    """
    point = result.point
    if not point.exact or frames is None:
        found = space.point(theta, frames=frames)
        if found is None:
            return result
        point = found
    point = space.turned(point)
    if result.converged and tolerances.iterations > 1 and (close or saddle(point) > SADDLE):
        limits = replace(tolerances, iterations=RESTART_ITERATIONS)
        again = maximise(space, point.theta, limits, frames=point.frames)
        if again.point.ll >= point.ll:
            result = replace(again, log=result.log + again.log[1:])
            point = again.point
    return replace(result, point=_on_boundary(space, point))


# A gain in log-likelihood from which a positive second derivative is more than rounding.
SADDLE = 1e-5


def _on_boundary(space: SearchSpace, point: SearchPoint, slack: float = 1e-11) -> SearchPoint:
    """The point with variances in Σ* that are next to nothing at zero, where that costs no likelihood."""
    theta = space.snapped(point.theta)
    if np.array_equal(theta, point.theta):
        return point
    moved = space.point(theta, frames=point.frames)
    if moved is None or moved.ll < point.ll - slack * (1.0 + abs(point.ll)):
        return point
    return moved


def _over_the_space(
    space: SearchSpace, result: NewtonResult, tolerances: Tolerances, average: bool
) -> tuple[NewtonResult, bool]:
    """The highest summit of small data, and whether the likelihood is higher where it has none."""
    unbounded = False
    for theta in other_summits(space, result.point):
        try:
            other = maximise(space, theta, tolerances, average=average)
        except np.linalg.LinAlgError:
            continue
        if other.point.ll <= result.point.ll + 1e-9 * (1 + abs(result.point.ll)):
            continue
        if rises_without_errors(space, other.point):
            unbounded = True
        elif other.converged >= result.converged or has_limit_without_errors(space, other.point):
            # where errors vanish the likelihood has a limit, and second derivatives no digits to show it by
            result = replace(other, converged=True, reason="")
    return result, unbounded and result.converged and not rises_without_errors(space, result.point)


SINGULAR = 1e7


def _why(objective: Objective, point: SearchPoint, reason: str) -> str:
    """The reason why a search failed, or what lies behind it: residuals that some groups fit without error."""
    data = objective.data
    if not isinstance(data, PatternData) or data.condition(point.psi[objective.n_random :]) < SINGULAR:
        return reason
    key = objective.design.residuals.key
    return f"the residual covariance goes to a singular matrix, as with too few groups for residuals({key})"


def _opinions(objective: Objective, converged: bool) -> int:
    """How many further starts to try beside the boundary: all where the search failed, few in small data.

    In large data the second derivatives at the boundary have settled the matter: other summits are a thing of a
    few dozen rows.
    """
    design = objective.design
    if not converged or design.residuals.n_by > 1:
        return 1000
    groups = min((block.n_groups for block in design.blocks if block.names), default=0)
    return 0 if design.n >= 2000 and groups >= 50 else 2


def _tolerances(options: Maximisation) -> Tolerances:
    """What the options say about when to stop; without any, the search goes on to the last useful digit."""
    newton = options.nrtolerance if options.nrtolerance is not None else 1e-11
    asked = options.tolerance is not None or options.ltolerance is not None or options.nonrtolerance
    return Tolerances(
        decrement=0.0 if options.nonrtolerance else newton,
        iterations=options.iterate if options.iterate is not None else 300,
        parameters=(options.tolerance if options.tolerance is not None else 1e-6) if asked else None,
        likelihood=(options.ltolerance if options.ltolerance is not None else 1e-7) if asked else None,
        gain=None if options.nonrtolerance else max(newton, 1e-5) if asked else None,
    )


def parse_technique(text: str | None) -> tuple[tuple[str, int], ...]:
    """``nr 5 bfgs 10`` as ((nr, 5), (bfgs, 10)): algorithms in turn with their iterations.

    Raises
    ------
    SpecError
        An algorithm that is not known, or bhhh, which the restricted likelihood does not allow.
    """
    if not text:
        return (("nr", 5),)
    out: list[tuple[str, int]] = []
    for word in text.split():
        if word.isdigit() and out:
            out[-1] = (out[-1][0], int(word))
        elif word in ("nr", "bfgs", "dfp"):
            out.append((word, 5))
        else:
            why = "is not available for mixed" if word == "bhhh" else "is not known"
            raise SpecError(
                f"technique({text}): {word} {why}.", code="technique", subject="technique",
                advice="Choose nr, bfgs or dfp.",
            )
    return tuple(out)


def _starts(space: SearchSpace) -> tuple[FloatArray, list[FloatArray]]:
    """Where to begin, and other places to try if that search ends badly or at the boundary."""
    objective = space.objective
    layout = objective.design.residuals
    residuals = layout.starts()
    further = [space.start(scale, residual) for scale in START_SCALES for residual in residuals[:2]]
    if objective.n_random == 0:
        further = [space.start(1.0, residual) for residual in residuals]
    if layout.structure.independent and layout.n_by > 1:
        return space.start(1.0, _strata_start(objective)), [*further, *_strata_starts(space)]
    if layout.simple:
        psi = scoring_start(objective, np.zeros(0))
        if psi is not None:
            space.evaluations += 1
            return space.from_psi(psi), further[::-1]
    if len(further) == 1:
        return further[0], []
    scored = sorted(further, key=lambda theta: -space.value(theta))
    if layout.n_by > 1:
        return _by_starts(space, scored)
    return scored[0], scored[1:3]


def _by_starts(space: SearchSpace, scored: list[FloatArray]) -> tuple[FloatArray, list[FloatArray]]:
    """Each by() group with the start that suits it best, and the same with one group moved to another of its."""
    layout, first = space.objective.design.residuals, space.residual.start
    options = layout.structure.start()
    best, value = scored[0], space.value(scored[0])
    moved: list[FloatArray] = []
    for _, part in layout.slices():
        for option in options:
            theta = best.copy()
            theta[first + part.start : first + part.stop] = option
            moved.append(theta)
            if (found := space.value(theta)) > value:
                best, value = theta, found
    return best, [*scored[1:3], *moved]


def _strata_start(objective: Objective) -> FloatArray:
    """Log-variances of the by() groups relative to the first, from the least-squares residuals."""
    design = objective.design
    e = design.y - design.x @ np.linalg.lstsq(design.x, design.y, rcond=None)[0]
    by = design.residuals.by
    variance = np.bincount(by, weights=e**2) / np.maximum(np.bincount(by), 1)
    variance = np.maximum(variance, 1e-3 * variance.max())
    return np.asarray(np.log(variance[1:] / variance[0]))


def _strata_starts(space: SearchSpace) -> list[FloatArray]:
    """By() groups far below the others, in turn and in small data two at a time: each can be a summit."""
    design = space.objective.design
    count = design.residuals.n_by
    if design.n > 300 or count > 12:
        return []
    sets: list[tuple[int, ...]] = [(level,) for level in range(count)]
    if design.n <= 60 and count <= 6:
        sets += list(combinations(range(count), 2))
    out = []
    for low in sets:
        relative = np.zeros(count)
        relative[list(low)] = -5.0
        out.append(space.start(1.0, (relative - relative[0])[1:]))
    return out


def _at_edge(space: SearchSpace, point: SearchPoint) -> bool:
    n = space.objective.n_random
    if bool(np.any(point.theta[space.roots] ** 2 < 1e-6)):
        return True
    layout = space.objective.design.residuals
    if layout.edge(point.psi[n:]).shape[1]:
        return True
    return layout.structure.independent and layout.n_by > 1 and bool(np.any(np.abs(point.theta[space.residual]) > FAR))


def _canonical(space: SearchSpace, point: SearchPoint) -> SearchPoint:
    """Residual parameters in their conventional form (an invertible moving average)."""
    layout = space.objective.design.residuals
    theta = point.theta.copy()
    changed = False
    for _, part in layout.slices():
        known = point.psi[space.objective.n_random :][part]
        rho = layout.structure.canonical(known)
        if not np.array_equal(rho, known):
            theta[space.residual][part], changed = rho, True
    if not changed:
        return point
    moved = space.point(theta, frames=point.frames)
    return moved if moved is not None and moved.ll >= point.ll - 1e-6 else point


def _em_start(
    space: SearchSpace, theta: FloatArray, options: Maximisation, report: Report | None,
    tick: Callable[[], None] | None,
) -> tuple[FloatArray, tuple[Iteration, ...]]:
    if space.objective.n_random == 0:
        return theta, ()
    psi, log, _ = run_em(
        space.objective,
        space.natural(theta)[0],
        options.emiterate if options.emiterate is not None else 20,
        options.emtolerance if options.emtolerance is not None else 1e-10,
        report=report,
        tick=tick,
    )
    space.evaluations += len(log)
    out = space.from_psi(psi)
    out[space.residual] = theta[space.residual]
    return out, log


def _em_only(
    space: SearchSpace, theta: FloatArray, options: Maximisation, report: Report | None,
    tick: Callable[[], None] | None,
) -> Optimum:
    psi, log, converged = run_em(
        space.objective,
        space.natural(theta)[0],
        options.emiterate if options.emiterate is not None else 20,
        options.emtolerance if options.emtolerance is not None else 1e-10,
        report=report,
        tick=tick,
    )
    space.evaluations += len(log)
    point = space.point(space.from_psi(psi))
    assert point is not None
    point = point if space.logarithms else space.turned(point)
    space.frames = point.frames
    return Optimum(point, space, converged, log, "" if converged else "EM stopped before convergence")


__all__ = ["NewtonResult", "Optimum", "optimise"]
