"""Elimination of the first factor of a large crossed design, whose coupling to the others is sparse.

For each group g, C_g has few nonzero columns among the crossed effects. Everything that elimination needs
is of the form Σ_g C_g' W_g C_g with W_g (q, q) symmetric, so the pairs of nonzero columns within groups are
listed once and every evaluation is one weighted count over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.likelihood.bases import DenseBases
from terrace.likelihood.crossproducts import OneHot
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Eliminated, Jet
from terrace.likelihood.kernel import Kernel, kernel, mul

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sums:
    """A sparse matrix without its empty rows, and which rows those are that it has."""

    matrix: csr_array[np.float64]
    rows: IntArray


def _rows_that_are_there(rows: IntArray, columns: IntArray, values: FloatArray, count: int) -> Sums:
    from scipy.sparse import coo_array, csr_array

    width = int(columns.max(initial=-1)) + 1
    full = coo_array((values, (rows, columns)), shape=(count, width)).tocsr()
    there = np.flatnonzero(np.diff(full.indptr))
    starts = np.append(full.indptr[there], len(full.data))
    return Sums(csr_array((full.data, full.indices, starts), shape=(len(there), width)), there.astype(np.int64))


class SparseLead:
    """Cross-products with a sparse coupling: D (G, q, q), sparse entries, dense columns (G, q, P), F."""

    def __init__(
        self,
        z: FloatArray,
        starts: IntArray,
        groups: IntArray,
        crossed: list[OneHot],
        dense: FloatArray,
        weights: FloatArray | None,
    ) -> None:
        q = z.shape[1]
        g = len(starts)
        wz = z if weights is None else z * weights[:, None]
        self.q, self.n_groups = q, g
        self.d = np.empty((q, q, g))
        for i in range(q):
            for j in range(q):
                self.d[i, j] = np.add.reduceat(wz[:, i] * z[:, j], starts)
        self.dense = np.empty((g, q, dense.shape[1]))
        for i in range(q):
            for j in range(dense.shape[1]):
                self.dense[:, i, j] = np.add.reduceat(wz[:, i] * dense[:, j], starts)
        offsets = np.concatenate([[0], np.cumsum([c.width for c in crossed])]).astype(np.int64)
        self.width = int(offsets[-1])
        keys, values = [], []
        for c, first in zip(crossed, offsets):
            for j in range(c.z.shape[1]):
                keys.append(groups * self.width + first + c.codes * c.z.shape[1] + j)
                values.append(wz * c.z[:, j][:, None])
        unique, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        stacked = np.concatenate(values)
        self.values = np.column_stack(
            [np.bincount(inverse, weights=stacked[:, i], minlength=len(unique)) for i in range(q)]
        )
        self.entry_group = unique // self.width
        self.entry_column = unique % self.width
        self._pairs()
        self.f = self._far_block(crossed, offsets, dense, weights)

    def _pairs(self) -> None:
        """All pairs (e1, e2) of entries of the same group with e1 <= e2."""
        first = np.searchsorted(self.entry_group, np.arange(self.n_groups + 1))
        position = np.arange(len(self.entry_group))
        last = first[self.entry_group + 1]
        reach = last - position
        self.left = np.repeat(position, reach)
        start = np.cumsum(reach) - reach
        self.right = np.arange(len(self.left)) - np.repeat(start, reach) + self.left
        self.pair_group = self.entry_group[self.left]
        cell = self.entry_column[self.left] * self.width + self.entry_column[self.right]
        # A sum over pairs is a sparse product with one row a cell. With one effect a group its columns are groups and
        # its values the products of the pairs; otherwise columns are pairs.
        if self.q == 1:
            columns, values = self.pair_group, self.values[self.left, 0] * self.values[self.right, 0]
        else:
            columns, values = np.arange(len(cell)), np.ones(len(cell))
        self.sums = _rows_that_are_there(cell, columns, values, self.width**2)
        self.cell_rows, self.cell_columns = np.divmod(self.sums.rows, self.width)

    def _far_block(
        self, crossed: list[OneHot], offsets: IntArray, dense: FloatArray, weights: FloatArray | None
    ) -> FloatArray:
        """Cross-products among the crossed columns and the dense ones, (T + P, T + P)."""
        t, p = self.width, dense.shape[1]
        f = np.zeros((t + p, t + p))
        for a, left in enumerate(crossed):
            for i in range(left.z.shape[1]):
                wi = left.z[:, i] if weights is None else left.z[:, i] * weights
                rows = offsets[a] + left.codes * left.z.shape[1] + i
                for b in range(a, len(crossed)):
                    right = crossed[b]
                    for j in range(right.z.shape[1]):
                        cols = offsets[b] + right.codes * right.z.shape[1] + j
                        cell = rows * t + cols
                        block = np.bincount(cell, weights=wi * right.z[:, j], minlength=t * t)
                        block = block.reshape(t, t)
                        f[:t, :t] += block
                        if a != b:
                            f[:t, :t] += block.T
                for j in range(p):
                    f[:t, t + j] += np.bincount(rows, weights=wi * dense[:, j], minlength=t)
        f[t:, :t] = f[:t, t:].T
        wd = dense if weights is None else dense * weights[:, None]
        f[t:, t:] = wd.T @ dense
        return f

    def _cell_sums(self, w: FloatArray) -> FloatArray:
        """Σ_g C_g'W_gC_g at the cells of the upper triangle that are not zero, for W of shape (G, q, q)."""
        if self.q == 1:
            return np.asarray(self.sums.matrix @ w[:, 0, 0])
        wc = np.einsum("eij,ej->ei", w[self.entry_group], self.values)
        return np.asarray(self.sums.matrix @ np.einsum("ei,ei->e", wc[self.left], self.values[self.right]))

    def _far_sums(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same between crossed columns and the P dense ones, (T, P), and among these, (P, P)."""
        wd = w @ self.dense
        sparse = np.einsum("ei,eip->ep", self.values, wd[self.entry_group])
        across = np.column_stack(
            [np.bincount(self.entry_column, weights=column, minlength=self.width) for column in sparse.T]
        )
        return across.astype(np.float64, copy=False), np.einsum("giq,gip->qp", self.dense, wd)

    def quadratic(self, w: FloatArray) -> FloatArray:
        """Σ_g C_g'W_gC_g, shape (T + P, T + P), for symmetric W of shape (q, q, G)."""
        t = self.width
        w = np.moveaxis(w, -1, 0)
        out = np.zeros((t + self.dense.shape[2],) * 2)
        sums = self._cell_sums(w)
        out[self.cell_rows, self.cell_columns] = sums
        out[self.cell_columns, self.cell_rows] = sums
        out[:t, t:], out[t:, t:] = self._far_sums(w)
        out[t:, :t] = out[:t, t:].T
        return out

    def inner(self, w: FloatArray, a: FloatArray) -> float:
        """<Σ_g C_g'W_gC_g, A> for symmetric A, (T + P, T + P): only cells that are not zero are read."""
        t = self.width
        w = np.moveaxis(w, -1, 0)
        twice = np.where(self.cell_rows == self.cell_columns, 1.0, 2.0)
        across, among = self._far_sums(w)
        total = (twice * a[self.cell_rows, self.cell_columns]) @ self._cell_sums(w)
        return float(total + 2.0 * np.vdot(a[:t, t:], across) + np.vdot(a[t:, t:], among))

    def eliminate(self, sigma: FloatArray, bases: DenseBases, order: int) -> tuple[Jet, Eliminated, Kernel]:
        """As `terrace.likelihood.eliminate.eliminate`, summed over the groups; T is not formed."""
        step = kernel(self.d, sigma)
        k = step.k
        f = self.quadratic(k)
        np.subtract(self.f, f, out=f)
        out = Jet(f[..., None], np.array([step.logdet.sum()]))
        done = Eliminated(k, np.zeros((self.q, 0, self.n_groups)))
        if order == 0:
            return out, done, step
        n, b = step.n, step.full_b()
        sb = bases.apply(np.swapaxes(b, 0, 1))
        for i, each, trace in zip(bases.keys, sb, bases.traces(n)):
            out.s1[i] = self.quadratic(-mul(b, each))[..., None]
            out.ld1[i] = np.array([trace.sum()])
        if order > 1:
            for i, j, w, ld in self._second(step, bases):
                out.s2[(i, j)] = self.quadratic(w)[..., None]
                out.ld2[(i, j)] = np.array([ld])
        return out, done, step

    def _second(self, step: Kernel, bases: DenseBases) -> Iterator[tuple[int, int, FloatArray, float]]:
        """(i, j, W, log-determinant): the second derivative of F is Σ_g C_g'W_gC_g."""
        n, own = step.n, bases.keys
        sb, sn = bases.apply(np.swapaxes(step.full_b(), 0, 1)), bases.apply(n)
        for x, i in enumerate(own):
            for y in range(x, len(own)):
                w = mul(np.swapaxes(sb[x], 0, 1), mul(n, sb[y]))
                yield i, own[y], w + np.swapaxes(w, 0, 1), -float(np.einsum("ijg,jig->", sn[x], sn[y]))

    def add_curvature(self, second: FloatArray, step: Kernel, bases: DenseBases, weight: Weight) -> None:
        """As `terrace.likelihood.curvature.add_curvature`."""
        a = weight.a[..., 0]
        for i, j, w, ld in self._second(step, bases):
            value = self.inner(w, a) + float(weight.omega[0]) * ld
            second[i, j] += value
            if i != j:
                second[j, i] += value

    def back_substitute(self, k: FloatArray, far: FloatArray) -> FloatArray:
        """K_g (c_y - C_g far), shape (G, q), for `far` = (-u, -β, 1) of the columns to come."""
        t = self.width
        ru = self.values * far[self.entry_column][:, None]
        sparse = np.column_stack(
            [np.bincount(self.entry_group, weights=ru[:, i], minlength=self.n_groups) for i in range(self.q)]
        )
        total = sparse + self.dense @ far[t:]
        product: FloatArray = np.einsum("gij,gj->gi", k, total)
        return product

    def error_vcov(self, k: FloatArray, error: FloatArray, sigma2: float) -> FloatArray:
        """Prediction-error covariance σ²K + K C E C' K per group, (G, q, q), E (T + P - 1, T + P - 1)."""
        t, q = self.width, self.q
        both = error[self.entry_column[self.left], self.entry_column[self.right]]
        middle = np.zeros((self.n_groups, q, q))
        off = self.left != self.right
        for i in range(q):
            for j in range(q):
                w = both * self.values[self.left, i] * self.values[self.right, j]
                w += np.where(off, both * self.values[self.right, i] * self.values[self.left, j], 0.0)
                middle[:, i, j] = np.bincount(self.pair_group, weights=w, minlength=self.n_groups)
        x = self.dense[:, :, :-1]
        cross = np.zeros((self.n_groups, q, x.shape[2]))
        for i in range(q):
            for j in range(x.shape[2]):
                wx = self.values[:, i] * error[self.entry_column, t + j]
                cross[:, i, j] = np.bincount(self.entry_group, weights=wx, minlength=self.n_groups)
        mixed = cross @ np.swapaxes(x, 1, 2)
        middle += mixed + np.swapaxes(mixed, 1, 2)
        middle += x @ error[t:, t:] @ np.swapaxes(x, 1, 2)
        return sigma2 * k + k @ middle @ k
