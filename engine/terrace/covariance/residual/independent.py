"""Residuals: independent."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import VARIANCE, FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.symbols import ZERO, Letters


class Independent(ResidualStructure):
    """One variance, no covariances. Alone it is handled without any whitening."""

    key, title, needs_time, integer_time = "independent", "Independent", False, False
    short, sentence = "ind", "Residuals are independent, with one variance."
    adjective, phrase, independent = "Independent", "", True

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        return (VARIANCE,) if i == j else ZERO

    @classmethod
    def count(cls, n_times: int, order: int | None) -> int:
        return 1

    @property
    def n_params(self) -> int:
        return 0

    def start(self) -> list[FloatArray]:
        return [np.zeros(0)]

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        k = len(at)
        return np.eye(k), np.zeros((0, k, k)), np.zeros((0, 0, k, k))

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("var(e)", "log", True),)

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        return np.array([sigma2]), np.array([[sigma2]])

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        return np.zeros(0), float(values[0])
