"""Covariance parameters in every metric, with standard errors and intervals.

The observed information is exact, in (ψ, log σ²) with β profiled out; other metrics follow by the delta
method, which is exact reparameterisation at a maximum. Interval metrics: variances on the log scale,
covariances symmetric, correlations through atanh, ρ of the exponential structure through the logit (house
specification, reproduces published tables). A parameter at the boundary gets no standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.frozen import freeze
from terrace.inference.boundary import exact_values, free_directions, name_boundary, singular_directions
from terrace.inference.cells import Cell, cells, natural_values, residual_ratios, variance_positions
from terrace.inference.identification import Confounded, Unidentified, confounded
from terrace.likelihood.objective import Objective
from terrace.optimise.search import SearchPoint, SearchSpace
from terrace.statistics.distributions import confidence_quantile

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

@dataclass(frozen=True)
class NaturalEstimate:
    """All covariance parameters in the printed order: Σ of each equation, then the residual parameters.

    ``values`` (k,) in the user's units; ``unit`` (k,) is the variance of the outcome, by the sizes of its columns of Z,
    where a parameter is a variance or covariance and 1 elsewhere; ``relative`` (k, k) is the covariance matrix of
    values/unit, which unlike `vcov` does not underflow in small units. ``jacobian`` (k, r + 1) in (ψ, log σ²);
    ``psi_vcov`` (r + 1, r + 1) of these.
    ``identified`` marks those with a standard error; ``boundary`` names what sits on the edge, ``at_boundary`` (k,)
    marks it, and ``edge`` (k,) is 1 or -1 for a correlation that is exactly that, NaN elsewhere. ``confounded`` has
    the sets of parameters that the data cannot tell apart; ``null`` (k, s) the directions of values/unit
    along which the likelihood does not change; ``flat`` (k,) marks parameters without a standard error since the
    likelihood is flat at the estimates, and ``lowest`` is the smallest eigenvalue of the information, of parameters
    in units of their size.
    """

    values: FloatArray
    unit: FloatArray
    relative: FloatArray
    jacobian: FloatArray
    psi_vcov: FloatArray
    identified: BoolArray
    at_boundary: BoolArray
    boundary: tuple[str, ...]
    edge: FloatArray
    confounded: tuple[Confounded, ...]
    null: FloatArray
    flat: BoolArray
    lowest: float

    def __post_init__(self) -> None:
        freeze(self, ("values", "unit", "relative", "jacobian", "psi_vcov"))
        freeze(self, ("identified", "at_boundary", "edge", "null", "flat"))

    @property
    def vcov(self) -> FloatArray:
        """The covariance matrix of the values, (k, k)."""
        return self.relative * np.outer(self.unit, self.unit)

    def with_psi_vcov(self, psi_vcov: FloatArray) -> NaturalEstimate:
        """The same estimates with another covariance matrix of (ψ, log σ²)."""
        slopes = self.jacobian / self.unit[:, None]
        return replace(self, psi_vcov=psi_vcov, relative=slopes @ psi_vcov @ slopes.T)

    def of_no_maximum(self) -> NaturalEstimate:
        """The same values where the search failed: what lies on the edge or is flat there says nothing of a maximum."""
        nowhere = np.zeros(len(self.values), dtype=bool)
        return replace(
            self, at_boundary=nowhere, boundary=(), edge=np.full(len(self.values), np.nan), confounded=(),
            null=np.zeros((len(self.values), 0)), flat=nowhere.copy(),
        )

    @property
    def unknown(self) -> BoolArray:
        """Which of the parameters the data do not determine, (k,)."""
        out = np.zeros(len(self.values), dtype=bool)
        for one in self.confounded:
            out[list(one.members)] = True
        return out

    def determines(self, slopes: FloatArray) -> bool:
        """Whether the data determine a function of the values, given its slopes (k,) in them."""
        if not self.confounded:
            return True
        slopes = slopes * self.unit
        size = np.abs(slopes) @ np.abs(self.null)
        return bool(np.all(np.abs(slopes @ self.null) <= 1e-6 * np.where(size > 0, size, 1.0)))

    def elsewhere(self) -> NaturalEstimate:
        """Other values of the parameters that the likelihood does not tell from these: for derivatives that happen to
        vanish at the estimates, where a covariance of zero has no square to speak of."""
        size = np.abs(self.null).max(axis=0, initial=0.0)
        relative = self.values / self.unit
        steps = 0.01 * np.abs(relative).max() * (1.0 + 0.618 * np.arange(len(size))) / np.where(size > 0, size, 1.0)
        towards = np.where(self.null.sum(axis=0) < 0, -1.0, 1.0)
        values = relative + self.null @ (steps * towards)
        return replace(self, values=values * self.unit, edge=np.full(len(values), np.nan))

    def unknown_as(self, layout: tuple[Cell, ...], metric: str) -> BoolArray:
        """Which parameters of a metric (``variance``, ``sd``, ``estmetric``) the data do not determine, (k,)."""
        unknown = self.unknown
        out = unknown.copy()
        if metric == "variance":
            return out
        # a correlation is as little known as the variances that it is made of, a ratio as the two SDs
        for k, c in enumerate(layout):
            if c.kind == "covariance":
                out[k] |= bool(unknown[list(variance_positions(layout, k))].any())
        if metric == "estmetric":
            for k, first in residual_ratios(layout).items():
                out[k] |= bool(unknown[first])
        return out

    def knows(self, slopes: FloatArray) -> bool:
        """Whether a function of the values has a standard error, given its slopes (k,) in them: it does where the
        parameters that it moves with have, or are determined together."""
        return bool(np.all((self.identified | self.unknown)[slopes != 0])) and self.determines(slopes)


def estimate_natural(
    space: SearchSpace, point: SearchPoint, *, want_se: bool = True, unknown: Unidentified | None = None
) -> NaturalEstimate:
    """Values and covariance matrix of the printed parameters at a maximum.

    ``unknown`` has what the data cannot tell; it is left out of the information.
    """
    objective = space.objective
    r, t, sigma2 = objective.n_params, objective.n_theta, point.evaluation.sigma2
    layout = cells(objective.design)
    relative, slopes = natural_values(objective, point.psi, sigma2)
    unit = _units(objective, layout)
    by_slope = unit / np.where([c.kind == "other" for c in layout], 1.0, objective.y_scale**2)
    relative, slopes = relative / by_slope, slopes / by_slope[:, None]
    singular = singular_directions(objective, point)
    # work in (θ, log σ²): there, directions that end at the boundary have zero slope and drop out cleanly
    j = point.to_psi
    h = j.T @ point.evaluation.full_hessian @ j
    h[:t, :t] += np.tensordot(point.evaluation.gradient, point.second, axes=1)
    free = free_directions(objective, point, singular, h)
    null = np.zeros((len(layout), 0))
    sets: tuple[Confounded, ...] = ()
    if unknown is not None and unknown.directions.shape[1]:
        free = _without(free, j, unknown)
        null = np.where(unknown.moved(slopes) != 0, slopes @ unknown.directions, 0.0)
        sets = confounded(unknown, slopes)
    scale = np.append(np.maximum(np.abs(point.theta), 0.3), 1.0)
    cov, lost, lowest = _inverse(-(free.T @ h @ free), np.linalg.norm(free.T * scale, axis=1))
    psi_vcov = j @ free @ cov @ free.T @ j.T
    flat = _reached(slopes @ j @ free, lost)
    spread = float(psi_vcov[r, r]) if not flat.any() else np.inf
    hidden = np.zeros(len(layout), dtype=bool)
    for one in sets:
        hidden[list(one.members)] = True
    boundary, at_boundary, masked, edge = name_boundary(objective, point, singular, layout, spread, hidden)
    relative = exact_values(objective.design, relative, layout, at_boundary, edge)
    # where nothing tells a covariance, it stands at zero
    relative = np.where(hidden & (np.abs(relative) < 1e-9 * np.abs(relative).max()), 0.0, relative)
    masked |= hidden
    if not want_se:
        psi_vcov = np.zeros((r + 1, r + 1))
        flat = np.zeros(len(layout), dtype=bool)
    slopes_user = slopes * unit[:, None]
    return NaturalEstimate(
        relative * unit, unit, slopes @ psi_vcov @ slopes.T, slopes_user, psi_vcov, ~masked & ~flat & want_se,
        at_boundary, boundary, edge, sets, null, flat, lowest,
    )


def _units(objective: Objective, layout: tuple[Cell, ...]) -> FloatArray:
    """The variance of the outcome for each variance and covariance, by the sizes of the columns of Z that they belong
    to; 1 for other parameters."""
    unit = np.ones(len(layout))
    for k, c in enumerate(layout):
        if c.kind == "other":
            continue
        unit[k] = objective.y_scale**2
        if c.block is not None and objective.design.blocks[c.block].factor is None:
            size = objective.layout.transforms[c.block].size
            size = np.where(size > 0, size, 1.0)
            if objective.design.blocks[c.block].structure.tied:
                size = np.full(len(size), size.max())
            unit[k] = unit[k] / size[c.i] / size[c.j]
    return unit


def _without(free: FloatArray, j: FloatArray, unknown: Unidentified) -> FloatArray:
    """The directions of θ in ``free`` (t + 1, f) but those that move (ψ, log σ²) only where nothing is known."""
    known, _ = np.linalg.qr(unknown.directions * unknown.size[:, None])
    moved = unknown.size[:, None] * (j @ free)
    length = np.linalg.norm(moved, axis=0)
    moved = moved / np.where(length > 0, length, 1.0)
    outside = moved - known @ (known.T @ moved)
    _, size, rows = np.linalg.svd(outside, full_matrices=True)
    kept = np.zeros(len(rows), dtype=bool)
    kept[: len(size)] = size > 1e-6
    directions: FloatArray = (free / np.where(length > 0, length, 1.0)) @ rows[kept].T
    return directions


# Eigenvalues of the information that are as good as none, and the curvature of the log-likelihood along a parameter
# that is as good as none where the parameter changes by its own size.
FLAT, LEVEL = 1e-9, 1e-8


def _inverse(information: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """The inverse of the information where it has one, (f, f), directions (f, l) along which it is flat, and the
    smallest eigenvalue that tells so, of parameters in units of ``scale`` (f,)."""
    size = np.sqrt(np.maximum(np.abs(np.diag(information)), LEVEL / scale**2))
    scaled = information / np.outer(size, size)
    values, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    good = values > FLAT
    inverse = (vectors[:, good] / values[good]) @ vectors[:, good].T / np.outer(size, size)
    lowest = np.linalg.eigvalsh(information * np.outer(scale, scale)).min(initial=np.inf)
    return inverse, vectors[:, ~good] / size[:, None], float(lowest)


def _reached(slopes: FloatArray, lost: FloatArray) -> BoolArray:
    """Which of the parameters, with slopes (k, f), move along the directions ``lost`` (f, l)."""
    if not lost.shape[1]:
        return np.zeros(len(slopes), dtype=bool)
    length = np.sqrt(np.sum(lost**2, axis=1))
    reach = np.sqrt(np.sum((slopes * length) ** 2, axis=1))
    moved = np.abs(slopes @ lost).max(axis=1)
    moving: BoolArray = np.asarray(moved > 1e-3 * np.where(reach > 0, reach, 1.0)) & (reach > 0)
    return moving


def interval(
    estimate: float, se: float | None, scale: str, level: float
) -> tuple[float | None, float | None]:
    """The confidence interval of a covariance parameter in the metric that `scale` names."""
    if se is None or not math.isfinite(se) or se <= 0:
        return None, None
    z = confidence_quantile(level)
    if scale == "symmetric":
        return estimate - z * se, estimate + z * se
    if scale == "log":
        if estimate <= 0:
            return None, None
        half = z * se / estimate
        # beside zero the upper end can be beyond every number: it is then left open
        return estimate * math.exp(-half), estimate * math.exp(half) if half < 700 else math.inf
    if scale == "tanh":
        if abs(estimate) >= 1:
            return None, None
        half = z * se / (1.0 - estimate**2)
        return math.tanh(math.atanh(estimate) - half), math.tanh(math.atanh(estimate) + half)
    if scale == "logit":
        if not 0 < estimate < 1:
            return None, None
        center, half = math.log(estimate / (1 - estimate)), z * se / (estimate * (1 - estimate))
        return _expit(center - half), _expit(center + half)
    raise ValueError(scale)


def _expit(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


INSIDE = 1.0 - 2.0**-53
"""The largest number below one."""


def sd_values(layout: tuple[Cell, ...], values: FloatArray, edge: FloatArray | None = None) -> FloatArray:
    """Standard deviations and correlations from the values of the variance metric, both (k,).

    ``edge`` (k,) has the correlations that are exactly one or minus one, NaN elsewhere.
    """
    out = values.copy()
    for position, c in enumerate(layout):
        if c.kind == "variance":
            out[position] = math.sqrt(max(values[position], 0.0))
        elif c.kind == "covariance":
            first, second = variance_positions(layout, position)
            root = math.sqrt(max(values[first], 0.0)) * math.sqrt(max(values[second], 0.0))
            # what is not on the edge is inside it, whatever rounding says
            out[position] = min(max(values[position] / root, -INSIDE), INSIDE) if root else 0.0
    if edge is not None:
        out = np.where(np.isfinite(edge), edge, out)
    return out


def sd_metric(
    layout: tuple[Cell, ...], natural: NaturalEstimate
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Standard deviations and correlations: values (k,), vcov (k, k), interval scales."""
    relative = natural.values / natural.unit
    values = sd_values(layout, relative, natural.edge)
    jacobian = np.eye(len(values))
    scales = [c.scale for c in layout]
    unit = np.ones(len(values))
    for position, c in enumerate(layout):
        if c.kind == "variance":
            jacobian[position, position] = 0.5 / values[position] if values[position] > 0 else 0.0
            unit[position] = math.sqrt(natural.unit[position])
        elif c.kind == "covariance":
            first, second = variance_positions(layout, position)
            v1, v2, r = relative[first], relative[second], values[position]
            jacobian[position] = 0.0
            if v1 > 0 and v2 > 0:
                jacobian[position, position] = 1.0 / math.sqrt(v1 * v2)
                jacobian[position, first] += -0.5 * r / v1
                jacobian[position, second] += -0.5 * r / v2
            scales[position] = "tanh"
    return values * unit, jacobian @ natural.relative @ jacobian.T * np.outer(unit, unit), scales


