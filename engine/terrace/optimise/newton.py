"""Trust-region Newton search with exact second derivatives (Conn, Gould & Toint 2000, chapter 7).

The Hessian is small (one row a covariance parameter), so the subproblem is solved exactly by its
eigenvalues. Negative curvature is used, not feared: that is how the search leaves a saddle at a zero variance.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.optimise.log import Iteration
from terrace.optimise.search import Frames, SearchPoint, SearchSpace
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tolerances:
    """When to stop. ``decrement`` bounds the predicted gain of a further Newton step (in log-likelihood).

    ``parameters`` and ``likelihood``, where given, stop the search as well: once the largest relative change of
    a parameter or the relative change of the log-likelihood is no more than that, and the predicted gain no
    more than ``gain`` (None: whatever it is).
    """

    decrement: float = 1e-11
    iterations: int = 100
    final: float = 1e-20
    parameters: float | None = None
    likelihood: float | None = None
    gain: float | None = None

    def reached(self, before: SearchPoint, after: SearchPoint, gain: float) -> bool:
        """Whether the step between two points satisfies ``parameters`` or ``likelihood``."""
        if self.parameters is None and self.likelihood is None:
            return False
        moved = float(np.max(np.abs(after.theta - before.theta) / (np.abs(before.theta) + 1.0), initial=0.0))
        change = abs(after.ll - before.ll) / max(abs(before.ll), 1e-300)
        small = (self.parameters is not None and moved <= self.parameters) or (
            self.likelihood is not None and change <= self.likelihood
        )
        return small and (self.gain is None or gain <= self.gain)


@dataclass(frozen=True)
class NewtonResult:
    """Where the search ended, whether it converged, and its log."""

    point: SearchPoint
    converged: bool
    log: tuple[Iteration, ...]
    reason: str = ""


def trust_region_step(gradient: FloatArray, hessian: FloatArray, radius: float) -> tuple[FloatArray, float]:
    """The step that maximises g's + s'Hs/2 within ‖s‖ <= radius, and the gain it promises."""
    values, vectors = np.linalg.eigh(-hessian)
    g = vectors.T @ gradient
    lowest = float(values[0]) if len(values) else 0.0
    floor = 1e-12 * max(1.0, float(np.abs(values).max(initial=0.0)))

    def step_at(shift: float) -> FloatArray:
        d = values + shift
        return np.where(np.abs(d) > floor, g / np.where(np.abs(d) > floor, d, 1.0), 0.0)

    s = step_at(0.0)
    if not (lowest > floor and np.linalg.norm(s) <= radius):
        low = max(0.0, -lowest)
        high = low + float(np.linalg.norm(g)) / radius + floor
        if lowest <= floor and np.linalg.norm(step_at(low + floor * 10)) < radius:
            # hard case: nothing pulls along the direction of most negative curvature, so add it
            s = step_at(low + floor * 10)
            if lowest < -floor:
                s[0] += np.sqrt(max(radius**2 - float(s @ s), 0.0)) * (1.0 if g[0] >= 0 else -1.0)
        else:
            for _ in range(200):
                shift = 0.5 * (low + high)
                if np.linalg.norm(step_at(shift)) > radius:
                    low = shift
                else:
                    high = shift
                if high - low <= 1e-10 * max(high, 1e-10):
                    break
            s = step_at(high)
    gain = float(g @ s - 0.5 * (values * s) @ s)
    return vectors @ s, gain


def rounding_of(point: SearchPoint) -> float:
    """What the last digits of the log-likelihood at a point can hide; with next to no error variance, the residual sum
    of squares is a difference of sums of order one."""
    return 1e-11 * (1.0 + abs(point.ll)) + min(1e-14 / point.evaluation.sigma2, 1e-3)


def saddle(point: SearchPoint) -> float:
    """The gain that the second derivatives at a point promise along the direction of the most positive of them, at
    a distance of one; 0 where there is none."""
    scale = np.maximum(np.abs(point.theta), 0.3)
    return 0.5 * max(float(np.linalg.eigvalsh(point.hessian * np.outer(scale, scale))[-1]), 0.0)


def algorithm_at(technique: tuple[tuple[str, int], ...], number: int) -> str:
    """The algorithm of one iteration (from 1) when they take turns."""
    position = (number - 1) % sum(count for _, count in technique) if len(technique) > 1 else 0
    for name, count in technique:
        if position < count:
            return name
        position -= count
    return technique[-1][0]


def quasi_newton(h: FloatArray, step: FloatArray, change: FloatArray, name: str) -> FloatArray:
    """The Hessian of a maximisation, updated by BFGS or DFP (Nocedal & Wright 2006, eq. 6.19 and 6.13)."""
    b, y = -h, -change
    sy = float(step @ y)
    if sy <= 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(y)):
        return h
    if name == "bfgs":
        bs = b @ step
        b = b - np.outer(bs, bs) / float(step @ bs) + np.outer(y, y) / sy
    else:
        left = np.eye(len(step)) - np.outer(y, step) / sy
        b = left @ b @ left.T + np.outer(y, y) / sy
    return -b


def maximise(
    space: SearchSpace,
    theta: FloatArray,
    tolerances: Tolerances,
    *,
    average: bool = False,
    technique: tuple[tuple[str, int], ...] = (("nr", 5),),
    report: Callable[[Iteration], None] | None = None,
    frames: Frames | None = None,
) -> NewtonResult:
    """Search from θ for a maximum of the objective.

    ``average`` replaces exact second derivatives of the log-determinant by the average information, for
    designs where they are costly. ``technique`` lists algorithms with their iterations, taken in turn: nr uses
    these second derivatives, bfgs and dfp build theirs from gradients. Newton's method looks at every point in the
    frames of the eigenvectors (`terrace.optimise.search`), so that it never stops at a saddle of a singular Σ; the
    others keep theirs, which are those of the space or ``frames``. Returns the best point with the log; never raises
    for numerical trouble.
    """
    point = space.point(theta, average=average, frames=frames)
    if point is None:
        raise np.linalg.LinAlgError("the starting values give no covariance matrix")
    turning = not space.logarithms and all(name == "nr" for name, _ in technique)
    log = Log(report, space.keep_hessians)
    walk = _Walk(space, tolerances, average, turning, log, space.turned(point) if turning else point)
    log.note(walk.point, 0.0)
    if not len(theta):
        return walk.end(True)
    for number in range(1, tolerances.iterations + 1):
        found = walk.iterate(algorithm_at(technique, number))
        if found is not None:
            return found
    return walk.end(False, f"no convergence in {plural(tolerances.iterations, 'iteration')}")


# Iterations without a higher likelihood after which a search has stalled, and the radius below which it cannot move.
STALLED, SMALLEST = 10, 1e-10


@dataclass(frozen=True)
class _Proposal:
    """A step in units of ``scale``, the gain that it promises, and what is left to gain by the true curvature."""

    step: FloatArray
    scale: FloatArray
    gain: float
    left: float

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.step))


class _Walk:
    """Where a search stands: its best point, the radius that is trusted, and the curvature of its steps."""

    def __init__(
        self, space: SearchSpace, tolerances: Tolerances, average: bool, turning: bool, log: Log, point: SearchPoint
    ) -> None:
        self.space, self.tolerances, self.average, self.turning, self.log = space, tolerances, average, turning, log
        self.point = point
        self.radius = 1.0
        self.secant: FloatArray | None = None
        self.best, self.idle = point.ll, 0

    def end(self, converged: bool, reason: str = "") -> NewtonResult:
        """The search as it ends here."""
        return NewtonResult(self.point, converged, self.log.entries, reason)

    def iterate(self, algorithm: str) -> NewtonResult | None:
        """One iteration; the result where it was the last."""
        proposal = self._propose(algorithm)
        if proposal.left < self.tolerances.final:
            return self.end(True)
        rounding = rounding_of(self.point)
        # where rounding hides what little there is to gain, going on would only walk about
        if self.idle > STALLED or self.radius < SMALLEST:
            there = proposal.left < max(1e-5, 10 * rounding)
            return self.end(there, "" if there else "no further step improves the fit")
        ended = proposal.left < self.tolerances.decrement
        # the last step leads to where inference needs exact second derivatives
        trial = self.space.point(
            self.point.theta + proposal.step * proposal.scale, average=self.average and not ended,
            frames=self.point.frames,
        )
        if trial is None:
            self.radius = 0.25 * min(self.radius, proposal.length)
            return self.end(False, "the covariance matrix became singular") if self.radius < SMALLEST else None
        ratio = self._agreement(trial, proposal, rounding)
        self._resize(ratio, proposal.length)
        enough = False
        if ratio > 1e-4:
            enough = self.tolerances.reached(self.point, trial, proposal.left)
            self._accept(trial, proposal, algorithm, rounding)
        return self.end(True) if ended or enough else None

    def _propose(self, algorithm: str) -> _Proposal:
        point = self.point
        scale = np.maximum(np.abs(point.theta), 0.3)
        both = np.outer(scale, scale)
        if algorithm == "nr" or self.secant is None:
            self.secant = point.hessian if algorithm == "nr" else -np.diag(1.0 / scale**2) * 10.0
        g = point.gradient * scale
        step, gain = trust_region_step(g, self.secant * both, self.radius)
        left = gain
        if algorithm != "nr" or self.radius < 1.0:
            # what is left to gain is judged by the true curvature, neither by what the updates made of it nor by how
            # short the steps have become
            left = max(gain, trust_region_step(g, point.hessian * both, max(self.radius, 1.0))[1])
        return _Proposal(step, scale, gain, left)

    def _agreement(self, trial: SearchPoint, proposal: _Proposal, rounding: float) -> float:
        """What the likelihood gained, in parts of what was promised."""
        actual = trial.ll - self.point.ll
        if proposal.gain >= 10 * rounding:
            return actual / proposal.gain
        # the gain is below what the likelihood can show; the gradient must judge
        calmer = np.linalg.norm(trial.gradient * proposal.scale) <= np.linalg.norm(self.point.gradient * proposal.scale)
        return 1.0 if calmer or actual >= -rounding else -1.0

    def _resize(self, ratio: float, length: float) -> None:
        if ratio > 0.75 and length > 0.8 * self.radius:
            self.radius = min(4.0 * self.radius, 1e6)
        elif ratio < 0.25:
            self.radius = 0.25 * min(self.radius, length)

    def _accept(self, trial: SearchPoint, proposal: _Proposal, algorithm: str, rounding: float) -> None:
        if algorithm != "nr":
            assert self.secant is not None
            change = trial.gradient - self.point.gradient
            self.secant = quasi_newton(self.secant, trial.theta - self.point.theta, change, algorithm)
        self.point = self.space.turned(trial) if self.turning else trial
        self.idle = 0 if self.point.ll > self.best + rounding else self.idle + 1
        self.best = max(self.best, self.point.ll)
        self.log.note(self.point, proposal.length)


class Log:
    """The iterations of one search, passed on as they come; with their Hessians where wanted."""

    def __init__(self, report: Callable[[Iteration], None] | None, hessians: bool) -> None:
        self.report, self.hessians = report, hessians
        self.begun = time.perf_counter()
        self._entries: list[Iteration] = []

    @property
    def entries(self) -> tuple[Iteration, ...]:
        """All that were noted."""
        return tuple(self._entries)

    def note(self, p: SearchPoint, step: float) -> None:
        """The point that an iteration led to, by a step of this length."""
        entry = Iteration(
            "Newton", len(self._entries), p.ll, float(np.linalg.norm(p.gradient)), step,
            time.perf_counter() - self.begun, tuple(p.theta.tolist()), tuple(p.gradient.tolist()),
            tuple(tuple(row) for row in p.hessian.tolist()) if self.hessians else (),
        )
        self._entries.append(entry)
        if self.report:
            self.report(entry)
