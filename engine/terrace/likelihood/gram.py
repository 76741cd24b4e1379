"""Sums of products of the sparse columns of groups, Σ_g C_g'W_gC_g, for a large crossed design.

C_g (q, T) is what group g of the factor to be eliminated shares with the T crossed columns: few of these are not zero.
The pattern never changes, only W does, so two columns that meet in a small group are listed once, with the product of
their values and their place in the (T, T) matrix; a sum over groups is then one sparse product, and its adjoint,
C_gAC_g' of every group, is the transposed one. Lists grow with the square of a group: large groups are made dense, some
at a time, and multiplied as dense matrices.

A symmetric (T, T) matrix is a flat array of which the triangle i <= j, at iT + j, is in use: seen as a matrix in
Fortran's order that is its lower triangle, as LAPACK has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Operations of dense products in the time that a listed pair takes, in a sum and in its adjoint together.
PAIR = 120.0
# Bytes that lists may always take, and numbers for each cell of the (T, T) matrix beyond that.
LISTED, LISTED_PER_CELL = 3.6e7, 2.0
# Rows that are made dense at once.
ROWS = 512


@dataclass(frozen=True)
class Entries:
    """The nonzero crossed columns of G groups: ``values`` (E, q) and ``column`` (E,), in ascending order within each
    group, which has ``first[g]`` to ``first[g + 1]`` of them; T columns in all are ``width``."""

    values: FloatArray
    column: IntArray
    first: IntArray
    width: int

    @property
    def n_groups(self) -> int:
        """G."""
        return len(self.first) - 1

    def group(self) -> IntArray:
        """The group of every entry, (E,)."""
        return np.repeat(np.arange(self.n_groups), np.diff(self.first))

    def of(self, i: int) -> csr_array[np.float64]:
        """The ith rows of all C_g as one sparse matrix, (G, T)."""
        from scipy.sparse import csr_array

        return csr_array((self.values[:, i], self.column, self.first), shape=(self.n_groups, self.width))


def full(flat: FloatArray, width: int) -> FloatArray:
    """The symmetric (T, T) matrix of a flat array, in place."""
    from terrace.likelihood.kernel import mirrored

    return mirrored(flat.reshape(width, width))


def pair_counts(sizes: IntArray) -> IntArray:
    """Pairs of entries of groups with so many, those of an entry with itself included."""
    counts: IntArray = sizes * (sizes + 1) // 2
    return counts


def positions(q: int) -> list[tuple[int, int]]:
    """The entries of a symmetric (q, q) matrix that differ."""
    return [(i, j) for i in range(q) for j in range(i, q)]


def pair_bytes(q: int) -> float:
    """Bytes of a listed pair: its place, and a product for each entry of W."""
    return 4.0 + 8.0 * len(positions(q))


def light(sizes: IntArray, width: int, q: int) -> npt.NDArray[np.bool_]:
    """Which groups have their pairs listed, (G,): those for which that is less work than dense products, the smallest
    first, as far as memory is for them. ``sizes`` (G,) counts nonzero columns."""
    order = np.argsort(sizes, kind="stable")
    limit = min(max(LISTED, 8.0 * LISTED_PER_CELL * float(width) ** 2) / pair_bytes(q), 2.0**31 - 1)
    out = np.zeros(len(sizes), dtype=bool)
    out[order[np.cumsum(pair_counts(sizes[order])) <= limit]] = True
    out &= len(positions(q)) * PAIR * pair_counts(sizes) <= dense_work(width, q)
    return out


def dense_work(width: int, q: int) -> float:
    """Operations for a group that is made dense: of its q rows, a symmetric product and one with a (T, T) matrix."""
    return 3.0 * q * float(width) ** 2


def work(sizes: IntArray, width: int, q: int) -> tuple[float, float]:
    """Operations of a sum and its adjoint for groups with so many nonzero columns, and bytes of what is listed."""
    listed = light(sizes, width, q)
    pairs = float(pair_counts(sizes[listed]).sum())
    flops = len(positions(q)) * PAIR * pairs + dense_work(width, q) * float(np.count_nonzero(~listed))
    return flops, pair_bytes(q) * pairs


class Gram:
    """Σ_g C_g'W_gC_g and C_gAC_g' for one pattern of C."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.q = entries.values.shape[1]
        self.positions = positions(self.q)
        listed = light(np.diff(entries.first), entries.width, self.q)
        self.heavy = np.flatnonzero(~listed)
        self.listed = self._pairs(listed)
        self.collected = [matrix.T for matrix in self.listed]

    def _pairs(self, listed: npt.NDArray[np.bool_]) -> list[csr_array[np.float64]]:
        """For i <= j the (G, T²) matrix that has for each pair e <= f of entries of a group c_i(e) c_j(f), and the same
        with i and j exchanged where these differ, at the pair's place in the flat array."""
        from scipy.sparse import csr_array

        e = self.entries
        sizes = np.diff(e.first)
        counts = np.where(listed, pair_counts(sizes), 0)
        kept = np.repeat(listed, sizes)
        position = np.flatnonzero(kept).astype(np.int32)
        reach = (np.repeat(e.first[1:], sizes)[kept] - position).astype(np.int32)
        left = np.repeat(position, reach)
        right = np.arange(len(left), dtype=np.int32)
        right += np.repeat(position - (np.cumsum(reach) - reach).astype(np.int32), reach)
        where = e.column.astype(np.int32)
        place = (where * np.int32(e.width))[left] if e.width < 46_000 else where.astype(np.int64)[left] * e.width
        place += where[right]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(place.dtype)
        out = []
        for i, j in self.positions:
            data = e.values[left, i] * e.values[right, j]
            if i != j:
                data += e.values[left, j] * e.values[right, i]
            out.append(csr_array((data, place, starts), shape=(e.n_groups, e.width**2)))
        return out

    def _dense(self) -> Iterator[tuple[IntArray, FloatArray]]:
        """The heavy groups, some at a time: which, and their C as (g, q, T)."""
        e = self.entries
        step = max(1, ROWS // self.q)
        for start in range(0, len(self.heavy), step):
            groups = self.heavy[start : start + step]
            block = np.zeros((len(groups), self.q, e.width))
            for row, g in zip(block, groups):
                own = slice(e.first[g], e.first[g + 1])
                row[:, e.column[own]] = e.values[own].T
            yield groups, block

    def sums(self, w: FloatArray) -> FloatArray:
        """Σ_g C_g'W_gC_g, flat (T²,), for symmetric W (q, q, G)."""
        from scipy.linalg import blas

        width = self.entries.width
        flat: FloatArray | None = None
        for (i, j), matrix in zip(self.positions, self.collected):
            own = np.asarray(matrix @ w[i, j])
            flat = own if flat is None else np.add(flat, own, out=flat)
        assert flat is not None
        at = flat.reshape(width, width).T
        for groups, block in self._dense():
            x = block.reshape(-1, width).T
            if self.q == 1:
                own = w[0, 0, groups]
                for sign in (1.0, -1.0):
                    rows = np.flatnonzero(sign * own > 0)
                    if len(rows):
                        scaled = np.asfortranarray(x[:, rows] * np.sqrt(np.abs(own[rows])))
                        at = blas.dsyrk(sign, scaled, 1.0, at, lower=1, overwrite_c=1)
            else:
                weighted = np.einsum("ijg,gjt->git", w[..., groups], block).reshape(-1, width).T
                at += weighted @ x.T
        return at.T.reshape(-1)

    def each(self, a: FloatArray) -> FloatArray:
        """C_gAC_g' of every group, (q, q, G), for symmetric A, flat (T²,)."""
        from scipy.linalg import blas

        e = self.entries
        out = -self.diagonal(a[:: e.width + 1])
        for (i, j), matrix in zip(self.positions, self.listed):
            # a pair stands for both of its orders, but an entry with itself for one
            out[i, j] += (2.0 if i == j else 1.0) * (matrix @ a)
            out[j, i] = out[i, j]
        at = a.reshape(e.width, e.width).T
        for groups, block in self._dense():
            x = block.reshape(-1, e.width).T
            through = blas.dsymm(1.0, at, x, lower=1).T.reshape(block.shape)
            out[..., groups] = np.einsum("git,gjt->ijg", through, block)
        return out

    def diagonal(self, a: FloatArray) -> FloatArray:
        """`each` for a diagonal matrix, (T,)."""
        e = self.entries
        out = np.zeros((self.q, self.q, e.n_groups))
        filled = e.first[:-1] < e.first[1:]
        for i, j in self.positions:
            products = a[e.column] * e.values[:, i] * e.values[:, j]
            out[i, j, filled] = np.add.reduceat(products, e.first[:-1][filled])
            out[j, i] = out[i, j]
        return out

    def diagonal_of_sums(self, w: FloatArray) -> FloatArray:
        """The diagonal of `sums`, (T,)."""
        e, group = self.entries, self.entries.group()
        products = np.einsum("ei,ije,ej->e", e.values, w[..., group], e.values)
        return np.asarray(np.bincount(e.column, weights=products, minlength=e.width), dtype=np.float64)