def estmetric(
    layout: tuple[Cell, ...], natural: NaturalEstimate
) -> tuple[FloatArray, FloatArray, list[str]]:
    """The stored metric: log standard deviations, atanh correlations, residual parameters as they are kept.

    AR(1) and Toeplitz correlations are stored as atanh, the exponential ρ as logit, φ and θ untransformed; of further
    by() groups the log ratio of their residual SD to that of the first.
    """
    sd, vcov, _ = sd_metric(layout, natural)
    values, slope, names = sd.copy(), np.ones(len(sd)), []
    for k, c in enumerate(layout):
        inside = c.sd_name
        if c.kind == "variance":
            values[k] = math.log(sd[k]) if sd[k] > 0 else -math.inf
            slope[k] = 1.0 / sd[k] if sd[k] > 0 else 0.0
            names.append(f"ln{inside}" if not c.by else f"{c.by}:ln" + inside.split(":", 1)[1])
        elif c.kind == "covariance" or c.scale == "tanh":
            values[k] = math.atanh(sd[k]) if abs(sd[k]) < 1 else math.copysign(math.inf, sd[k])
            slope[k] = 1.0 / (1.0 - sd[k] ** 2) if abs(sd[k]) < 1 else 0.0
            names.append(f"atanh({inside})")
        elif c.scale == "logit":
            inside_range = 0 < sd[k] < 1
            values[k] = math.log(sd[k] / (1 - sd[k])) if inside_range else math.copysign(math.inf, sd[k] - 0.5)
            slope[k] = 1.0 / (sd[k] * (1 - sd[k])) if inside_range else 0.0
            names.append(f"logit({inside})")
        else:
            names.append(inside)
    to_first = np.eye(len(sd))
    for k, first in residual_ratios(layout).items():
        values[k] = values[k] - values[first] if math.isfinite(values[k]) else values[k]
        to_first[k, first] = -1.0
        if natural.at_boundary[first]:
            to_first[k] = 0.0  # a ratio to zero has no standard error either
        names[k] = f"{layout[k].by}:lnratio(e)"
    return values, to_first @ (vcov * np.outer(slope, slope)) @ to_first.T, names
