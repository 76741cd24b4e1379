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
    log = _Log(report, space.keep_hessians)
    point = space.point(theta, average=average, frames=frames)
    if point is None:
        raise np.linalg.LinAlgError("the starting values give no covariance matrix")
    turning = not space.logarithms and all(name == "nr" for name, _ in technique)
    point = space.turned(point) if turning else point
    radius = 1.0
    log.note(point, 0.0)
    if not len(theta):
        return NewtonResult(point, True, log.entries)
    secant: FloatArray | None = None
    best, idle = point.ll, 0
    for number in range(1, tolerances.iterations + 1):
        scale = np.maximum(np.abs(point.theta), 0.3)
        both = np.outer(scale, scale)
        algorithm = algorithm_at(technique, number)
        if algorithm == "nr" or secant is None:
            secant = point.hessian if algorithm == "nr" else -np.diag(1.0 / scale**2) * 10.0
        g = point.gradient * scale
        s, gain = trust_region_step(g, secant * both, radius)
        left = gain
        if algorithm != "nr" or radius < 1.0:
            # what is left to gain is judged by the true curvature, neither by what the updates made of it nor by how
            # short the steps have become
            left = max(gain, trust_region_step(g, point.hessian * both, max(radius, 1.0))[1])
        if left < tolerances.final:
            return NewtonResult(point, True, log.entries)
        ended = left < tolerances.decrement
        rounding = rounding_of(point)
        # where rounding hides what little there is to gain, going on would only walk about
        if idle > STALLED or radius < 1e-10:
            there = left < max(1e-5, 10 * rounding)
            return NewtonResult(point, there, log.entries, "" if there else "no further step improves the fit")
        # the last step leads to where inference needs exact second derivatives
        trial = space.point(point.theta + s * scale, average=average and not ended, frames=point.frames)
        length = float(np.linalg.norm(s))
        if trial is None:
            radius = 0.25 * min(radius, length)
            if radius < 1e-10:
                return NewtonResult(point, False, log.entries, "the covariance matrix became singular")
            continue
        actual = trial.ll - point.ll
        if gain < 10 * rounding:
            # the gain is below what the likelihood can show; the gradient must judge
            better = np.linalg.norm(trial.gradient * scale) <= np.linalg.norm(g) or actual >= -rounding
            ratio = 1.0 if better else -1.0
        else:
            ratio = actual / gain
        if ratio > 0.75 and length > 0.8 * radius:
            radius = min(4.0 * radius, 1e6)
        elif ratio < 0.25:
            radius = 0.25 * min(radius, length)
        if ratio > 1e-4:
            if algorithm != "nr":
                change = trial.gradient - point.gradient
                secant = quasi_newton(secant, trial.theta - point.theta, change, algorithm)
            enough = tolerances.reached(point, trial, left)
            point = space.turned(trial) if turning else trial
            idle = 0 if point.ll > best + rounding else idle + 1
            best = max(best, point.ll)
            log.note(point, length)
            if ended or enough:
                return NewtonResult(point, True, log.entries)
        elif ended:
            return NewtonResult(point, True, log.entries)
    return NewtonResult(point, False, log.entries, f"no convergence in {tolerances.iterations} iterations")


STALLED = 10


class _Log:
    """The iterations of one search, passed on as they come."""

    def __init__(self, report: Callable[[Iteration], None] | None, hessians: bool) -> None:
        self.report, self.hessians = report, hessians
        self.begun = time.perf_counter()
        self._entries: list[Iteration] = []

    @property
    def entries(self) -> tuple[Iteration, ...]:
        return tuple(self._entries)

    def note(self, p: SearchPoint, step: float) -> None:
        entry = Iteration(
            "Newton", len(self._entries), p.ll, float(np.linalg.norm(p.gradient)), step,
            time.perf_counter() - self.begun, tuple(p.theta.tolist()), tuple(p.gradient.tolist()),
            tuple(tuple(row) for row in p.hessian.tolist()) if self.hessians else (),
        )
        self._entries.append(entry)
        if self.report:
            self.report(entry)
