"""Random effects: unstructured."""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import FloatArray, NaturalParameter, QuadraticStructure
from terrace.covariance.symbols import Letters, Symbol


class Unstructured(QuadraticStructure):
    """All variances and covariances. θ is the lower Cholesky factor, diagonal first, then column by column."""

    title, key = "Unstructured", "unstructured"
    short, sentence = "un", "A variance for each effect, a covariance for each pair."
    words = "with {count}"
    free = True

    @classmethod
    def letters(cls, i: int, j: int) -> Letters:
        return (Symbol("τ", f"{min(i, j)}{max(i, j)}"),)

    @property
    def n_roots(self) -> int:
        return self.size

    def _cells(self) -> list[tuple[int, int]]:
        q = self.size
        return [(i, i) for i in range(q)] + [(i, j) for j in range(q) for i in range(j + 1, q)]

    def parameters(self) -> tuple[NaturalParameter, ...]:
        return tuple(
            NaturalParameter("variance" if i == j else "covariance", ((i, j),)) for i, j in self._cells()
        )

    def quadratic(self) -> FloatArray:
        cells = self._cells()
        index = {cell: k for k, cell in enumerate(cells)}
        h = np.zeros((len(cells),) * 3)
        for k, (i, j) in enumerate(cells):
            for m in range(min(i, j) + 1):
                a, b = index[(i, m)], index[(j, m)]
                h[k, a, b] += 0.5
                h[k, b, a] += 0.5
        return h

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        factor = _root(sigma) if self.size else np.zeros((0, 0))
        return np.array([factor[i, j] for i, j in self._cells()])


def _root(sigma: FloatArray) -> FloatArray:
    """Lower L with LL' = Σ for a positive semidefinite Σ."""
    try:
        return np.asarray(np.linalg.cholesky(sigma), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh((sigma + sigma.T) / 2)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        r = np.asarray(np.linalg.qr(root.T, mode="r"))
        return np.asarray((r * np.where(np.diag(r) < 0, -1.0, 1.0)[:, None]).T)
