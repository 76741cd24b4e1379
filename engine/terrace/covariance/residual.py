"""Covariance structures of the residuals within a lowest-level group, and their registry.

To add a structure: subclass `ResidualStructure` (residual_base.py), add one line to `RESIDUALS`; the contract
tests in tests/engine/test_covariance.py run over it.
"""

from __future__ import annotations

import numpy as np

from terrace.covariance.residual_bands import Banded, Unstructured
from terrace.covariance.residual_base import FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.residual_lag import Ar, Exponential, Ma, Toeplitz


class Independent(ResidualStructure):
    """One variance, no covariances. Alone it is handled without any whitening."""

    key, title, needs_time, integer_time = "independent", "Independent", False, False
    adjective, independent = "Independent", True

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


class Exchangeable(ResidualStructure):
    """One variance and one covariance. ρ is the correlation, above -1/(k - 1) in every group of k rows."""

    key, title, needs_time, integer_time = "exchangeable", "Exchangeable", False, False
    adjective, phrase = "Exchangeable", "exchangeable residual correlation"

    @classmethod
    def repeats_intercept(cls, order: int | None) -> bool:
        return True

    @property
    def holds_constant(self) -> bool:
        return True

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


RESIDUALS: dict[str, type[ResidualStructure]] = {
    cls.key: cls
    for cls in (Independent, Exchangeable, Ar, Ma, Unstructured, Banded, Toeplitz, Exponential)
}

__all__ = [
    "RESIDUALS",
    "Ar",
    "Banded",
    "Exchangeable",
    "Exponential",
    "Independent",
    "Ma",
    "ReportedParameter",
    "ResidualStructure",
    "Toeplitz",
    "Unstructured",
]
