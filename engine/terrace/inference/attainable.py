"""Which directions of equal likelihood lead to other covariance matrices, and which leave them at once.

A covariance that the likelihood does not tell is zero all the same where one of its two variances is: no other value
makes Σ a covariance matrix. What is computed from a fit is then known although the parameter has no likelihood of its
own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.inference.boundary import singular_directions
from terrace.inference.identification import Unidentified, sparse
from terrace.likelihood.objective import Objective
from terrace.optimise.search import SearchPoint

FloatArray = npt.NDArray[np.float64]
_NOTHING = 1e-8


def attainable(objective: Objective, point: SearchPoint, unknown: Unidentified, slopes: FloatArray) -> Unidentified:
    """Those of the unidentified directions that stay among positive semidefinite Σ. ``slopes`` (k, r + 1) are those of
    the printed parameters in (ψ, log σ²).

    D leads on from Σ with the null space N where DN = 0; a semidefinite N'DN leads away from that edge, so that N
    shrinks to its kernel (the face of the cone, Barker & Carlson 1975, *Pacific Journal of Mathematics* 57).
    """
    moved = unknown.moved(slopes)
    combinations, *_ = np.linalg.lstsq(moved, sparse(moved.T).T, rcond=None)
    directions = unknown.directions @ combinations
    held: list[FloatArray] = [np.zeros((0, directions.shape[1]))]
    for position, null in singular_directions(objective, point).items():
        block, part = objective.design.blocks[position], objective.layout.block_slices[position]
        if block.factor is not None:
            continue  # values of a factor: Σ stands for an effect and what it shares with the others
        steps = [block.structure.matrix(d) for d in directions[part].T]
        size = [max(float(np.abs(e).max()), 1e-300) for e in steps]
        steps = [e / s if s > 1e-12 else 0.0 * e for e, s in zip(steps, size)]
        null = _face(null, steps)
        held.append(np.array([(e @ null).ravel() for e in steps]).T)
    _, values, rows = np.linalg.svd(np.vstack(held), full_matrices=True)
    rank = int((values > _NOTHING).sum())
    kept = rows[rank:].T
    absorbed = np.any(np.abs(combinations @ kept)[unknown.absorbed] > _NOTHING, axis=0)
    return Unidentified(directions @ kept, unknown.size, absorbed)


def _face(null: FloatArray, steps: list[FloatArray]) -> FloatArray:
    """The vectors (q, m) of a null space that stay in it along all steps (q, q) that lead away from the edge."""
    while null.shape[1]:
        for step in steps:
            values, vectors = np.linalg.eigh(null.T @ step @ null)
            away = np.abs(values) > _NOTHING
            if away.any() and (np.all(values[away] > 0) or np.all(values[away] < 0)):
                null = null @ vectors[:, ~away]
                break
        else:
            break
    return null
