"""Residuals: exponential, for any real times."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import VARIANCE, FloatArray, ReportedParameter
from terrace.covariance.residual.by_lag import EDGE, ByLag, no_second
from terrace.covariance.symbols import Letters, Symbol

TOLD = 1e-290, 1e-10
"""How near to 0 and to 1 a correlation can be, so that it and its standard error have digits."""


class Exponential(ByLag):
    """Correlation r^distance for any real distances, 0 < r < 1, which is what is reported.

    The unit of time is arbitrary: ρ is the correlation at a quarter of the time observed, so that it stays clear of 0
    and 1 whether time is in seconds or in years. The search runs over logit ρ.
    """

    key, title, integer_time = "exponential", "Exponential", False
    short, sentence = "exp", "Correlation falls with the distance in time, which can be any number."
    edge_words = "estimated as zero: the residuals show no positive correlation in time"
    edge_advice = "Use independent residuals, or a structure that allows negative correlations."
    adjective, phrase = "Exponential", "exponential residual correlation"

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        return (VARIANCE,) if i == j else (VARIANCE, Symbol("ρ", sup=apart))

    def __init__(self, times: FloatArray, order: int | None = None) -> None:
        super().__init__(times, order)
        span = float(times.max() - times.min()) if len(times) else 0.0
        self.unit = span / 4.0 if span > 0 else 1.0

    @property
    def n_params(self) -> int:
        return 1

    def start(self) -> list[FloatArray]:
        # with few times a correlation at the usual gap is the better guess; with many, gaps say little
        gaps = np.diff(self.times)
        steps = self.unit / float(np.median(gaps)) if len(gaps) else 0.0
        levels = [level**steps for level in (0.5, 0.9, 0.1)] if 0.0 < steps <= 10.0 else [0.3, 0.9, 0.01]
        return [np.array([logit(max(level, 1e-3))]) for level in levels]

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        t = float(np.clip(theta[0], -300, 300))
        rho = 1.0 / (1.0 + np.exp(-t))
        slope = rho * (1.0 - rho)
        return np.array([rho]), np.array([[slope]]), np.array([[[slope * (1.0 - 2.0 * rho)]]])

    @property
    def holds_constant(self) -> bool:
        return True

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        power = 1.0 / self.unit
        reported = float(rho[0]) ** power
        return np.array([reported, sigma2]), np.diag([power * reported / float(rho[0]), sigma2])

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        return np.array([logit(float(values[0]) ** self.unit)]), float(values[1])

    def edge(self, rho: FloatArray, nearest: float) -> FloatArray:
        """ρ = 0: no correlation is left at the shortest distance."""
        return np.eye(1) if rho[0] ** (nearest / self.unit) < EDGE else np.zeros((1, 0))

    def out_of_units(self, rho: FloatArray, nearest: float) -> str:
        with np.errstate(over="ignore", under="ignore"):
            reported = float(rho[0] ** (1.0 / np.float64(self.unit)))
        if reported < TOLD[0] and not self.edge(rho, nearest).shape[1]:
            return "0"
        return "1" if 1.0 - reported < TOLD[1] < 1.0 - float(rho[0]) else ""

    @property
    def chained(self) -> bool:
        return True

    def below_one(self, rho: FloatArray, lags: FloatArray) -> FloatArray:
        return np.asarray(-np.expm1(lags / self.unit * np.log(float(rho[0]))))

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        r = float(rho[0])
        if not 0.0 < r < 1.0:
            raise np.linalg.LinAlgError("correlation outside its range")
        lags = lags / self.unit
        f = r**lags
        f1 = lags * f / r
        return f, f1[None], (lags * (lags - 1.0) * f / r**2)[None, None] if order > 1 else no_second(1, lags)

    def lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("rho", "logit", False),)


def logit(p: float) -> float:
    p = min(max(p, 1e-300), 1 - 1e-16)
    return float(np.log(p / (1 - p)))
