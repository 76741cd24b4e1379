"""Covariance parameters in every metric, with standard errors and intervals.

The observed information is exact, in (ψ, log σ²) with β profiled out; other metrics follow by the delta
method, which is exact reparameterisation at a maximum. Interval metrics: variances on the log scale,
covariances symmetric, correlations through atanh, ρ of the exponential structure through the logit (house
specification, reproduces published tables). A parameter at the boundary gets no standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.inference.boundary import exact_zeros, free_directions, name_boundary, singular_directions
from terrace.inference.cells import Cell, cells, natural_values
from terrace.inference.distributions import confidence_quantile
from terrace.optimise.search import SearchPoint, SearchSpace

FloatArray = npt.NDArray[np.float64]

@dataclass(frozen=True)
class NaturalEstimate:
    """All covariance parameters in the printed order: Σ of each equation, then the residual parameters.

    ``values`` (k,); ``vcov`` (k, k); ``jacobian`` (k, r + 1) in (ψ, log σ²); ``psi_vcov`` (r + 1, r + 1) of
    (ψ, log σ²); ``identified`` marks those with a standard error; ``boundary`` names what sits on the edge.
    """

    values: FloatArray
    vcov: FloatArray
    jacobian: FloatArray
    psi_vcov: FloatArray
    identified: npt.NDArray[np.bool_]
    at_boundary: npt.NDArray[np.bool_]
    boundary: tuple[str, ...]
    regular: bool


def estimate_natural(space: SearchSpace, point: SearchPoint, *, want_se: bool = True) -> NaturalEstimate:
    """Values and covariance matrix of the printed parameters at a maximum."""
    objective = space.objective
    r = objective.n_params
    sigma2 = point.evaluation.sigma2 * objective.y_scale**2
    values, jacobian = natural_values(objective, point.psi, sigma2)
    layout = cells(objective.design)
    singular = singular_directions(objective, point)
    values = exact_zeros(objective.design, values, layout, sigma2)
    # work in (θ, log σ²): there, directions that end at the boundary have zero slope and drop out cleanly
    full = point.evaluation.full_hessian
    j = np.eye(r + 1)
    j[:r, :r] = point.jacobian
    _, _, second = space.natural(point.theta)
    h = j.T @ full @ j
    h[:r, :r] += np.tensordot(point.evaluation.gradient, second, axes=1)
    free = free_directions(objective, point, singular, h)
    information = -(free.T @ h @ free)
    psi_vcov = np.zeros((r + 1, r + 1))
    size = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    scaled = information / np.outer(size, size)
    eigenvalues, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    regular = bool(len(eigenvalues) == 0 or eigenvalues[0] > 1e-9)
    if regular:
        inverse = (vectors / eigenvalues) @ vectors.T / np.outer(size, size)
        cov = free @ inverse @ free.T
        psi_vcov = j @ cov @ j.T
    spread = float(psi_vcov[r, r]) if regular else np.inf
    boundary, at_boundary, masked = name_boundary(objective, point, singular, layout, spread)
    if not want_se:
        psi_vcov = np.zeros((r + 1, r + 1))
    regular = regular or not want_se
    vcov = jacobian @ psi_vcov @ jacobian.T
    identified = np.full(len(values), want_se and regular)
    identified &= ~masked
    return NaturalEstimate(values, vcov, jacobian, psi_vcov, identified, at_boundary, boundary, regular)


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


def sd_values(layout: tuple[Cell, ...], values: FloatArray) -> FloatArray:
    """Standard deviations and correlations from the values of the variance metric, both (k,)."""
    out = values.copy()
    for position, c in enumerate(layout):
        if c.kind == "variance":
            out[position] = math.sqrt(max(values[position], 0.0))
        elif c.kind == "covariance":
            first, second = variance_positions(layout, position)
            v1, v2 = values[first], values[second]
            root = math.sqrt(v1 * v2) if v1 > 0 and v2 > 0 else 0.0
            out[position] = values[position] / root if root else 0.0
    return out


def sd_metric(
    layout: tuple[Cell, ...], natural: NaturalEstimate
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Standard deviations and correlations: values (k,), vcov (k, k), interval scales."""
    values = sd_values(layout, natural.values)
    jacobian = np.eye(len(values))
    scales = [c.scale for c in layout]
    for position, c in enumerate(layout):
        if c.kind == "variance":
            jacobian[position, position] = 0.5 / values[position] if values[position] > 0 else 0.0
        elif c.kind == "covariance":
            first, second = variance_positions(layout, position)
            v1, v2, r = natural.values[first], natural.values[second], values[position]
            jacobian[position] = 0.0
            if v1 > 0 and v2 > 0:
                jacobian[position, position] = 1.0 / math.sqrt(v1 * v2)
                jacobian[position, first] += -0.5 * r / v1
                jacobian[position, second] += -0.5 * r / v2
            scales[position] = "tanh"
    return values, jacobian @ natural.vcov @ jacobian.T, scales


def estmetric(
    layout: tuple[Cell, ...], natural: NaturalEstimate
) -> tuple[FloatArray, FloatArray, list[str]]:
    """The stored metric: log standard deviations, atanh correlations, residual parameters as they are kept.

    AR(1) and Toeplitz correlations are stored as atanh, the exponential ρ as logit, φ and θ untransformed.
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
    return values, vcov * np.outer(slope, slope), names


def variance_positions(layout: tuple[Cell, ...], position: int) -> tuple[int, int]:
    """The two variances behind a covariance: by position in Σ, or by the names in cov(e1,e2)."""
    c = layout[position]
    own = [k for k, o in enumerate(layout) if o.block == c.block and o.by == c.by and o.kind == "variance"]
    if len(own) == 1:
        return own[0], own[0]
    if c.block is not None:
        first = next(k for k in own if layout[k].i == c.i)
        second = next(k for k in own if layout[k].i == c.j)
        return first, second
    inside = c.name[c.name.index("cov(") + 4 : -1].split(",")
    prefix = f"{c.by}:" if c.by else ""
    by_name = {layout[k].name: k for k in own}
    return by_name[f"{prefix}var({inside[0]})"], by_name[f"{prefix}var({inside[1]})"]
