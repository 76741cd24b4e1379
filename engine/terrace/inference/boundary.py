"""What of a solution lies on the edge of the parameter space: which directions can move, and which names to tell.

On the edge the usual quadratic shape of the likelihood is missing along some directions (Self & Liang 1987): they
are left out of the information, and what they touch gets no standard error.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.inference.cells import Cell, natural_values
from terrace.likelihood.objective import Objective
from terrace.optimise.search import BOUNDARY, SearchPoint

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]




TIED = ("identity", "exchangeable")


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


def exact_zeros(
    design: Design, values: FloatArray, layout: tuple[Cell, ...], sigma2: float
) -> FloatArray:
    """Variances of random effects at zero, and covariances with them, without the dust of rounding."""
    out = values.copy()
    gone = set()
    for k, c in enumerate(layout):
        if c.block is not None and c.kind == "variance":
            block = design.blocks[c.block]
            # one variance for several columns is zero where it is beside the largest of them
            columns = block.z if block.structure.key in TIED else block.z[:, c.i : c.i + 1]
            size = float(np.mean(columns**2, axis=0).max())
            if values[k] * size < BOUNDARY * sigma2:
                gone.add((c.block, c.i))
    for k, c in enumerate(layout):
        if c.block is not None and ((c.block, c.i) in gone or (c.block, c.j) in gone):
            out[k] = 0.0
    return out


def free_directions(
    objective: Objective, point: SearchPoint, singular: dict[int, FloatArray], hessian: FloatArray
) -> FloatArray:
    """Columns that span the θ-directions (and log σ²) along which the estimate can move, (r + 1, f).

    ``hessian`` (r + 1, r + 1) is that of the objective in θ and log σ².
    """
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
    free = np.eye(r + 1)[:, keep]
    edge = residuals.edge(point.psi[objective.n_random :])
    if edge.shape[1]:
        # ρ is θ itself where an edge has a direction of its own, and a function of one θ elsewhere
        across = np.zeros((r + 1, edge.shape[1]))
        across[objective.n_random : r] = edge
        _, size, rows = np.linalg.svd(across.T @ free)
        free = free @ rows[int((size > 1e-9).sum()) :].T
        for n in across.T:
            # both sides of the edge are alike, so that the directions within it are the conjugate ones
            curve = float(n @ hessian @ n)
            if -curve > 1e-8 * float(np.abs(hessian).max()):
                free = free - np.outer(n, n @ hessian @ free) / curve
    return free


def name_boundary(
    objective: Objective,
    point: SearchPoint,
    singular: dict[int, FloatArray],
    layout: tuple[Cell, ...],
    spread: float,
) -> tuple[tuple[str, ...], BoolArray, BoolArray]:
    """What the user should be told is on the edge, and by printed parameter whether it is there itself and
    whether it has no standard error for it, both (k,). ``spread`` is the variance of log σ², infinite where the
    information is singular."""
    named: list[str] = []
    at: BoolArray = np.zeros(len(layout), dtype=bool)
    masked: BoolArray = np.zeros(len(layout), dtype=bool)
    natural = objective.natural_map()
    if _residual_vanishes(objective, point, spread):
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
            if block.structure.key in TIED:
                masked[k] = True
                at[k] = bool(zero.all()) or c.kind == "covariance"
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
    _name_residual_edges(objective, point, layout, named, at, masked)
    return tuple(named), at, masked


def _residual_vanishes(objective: Objective, point: SearchPoint, spread: float) -> bool:
    """Whether a small σ² (in units of the least-squares residual variance) is none: either rounding is all that it
    can be, or the likelihood has stopped to depend on its logarithm. Errors that are small beside the differences
    between groups, but well determined, are no reason to warn."""
    sigma2 = point.evaluation.sigma2
    if sigma2 < 1e-11 or (sigma2 < 1e-5 and spread > 9.0):
        return True
    if sigma2 >= 1e-5 or not objective.n_random:
        return False
    # the second derivatives behind `spread` have lost their digits where Σ* is huge; the likelihood has not
    psi = point.psi.copy()
    psi[: objective.n_random] *= 100.0
    try:
        return objective.evaluate(psi, 0).ll > point.ll - 0.5
    except np.linalg.LinAlgError:
        return False


def _name_residual_edges(
    objective: Objective,
    point: SearchPoint,
    layout: tuple[Cell, ...],
    named: list[str],
    at: BoolArray,
    masked: BoolArray,
) -> None:
    """Correlations of residuals at the edge of what their structure allows; changes the last three arguments."""
    residuals = objective.design.residuals
    rho = point.psi[objective.n_random :]
    edge = residuals.edge(rho)
    if not edge.shape[1]:
        return
    width = len(residuals.structure.reported())
    first = len(layout) - residuals.n_by * width
    for level, (_, part) in enumerate(residuals.slices()):
        # structures with an edge report their correlations first, in the order of ρ
        for k in np.flatnonzero(np.any(np.abs(edge[part]) > 1e-3, axis=1)):
            cell = first + level * width + int(k)
            at[cell] = masked[cell] = True
            named.append(f"Residual: {layout[cell].name}")


def _null_in_user_units(
    objective: Objective, point: SearchPoint, position: int, null: FloatArray, natural: FloatArray
) -> tuple[BoolArray, BoolArray]:
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
