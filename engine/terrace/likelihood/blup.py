"""Best linear unbiased predictions of the random effects, by back-substitution through the elimination.

Given the effects w still to come (higher levels, crossed factors, β), u_g = K_g(c_y - C_g w): the mode of
Henderson's mixed-model equations (Henderson 1975). Prediction errors follow the same recursion,
e_u = -T e_w + noise with covariance σ²K, which yields G - GZ'V⁻¹ZG for known β, plus GZ'V⁻¹XΦX'V⁻¹ZG where β is
estimated (REML).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.groups import first_rows
from terrace.likelihood.eliminate import Eliminated
from terrace.likelihood.iterative.blup import iterative_effects
from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.layout import Component
from terrace.likelihood.objective import Objective

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BlockEffects:
    """Effects of one equation in the user's units: ``values`` (G, q), prediction error ``vcov`` (G, q, q).

    Groups are numbered as in the block's own ``codes``.
    """

    values: FloatArray
    vcov: FloatArray | None


def eliminated_by_group(objective: Objective, psi: FloatArray) -> list[Eliminated]:
    """K (G, q, q) and T (G, q, m) of every stage at ψ, groups first: ready for batched products."""
    _, swept = objective.sweep(psi, 0)
    return [Eliminated(np.moveaxis(stage.k, -1, 0), np.moveaxis(stage.t, -1, 0)) for stage in swept]


def predict_effects(
    objective: Objective,
    psi: FloatArray,
    beta: FloatArray,
    sigma2: float,
    *,
    errors: bool = False,
    beta_vcov: FloatArray | None = None,
) -> list[BlockEffects]:
    """BLUPs of every equation.

    Parameters
    ----------
    beta, sigma2
        β̃ and σ² of the evaluation at ψ, in the objective's own units.
    errors
        Whether to compute prediction-error covariances.
    beta_vcov
        Φ̃ in the same units: given for REML, None for ML (β taken as known).
    """
    if isinstance(objective, IterativeObjective):
        each = iterative_effects(objective, psi, beta, sigma2, errors, beta_vcov)
        return _to_blocks(objective, {id(entry[0]): entry for entry in each}, errors)
    done = eliminated_by_group(objective, psi)
    layout = objective.layout
    p = objective.p
    far = np.append(-beta, 1.0)
    error = np.zeros((p, p)) if beta_vcov is None else beta_vcov
    u_crossed = np.zeros(0)
    if objective.crossed_stage.q:
        last = done[-1]
        t = last.t[0]
        u_crossed = t @ far
        far = np.concatenate([-u_crossed, far])
        if errors:
            error = _joint(last.k * sigma2, t[None, :, :p], error[None])[0]
    found: dict[int, tuple[Component, FloatArray, FloatArray | None]] = {}
    offset = 0
    for component in layout.crossed:
        q = component.z.shape[1]
        rows = slice(offset, offset + component.n_groups * q)
        values = u_crossed[rows].reshape(component.n_groups, q)
        vcov = _blocks(error[rows, rows], q) if errors else None
        found[id(component)] = (component, values, vcov)
        offset += component.n_groups * q
    if objective.sparse is not None:
        component = layout.chain[0]
        values = objective.sparse.back_substitute(done[0].k, far)
        vcov = objective.sparse.error_vcov(done[0].k, error, sigma2) if errors else None
        found[id(component)] = (component, values, vcov)
    else:
        _chain(objective, done, far, error, sigma2, errors, found)
    return _to_blocks(objective, found, errors)


def _chain(
    objective: Objective,
    done: list[Eliminated],
    far: FloatArray,
    error: FloatArray,
    sigma2: float,
    errors: bool,
    found: dict[int, tuple[Component, FloatArray, FloatArray | None]],
) -> None:
    chain, stages = objective.layout.chain, objective.stages
    above = far[None]
    above_error = error[None]
    for k in range(len(chain) - 1, -1, -1):
        starts = stages[k].starts
        count = chain[k].n_groups
        parent = np.zeros(count, dtype=np.int64)
        parent[starts[1:]] = 1
        parent = np.cumsum(parent)
        if len(above) == 1:
            parent[:] = 0
        w = above[parent]
        t, kk = done[k].t, done[k].k
        u = np.einsum("gij,gj->gi", t, w)
        vcov = None
        if errors:
            joint = _joint(kk * sigma2, t[:, :, :-1], above_error[parent])
            q = t.shape[1]
            vcov = joint[:, :q, :q]
            above_error = joint
        found[id(chain[k])] = (chain[k], u, vcov)
        above = np.concatenate([-u, w], axis=1)


def _joint(noise: FloatArray, t: FloatArray, error: FloatArray) -> FloatArray:
    """Error covariance of (u, w): [[noise + TET', -TE], [-ET', E]], batched."""
    te = t @ error
    top = np.concatenate([noise + te @ np.swapaxes(t, 1, 2), -te], axis=2)
    bottom = np.concatenate([-np.swapaxes(te, 1, 2), np.broadcast_to(error, (len(te), *error.shape[1:]))], axis=2)
    return np.concatenate([top, bottom], axis=1)


def _blocks(matrix: FloatArray, q: int) -> FloatArray:
    """The diagonal (q, q) blocks of a matrix, shape (count, q, q)."""
    count = matrix.shape[0] // q
    four = matrix.reshape(count, q, count, q)
    index = np.arange(count)
    return four[index, :, index, :]


def _to_blocks(
    objective: Objective,
    found: dict[int, tuple[Component, FloatArray, FloatArray | None]],
    errors: bool,
) -> list[BlockEffects]:
    """Effects by component to effects by equation, unscaled."""
    out: list[BlockEffects] = []
    scale_y = objective.y_scale
    for position, block in enumerate(objective.design.blocks):
        if not block.names:
            out.append(BlockEffects(np.zeros((block.n_groups, 0)), np.zeros((block.n_groups, 0, 0))))
            continue
        width = block.z.shape[1]
        values = np.zeros((block.n_groups, width))
        vcov = np.zeros((block.n_groups, width, width)) if errors else None
        first = first_rows(block.codes, block.n_groups)
        a = objective.layout.transforms[position].a
        pieces = 0
        for component, u, v in found.values():
            for owner, offset, count in component.parts:
                if owner != position:
                    continue
                pieces += 1
                groups = component.codes[first]
                values += u[groups][:, offset : offset + count] @ a.T * scale_y
                if vcov is not None and v is not None:
                    part = v[groups][:, offset : offset + count, offset : offset + count]
                    vcov += a @ part @ a.T * scale_y**2
        if pieces > 1:
            # two components share this equation (exchangeable R.): their joint error is not kept
            vcov = None
        out.append(BlockEffects(values, vcov))
    return out
