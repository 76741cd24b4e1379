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

from terrace.design.design import Design, RandomBlock
from terrace.inference.distributions import confidence_quantile
from terrace.likelihood.objective import Objective
from terrace.optimise.search import SearchPoint, SearchSpace

FloatArray = npt.NDArray[np.float64]

# A direction of Σ is on the boundary where its variance, relative to σ² in scaled columns of Z, is below this.
BOUNDARY = 1e-7


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


@dataclass(frozen=True)
class Cell:
    """Where one printed parameter comes from: its equation (None: residual), kind, names for each metric."""

    block: int | None
    name: str
    sd_name: str
    kind: str
    i: int
    j: int
    scale: str
    by: str = ""


def cells(design: Design) -> tuple[Cell, ...]:
    """The printed parameters of a design in order."""
    out: list[Cell] = []
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        for parameter in block.structure.parameters():
            i, j = parameter.where[0]
            out.append(_random_cell(position, block, parameter.kind, i, j))
    if design.residuals.simple:
        out.append(Cell(None, "var(Residual)", "sd(Residual)", "variance", 0, 0, "log"))
        return tuple(out)
    for by, p in design.residuals.reported():
        prefix = f"{by}:" if by else ""
        kind = ("variance" if p.name.startswith("var") else "covariance") if p.variance else "other"
        sd_name = p.name.replace("var(", "sd(").replace("cov(", "corr(")
        out.append(Cell(None, prefix + p.name, prefix + sd_name, kind, 0, 0, p.scale, by))
    return tuple(out)


def _random_cell(position: int, block: RandomBlock, kind: str, i: int, j: int) -> Cell:
    names = block.names
    tied = block.structure.key in ("identity", "exchangeable")
    if block.factor is not None:
        inside = names[0]
    elif tied:
        inside = ",".join(names)
    elif kind == "variance":
        inside = names[i]
    else:
        inside = f"{names[min(i, j)]},{names[max(i, j)]}"
    if kind == "variance":
        return Cell(position, f"var({inside})", f"sd({inside})", kind, i, i, "log")
    return Cell(position, f"cov({inside})", f"corr({inside})", kind, min(i, j), max(i, j), "symmetric")


def natural_values(
    objective: Objective, psi: FloatArray, sigma2: float
) -> tuple[FloatArray, FloatArray]:
    """Printed parameters in the variance metric, shape (k,), and their Jacobian (k, r + 1) in (ψ, log σ²).

    ``sigma2`` is in the user's units.
    """
    r, n_random = objective.n_params, objective.n_random
    to_natural = objective.natural_map() * sigma2
    values = [to_natural @ psi[:n_random]]
    top = np.zeros((n_random, r + 1))
    top[:, :n_random] = to_natural
    top[:, r] = values[0]
    v, j = objective.design.residuals.natural(psi[n_random:], sigma2)
    bottom = np.zeros((len(v), r + 1))
    bottom[:, n_random:] = j
    return np.concatenate([values[0], v]), np.concatenate([top, bottom])


def singular_directions(objective: Objective, point: SearchPoint) -> dict[int, FloatArray]:
    """For each equation whose Σ is singular, vectors (q, s) that span its null space in the coordinates of the
    likelihood."""
    out: dict[int, FloatArray] = {}
    for position, (block, part) in enumerate(zip(objective.design.blocks, objective.layout.block_slices)):
        if part.stop == part.start:
            continue
        sigma = block.structure.matrix(point.psi[part])
        if block.factor is not None and block.structure.n_params == 2:
            theta = point.theta[part]
            if np.any(theta**2 < BOUNDARY):
                out[position] = np.eye(2)[:, theta**2 < BOUNDARY]
            continue
        d = np.sqrt(np.maximum(np.diag(sigma), 0.0))
        small = d**2 < BOUNDARY
        null = [np.eye(len(d))[:, small]]
        rest = np.flatnonzero(~small)
        if len(rest) > 1:
            correlation = sigma[np.ix_(rest, rest)] / np.outer(d[rest], d[rest])
            values, vectors = np.linalg.eigh(correlation)
            wide = np.zeros((len(d), len(rest)))
            wide[rest] = vectors / d[rest][:, None]
            null.append(wide[:, values < BOUNDARY])
        together = np.concatenate(null, axis=1)
        if together.shape[1]:
            out[position] = together
    return out


