"""What of a fit stays the same wherever the likelihood does not tell its covariance parameters.

A fit stands at one of many points that have the same likelihood where parameters are not identified. Whatever is
computed from it (predicted effects, their errors, reliabilities) is known where it is the same at all of these; that is
asked of its derivative along each direction in which the likelihood is flat, by differences of what is computed at
points to both sides. Along such a direction P of y'Py stays, so that û = GZ'Py moves on a line as G does, and errors of
predictions on a parabola at most (Harville 1977, *JASA* 72, for the formulas).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.inference.cells import natural_values
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]
_STEP = 1e-3  # in lengths of the derivative of V, of which a change by one leaves V positive definite
_STILL = 1e-5


def settled(fit: FitResult, compute: Callable[[FitResult], FloatArray], floor: FloatArray | float) -> FloatArray:
    """``compute(fit)`` with NaN where it depends on what the data do not tell.

    ``floor``, of a shape that goes with it, is a size beside which a change is rounding where the value itself is zero.
    """
    values = compute(fit)
    ways = fit.model.attainable
    if ways is None:
        return values
    moves = np.zeros(values.shape, dtype=bool)
    for direction in ways.directions.T:
        try:
            low, high = (compute(_along(fit, step * direction)) for step in (-_STEP, _STEP))
        except np.linalg.LinAlgError:
            return np.full(values.shape, np.nan)
        slope = (high - low) / (2.0 * _STEP)
        size = np.abs(values) + floor
        moves |= ~(np.abs(np.where(np.isnan(values), 0.0, slope)) <= _STILL * np.where(np.isnan(values), 1.0, size))
    return np.where(moves, np.nan, values)


def bare(fit: FitResult) -> FitResult:
    """The fit with all its numbers, also those that are not settled: what `settled` looks at."""
    model = fit.model
    return replace(fit, held=replace(model, design=replace(model.design, unsettled=None)))


def _along(fit: FitResult, step: FloatArray) -> FitResult:
    """The fit at another point (ψ, log σ²) of the same likelihood, with the β̂ that belongs to it."""
    model = fit.model
    objective, point = model.objective, model.optimum.point
    psi = model.psi + step[:-1]
    e = objective.evaluate(psi, 0)
    sigma2 = e.sigma2 * objective.y_scale**2
    beta = model.bound.beta(objective.beta_natural(e.beta))
    values, _ = natural_values(objective, psi, e.sigma2)
    natural = replace(model.natural, values=values * model.natural.unit, edge=np.full(len(values), np.nan))
    optimum = replace(model.optimum, point=replace(point, psi=psi, evaluation=e))
    moved = replace(model, psi=psi, sigma2=sigma2, beta=beta, natural=natural, optimum=optimum, attainable=None)
    return replace(fit, held=moved)
