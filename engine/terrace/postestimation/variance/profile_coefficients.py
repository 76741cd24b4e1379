"""Profile-likelihood intervals of coefficients.

With β_k held at c the best of the other coefficients is β̃ + A⁻¹h (c - h'β̃)/(h'A⁻¹h), A = X'V⁻¹X, and the likelihood is
that of the residuals from there; what is left is a search over the covariance parameters without constraints, with
exact gradients (the derivative of the best β takes no part in them). Maximum likelihood only: the restricted
likelihood has no coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.postestimation.variance.profile_search import OUTSIDE, ProfileSearch
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]


class CoefficientSearch:
    """The profile of one coefficient; ``column`` is its place in X."""

    def __init__(self, fit: FitResult, search: ProfileSearch, column: int) -> None:
        self.fit, self.search = fit, search
        objective, model = fit.model.objective, fit.model
        self.h = model.bound.lifted(objective.back)[column] * objective.y_scale
        at = model.optimum.point.evaluation.beta
        self.offset = float(model.beta[column] - self.h @ at)
        self._solutions: list[tuple[float, FloatArray]] = []

    def drop(self, value: float) -> float:
        """ℓ̂ less the highest likelihood with the coefficient at `value`, at least 0."""
        from scipy.optimize import minimize

        whiten, center = self.search.whiten, self.search.center
        near = min(self._solutions, key=lambda s: abs(s[0] - value), default=(0.0, center))[1]
        objective = self._objective(value)
        best, where = math.inf, center
        for start in (near, center) if near is not center else (center,):
            found = minimize(
                partial(_whitened, objective, start, whiten), np.zeros(len(start)), jac=True, method="BFGS",
                options={"gtol": 1e-7, "maxiter": 200},
            )  # fmt: skip
            if float(found.fun) < best:
                best, where = float(found.fun), start + whiten @ found.x
            if best < OUTSIDE / 2:
                break
        self._solutions.append((value, where))
        return max(best, 0.0)

    def _objective(self, value: float) -> Callable[[FloatArray], tuple[float, FloatArray]]:
        target = value - self.offset

        def held(a_inverse: FloatArray, beta: FloatArray) -> FloatArray:
            direction = a_inverse @ self.h
            there: FloatArray = beta + direction * ((target - float(self.h @ beta)) / float(self.h @ direction))
            return there

        def drop(u: FloatArray) -> tuple[float, FloatArray]:
            ll, slope = self.search.likelihood(u, held)
            return (self.search.top - ll, -slope) if math.isfinite(ll) else (OUTSIDE, np.zeros_like(u))

        return drop


def _whitened(
    objective: Callable[[FloatArray], tuple[float, FloatArray]], start: FloatArray, whiten: FloatArray, y: FloatArray
) -> tuple[float, FloatArray]:
    value, slope = objective(start + whiten @ y)
    return value, whiten.T @ slope


def need_ml(fit: FitResult) -> None:
    """`SpecError` under REML."""
    if fit.spec.method == "reml":
        raise SpecError(
            "Coefficients have profile intervals under maximum likelihood only: the restricted likelihood has no "
            "coefficients.",
            code="profile-reml",
            subject="profile",
            advice="Fit the model without reml, or use t intervals with dfmethod(kroger).",
        )
