"""Residual covariances of any kind: one inverse a pattern of times, many patterns at once.

With M_a = R⁻¹R_aR⁻¹ the derivatives of W'R⁻¹W are -W'M_aW and W'(R⁻¹R_aM_b + R⁻¹R_bM_a - R⁻¹R_abR⁻¹)W. In Y = R⁻¹W
they are -Y'R_aY and Y'(R_aR⁻¹R_b + R_bR⁻¹R_a - R_ab)Y, and what a weighted sum of them wants is
tr R_aR⁻¹R_bE - <R_ab, C> with C = YAY', E = 2C - ωR⁻¹ (for log|R| too).

On a grid of all times, R⁻¹ of a pattern comes from that of the grid. With V = R⁻¹ of all times and m those missing,
it is V - V_.m (V_mm)⁻¹ V_m., zero where missing, and log|R| grows by log|V_mm|: what is factorised has the size of what
is missing. R_a is the same matrix for all patterns then, so that sums over these are taken first, of YY' and of the
products of the entries of R⁻¹ and E, and contracted with R_a once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import ResidualStructure
from terrace.design.groups import is_sorted, starts_of
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Jet
from terrace.likelihood.entries import Entries
from terrace.likelihood.segments import Chunk
from terrace.likelihood.series import summed

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

KEPT = 8e6
"""So many numbers of R⁻¹, Y and derivatives are kept from one evaluation to the next."""

BLOCK = 2e6
"""So many numbers of derivatives are formed in one go."""

WORST = 1e-3
"""Inverses come from that of a grid where the least pivot of its R* is so large beside its largest variance."""


@dataclass(frozen=True)
class Grid:
    """R* of all times: R⁻¹ and log|R| where they have digits, R itself, R_a (r, T, T) and R_ab (r, r, T, T)."""

    inverse: FloatArray | None
    ld: float
    r: FloatArray
    first: FloatArray
    second: FloatArray | None


@dataclass(frozen=True)
class Local:
    """R⁻¹ (J, k, k) and log|R| (J,) of the patterns of a chunk, and Y (k, N, m).

    Derivatives stand in ``first`` (r, k, k) where all patterns share them, else in ``own`` (r, J, k, k).
    """

    inverse: FloatArray
    ld: FloatArray
    y: FloatArray
    first: FloatArray | None
    own: FloatArray | None
    second: FloatArray | None

    def apply(self, chunk: Chunk, part: slice) -> FloatArray:
        """R_aY of some segments, (r, k, N', m)."""
        y = self.y[:, part]
        k, n, m = y.shape
        if self.first is not None:
            return (self.first.reshape(-1, k) @ y.reshape(k, n * m)).reshape(-1, k, n, m)
        assert self.own is not None
        return np.swapaxes(self.own[:, chunk.pattern[part]] @ np.swapaxes(y, 0, 1), 1, 2)

    def left(self, matrices: FloatArray, part: slice = slice(None)) -> FloatArray:
        """R_aM_j of some patterns, (r, J, k, k)."""
        j, k, _ = matrices.shape
        if self.first is None:
            assert self.own is not None
            return self.own[:, part] @ matrices
        wide = self.first.reshape(-1, k) @ np.swapaxes(matrices, 0, 1).reshape(k, j * k)
        return np.swapaxes(wide.reshape(-1, k, j, k), 1, 2)

    def traces(self, matrices: FloatArray) -> FloatArray:
        """<R_a, M_j>, (r, J)."""
        if self.first is not None:
            return self.first.reshape(len(self.first), -1) @ matrices.reshape(len(matrices), -1).T
        assert self.own is not None
        return np.asarray(np.einsum("ajst,jst->aj", self.own, matrices))

    def bends(self, matrices: FloatArray) -> FloatArray:
        """<R_ab, M_j>, (r, r, J)."""
        assert self.second is not None
        if self.first is not None:
            return np.tensordot(self.second, matrices, axes=([2, 3], [1, 2]))
        return np.asarray(np.einsum("abjst,jst->abj", self.second, matrices))


class Stacks:
    """Segments of one by() group by pattern; see `terrace.likelihood.series.Part`."""

    def __init__(
        self, structure: ResidualStructure, chunks: list[Chunk], n_owner: int, grid: FloatArray | None
    ) -> None:
        self.structure = structure
        self.chunks = chunks
        self.n_owner = n_owner
        self.grid = grid
        self._kept: tuple[tuple[bytes, int], list[Local]] | None = None
        r = structure.n_params + 1
        own = sum(c.at.size * c.at.shape[1] * (r * r if grid is None else 1) for c in chunks)
        self._small = own + sum(c.w.size for c in chunks) <= KEPT

    # --- R* of the patterns -----------------------------------------------------------------------------
    def _locals(self, rho: FloatArray, order: int) -> Iterable[Local]:
        """R* of all chunks; those of the last ρ are kept for second derivatives, unless they are large."""
        key = rho.tobytes()
        if self._kept is not None and self._kept[0][0] == key and self._kept[0][1] >= order:
            return self._kept[1]
        grid = self._of_grid(rho, order) if self.grid is not None else None
        found = (self._local(chunk, rho, order, grid) for chunk in self.chunks)
        if not self._small:
            return found
        self._kept = ((key, order), list(found))
        return self._kept[1]

    def _of_grid(self, rho: FloatArray, order: int) -> Grid:
        assert self.grid is not None
        r, r1, r2 = self.structure.relative(rho, self.grid, order)
        second = r2 if order > 1 and r2.shape[-1] == len(r) and r2.any() else None
        try:
            pivots = np.diag(np.linalg.cholesky(r)) ** 2
        except np.linalg.LinAlgError:
            return Grid(None, 0.0, r, r1, second)
        if pivots.min() < WORST * np.diag(r).max():
            return Grid(None, 0.0, r, r1, second)
        inverse = np.linalg.inv(r)
        return Grid((inverse + inverse.T) / 2, float(np.log(pivots).sum()), r, r1, second)

    def _local(self, chunk: Chunk, rho: FloatArray, order: int, grid: Grid | None) -> Local:
        if grid is not None:
            inverse, ld = _without(chunk, grid)
            return Local(inverse, ld, _times(chunk, inverse), grid.first, None, grid.second)
        r, own, second = self.structure.stacked(rho, chunk.at, order)
        inverse, ld = _inverted(r)
        bent = second if order > 1 and second.any() else None
        if len(chunk.at) == 1:
            return Local(inverse, ld, _times(chunk, inverse), own[:, 0], None, None if bent is None else bent[:, :, 0])
        return Local(inverse, ld, _times(chunk, inverse), None, own, bent)

    # --- sums and derivatives ---------------------------------------------------------------------------
    def jet(self, rho: FloatArray, order: int, linear: bool) -> Jet:
        """See `Part`."""
        m, count = self.chunks[0].w.shape[2], self.n_owner
        r = len(rho) if order else 0
        s, ld = np.zeros((count, m, m)), np.zeros(count)
        s1, ld1 = np.zeros((r, count, m, m)), np.zeros((r, count))
        squares: FloatArray | None = None
        locals_ = self._locals(rho, 2 if order else 0)
        pairs = [(a, b) for a in range(r) for b in range(a, r)] if order > 1 else []
        s2, ld2 = np.zeros((len(pairs), count, m, m)), np.zeros((len(pairs), count))
        for chunk, here in zip(self.chunks, locals_):
            self._add(s[None], chunk, slice(None), chunk.w, here.y[None])
            ld += self._counted(chunk, here.ld)
            if not r:
                continue
            if here.first is not None and self._by_squares(chunk, r):
                k, n, _ = here.y.shape
                wide = np.swapaxes(here.y, 1, 2).reshape(k * m, n)
                square = wide @ wide.T
                if self.grid is None:
                    s1[:, 0] -= _contracted(here, square, m)
                else:
                    squares = square if squares is None else squares + square
            else:
                for part in _parts(chunk, r):
                    self._add(s1, chunk, part, -here.y[:, part], here.apply(chunk, part))
            ld1 += self._traces(chunk, here)
            if pairs:
                self._add_second(s2, ld2, pairs, chunk, here, linear)
        if squares is not None:
            s1[:, 0] -= _contracted(here, squares, m)
        return Jet(
            _groups_last(s), ld,
            {a: _groups_last(value) for a, value in enumerate(s1)},
            {pair: _groups_last(value) for pair, value in zip(pairs, s2)},
            dict(enumerate(ld1)), dict(zip(pairs, ld2)),
        )

    def _by_squares(self, chunk: Chunk, r: int) -> bool:
        """Whether YY' summed over segments costs less than R_aY for each parameter."""
        k, _, m = chunk.w.shape
        return self.n_owner == 1 and (k * m) ** 2 < r * k * m * (k + m)

    def _counted(self, chunk: Chunk, values: FloatArray) -> FloatArray:
        """Sums over owners of what each segment of a pattern gives, (..., J) to (..., owners)."""
        pattern, owner, count = chunk.cells
        return summed(values[..., pattern] * count, owner, self.n_owner)

    def _traces(self, chunk: Chunk, here: Local) -> FloatArray:
        """tr R⁻¹R_a summed over the segments of each owner, (r, owners)."""
        if self.n_owner > 1 or here.first is None:
            return self._counted(chunk, here.traces(here.inverse))
        number = np.bincount(chunk.cells[0], weights=chunk.cells[2], minlength=len(here.inverse))
        return here.traces(np.tensordot(number, here.inverse, axes=1)[None])

    def _add(self, target: FloatArray, chunk: Chunk, part: slice, left: FloatArray, right: FloatArray) -> None:
        """target (a, owners, m, m) += left'right of each segment; left (k, N, m), right (a, k, N, m)."""
        k, n, m = left.shape
        a = len(right)
        if self.n_owner == 1:
            target[:, 0] += left.reshape(k * n, m).T @ right.reshape(a, k * n, right.shape[-1])
            return
        each = np.moveaxis(left, 0, 2) @ np.swapaxes(right, 1, 2)
        _add_rows(target, chunk.owner[part], each)

    def _add_second(
        self, s2: FloatArray, ld2: FloatArray, pairs: list[tuple[int, int]], chunk: Chunk, here: Local, linear: bool
    ) -> None:
        """Second derivatives, formed for every owner."""
        m = chunk.w.shape[2]
        r = pairs[-1][0] + 1
        bent = here.second is not None and not linear
        left = here.left(here.inverse).reshape(r, len(here.inverse), -1)
        right = np.swapaxes(here.left(here.inverse), 2, 3).reshape(r, len(here.inverse), -1)
        bends = here.bends(here.inverse) if bent else None
        for k, (a, b) in enumerate(pairs):
            traces = -np.einsum("js,js->j", left[a], right[b])
            if bends is not None:
                traces = traces + bends[a, b]
            ld2[k] += self._counted(chunk, traces)
        for part in _parts(chunk, r * (r if bent else 1) + m):
            z = here.apply(chunk, part)
            size, n = z.shape[1:3]
            inverse = here.inverse[chunk.pattern[part]]
            for a in range(r):
                gz = np.swapaxes(inverse @ np.swapaxes(z[a], 0, 1), 0, 1)
                own = [k for k, pair in enumerate(pairs) if pair[0] == a]
                value = np.zeros((len(own), self.n_owner, m, m))
                self._add(value, chunk, part, gz, z[a:])
                s2[own] += value + np.swapaxes(value, 2, 3)
                if bent:
                    y = here.y[:, part]
                    assert here.second is not None
                    if here.first is not None:
                        ry = (here.second[a, a:].reshape(-1, size) @ y.reshape(size, n * m)).reshape(-1, size, n, m)
                    else:
                        ry = np.swapaxes(here.second[a, a:][:, chunk.pattern[part]] @ np.swapaxes(y, 0, 1), 1, 2)
                    value = np.zeros((len(own), self.n_owner, m, m))
                    self._add(value, chunk, part, -y, ry)
                    s2[own] += value

    def curvature(self, rho: FloatArray, weight: Weight) -> FloatArray:
        """See `Part`."""
        r = len(rho)
        out = np.zeros((r, r))
        sums: FloatArray | None = None
        bent: FloatArray | float = 0.0
        for chunk, here in zip(self.chunks, self._locals(rho, 2)):
            c, number = self._weighted(chunk, here, weight)
            if here.second is not None:
                middle = number[:, None, None] * here.inverse - c
                if here.first is not None:
                    bent = bent + np.tensordot(here.second, middle.sum(axis=0), axes=2)
                else:
                    out += here.bends(middle).sum(axis=2)
            e = c
            e *= 2.0
            e -= number[:, None, None] * here.inverse
            if self._by_entries(r):
                sums = self._entries.added(sums, here.inverse, e)
                continue
            out += _joint(here, e, r)
        if sums is not None:
            assert here.first is not None
            out += self._entries.contracted(sums, here.first)
        out += bent
        return (out + out.T) / 2

    def _by_entries(self, r: int) -> bool:
        """Whether the products of the entries of R⁻¹ and E summed over patterns cost less than R_aR⁻¹ of each."""
        if self.grid is None or len(self.grid) > 64:
            return False
        t, j = len(self.grid), sum(len(c.at) for c in self.chunks)
        return (j / 2.0 + 2.0 * r) * t**4 < j * (4.0 * r * t**3 + 2.0 * r * r * t * t)

    @cached_property
    def _entries(self) -> Entries:
        assert self.grid is not None
        return Entries(len(self.grid))

    def _weighted(self, chunk: Chunk, here: Local, weight: Weight) -> tuple[FloatArray, FloatArray]:
        """Σ YAY' of each pattern, (J, k, k), and Σ ω of its segments, (J,)."""
        pattern, owner, count = chunk.cells
        common = len(weight.omega) == 1
        omega = weight.omega[np.zeros_like(owner) if common else owner]
        number = np.asarray(np.bincount(pattern, weights=count * omega, minlength=len(chunk.at)), dtype=np.float64)
        k, n, m = here.y.shape
        if common:
            ya = (here.y.reshape(k * n, m) @ weight.a[..., 0]).reshape(k, n, m)
        else:
            ya = np.swapaxes(np.swapaxes(here.y, 0, 1) @ np.moveaxis(weight.a[..., chunk.owner], -1, 0), 0, 1)
        if len(chunk.at) == 1:
            c = (ya.reshape(k, n * m) @ here.y.reshape(k, n * m).T)[None]
        else:
            c = np.swapaxes(ya, 0, 1) @ np.moveaxis(here.y, 0, 2)
            if n > len(chunk.at):
                c = np.add.reduceat(c, chunk.starts, axis=0)
        return c, number


def _joint(here: Local, e: FloatArray, r: int) -> FloatArray:
    """tr R_aR⁻¹R_bE summed over patterns, (r, r)."""
    out = np.zeros((r, r))
    step = max(1, int(BLOCK / (r * e.shape[1] ** 2)))
    for i in range(0, len(e), step):
        part = slice(i, i + step)
        left = here.left(here.inverse[part], part).reshape(r, -1)
        right = np.swapaxes(here.left(e[part], part), 2, 3).reshape(r, -1)
        out += left @ right.T
    return out


def _contracted(here: Local, squares: FloatArray, m: int) -> FloatArray:
    """Σ R_a[s, t] Σ y_s y_t', (r, m, m), from the products of all entries of Y."""
    assert here.first is not None
    r, k, _ = here.first.shape
    by_times = squares.reshape(k, m, k, m).transpose(0, 2, 1, 3).reshape(k * k, m * m)
    return (here.first.reshape(r, k * k) @ by_times).reshape(r, m, m)


def _groups_last(x: FloatArray) -> FloatArray:
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


def _parts(chunk: Chunk, derivatives: int) -> Iterable[slice]:
    """Segments in blocks, for so many derivatives of each number."""
    k, n, m = chunk.w.shape
    step = max(1, int(BLOCK / (k * m * max(derivatives, 1))))
    return (slice(i, min(i + step, n)) for i in range(0, n, step))


def _add_rows(target: FloatArray, owner: IntArray, each: FloatArray) -> None:
    """target (a, owners, ...) += each (a, N, ...) at its owner."""
    if not is_sorted(owner):
        order = np.argsort(owner, kind="stable")
        owner, each = owner[order], each[:, order]
    first = starts_of(owner)
    target[:, owner[first]] += each if len(first) == len(owner) else np.add.reduceat(each, first, axis=1)


def _times(chunk: Chunk, inverse: FloatArray) -> FloatArray:
    """Y = R⁻¹W, (k, N, m)."""
    k, n, m = chunk.w.shape
    if len(inverse) == 1:
        return np.asarray(inverse[0] @ chunk.w.reshape(k, n * m)).reshape(k, n, m)
    each = inverse if len(inverse) == n else inverse[chunk.pattern]
    return np.ascontiguousarray(np.swapaxes(each @ np.swapaxes(chunk.w, 0, 1), 0, 1))


def _inverted(r: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Inverses and log-determinants of (J, k, k). Raises `LinAlgError` where one is not positive definite."""
    ld = 2.0 * np.log(np.diagonal(np.linalg.cholesky(r), axis1=1, axis2=2)).sum(axis=1)
    inverse = np.linalg.inv(r)
    return (inverse + np.swapaxes(inverse, 1, 2)) / 2, ld


def _without(chunk: Chunk, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """R⁻¹ of each pattern of the grid, zero where times are missing, and log|R|."""
    count = len(chunk.at)
    if grid.inverse is None:
        r = np.repeat(grid.r[None], count, axis=0)
        for part, gone in chunk.missing:
            own = r[part]
            j = np.arange(len(own))[:, None]
            own[j, gone] = 0.0
            own[j, :, gone] = 0.0
            own[j, gone, gone] = 1.0
        inverse, ld = _inverted(r)
    else:
        inverse = np.repeat(grid.inverse[None], count, axis=0)
        ld = np.full(count, grid.ld)
    for part, gone in chunk.missing:
        own = inverse[part]
        j = np.arange(len(own))[:, None]
        if grid.inverse is not None:
            rows = grid.inverse[gone]
            corner = np.take_along_axis(rows, gone[:, None, :], axis=2)
            if gone.shape[1] == 1:
                solved = rows / corner
                ld[part] += np.log(corner[:, 0, 0])
            else:
                solved = np.linalg.inv(corner) @ rows
                ld[part] += np.linalg.slogdet(corner)[1]
            own -= np.swapaxes(rows, 1, 2) @ solved
        own[j, gone] = 0.0
        own[j, :, gone] = 0.0
    return inverse, ld
