"""What of a solution lies on the edge of the parameter space: which directions can move, and which names to tell.

On the edge the usual quadratic shape of the likelihood is missing along some directions (Self & Liang 1987): they
are left out of the information, and what they touch gets no standard error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import BOUNDARY
from terrace.design.design import Design
from terrace.inference.cells import Cell, natural_values, variance_positions
from terrace.inference.identification import clear_column
from terrace.likelihood.objective import Objective
from terrace.optimise.search import SearchPoint

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

def singular_directions(objective: Objective, point: SearchPoint) -> dict[int, FloatArray]:
    """For each equation whose Σ is singular, vectors (q, s) that span its null space in the coordinates of the
    likelihood."""
    out: dict[int, FloatArray] = {}
    layout = objective.layout
    slices = zip(objective.design.blocks, layout.block_slices, layout.theta_slices)
    for position, (block, part, searched) in enumerate(slices):
        if part.stop == part.start:
            continue
        if block.factor is not None and block.structure.n_params == 2:
            gone = block.structure.at_edge(point.theta[searched])
            if gone.any():
                out[position] = np.eye(2)[:, gone]
            continue
        values, vectors = np.linalg.eigh(block.structure.matrix(point.psi[part]))
        null = vectors[:, _is_null(values)]
        if null.shape[1]:
            out[position] = null
    return out


def _is_null(values: FloatArray) -> BoolArray:
    """Which eigenvalues of Σ* are none, beside σ² or beside the largest of them."""
    return np.asarray(values < max(BOUNDARY, 1e-14 * float(values.max(initial=0.0))))


def exact_values(
    design: Design, values: FloatArray, layout: tuple[Cell, ...], at_boundary: BoolArray, edge: FloatArray
) -> FloatArray:
    """Values at the boundary without the dust of rounding: variances of zero and covariances with them, covariances
    of effects whose correlation is exactly one or minus one."""
    out = values.copy()
    gone = set()
    for k, c in enumerate(layout):
        if c.block is not None and c.kind == "variance" and at_boundary[k]:
            out[k] = 0.0
            gone.add((c.block, c.i))
    for k, c in enumerate(layout):
        if c.block is None or c.kind != "covariance":
            continue
        tied = design.blocks[c.block].structure.tied
        if (c.block, c.i) in gone or (c.block, c.j) in gone or (tied and (c.block, 0) in gone):
            out[k] = 0.0
        elif np.isfinite(edge[k]):
            first, second = variance_positions(layout, k)
            out[k] = edge[k] * np.sqrt(out[first]) * np.sqrt(out[second])
    return out


def free_directions(
    objective: Objective, point: SearchPoint, singular: dict[int, FloatArray], hessian: FloatArray
) -> FloatArray:
    """Columns that span the θ-directions (and log σ²) along which the estimate can move, (t + 1, f).

    ``hessian`` (t + 1, t + 1) is that of the objective in θ and log σ².
    """
    t, first = objective.n_theta, objective.layout.n_theta
    keep = np.ones(t + 1, dtype=bool)
    for position in singular:
        part = objective.layout.theta_slices[position]
        structure = objective.design.blocks[position].structure
        if structure.free:
            # in the frame of the eigenvectors, columns of L within the range of Σ span the matrices of its rank
            null = _is_null(point.theta[part][: structure.size] ** 2)
            for k, parameter in enumerate(structure.parameters()):
                keep[part.start + k] = not null[min(parameter.where[0])]
        else:
            keep[part] = ~structure.at_edge(point.theta[part])
    residuals = objective.design.residuals
    if residuals.structure.independent and residuals.n_by > 1:
        relative = residuals.logarithms(point.psi[objective.n_random :])
        vanished = relative - relative.max() < np.log(BOUNDARY)
        keep[first:t] &= ~vanished[1:]
    free = np.eye(t + 1)[:, keep]
    edge = residuals.edge(point.psi[objective.n_random :])
    if edge.shape[1]:
        # ρ is θ itself where an edge has a direction of its own, and a function of one θ elsewhere
        across = np.zeros((t + 1, edge.shape[1]))
        across[first:t] = edge
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
    unknown: BoolArray,
) -> tuple[tuple[str, ...], BoolArray, BoolArray, FloatArray]:
    """What the user should be told is on the edge, and by printed parameter whether it is there itself, whether it has
    no standard error for it, and the correlations that are exactly one or minus one, all (k,). ``spread`` is the
    variance of log σ², infinite where the information is singular; ``unknown`` (k,) marks parameters that the data do
    not tell, which are nowhere."""
    named: list[str] = []
    at: BoolArray = np.zeros(len(layout), dtype=bool)
    masked: BoolArray = np.zeros(len(layout), dtype=bool)
    edge = np.full(len(layout), np.nan)
    if objective.design.residuals.n_by == 1 and _residual_vanishes(objective, point, spread):
        # the random effects reproduce the outcome: nothing is left for the residual
        last = len(layout) - 1
        at[last] = masked[last] = True
        named.append(f"Residual: {layout[last].name}")
    elif objective.design.residuals.structure.independent:
        values, _ = natural_values(objective, point.psi, 1.0)
        strata = [k for k, c in enumerate(layout) if c.block is None]
        for k in strata:
            if values[k] < BOUNDARY * max(values[j] for j in strata):
                at[k] = masked[k] = True
                named.append(f"Residual: {layout[k].name}")
    for position, null in singular.items():
        block = objective.design.blocks[position]
        own = [k for k, c in enumerate(layout) if c.block == position]
        if block.structure.free:
            state = singular_state(objective, point, position, null)
        else:
            state = _tied_state(objective, point, position)
        for k in own:
            if unknown[k]:
                continue
            c = layout[k]
            where = f"{block.level.name}: "
            if c.kind == "variance":
                at[k] = masked[k] = state.zero[c.i]
                if at[k]:
                    named.append(where + c.name)
            elif all(state.zero[i] or state.zero[j] for i, j in block.structure.parameters()[k - own[0]].where):
                at[k] = masked[k] = True
            elif (c.i, c.j) in state.pairs:
                at[k] = masked[k] = True
                edge[k] = state.pairs[c.i, c.j]
                if not state.combinations:
                    named.append(where + c.sd_name)
        if state.combinations and not unknown[own].any():
            rank = block.structure.size - null.shape[1]
            named.append(f"{block.level.name}: rank {rank} of {int((~state.zero).sum())}")
    _name_residual_edges(objective, point, layout, named, at, masked)
    return tuple(named), at, masked, edge


@dataclass(frozen=True)
class SingularState:
    """How Σ of an equation is singular: effects without variance, ``zero`` (q,); the correlations ``pairs`` that are on
    the edge; and where that is more than one pair, ``combinations``: effects, by position, that are a sum of others
    with these weights (q,) in the user's units."""

    zero: BoolArray
    pairs: dict[tuple[int, int], float]
    combinations: tuple[tuple[int, FloatArray], ...]


