"""What is kept of the rows for the iterative tier: the blocks of Henderson's mixed-model equations, sparse.

All random effects that belong to one partition of the rows are a *factor* of G groups with q effects each. K = Z'Z has
a diagonal block (q, q) a group, and couples two factors at the pairs of groups that share rows. The factor with the
most effects is the *lead*, which is eliminated; the others are the *rest*, numbered by how many rows they have, so that
what is read most often in a product lies together in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terrace.likelihood.layout import Component

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyFloat = npt.NDArray[np.floating[Any]]

# From so many cells on products with the random probes are taken in single precision, whose rounding is far below
# their Monte Carlo error.
SINGLE = 2_000_000


@dataclass(frozen=True)
class EffectFactor:
    """G groups with q effects each: Σ = Σ_i ψ_i ``bases[i]``; ``own`` (G, q, q) are its diagonal blocks of K.

    ``place`` (G,) gives the internal number of each group of the component.
    """

    component: Component
    place: IntArray
    own: FloatArray
    right: FloatArray
    """Z'[X y], (G·q, p + 1)."""

    @property
    def groups(self) -> int:
        """G."""
        return len(self.own)

    @property
    def q(self) -> int:
        """Effects of a group."""
        return int(self.own.shape[1])

    @property
    def effects(self) -> int:
        """G·q."""
        return self.groups * self.q


class Coupling:
    """The block of K between two factors, (G_a·q_a, G_b·q_b), in double and, where asked, single precision."""

    def __init__(self, cells: csr_array[np.float64], values: FloatArray, single: bool) -> None:
        """``cells`` is the pattern of groups that meet, ``values`` (cells, q_a, q_b) in its order."""
        from scipy.sparse import bsr_array, csr_array

        self.pattern = cells
        self.values = values
        shape = (cells.shape[0] * values.shape[1], cells.shape[1] * values.shape[2])
        scalar = values.shape[1:] == (1, 1)
        self._forward: dict[Any, Any] = {}
        self._back: dict[Any, Any] = {}
        for kind in (np.float64, np.float32) if single else (np.float64,):
            data: Any = values.astype(kind, copy=False)
            made: Any
            if scalar:
                made = csr_array((data[:, 0, 0], cells.indices, cells.indptr), shape=shape, copy=False)
            else:
                made = bsr_array((data, cells.indices, cells.indptr), shape=shape, copy=False)
            self._forward[np.dtype(kind)], self._back[np.dtype(kind)] = made, made.T

    def times(self, v: AnyFloat) -> AnyFloat:
        """The product with v, (G_b·q_b, m)."""
        return np.asarray(self._forward[v.dtype] @ v)

    def transposed_times(self, v: AnyFloat) -> AnyFloat:
        """The product of the transpose with v, (G_a·q_a, m)."""
        return np.asarray(self._back[v.dtype] @ v)

    def around_left(self, w: FloatArray) -> FloatArray:
        """Σ_a C_ab' W_a C_ab for every b, (G_b, q_b, q_b); W (G_a, q_a, q_a)."""
        rows = np.repeat(np.arange(self.pattern.shape[0]), np.diff(self.pattern.indptr))
        return self._around(self.pattern.indices, self.pattern.shape[1], rows, w, self.values)

    def around_right(self, w: FloatArray) -> FloatArray:
        """Σ_b C_ab W_b C_ab' for every a, (G_a, q_a, q_a); W (G_b, q_b, q_b)."""
        rows = np.repeat(np.arange(self.pattern.shape[0]), np.diff(self.pattern.indptr))
        return self._around(rows, self.pattern.shape[0], self.pattern.indices, w, np.swapaxes(self.values, 1, 2))

    @staticmethod
    def _around(
        to: npt.NDArray[Any], count: int, of: npt.NDArray[Any], w: FloatArray, c: FloatArray
    ) -> FloatArray:
        """Σ over cells of C'WC by ``to``, with W by ``of`` and C (cells, q, r), a stretch of cells at a time."""
        r = c.shape[2]
        out = np.zeros((r, r, count))
        for first in range(0, len(c), 1 << 20):
            part = slice(first, first + (1 << 20))
            piece, at, wp = c[part], to[part], w[of[part]]
            wc = wp * piece if w.shape[1] == 1 else wp @ piece
            for i in range(r):
                for j in range(i, r):
                    each = np.einsum("ca,ca->c", piece[:, :, i], wc[:, :, j])
                    out[i, j] += np.bincount(at, weights=each, minlength=count)
        for i in range(r):
            for j in range(i):
                out[i, j] = out[j, i]
        return np.ascontiguousarray(np.moveaxis(out, -1, 0))

    def squares(self, left: FloatArray, right: FloatArray) -> float:
        """Σ_cells tr(E_a C E_b C') for E_a (q_a, q_a) and E_b (q_b, q_b)."""
        if self.values.shape[1:] == (1, 1):
            flat = self.values.ravel()
            return float(left[0, 0] * right[0, 0] * (flat @ flat))
        return float(np.einsum("cij,cij->", left @ self.values @ right, self.values))


