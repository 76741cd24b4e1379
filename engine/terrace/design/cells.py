"""Many rows as few: weighted rows with the same sums of products, cell by cell.

With independent residuals the likelihood knows the rows of a group only through Σw, Σwv and Σwvv', v holding the
columns of X and Z and the outcome. Rows are therefore gathered in cells (the rows that share all groups of the model),
each cell keeps these sums, and in the end stands for at most r + 1 rows of equal weight, r the rank of its scatter:
its mean plus the corners of a simplex that has the same scatter. A constant column stays constant to the last bit,
so that whatever is asked of the rows of a design can be asked of these.

Sums are taken about a value of the cell itself, a mean of the rows of it that came first (the shifted algorithm of
Chan, Golub & LeVeque 1983), so that no digits are lost to a mean that is large beside the spread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.groups import is_sorted, starts_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_RANK_TOLERANCE = 1e-14
_BLOCK = 1 << 22


@dataclass(frozen=True)
class EquivalentRows:
    """Rows in the place of those of the cells: ``columns`` (m, k), ``cell`` (m,) and ``weights`` (m,) of each.

    ``counts`` (m,) are the rows of the data and ``squares`` (m,) the sums of their squared weights, both told once a
    cell, at its first row.
    """

    columns: FloatArray
    cell: IntArray
    weights: FloatArray
    counts: FloatArray
    squares: FloatArray


class Cells:
    """Weights, means and scatter of k columns in a growing number of cells."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.count = 0
        self._pairs = [(i, j) for i in range(k) for j in range(i, k)]
        # rows, Σw, Σw², the shift and Σw(v - shift) of each column, then the products of the pairs
        self._sums = np.zeros((3 + 2 * k + len(self._pairs), 0))

    @staticmethod
    def bytes_of(cells: int, k: int) -> int:
        """Memory, in bytes, for so many cells at the end, when the sums and the rows made of them stand together."""
        return 8 * cells * (3 + 2 * k + k * (k + 1) // 2 + (k + 1) * (k + 4))

    def _grow(self, count: int) -> None:
        have = self._sums.shape[1]
        if count > have:
            wide = np.zeros((len(self._sums), max(count, have + have // 2)))
            wide[:, :have] = self._sums
            self._sums = wide
        self.count = max(self.count, count)

    def add(self, local: IntArray, cells: IntArray, columns: FloatArray, weights: FloatArray | None) -> None:
        """Add rows: row i, with its values ``columns[i]`` (k,), belongs to the cell ``cells[local[i]]``."""
        self._grow(int(cells.max()) + 1)
        n, size = len(local), len(cells)
        sums = _sums_by(local, size)
        k = self.k
        counts = np.bincount(local, minlength=size).astype(np.float64)
        total = counts if weights is None else sums(weights)
        new = np.flatnonzero(self._sums[0, cells] == 0)
        shift = self._sums[3 : 3 + k, cells]
        if len(new):
            first = np.empty(size, dtype=np.int64)
            first[local[::-1]] = np.arange(n - 1, -1, -1)
            shift[:, new] = columns[first[new]].T
        off = np.empty((k, n))
        for j in range(k):
            np.subtract(columns[:, j], shift[j][local], out=off[j])
            if len(new):
                move = np.zeros(size)
                move[new] = (sums(off[j] if weights is None else off[j] * weights) / total)[new]
                shift[j] += move
                np.subtract(columns[:, j], shift[j][local], out=off[j])
        if len(new):
            self._sums[3 : 3 + k, cells[new]] = shift[:, new]
        self._sums[0, cells] += counts
        self._sums[1, cells] += total
        self._sums[2, cells] += counts if weights is None else sums(weights * weights)
        at = 3 + 2 * k
        for i in range(k):
            weighted = off[i] if weights is None else off[i] * weights
            self._sums[3 + k + i, cells] += sums(weighted)
            for j in range(i, k):
                self._sums[at, cells] += sums(weighted * off[j])
                at += 1

    def rows(self) -> EquivalentRows:
        """The rows that stand for all that were added."""
        k = self.k
        step = max(1, _BLOCK // max(1, k * k))
        parts = [self._rows(first, min(first + step, self.count)) for first in range(0, self.count, step)]
        return EquivalentRows(
            *(np.concatenate([getattr(p, name) for p in parts]) for name in EquivalentRows.__dataclass_fields__)
        )

    def _rows(self, first: int, last: int) -> EquivalentRows:
        k, size = self.k, last - first
        sums = self._sums[:, first:last]
        counts, total, squares = sums[0], sums[1], sums[2]
        centre = sums[3 + k : 3 + 2 * k] / total
        mean = sums[3 : 3 + k] + centre
        scatter = np.zeros((size, k, k))
        for (i, j), products in zip(self._pairs, sums[3 + 2 * k :], strict=True):
            scatter[:, i, j] = scatter[:, j, i] = products - total * centre[i] * centre[j]
        root, rank = pivoted_root(scatter)
        rank = np.minimum(rank, (counts - 1).astype(np.int64))
        length = rank + 1
        start = np.cumsum(length) - length
        columns = np.empty((int(length.sum()), k))
        for r in np.unique(rank):
            own = np.flatnonzero(rank == r)
            # the corners lie where Σ over them of (total / (r + 1)) (v - mean)(v - mean)' is the scatter
            size_of = np.sqrt((r + 1) / total[own])[:, None, None]
            corners = mean.T[own, None, :] + size_of * np.swapaxes(root[own][:, :, :r] @ simplex(int(r)), 1, 2)
            columns[(start[own][:, None] + np.arange(r + 1)).ravel()] = corners.reshape(-1, k)
        once = np.zeros((2, len(columns)))
        once[:, start] = counts, squares
        return EquivalentRows(
            columns, np.repeat(np.arange(first, last), length), np.repeat(total / length, length), once[0], once[1]
        )


def _sums_by(codes: IntArray, count: int) -> Callable[[FloatArray], FloatArray]:
    """The function that sums (n,) values by group, (count,); every group has rows."""
    if is_sorted(codes):
        starts = starts_of(codes)
        return lambda x: np.add.reduceat(x, starts)
    return lambda x: np.asarray(np.bincount(codes, weights=x, minlength=count), dtype=np.float64)


def simplex(r: int) -> FloatArray:
    """V (r, r + 1) with orthonormal rows that sum to zero: the corners of a regular simplex (Helmert's matrix)."""
    v = np.zeros((r, r + 1))
    for i in range(r):
        v[i, : i + 1] = 1.0
        v[i, i + 1] = -(i + 1.0)
        v[i] /= np.sqrt((i + 1.0) * (i + 2.0))
    return v


def pivoted_root(scatter: FloatArray) -> tuple[FloatArray, IntArray]:
    """L (c, k, k) with LL' = S for positive semidefinite S (c, k, k), and the ranks (c,): Cholesky with pivots.

    The columns of L beyond the rank are zero. A row and column of zeros in S gives a row of exact zeros in L. What
    is left where the largest pivot falls below the rounding of S is dropped (Higham 2002, section 10.3).
    """
    count, k, _ = scatter.shape
    root = np.zeros_like(scatter)
    rank = np.zeros(count, dtype=np.int64)
    diagonal = np.einsum("cii->ci", scatter)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 0.0))
    safe = np.where(scale > 0, scale, 1.0)
    rest = scatter / safe[:, :, None] / safe[:, None, :]
    rest[(scale <= 0)[:, :, None] | (scale <= 0)[:, None, :]] = 0.0
    at = np.arange(count)
    for step in range(k):
        left = np.einsum("cii->ci", rest)
        pivot = left.argmax(axis=1)
        value = left[at, pivot]
        good = value > _RANK_TOLERANCE * k
        if not good.any():
            break
        column = np.where(good[:, None], rest[at, :, pivot] / np.sqrt(np.where(good, value, 1.0))[:, None], 0.0)
        root[:, :, step] = column * scale
        rank += good
        rest -= column[:, :, None] * column[:, None, :]
        rest[at, pivot, :] = 0.0
        rest[at, :, pivot] = 0.0
    return root, rank
