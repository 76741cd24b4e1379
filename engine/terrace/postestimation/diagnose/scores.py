"""Scores: the derivative of each top-level group's log likelihood by every parameter, in the stored metric.

They sum to zero over the groups at the maximum of the likelihood, and their cross-products make the robust
covariance (manual, *Estimation using ML*). The restricted likelihood does not separate into groups, so it has
none.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import SpecError
from terrace.inference.cells import residual_ratios, variance_positions
from terrace.inference.parameters import sd_metric
from terrace.inference.robust import cluster_scores
from terrace.likelihood.objective import Objective
from terrace.postestimation.outcome import need_rows
from terrace.postestimation.predict.columns import PredictedColumn
from terrace.results.fit import FitResult
from terrace.results.stored import covariance_names

FloatArray = npt.NDArray[np.float64]


def scores(fit: FitResult) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """(groups, parameters) scores in the order of the stored vector, and the group of every row of the sample.

    Raises `SpecError` under REML, with crossed effects, whose likelihood is not summed by groups, and where a
    parameter sits at its boundary, since it then has no derivative in the stored metric.
    """
    model = fit.model
    if fit.spec.method == "reml":
        raise SpecError(
            "Scores need maximum likelihood: the restricted likelihood is not a sum over groups.",
            code="scores-reml",
            subject="scores",
            advice="Fit the model without reml.",
        )
    if model.objective.layout.crossed:
        raise SpecError(
            "Scores of models with crossed effects are not available: the likelihood is not summed by groups.",
            code="scores-crossed",
            subject="scores",
        )
    if fit.boundary:
        raise SpecError(
            f"Scores do not exist at the boundary: {', '.join(fit.boundary)}.",
            code="scores-boundary",
            subject="scores",
            advice="Leave the parameter out of the model.",
        )
    objective = Objective(model.design, reml=False, keep_clusters=True)
    beta = np.linalg.solve(objective.back, model.beta) - objective.ols
    in_beta, in_psi, _ = cluster_scores(
        objective, model.psi, beta / objective.y_scale, model.sigma2 / objective.y_scale**2
    )
    # d/dβ = (dβ̃/dβ)' d/dβ̃, and β = back (β̃ · scale + ols)
    by_beta = np.linalg.solve((objective.back * objective.y_scale).T, in_beta.T).T
    to_stored = _stored_jacobian(fit) @ model.natural.jacobian
    by_natural = np.linalg.solve(to_stored.T, in_psi.T).T
    return np.concatenate([by_beta, by_natural], axis=1), _groups(fit)


def _groups(fit: FitResult) -> npt.NDArray[np.int64]:
    design = fit.model.design
    if design.cluster is not None:
        return design.cluster
    return design.levels[0].codes if design.levels else np.arange(design.n)


def _stored_jacobian(fit: FitResult) -> FloatArray:
    """∂(log SDs, atanh correlations, residual parameters as stored)/∂(parameters as printed), (k, k)."""
    model = fit.model
    k = len(model.natural.values)
    sd, _, _ = sd_metric(model.layout, replace(model.natural, relative=np.zeros((k, k))))
    out = np.eye(k)
    for row, cell in enumerate(model.layout):
        v = model.natural.values
        if cell.kind == "variance":
            out[row, row] = 0.5 / v[row]
        elif cell.kind == "covariance":
            first, second = variance_positions(model.layout, row)
            r = sd[row]
            slope = 1.0 / (1.0 - r * r)
            out[row, row] = slope / math.sqrt(v[first] * v[second])
            out[row, first] += -0.5 * slope * r / v[first]
            out[row, second] += -0.5 * slope * r / v[second]
        elif cell.scale == "tanh":
            out[row, row] = 1.0 / (1.0 - sd[row] ** 2)
        elif cell.scale == "logit":
            out[row, row] = 1.0 / (sd[row] * (1.0 - sd[row]))
    for row, first in residual_ratios(model.layout).items():
        out[row] -= out[first]
    return out


def score_columns(fit: FitResult, data: Dataset) -> tuple[PredictedColumn, ...]:
    """One new variable a parameter: each group's score stands in the last of its rows, the others are missing."""
    need_rows(fit, data)
    values, groups = scores(fit)
    last = np.empty(len(values), dtype=np.int64)
    last[groups] = np.arange(len(groups))
    rows = np.flatnonzero(fit.sample)[last]
    names = [c.name for c in fit.model.design.x_info]
    names += covariance_names(fit)
    out = []
    for k, name in enumerate(names):
        column = np.full(len(data), np.nan)
        column[rows] = values[:, k]
        out.append(PredictedColumn(str(k + 1), column, f"Score of {name}"))
    return tuple(out)