@dataclass(frozen=True)
class Equations:
    """The equations of a design: ``factors``, the lead first; ``couplings[a, b]`` with a < b; [X y]'[X y].

    ``spans`` are the places of the rest in one vector of their effects.
    """

    factors: tuple[EffectFactor, ...]
    couplings: dict[tuple[int, int], Coupling]
    products: FloatArray
    single: bool

    @property
    def lead(self) -> EffectFactor:
        """The factor that is eliminated."""
        return self.factors[0]

    @property
    def spans(self) -> tuple[slice, ...]:
        """Where each of the factors after the lead stands in a vector of the rest."""
        ends = np.cumsum([0] + [f.effects for f in self.factors[1:]])
        return tuple(slice(int(a), int(b)) for a, b in pairwise(ends))

    @property
    def rest(self) -> int:
        """Effects of all factors but the lead."""
        return sum(f.effects for f in self.factors[1:])

    @property
    def cells(self) -> int:
        """Pairs of groups that share rows."""
        return sum(len(c.values) for c in self.couplings.values())


def equations(
    components: tuple[Component, ...], dense: FloatArray, weights: FloatArray | None,
    tick: Callable[[], None] | None = None,
) -> Equations:
    """The equations of random effects by component, with the dense columns [X y], (n, p + 1), and row weights (n,)."""
    order = sorted(range(len(components)), key=lambda k: (-components[k].n_groups * components[k].z.shape[1], k))
    some = [components[k] for k in order]
    codes, factors = [], []
    for k, component in enumerate(some):
        if tick:
            tick()
        place = _places(component, by_size=k > 0)
        own = place[component.codes].astype(np.int32)
        codes.append(own)
        factors.append(_factor(component, place, own, dense, weights))
    couplings, single = {}, len(dense) > SINGLE
    for a in range(len(some)):
        for b in range(a + 1, len(some)):
            if tick:
                tick()
            couplings[a, b] = _coupling(codes[a], codes[b], some[a], some[b], weights, single)
    weighted = dense if weights is None else dense * weights[:, None]
    return Equations(tuple(factors), couplings, weighted.T @ dense, single)


def _places(component: Component, *, by_size: bool) -> IntArray:
    """The internal number of each group: by how many rows it has, the most first, or as it is."""
    place = np.arange(component.n_groups)
    if by_size:
        rows = np.bincount(component.codes, minlength=component.n_groups)
        place[np.argsort(-rows, kind="stable")] = np.arange(component.n_groups)
    return place


def _factor(
    component: Component, place: IntArray, codes: npt.NDArray[np.int32], dense: FloatArray, weights: FloatArray | None
) -> EffectFactor:
    g, q, width = component.n_groups, component.z.shape[1], dense.shape[1]
    own, right = np.empty((g, q, q)), np.empty((g, q, width))
    for i in range(q):
        z = component.z[:, i] if weights is None else component.z[:, i] * weights
        for j in range(i, q):
            own[:, i, j] = own[:, j, i] = np.bincount(codes, weights=z * component.z[:, j], minlength=g)
        for j in range(width):
            right[:, i, j] = np.bincount(codes, weights=z * dense[:, j], minlength=g)
    return EffectFactor(component, place, own, right.reshape(g * q, width))


def _coupling(
    left: npt.NDArray[np.int32], right: npt.NDArray[np.int32], a: Component, b: Component, weights: FloatArray | None,
    single: bool,
) -> Coupling:
    from scipy.sparse import coo_array

    columns = []
    for i in range(a.z.shape[1]):
        z = a.z[:, i] if weights is None else a.z[:, i] * weights
        for j in range(b.z.shape[1]):
            cells = coo_array((z * b.z[:, j], (left, right)), shape=(a.n_groups, b.n_groups)).tocsr()
            cells.sum_duplicates()
            columns.append(cells.data)
    values = np.column_stack(columns) if len(columns) > 1 else columns[0][:, None]
    return Coupling(cells, values.reshape(len(values), a.z.shape[1], b.z.shape[1]), single)