def estimate_natural(space: SearchSpace, point: SearchPoint, *, want_se: bool = True) -> NaturalEstimate:
    """Values and covariance matrix of the printed parameters at a maximum."""
    objective = space.objective
    r = objective.n_params
    sigma2 = point.evaluation.sigma2 * objective.y_scale**2
    values, jacobian = natural_values(objective, point.psi, sigma2)
    layout = cells(objective.design)
    singular = singular_directions(objective, point)
    boundary, at_boundary, masked = _name_boundary(objective, point, singular, layout)
    values = _exact_zeros(objective.design, values, layout, sigma2)
    # work in (θ, log σ²): there, directions that end at the boundary have zero slope and drop out cleanly
    full = point.evaluation.full_hessian
    j = np.eye(r + 1)
    j[:r, :r] = point.jacobian
    _, _, second = space.natural(point.theta)
    h = j.T @ full @ j
    h[:r, :r] += np.tensordot(point.evaluation.gradient, second, axes=1)
    free = _free_directions(objective, point, singular)
    information = -(free.T @ h @ free)
    regular = True
    psi_vcov = np.zeros((r + 1, r + 1))
    if want_se:
        size = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
        scaled = information / np.outer(size, size)
        eigenvalues, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
        regular = bool(len(eigenvalues) == 0 or eigenvalues[0] > 1e-9)
        if regular:
            inverse = (vectors / eigenvalues) @ vectors.T / np.outer(size, size)
            cov = free @ inverse @ free.T
            psi_vcov = j @ cov @ j.T
    vcov = jacobian @ psi_vcov @ jacobian.T
    identified = np.full(len(values), want_se and regular)
    identified &= ~masked
    return NaturalEstimate(values, vcov, jacobian, psi_vcov, identified, at_boundary, boundary, regular)


def _exact_zeros(
    design: Design, values: FloatArray, layout: tuple[Cell, ...], sigma2: float
) -> FloatArray:
    """Variances of random effects at zero, and covariances with them, without the dust of rounding."""
    out = values.copy()
    gone = set()
    for k, c in enumerate(layout):
        if c.block is not None and c.kind == "variance":
            size = float(np.mean(design.blocks[c.block].z[:, c.i] ** 2))
            if values[k] * size < BOUNDARY * sigma2:
                gone.add((c.block, c.i))
    for k, c in enumerate(layout):
        if c.block is not None and ((c.block, c.i) in gone or (c.block, c.j) in gone):
            out[k] = 0.0
    return out


def _free_directions(
    objective: Objective, point: SearchPoint, singular: dict[int, FloatArray]
) -> FloatArray:
    """Columns that span the θ-directions (and log σ²) along which the estimate can move, (r + 1, f)."""
    r = objective.n_params
    keep = np.ones(r + 1, dtype=bool)
    for position in singular:
        part = objective.layout.block_slices[position]
        structure = objective.design.blocks[position].structure
        jacobian = point.jacobian[part, part]
        if structure.key == "unstructured":
            # on the manifold of singular Σ only as many directions move Σ as its rank allows
            q = structure.size
            theta = point.theta[part]
            cells_ = [(i, i) for i in range(q)] + [(i, j) for j in range(q) for i in range(j + 1, q)]
            for k, (i, j) in enumerate(cells_):
                if theta[cells_.index((j, j))] ** 2 < BOUNDARY and (i == j or not np.any(jacobian[:, k])):
                    keep[part.start + k] = False
        else:
            for k in range(part.stop - part.start):
                if point.theta[part.start + k] ** 2 < BOUNDARY:
                    keep[part.start + k] = False
    residuals = objective.design.residuals
    if residuals.key == "independent" and residuals.n_by > 1:
        relative = np.append(0.0, point.psi[objective.n_random :])
        vanished = relative - relative.max() < np.log(BOUNDARY)
        keep[objective.n_random : r] &= ~vanished[1:]
    return np.eye(r + 1)[:, keep]


