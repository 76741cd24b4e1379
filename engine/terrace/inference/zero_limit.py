"""Profile-likelihood intervals of variances that are estimated as zero, or nearly so.

The profile P(s) of a standard deviation s is the highest likelihood among all models that have it; the interval holds
every s with 2(ℓ̂ - P(s)) < z² (Bates et al. 2015, section 5.1). A zero has no standard error, and no interval on the log
scale, but it has this one; beside zero the log scale stretches an interval without limit. The ends are found by
Newton's method in s, as in Venzon & Moolgavkar (1988), the other parameters being brought to their maximum by Newton's
method at every s, with exact second derivatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.inference.cells import Cell
from terrace.inference.parameters import NaturalEstimate
from terrace.optimise.newton import trust_region_step
from terrace.optimise.search import Frames, SearchPoint, SearchSpace, with_log_variance
from terrace.statistics.distributions import confidence_quantile

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

OUTER, INNER = 30, 100
# How many times a standard deviation its standard error is where it counts as nearly zero.
CLOSE = 1.5
# Crossed effects from which on the likelihood is dear: the interval is then left to `estat profile`.
CROSSED = 150


def nearly_zero(natural: NaturalEstimate) -> BoolArray:
    """Which of the values, (k,), are smaller than a third of their standard error.

    The standard error of a standard deviation is then more than `CLOSE` times that. In simulations
    (tests/benchmarks/RESULTS.md, "Wald or profile") a 95% Wald interval on the log scale ends above ten times the upper
    end of the profile from there on, soon above thousands of times, and begins above zero where the profile begins
    there. Where a variance is larger beside its standard error the two are of one order, and the log scale is what is
    printed everywhere.
    """
    relative = natural.values / natural.unit
    spread = np.sqrt(np.maximum(np.diag(natural.relative), 0.0))
    return natural.identified & (relative > 0) & (spread > 2.0 * CLOSE * relative)


def profile_limits(
    space: SearchSpace, point: SearchPoint, cell: Cell, level: float, *, zero: bool
) -> tuple[float, float] | None:
    """The interval of a standard deviation, in the user's units; ``zero`` where it is estimated as that.

    None where it cannot be found: for structures that tie the variance to other parameters, for large crossed designs,
    and where the likelihood falls too slowly.
    """
    path = profile_path(space, point, cell)
    if path is None:
        return None
    try:
        return path.ends(confidence_quantile(level), zero)
    except np.linalg.LinAlgError:
        return None


def profile_path(space: SearchSpace, point: SearchPoint, cell: Cell) -> ProfilePath | None:
    """The profile of one standard deviation from a point on; None where there is none, see `profile_limits`."""
    objective = space.objective
    assert cell.block is not None
    if objective.tier == "iterative" or objective.layout.sparse or objective.crossed_stage.q > CROSSED:
        return None
    block, part = objective.design.blocks[cell.block], objective.layout.theta_slices[cell.block]
    transform = objective.layout.transforms[cell.block]
    structure = block.structure
    if structure.diagonal:
        unit = math.sqrt(transform.natural[cell.i, cell.i])
        own = part.start + cell.i
        return ProfilePath(space, point.frames, point.theta, point, own, unit, cell.block, None, ())
    if not structure.free:
        return None
    # in a frame that begins with the direction of this effect, its standard deviation is the first entry of L
    direction = transform.a[cell.i]
    length = float(np.linalg.norm(direction))
    others = np.eye(structure.size)[:, np.argsort(-np.abs(direction))[1:]]
    frame, _ = np.linalg.qr(np.column_stack([direction / length, others]))
    frame[:, 0] = direction / length
    frames = list(point.frames)
    position = next(k for k, b in enumerate(space.blocks) if b.block is block)
    frames[position] = frame
    theta = point.theta.copy()
    sigma = structure.matrix(point.psi[objective.layout.block_slices[cell.block]])
    theta[part] = structure.from_matrix(frame.T @ sigma @ frame)
    where = [entry[0] for entry in structure.entries()]
    rows = tuple(
        np.array([part.start + where.index((row, column)) for column in range(row + 1)])
        for row in range(1, structure.size)
    )
    return ProfilePath(space, tuple(frames), theta, point, part.start, length, cell.block, frame, rows)


@dataclass
class ProfilePath:
    """Likelihoods with one standard deviation s = unit·σ·θ_k given; x = (θ with s at k, log σ²).

    ``frame`` is that of L, where s stands in one, and ``rows`` are its other rows: positions in θ.
    """

    space: SearchSpace
    frames: Frames
    theta: FloatArray
    point: SearchPoint
    k: int
    unit: float
    block: int
    frame: FloatArray | None
    rows: tuple[npt.NDArray[np.int_], ...]

    def ends(self, z: float, zero: bool) -> tuple[float, float] | None:
        """Where ζ(s) = ±√(2(ℓ̂ - P(s))) is -z and z; 0 for the first where ζ(0) is above -z."""
        tau = math.log(self.point.evaluation.sigma2)
        unit = self.unit * self.space.objective.y_scale * math.exp(0.5 * tau)
        x = np.append(self.theta, tau)
        if zero:
            # ℓ falls with θ² at first, by half its second derivative
            fall = 0.5 * max(-float(self.point_slope()), 1e-6)
            high = self._end(x, math.sqrt(0.5 * z * z / fall) * unit, 0.0, math.inf, z)
            return None if high is None else (0.0, float(high))
        estimate = abs(float(self.theta[self.k])) * unit
        at_zero = self.highest(x, 0.0)
        if at_zero is None:
            return None
        told = self._zeta(at_zero[1]) > z
        low = self._end(x, 0.5 * estimate, 0.0, estimate, z) if told else 0.0
        high = self._end(x, 2.0 * estimate, estimate, math.inf, z)
        return None if low is None or high is None else (float(low), float(high))

    def start(self, u: FloatArray) -> FloatArray:
        """x of (θ, log σ²) in the frames of the space."""
        x = u.copy()
        if self.frame is not None:
            structure = self.space.objective.design.blocks[self.block].structure
            layout = self.space.objective.layout
            sigma = structure.matrix(self.space.natural(u[:-1])[0][layout.block_slices[self.block]])
            x[layout.theta_slices[self.block]] = structure.from_matrix(self.frame.T @ sigma @ self.frame)
        return x

    def natural(self, x: FloatArray, s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ with its derivatives in θ at x with this s."""
        theta = x[:-1].copy()
        theta[self.k] = s * self._ratio(x)
        return self.space.natural(theta, self.frames)

    def _ratio(self, x: FloatArray) -> float:
        return math.exp(-0.5 * float(x[-1])) / (self.unit * self.space.objective.y_scale)

    def _zeta(self, ll: float) -> float:
        return math.sqrt(max(2.0 * (self.point.ll - ll), 0.0))

    def _end(self, x: FloatArray, s: float, low: float, high: float, z: float) -> float | None:
        """The root of |ζ| = z between ``low`` and ``high``, one of which is the estimate, from ``s``."""
        rising = not math.isfinite(high)
        for _ in range(OUTER):
            found = self.summit(x, s)
            beyond = True
            if found is not None:
                x, ll, slope = found
                zeta = self._zeta(ll)
                if abs(zeta - z) < 1e-7 * z:
                    return s
                beyond = zeta > z
            if beyond == rising:
                high = s
            else:
                low = s
            if high - low < 1e-9 * high:
                return s
            # ζ is nearly straight in s, or in s² close to zero
            proposal = s - (zeta - z) * zeta / -slope if found is not None and slope * zeta else math.nan
            if not low < proposal < min(high, 4.0 * s):
                proposal = 0.5 * (low + high) if math.isfinite(high) else 3.0 * s
            s = proposal
        return None

    def point_slope(self) -> float:
        """The second derivative of ℓ in θ_k at the estimates."""
        _, _, second = self.space.natural(self.theta, self.frames)
        return float(self.point.evaluation.gradient @ second[:, self.k, self.k])

    def summit(self, x: FloatArray, s: float) -> tuple[FloatArray, float, float] | None:
        """`highest` from x and from where the correlations with the effect have the other sign: data that hardly tell
        a variance from zero tell little of that, and each sign can have a maximum of its own."""
        mirrored = x.copy()
        for row in self.rows:
            mirrored[row[0]] *= -1.0
        found = [self.highest(start, s) for start in ((x, mirrored) if self.rows else (x,))]
        return max((f for f in found if f is not None), key=lambda f: f[1], default=None)

    def highest(self, x: FloatArray, s: float) -> tuple[FloatArray, float, float] | None:
        """(x, ℓ, ∂ℓ/∂s) at the maximum over all but s, from x; None where it is not found."""
        free = np.ones(len(x), dtype=bool)
        free[self.k] = False
        radius, here = 1.0, self._at(x, s)
        if here is None:
            return None
        for _ in range(INNER):
            ll, g, h, ds = here
            scale = np.append(np.maximum(np.abs(x[:-1]), 0.3), 1.0)[free]
            step, gain = trust_region_step(g[free] * scale, h[np.ix_(free, free)] * np.outer(scale, scale), radius)
            if gain < 1e-9:
                return x, ll, ds
            trial = self._moved(x, free, step * scale)
            there = self._at(trial, s)
            if there is None or there[0] < ll + 1e-4 * gain - 1e-10 * (1 + abs(ll)):
                radius = 0.25 * min(radius, float(np.linalg.norm(step)))
                if radius < 1e-8:
                    return None
                continue
            if there[0] - ll > 0.75 * gain:
                radius = min(4.0 * radius, 1e6)
            x, here = trial, there
        return None

    def _moved(self, x: FloatArray, free: BoolArray, step: FloatArray) -> FloatArray:
        """x after a step, with rows of L as long as the step makes them to first order: as a correlation changes, a row
        turns and the variance that is its square stays, so that a straight step would have to be short."""
        out = x.copy()
        out[free] += step
        for row in self.rows:
            before, length = float(np.linalg.norm(x[row])), float(np.linalg.norm(out[row]))
            if before > 0 and length > 0:
                wanted = before + float(x[row] @ (out[row] - x[row])) / before
                out[row] *= max(wanted, 0.1 * before) / length
        return out

    def _at(self, x: FloatArray, s: float) -> tuple[float, FloatArray, FloatArray, float] | None:
        """ℓ, its gradient and Hessian in x at θ_k = s/(unit·σ), and ∂ℓ/∂s; s stays as log σ² moves."""
        objective, k = self.space.objective, self.k
        if abs(x[-1]) > 300:
            return None
        ratio = self._ratio(x)
        psi, jacobian, second = self.natural(x, s)
        try:
            ll, g, full = objective.evaluate_at(psi, math.exp(x[-1]), tick=self.space.tick)
        except np.linalg.LinAlgError:
            return None
        self.space.evaluations += 1
        r, own = len(x) - 1, s * ratio
        j = with_log_variance(jacobian)
        h = j.T @ full @ j
        h[:r, :r] += np.tensordot(g[:-1], second, axes=1)
        slope = j.T @ g
        # θ_k moves with log σ²: dθ_k = -θ_k/2, d²θ_k = θ_k/4
        move = np.eye(r + 1)
        move[k, r] = -0.5 * own
        h = move.T @ h @ move
        h[r, r] += slope[k] * 0.25 * own
        return ll, move.T @ slope, h, float(slope[k]) * ratio
