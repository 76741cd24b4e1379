"""The cross-products of a large crossed design, whose first factor is eliminated and meets few columns of the others.

The rows enter as sums of products alone: D among the columns of each group of the first factor, C between these and
the crossed columns (sparse), F among crossed columns (sparse as well), and dense ones with X and y. What is done
with them at given parameters is in `terrace.likelihood.sweep`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.likelihood.crossproducts import OneHot
from terrace.likelihood.gram import Entries, Gram

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class SparseLead:
    """Cross-products with a sparse coupling: ``d`` (q, q, G), ``entries`` of C, ``dense`` (G, q, P) with X and y, and
    among the T crossed columns and these ``far`` (T, T; sparse), ``across`` (T, P) and ``among`` (P, P)."""

    def __init__(
        self,
        z: FloatArray,
        starts: IntArray,
        groups: IntArray,
        crossed: list[OneHot],
        dense: FloatArray,
        weights: FloatArray | None,
    ) -> None:
        """``z`` (n, q), ``groups`` (n,) and all else with rows sorted by group, each from row ``starts`` (G,) on."""
        q = z.shape[1]
        wz = z if weights is None else z * weights[:, None]
        self.q, self.n_groups = q, len(starts)
        self.d = np.empty((q, q, self.n_groups))
        for i in range(q):
            for j in range(q):
                self.d[i, j] = np.add.reduceat(wz[:, i] * z[:, j], starts)
        self.dense = np.empty((self.n_groups, q, dense.shape[1]))
        for i in range(q):
            for j in range(dense.shape[1]):
                self.dense[:, i, j] = np.add.reduceat(wz[:, i] * dense[:, j], starts)
        columns = _crossed_columns(crossed)
        self.width = columns.shape[1]
        weighted = columns if weights is None else _scaled(columns, weights)
        self.far = (columns.T @ weighted).tocsr()
        self.across = np.asarray(weighted.T @ dense)
        wd = dense if weights is None else dense * weights[:, None]
        self.among = wd.T @ dense
        self.entries = _entries(wz, groups, self.n_groups, columns)
        self.coupling = [self.entries.of(i) for i in range(q)]
        self.gram = Gram(self.entries)
        near = self.far.tocoo()
        upper = near.row <= near.col
        self.far_places = near.row[upper].astype(np.int64) * self.width + near.col[upper]
        self.far_values = near.data[upper]

    def times(self, far: FloatArray) -> FloatArray:
        """C_g times columns of the crossed block, (G, q, m), for (T, m)."""
        return np.stack([np.asarray(c @ far) for c in self.coupling], axis=1)

    def gathered(self, near: FloatArray) -> FloatArray:
        """Σ_g C_g' times columns of each group, (T, m), for (G, q, m)."""
        total = np.asarray(self.coupling[0].T @ near[:, 0])
        for i in range(1, self.q):
            total = total + self.coupling[i].T @ near[:, i]
        return total

    def back_substitute(self, k: FloatArray, far: FloatArray) -> FloatArray:
        """K_g (c_y - C_g far), shape (G, q), for K (G, q, q) and ``far`` = (-u, -β, 1) of the columns to come."""
        t = self.width
        total = self.times(far[:t, None])[:, :, 0] + self.dense @ far[t:]
        product: FloatArray = np.einsum("gij,gj->gi", k, total)
        return product

    def error_vcov(self, k: FloatArray, error: FloatArray, sigma2: float) -> FloatArray:
        """Prediction-error covariance σ²K + K C E C' K per group, (G, q, q), E (T + P - 1, T + P - 1)."""
        t = self.width
        middle = np.moveaxis(self.gram.each(np.ascontiguousarray(error[:t, :t]).reshape(-1)), -1, 0)
        x = self.dense[:, :, :-1]
        if x.shape[2]:
            mixed = self.times(error[:t, t:]) @ np.swapaxes(x, 1, 2)
            middle = middle + mixed + np.swapaxes(mixed, 1, 2) + x @ error[t:, t:] @ np.swapaxes(x, 1, 2)
        return sigma2 * k + k @ middle @ k


def _crossed_columns(crossed: list[OneHot]) -> csr_array[np.float64]:
    """The columns of the crossed effects, (n, T): in every row as many as there are effects."""
    from scipy.sparse import csr_array

    offsets = np.cumsum([0, *(c.width for c in crossed)])
    n = len(crossed[0].codes)
    where = [offset + c.codes[:, None] * c.z.shape[1] + np.arange(c.z.shape[1]) for c, offset in zip(crossed, offsets)]
    columns = np.concatenate(where, axis=1)
    values = np.concatenate([c.z for c in crossed], axis=1)
    starts = np.arange(n + 1) * columns.shape[1]
    index = np.int32 if starts[-1] < 2**31 else np.int64
    return csr_array((values.ravel(), columns.ravel().astype(index), starts.astype(index)), shape=(n, int(offsets[-1])))


def _scaled(matrix: csr_array[np.float64], weights: FloatArray) -> csr_array[np.float64]:
    """The rows of a sparse matrix times weights."""
    from scipy.sparse import csr_array

    data = matrix.data * np.repeat(weights, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _entries(wz: FloatArray, groups: IntArray, count: int, columns: csr_array[np.float64]) -> Entries:
    """Σ over the rows of each group of wz times the crossed columns, for wz (n, q)."""
    from scipy.sparse import csr_array

    starts = np.searchsorted(groups, np.arange(count + 1))
    values: list[FloatArray] = []
    for i in range(wz.shape[1]):
        # the rows of a group stand together, so that one sparse row takes all they have; then what is twice is summed
        data = columns.data * np.repeat(wz[:, i], np.diff(columns.indptr))
        total = csr_array((data, columns.indices.copy(), columns.indptr[starts]), shape=(count, columns.shape[1]))
        total.sum_duplicates()
        values.append(total.data)
    return Entries(
        np.column_stack(values), total.indices.astype(np.int64), total.indptr.astype(np.int64), columns.shape[1]
    )