def singular_state(objective: Objective, point: SearchPoint, position: int, null: FloatArray) -> SingularState:
    """Names the state of an unstructured Σ by its null space, (q, s) in the coordinates of the likelihood."""
    block = objective.design.blocks[position]
    part = objective.layout.block_slices[position]
    transform = objective.layout.transforms[position]
    sigma = block.structure.matrix(transform.natural @ point.psi[part])
    size = transform.size
    spread = np.sqrt(np.maximum(np.diag(sigma), 0.0))
    zero = (spread * size) ** 2 < BOUNDARY
    unit = np.where(zero, 1.0 / np.where(size > 0, size, 1.0), spread)
    weights = np.linalg.solve(transform.a.T, null) * unit[:, None]
    rows = _sparse_rows(weights / np.maximum(np.abs(weights).max(axis=0), 1e-300), zero)
    # one or minus one if two effects are the same, by way of others too
    sign = np.eye(len(zero))
    for _, row in rows:
        members = np.flatnonzero(np.abs(row) > SHARE)
        if len(members) == 2:
            i, j = members
            sign[i, j] = sign[j, i] = -np.sign(row[i] * row[j])
    for _ in zero:
        sign = np.sign(sign @ sign)
    pairs = {(int(i), int(j)): float(sign[i, j]) for i, j in zip(*np.nonzero(sign)) if i < j}
    single = len(rows) == 1 and len(pairs) == 1
    told = () if single else tuple((pivot, _solved(pivot, row / unit)) for pivot, row in rows)
    return SingularState(zero, pairs, told)


def _solved(pivot: int, weights: FloatArray) -> FloatArray:
    """The weights (q,) with which the others give one effect of a sum that is zero."""
    out: FloatArray = -weights / weights[pivot]
    out[pivot] = 0.0
    return out


def _tied_state(objective: Objective, point: SearchPoint, position: int) -> SingularState:
    """The state of a structure that is not free, as its own θ tell it."""
    structure = objective.design.blocks[position].structure
    zero, pairs = structure.singular(point.theta[objective.layout.theta_slices[position]])
    return SingularState(zero, pairs, ())


# The share of an effect in a combination without variance from which it belongs to it.
SHARE = 1e-4


def _sparse_rows(weights: FloatArray, zero: BoolArray) -> list[tuple[int, FloatArray]]:
    """Rows, with the place of their pivot, that span the columns of ``weights`` (q, s) with few entries each, without
    those of effects of no variance.

    Slopes are told by the others, the last of them first, and the intercept, which comes last, only where it must.
    """
    rows = weights.T.copy()
    left = list(range(len(rows)))
    out: list[tuple[int, int]] = []
    others = np.flatnonzero(~zero)
    for column in [*np.flatnonzero(zero), *others[:-1][::-1], *others[-1:]]:
        pivot = max(left, key=lambda i: abs(rows[i, column]), default=None)
        if pivot is None or abs(rows[pivot, column]) < (SHARE if zero[column] else 1e-2):
            continue
        clear_column(rows, pivot, int(column))
        left.remove(pivot)
        if not zero[column]:
            out.append((int(column), pivot))
    return [(column, rows[i]) for column, i in out]


def _residual_vanishes(objective: Objective, point: SearchPoint, spread: float) -> bool:
    """Whether a small σ² (in units of the least-squares residual variance) is none: either rounding is all that it
    can be, or the likelihood has stopped to depend on its logarithm. Errors that are small beside the differences
    between groups, but well determined, are no reason to warn."""
    sigma2 = point.evaluation.sigma2
    if objective.careful and spread < 9.0:
        return False
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
    first = len(layout) - len(residuals.reported())
    for group, (_, part) in enumerate(residuals.slices()):
        # structures with an edge report their correlations first, in the order of ρ
        for k in np.flatnonzero(np.any(np.abs(edge[part]) > 1e-3, axis=1)):
            cell = first + residuals.place(group) + int(k)
            at[cell] = masked[cell] = True
            named.append(f"Residual: {layout[cell].name}")
