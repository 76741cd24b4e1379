"""Residuals: heterogeneous compound symmetry, a variance for each time and one correlation.

The exercise of the recipe in docs/development.md.
"""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.symbols import Letters, Symbol


class Csh(ResidualStructure):
    """ρ are the ratios of the standard deviations to the first, s_2..s_k, and the correlation; θ are log s and ρ."""

    key, title, adjective, phrase = "csh", "CSH", "Heterogeneous exchangeable", "a heterogeneous residual covariance"
    sentence = "A variance for each time, one correlation for every pair."
    by_time = True

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        if i == j:
            return (Symbol("σ", str(i), "2"),)
        return Symbol("ρ"), Symbol("σ", str(min(i, j))), Symbol("σ", str(max(i, j)))

    @classmethod
    def count(cls, n_times: int, order: int | None) -> int:
        return n_times + (n_times > 1)

    @property
    def holds_constant(self) -> bool:
        return True

    @property
    def n_params(self) -> int:
        return max(len(self.times), 1) - 1 + (len(self.times) > 1)

    def start(self) -> list[FloatArray]:
        k = self.n_params
        return [np.append(np.zeros(k - 1), rho) for rho in (0.3, 0.0, 0.7)] if k else [np.zeros(0)]

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        r = self.n_params
        rho, slope = theta.copy(), np.ones(r)
        rho[:-1] = slope[:-1] = np.exp(np.clip(theta[:-1], -300, 300))
        second = np.zeros((r, r, r))
        own = np.arange(max(r - 1, 0))
        second[own, own, own] = rho[:-1]
        return rho, np.diag(slope), second

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        times, r, k = len(self.times), self.n_params, len(at)
        if r == 0:
            return np.ones((k, k)), np.zeros((0, k, k)), np.zeros((0, 0, k, k))
        if not -1.0 / (times - 1) < rho[-1] < 1.0:
            raise np.linalg.LinAlgError("correlation outside its range")
        rows = np.rint(at).astype(np.int64)
        s = np.append(1.0, rho[:-1])[rows]
        own = np.eye(times)[:, rows][1:]  # ∂s/∂s_i
        c1 = 1.0 - np.eye(k)
        c = np.eye(k) + rho[-1] * c1
        pairs = np.einsum("ia,jb->ijab", own, own)
        pairs = pairs + np.swapaxes(pairs, 2, 3)
        slopes = np.einsum("ia,b->iab", own, s)
        slopes = slopes + np.swapaxes(slopes, 1, 2)
        first, second = np.empty((r, k, k)), np.zeros((r, r, k, k))
        first[:-1], first[-1] = slopes * c, np.outer(s, s) * c1
        second[:-1, :-1] = pairs * c
        second[-1, :-1] = second[:-1, -1] = slopes * c1
        return np.outer(s, s) * c, first, second

    def reported(self) -> tuple[ReportedParameter, ...]:
        variances = tuple(ReportedParameter(f"var(e{t:g})", "log", True) for t in self.times)
        return (*variances, ReportedParameter("rho", "tanh", False)) if self.n_params else variances

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        r = self.n_params
        if r == 0:
            return np.array([sigma2]), np.array([[sigma2]])
        s = np.append(1.0, rho[:-1])
        jacobian = np.zeros((r + 1, r + 1))
        own = np.arange(1, r)
        jacobian[own, own - 1] = 2.0 * sigma2 * s[1:]
        jacobian[:r, r] = sigma2 * s**2
        jacobian[r, r - 1] = 1.0
        return np.append(sigma2 * s**2, rho[-1]), jacobian

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        if self.n_params == 0:
            return np.zeros(0), float(values[0])
        return np.append(0.5 * np.log(values[1:-1] / values[0]), values[-1]), float(values[0])