def _name_boundary(
    objective: Objective, point: SearchPoint, singular: dict[int, FloatArray], layout: tuple[Cell, ...]
) -> tuple[tuple[str, ...], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    named: list[str] = []
    at = np.zeros(len(layout), dtype=bool)
    masked = np.zeros(len(layout), dtype=bool)
    natural = objective.natural_map()
    if point.evaluation.sigma2 < BOUNDARY:
        # the random effects reproduce the outcome: nothing is left for the residual
        last = len(layout) - 1
        at[last] = masked[last] = True
        named.append(f"Residual: {layout[last].name}")
    elif objective.design.residuals.key == "independent":
        values, _ = natural_values(objective, point.psi, 1.0)
        strata = [k for k, c in enumerate(layout) if c.block is None]
        for k in strata:
            if values[k] < BOUNDARY * max(values[j] for j in strata):
                at[k] = masked[k] = True
                named.append(f"Residual: {layout[k].name}")
    for position, null in singular.items():
        block = objective.design.blocks[position]
        part = objective.layout.block_slices[position]
        own = [k for k, c in enumerate(layout) if c.block == position]
        touched, zero = _null_in_user_units(objective, point, position, null, natural[part, part])
        for k in own:
            c = layout[k]
            if block.structure.key in ("identity", "exchangeable"):
                masked[k] = at[k] = True
            elif c.kind == "variance":
                at[k] = bool(zero[c.i])
                masked[k] = bool(touched[c.i])
            else:
                masked[k] = at[k] = bool(touched[c.i] and touched[c.j]) or bool(zero[c.i] or zero[c.j])
        for k in own:
            if not at[k]:
                continue
            c = layout[k]
            where = f"{block.level.name}: "
            if c.kind == "variance":
                named.append(where + c.name)
            elif not (zero[c.i] or zero[c.j]):
                named.append(where + c.sd_name)
    return tuple(named), at, masked


def _null_in_user_units(
    objective: Objective, point: SearchPoint, position: int, null: FloatArray, natural: FloatArray
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which effects of an equation a singular direction involves, and which have no variance at all, (q,)."""
    block = objective.design.blocks[position]
    part = objective.layout.block_slices[position]
    sigma = block.structure.matrix(natural @ point.psi[part])
    if block.structure.key != "unstructured":
        return np.abs(null).max(axis=1) > 1e-6, np.diag(block.structure.matrix(point.psi[part])) < BOUNDARY
    a = objective.layout.transforms[position].a
    size = np.sqrt(np.mean(block.z**2, axis=0))
    zero = np.diag(sigma) * size**2 < BOUNDARY
    vectors = np.linalg.inv(a).T @ null
    weight = np.abs(vectors) * np.where(zero, 1.0 / size, np.sqrt(np.maximum(np.diag(sigma), 0.0)))[:, None]
    weight = weight / np.maximum(weight.max(axis=0), 1e-300)
    return weight.max(axis=1) > 1e-4, zero


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


def sd_metric(
    layout: tuple[Cell, ...], natural: NaturalEstimate
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Standard deviations and correlations: values (k,), vcov (k, k), interval scales."""
    values = natural.values.copy()
    k = len(values)
    jacobian = np.eye(k)
    scales = [c.scale for c in layout]
    for position, c in enumerate(layout):
        if c.kind == "variance":
            sd = math.sqrt(max(natural.values[position], 0.0))
            values[position] = sd
            jacobian[position, position] = 0.5 / sd if sd > 0 else 0.0
        elif c.kind == "covariance":
            first, second = _variance_positions(layout, position)
            v1, v2 = natural.values[first], natural.values[second]
            root = math.sqrt(v1 * v2) if v1 > 0 and v2 > 0 else 0.0
            r = natural.values[position] / root if root else 0.0
            values[position] = r
            jacobian[position] = 0.0
            if root:
                jacobian[position, position] = 1.0 / root
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
            values[k] = math.log(sd[k] / (1 - sd[k]))
            slope[k] = 1.0 / (sd[k] * (1 - sd[k]))
            names.append(f"logit({inside})")
        else:
            names.append(inside)
    return values, vcov * np.outer(slope, slope), names


def _variance_positions(layout: tuple[Cell, ...], position: int) -> tuple[int, int]:
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
