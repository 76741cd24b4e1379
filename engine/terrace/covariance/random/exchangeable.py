"""Random effects: exchangeable."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import BoolArray, FloatArray, NaturalParameter, QuadraticStructure, RandomStructure
from terrace.covariance.symbols import Letters, Symbol


class Exchangeable(QuadraticStructure):
    """One variance and one covariance. θ are the square roots of the two distinct eigenvalues of Σ.

    For ``R.varname`` the effects are the values of a variable, and only their number `values` matters: two
    positions then stand for any two of them.
    """

    title, key = "Exchangeable", "exchangeable"
    short, sentence = "ex", "One variance for all effects, one covariance for every pair."
    words = "one variance and one covariance, {count}"
    tied = of_values = True

    @classmethod
    def letters(cls, i: int, j: int) -> Letters:
        return (Symbol("τ" if i == j else "φ"),)

    def __init__(self, size: int, values: int | None = None) -> None:
        super().__init__(size)
        self.values = size if values is None else values

    def parameters(self) -> tuple[NaturalParameter, ...]:
        variances = tuple((i, i) for i in range(self.size))
        pairs = tuple((i, j) for j in range(self.size) for i in range(j + 1, self.size))
        if self.size == 0:
            return ()
        if self.size == 1:
            return (NaturalParameter("variance", variances),)
        return (NaturalParameter("variance", variances), NaturalParameter("covariance", pairs))

    def quadratic(self) -> FloatArray:
        if self.size < 2:
            return np.ones((self.n_params,) * 3)
        q = self.values
        h = np.zeros((2, 2, 2))
        h[0] = np.diag([(q - 1) / q, 1 / q])
        h[1] = np.diag([-1 / q, 1 / q])
        return h

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        psi = self.project(sigma)
        if self.size < 2:
            return np.sqrt(np.maximum(psi, 0.0))
        variance, covariance = psi
        return np.sqrt(np.maximum([variance - covariance, variance + (self.values - 1) * covariance], 0.0))

    @classmethod
    def over_values(cls, values: int) -> RandomStructure:
        return cls(2, values)

    def em_over_values(self, psi: FloatArray, gradient: FloatArray, groups: int) -> FloatArray | None:
        """The M step of each eigenvalue of the full Σ, (values, values), of a group.

        These are var - cov, values - 1 times, and var + (values - 1)cov, with ∂ll/∂λ = tr(GP), P the projection on its
        eigenvectors: λ + (2/(M·multiplicity)) λ² ∂ll/∂λ. Values that a group lacks are missing data like the others.
        """
        (variance, covariance), (g_var, g_cov) = psi, gradient
        n = self.values
        apart, together = variance - covariance, variance + (n - 1) * covariance
        g_apart = (g_var * (n - 1) - g_cov) / n
        g_together = (g_var + g_cov) / n
        apart += 2.0 / (groups * (n - 1)) * apart**2 * g_apart
        together += 2.0 / groups * together**2 * g_together
        return np.array([((n - 1) * apart + together) / n, (together - apart) / n])

    def singular(self, theta: FloatArray) -> tuple[BoolArray, dict[tuple[int, int], float]]:
        gone = self.at_edge(theta)
        if len(gone) < 2 or gone.all() or not gone.any():
            return np.full(self.size, gone.all()), {}
        return np.zeros(self.size, dtype=bool), {(0, 1): 1.0 if gone[0] else -1.0 / (self.values - 1)}
