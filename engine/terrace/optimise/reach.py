"""Residual variances of by() groups that are lower than a search can follow them."""

from __future__ import annotations

import numpy as np

from terrace.design.residuals import WIDEST
from terrace.errors import FitError
from terrace.optimise.fit import Optimum


def lowest_variances(optimum: Optimum) -> list[int]:
    """The by() groups whose residual variance is as far below another's as the search can go."""
    objective = optimum.space.objective
    logs = objective.design.residuals.logarithms(optimum.point.psi[objective.n_random :])
    return [k for k, log in enumerate(logs) if logs.max() - log > 0.9 * WIDEST]


def refuse_beyond_reach(optimum: Optimum, groups: list[int]) -> None:
    """Raise `FitError` where the likelihood rises on beyond the lowest residual variance of a by() group that the
    search can reach: what stands there is no estimate, as it is where the likelihood no longer changes."""
    objective = optimum.space.objective
    residuals, n = objective.design.residuals, objective.n_random
    own = np.array([k for k, _ in residuals.slices() if k is not None])
    for group in groups:
        lower = optimum.point.psi.copy()
        if group:
            lower[n + own[group - 1]] -= 2.0
        else:  # all others are relative to it
            lower[:n] *= np.exp(2.0)
            lower[n + own] += 2.0
        if objective.evaluate(lower, 0).ll > optimum.point.ll + 0.1:
            where = f"{residuals.by_variable} = {residuals.by_label(residuals.by_levels[group])}"
            raise FitError(
                f"The residual variance where {where} cannot be estimated: the likelihood still rises when it is less "
                "than a ten-millionth of another residual variance.",
                code="exact-fit", subject=residuals.by_variable or "",
                advice=f"Leave out by({residuals.by_variable}), or fit these rows separately.",
            )
