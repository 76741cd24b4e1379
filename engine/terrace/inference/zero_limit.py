"""How large a variance that is estimated as zero could be: the upper end of its profile-likelihood interval.

The profile P(s) of a standard deviation s is the highest likelihood among all models that have it; the interval holds
every s with 2(ℓ̂ - P(s)) < z² (Bates et al. 2015, section 5.1). A zero has no standard error, and no interval on the log
scale, but it has this one. The end is found by Newton's method in s, as in Venzon & Moolgavkar (1988), the other
parameters being brought to their maximum by Newton's method at every s, with exact second derivatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.inference.cells import Cell
from terrace.inference.distributions import confidence_quantile
from terrace.optimise.newton import trust_region_step
from terrace.optimise.search import Frames, SearchPoint, SearchSpace, with_log_variance

FloatArray = npt.NDArray[np.float64]

OUTER, INNER = 30, 25
# Crossed effects from which on the likelihood is dear: the interval is then left to `estat profile`.
CROSSED = 150


def zero_limit(space: SearchSpace, point: SearchPoint, cell: Cell, level: float) -> float | None:
    """The upper end of the interval of a standard deviation that is estimated as zero, in the user's units.

    None where it cannot be found: for structures that tie the variance to other parameters, for large crossed designs,
    and where the likelihood falls too slowly.
    """
    path = _path(space, point, cell)
    if path is None:
        return None
    z = confidence_quantile(level)
    try:
        return path.end(z)
    except np.linalg.LinAlgError:
        return None


def _path(space: SearchSpace, point: SearchPoint, cell: Cell) -> _Path | None:
    objective = space.objective
    assert cell.block is not None
    if objective.layout.sparse or objective.crossed_stage.q > CROSSED:
        return None
    block, part = objective.design.blocks[cell.block], objective.layout.theta_slices[cell.block]
    transform = objective.layout.transforms[cell.block]
    structure = block.structure
    if structure.diagonal:
        unit = math.sqrt(transform.natural[cell.i, cell.i])
        return _Path(space, point.frames, point.theta, point, part.start + cell.i, unit)
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
    return _Path(space, tuple(frames), theta, point, part.start, length)


@dataclass
class _Path:
    """Likelihoods with one standard deviation s = unit·σ·θ_k given; x = (θ with s at k, log σ²)."""

    space: SearchSpace
    frames: Frames
    theta: FloatArray
    point: SearchPoint
    k: int
    unit: float

    def end(self, z: float) -> float | None:
        """s where ζ(s) = √(2(ℓ̂ - P(s))) is z."""
        top, tau = self.point.ll, math.log(self.point.evaluation.sigma2)
        unit = self.unit * self.space.objective.y_scale
        x = np.append(self.theta, tau)
        # ℓ falls with θ² at first, by half its second derivative
        fall = 0.5 * max(-float(self.point_slope()), 1e-6)
        s = math.sqrt(0.5 * z * z / fall) * unit * math.exp(0.5 * tau)
        low, high = 0.0, math.inf
        for _ in range(OUTER):
            found = self._highest(x, s)
            if found is None:
                high = s
                s = 0.5 * (low + s)
                continue
            x, ll, slope = found
            zeta = math.sqrt(max(2.0 * (top - ll), 0.0))
            if abs(zeta - z) < 1e-6 * z:
                return s
            if zeta < z:
                low = s
            else:
                high = s
            # ζ is nearly straight in s, or in s² close to zero
            step = (zeta - z) * zeta / -slope if slope < 0 and zeta > 0 else -s
            proposal = s - step
            if not low < proposal < high or proposal > 4.0 * s:
                proposal = 0.5 * (low + high) if math.isfinite(high) else 3.0 * s
            if high - low < 1e-9 * high:
                return s
            s = proposal
        return None

    def point_slope(self) -> float:
        """The second derivative of ℓ in θ_k at the estimates."""
        _, _, second = self.space.natural(self.theta, self.frames)
        return float(self.point.evaluation.gradient @ second[:, self.k, self.k])

    def _highest(self, x: FloatArray, s: float) -> tuple[FloatArray, float, float] | None:
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
            trial = x.copy()
            trial[free] += step * scale
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

    def _at(self, x: FloatArray, s: float) -> tuple[float, FloatArray, FloatArray, float] | None:
        """ℓ, its gradient and Hessian in x at θ_k = s/(unit·σ), and ∂ℓ/∂s; s stays as log σ² moves."""
        objective, k = self.space.objective, self.k
        if abs(x[-1]) > 300:
            return None
        ratio = math.exp(-0.5 * x[-1]) / (self.unit * objective.y_scale)
        theta = x[:-1].copy()
        theta[k] = s * ratio
        psi, jacobian, second = self.space.natural(theta, self.frames)
        try:
            ll, g, full = objective.evaluate_at(psi, math.exp(x[-1]), tick=self.space.tick)
        except np.linalg.LinAlgError:
            return None
        self.space.evaluations += 1
        r = len(theta)
        j = with_log_variance(jacobian)
        h = j.T @ full @ j
        h[:r, :r] += np.tensordot(g[:-1], second, axes=1)
        slope = j.T @ g
        # θ_k moves with log σ²: dθ_k = -θ_k/2, d²θ_k = θ_k/4
        move = np.eye(r + 1)
        move[k, r] = -0.5 * theta[k]
        h = move.T @ h @ move
        h[r, r] += slope[k] * 0.25 * theta[k]
        return ll, move.T @ slope, h, float(slope[k]) * ratio
