"""Random effects: identity."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import FloatArray, NaturalParameter, QuadraticStructure
from terrace.covariance.symbols import ZERO, Letters, Symbol


class Identity(QuadraticStructure):
    """One variance common to all, no covariances."""

    title, key = "Identity", "identity"
    short, sentence = "id", "One variance for all effects, no covariances."
    words = "one variance on the diagonal, {count}"
    tied = diagonal = of_values = True

    @classmethod
    def letters(cls, i: int, j: int) -> Letters:
        return (Symbol("τ"),) if i == j else ZERO

    def parameters(self) -> tuple[NaturalParameter, ...]:
        if self.size == 0:
            return ()
        return (NaturalParameter("variance", tuple((i, i) for i in range(self.size))),)

    def quadratic(self) -> FloatArray:
        return np.ones((self.n_params,) * 3)

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        return np.sqrt(np.maximum(self.project(sigma), 0.0))
