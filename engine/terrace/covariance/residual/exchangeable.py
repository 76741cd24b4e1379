"""Residuals: exchangeable."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import VARIANCE, FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.symbols import Letters, Symbol


class Exchangeable(ResidualStructure):
    """One variance and one covariance. ρ is the correlation, above -1/(k - 1) in every group of k rows."""

    key, title, needs_time, integer_time = "exchangeable", "Exchangeable", False, False
    short, sentence = "ex", "One variance, and one covariance for every pair of rows of a group."
    adjective, phrase = "Exchangeable", "exchangeable residual correlation"

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        return (VARIANCE if i == j else Symbol("φ"),)

    @classmethod
    def repeats_intercept(cls, order: int | None) -> bool:
        return True

    @property
    def holds_constant(self) -> bool:
        return True

    def vanishing_sums(self, at: FloatArray, largest: int) -> FloatArray:
        return np.ones((len(at), 1 if len(at) == largest > 1 else 0))

    @property
    def n_params(self) -> int:
        return 1

    def start(self) -> list[FloatArray]:
        return [np.array([0.2]), np.array([0.0]), np.array([0.7])]

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        k = len(at)
        if not -1.0 / max(k - 1, 1) < rho[0] < 1.0:
            raise np.linalg.LinAlgError("correlation outside its range")
        off = np.ones((k, k)) - np.eye(k)
        return np.eye(k) + rho[0] * off, off[None], np.zeros((1, 1, k, k))

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("var(e)", "log", True), ReportedParameter("cov(e)", "symmetric", True))

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        return (
            np.array([sigma2, rho[0] * sigma2]),
            np.array([[0.0, sigma2], [sigma2, rho[0] * sigma2]]),
        )

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        return np.array([values[1] / values[0]]), float(values[0])
