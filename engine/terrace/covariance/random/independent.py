"""Random effects: independent."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import FloatArray, NaturalParameter, QuadraticStructure
from terrace.covariance.symbols import ZERO, Letters, Symbol


class Independent(QuadraticStructure):
    """A variance for each random effect, no covariances."""

    title, key = "Independent", "independent"
    short, sentence = "ind", "A variance for each effect, no covariances."
    words = "diagonal, with {count}"
    diagonal = True

    @classmethod
    def letters(cls, i: int, j: int) -> Letters:
        return (Symbol("τ", f"{i}{j}"),) if i == j else ZERO

    def parameters(self) -> tuple[NaturalParameter, ...]:
        return tuple(NaturalParameter("variance", ((i, i),)) for i in range(self.size))

    def quadratic(self) -> FloatArray:
        h = np.zeros((self.n_params,) * 3)
        for i in range(self.size):
            h[i, i, i] = 1.0
        return h

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        return np.sqrt(np.maximum(np.diag(sigma), 0.0))
