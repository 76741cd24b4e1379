"""Cross-products of the data per finest group, and their derivatives in the residual parameters.

Columns are ordered as they are eliminated: chain (finest first), crossed factors, X, y. With independent
residuals one pass over the rows suffices for the whole fit; with by() variances one pass per stratum; with
correlated residuals the rows of each distinct time pattern are whitened together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.design.residuals import ResidualLayout
from terrace.likelihood.eliminate import Jet

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class OneHot:
    """Columns of a crossed factor: `count` groups times the columns of `z` (n, q), nonzero in one group a row."""

    codes: IntArray
    count: int
    z: FloatArray

    @property
    def width(self) -> int:
        """Number of columns it stands for."""
        return self.count * self.z.shape[1]


Columns = FloatArray | OneHot


def grouped_products(
    columns: Sequence[Columns], starts: IntArray, groups: IntArray, weights: FloatArray | None
) -> FloatArray:
    """S, shape (G, m, m): sums over the rows of each group of the products of all pairs of columns.

    ``starts`` are the first rows of the groups of the sorted rows, ``groups`` (n,) their numbers; each entry
    of `columns` is a (n, k) array or a `OneHot`.
    """
    widths = [c.width if isinstance(c, OneHot) else c.shape[1] for c in columns]
    offsets = np.concatenate([[0], np.cumsum(widths)]).astype(int)
    count = len(starts)
    s = np.zeros((count, offsets[-1], offsets[-1]))
    for a, left in enumerate(columns):
        for b in range(a, len(columns)):
            block = _product(left, columns[b], starts, groups, weights, a == b)
            rows, cols = slice(offsets[a], offsets[a + 1]), slice(offsets[b], offsets[b + 1])
            s[:, rows, cols] = block
            if a != b:
                s[:, cols, rows] = np.swapaxes(block, 1, 2)
    return s


def _product(
    left: Columns, right: Columns, starts: IntArray, groups: IntArray, weights: FloatArray | None, same: bool
) -> FloatArray:
    count = len(starts)
    if not isinstance(left, OneHot) and not isinstance(right, OneHot):
        out = np.empty((count, left.shape[1], right.shape[1]))
        for i in range(left.shape[1]):
            li = left[:, i] if weights is None else left[:, i] * weights
            for j in range(i if same else 0, right.shape[1]):
                out[:, i, j] = np.add.reduceat(li * right[:, j], starts)
                if same and j != i:
                    out[:, j, i] = out[:, i, j]
        return out
    if isinstance(left, OneHot) and isinstance(right, OneHot):
        key = (groups * left.count + left.codes) * right.count + right.codes
        out = np.zeros((count, left.count, left.z.shape[1], right.count, right.z.shape[1]))
        for i in range(left.z.shape[1]):
            for j in range(right.z.shape[1]):
                w = left.z[:, i] * right.z[:, j]
                w = w if weights is None else w * weights
                total = np.bincount(key, weights=w, minlength=count * left.count * right.count)
                out[:, :, i, :, j] = total.reshape(count, left.count, right.count)
        return out.reshape(count, left.width, right.width)
    if isinstance(left, OneHot):
        assert not isinstance(right, OneHot)
        key = groups * left.count + left.codes
        out = np.zeros((count, left.count, left.z.shape[1], right.shape[1]))
        for i in range(left.z.shape[1]):
            for j in range(right.shape[1]):
                w = left.z[:, i] * right[:, j]
                w = w if weights is None else w * weights
                out[:, :, i, j] = np.bincount(key, weights=w, minlength=count * left.count).reshape(
                    count, left.count
                )
        return out.reshape(count, left.width, right.shape[1])
    return np.swapaxes(_product(right, left, starts, groups, weights, False), 1, 2)


def add_to(totals: dict[Any, FloatArray], key: Any, value: FloatArray) -> None:
    """totals[key] += value, starting from nothing."""
    have = totals.get(key)
    totals[key] = value if have is None else have + value


class SimpleData:
    """Independent residuals with one variance: S never changes."""

    def __init__(self, s: FloatArray) -> None:
        self.s = s

    def jet(self, rho: FloatArray, offset: int, order: int, linear: bool) -> Jet:
        """S as a Jet without derivatives; the log-determinant of R* = I is 0."""
        return Jet(self.s, np.zeros(len(self.s)))


class StratifiedData:
    """Independent residuals with a variance for each by() group: S = Σ_b S_b exp(-λ_b), λ_1 = 0."""

    def __init__(self, strata: list[FloatArray], counts: FloatArray) -> None:
        self.strata = strata
        self.counts = counts  # (G, B): sum of weights per group and stratum

    def jet(self, rho: FloatArray, offset: int, order: int, linear: bool) -> Jet:
        """S and log|R*| = Σ n_gb λ_b per group, with derivatives in λ_2, λ_3, ...

        ``linear`` leaves the terms with ∂²R out of second derivatives, as if R were linear in λ.
        """
        lam = np.concatenate([[0.0], rho])
        if np.any(np.abs(lam) > 60):
            raise np.linalg.LinAlgError("variance ratio out of range")
        parts = [s * np.exp(-value) for s, value in zip(self.strata, lam)]
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        jet = Jet(total, self.counts @ lam)
        if order:
            for b in range(1, len(parts)):
                jet.s1[offset + b - 1] = -parts[b]
                jet.ld1[offset + b - 1] = self.counts[:, b]
                if order > 1:
                    pair = (offset + b - 1, offset + b - 1)
                    jet.s2[pair] = 2.0 * parts[b] if linear else parts[b]
                    if linear:
                        jet.ld2[pair] = -self.counts[:, b]
        return jet


@dataclass
class _Pattern:
    """Groups that share their times and by() group: rows (g, k), finest-level group of each, K or W."""

    at: FloatArray
    by: int
    owner: IntArray
    w: FloatArray  # (k, g, m)
    products: FloatArray | None = field(default=None)  # (k, k, m, m), where all groups are summed


class PatternData:
    """Correlated residuals: S_g = Σ W'R⁻¹W over the residual groups in g, whitened once a time pattern."""

    def __init__(
        self,
        residuals: ResidualLayout,
        w: FloatArray,
        rows: IntArray,
        owner: IntArray,
        n_owner: int,
    ) -> None:
        """``w`` (n, m) are the sorted columns, ``rows`` their places in the sample, ``owner`` (n,) the finest
        groups of the elimination."""
        self.residuals = residuals
        self.n_owner = n_owner
        self.m = w.shape[1]
        groups = residuals.groups[rows]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        ends = np.append(starts[1:], len(groups))
        at, by = residuals.at[rows], residuals.by[rows]
        timeless = not residuals.structure.needs_time
        found: dict[tuple[int, bytes], list[int]] = {}
        for k, (first, last) in enumerate(zip(starts, ends)):
            times = b"%d" % (last - first) if timeless else self._key(at[first:last])
            found.setdefault((int(by[first]), times), []).append(k)
        self.patterns: list[_Pattern] = []
        for (level, _), members in found.items():
            index = np.array(members)
            size = int(ends[index[0]] - starts[index[0]])
            take = starts[index][:, None] + np.arange(size)[None, :]
            block = np.ascontiguousarray(np.swapaxes(w[take], 0, 1))
            pattern = _Pattern(at[take[0]], level, owner[starts[index]], block)
            if n_owner == 1 and size * size * self.m * self.m <= 8 * block.size + 4096:
                pattern.products = np.einsum("sgi,tgj->stij", block, block, optimize=True)
            self.patterns.append(pattern)

    def _key(self, at: FloatArray) -> bytes:
        # only distances matter where the structure is stationary, so that shifted groups share a pattern
        if self.residuals.key in ("unstructured", "banded"):
            return at.tobytes()
        return np.round(at - at[0], 10).tobytes()

    def jet(self, rho: FloatArray, offset: int, order: int, linear: bool) -> Jet:
        """S and log|R*| per finest group with derivatives in all relative residual parameters.

        ``linear`` leaves the terms with ∂²R out of second derivatives.
        """
        g, m = self.n_owner, self.m
        jet = Jet(np.zeros((g, m, m)), np.zeros(g))
        slices = self.residuals.slices()
        for pattern in self.patterns:
            own, part = slices[pattern.by]
            r, r1, r2 = self.residuals.structure.relative(rho[part], pattern.at, order)
            log_scale = float(rho[own]) if own is not None else 0.0
            if abs(log_scale) > 60:
                raise np.linalg.LinAlgError("variance ratio out of range")
            names = [offset + i for i in range(part.start, part.stop)]
            self._add(jet, pattern, np.exp(log_scale) * r, np.exp(log_scale) * r1, np.exp(log_scale) * r2,
                      names, None if own is None else offset + own, order, linear)
        return jet

    def _add(
        self, jet: Jet, pattern: _Pattern, r: FloatArray, r1: FloatArray, r2: FloatArray,
        names: list[int], scale: int | None, order: int, linear: bool,
    ) -> None:
        if scale is not None:
            # the log-variance λ of this by() group multiplies R: R_λ = R, R_λλ = R, R_λa = R_a
            size = len(names) + 1
            wide1 = np.concatenate([r[None], r1])
            if order > 1:
                wide2 = np.zeros((size, size, *r.shape))
                wide2[0, 0] = r
                wide2[0, 1:] = wide2[1:, 0] = r1
                wide2[1:, 1:] = r2  # (r, r, 1, 1) zeros where R* is linear
                r2 = wide2
            r1, names = wide1, [scale, *names]
        factor = np.linalg.cholesky(r)
        inverse = np.linalg.inv(r)
        inverse = (inverse + inverse.T) / 2
        ld = 2.0 * float(np.log(np.diag(factor)).sum())
        count = np.bincount(pattern.owner, minlength=self.n_owner).astype(np.float64)
        jet.ld += ld * count
        self._accumulate(jet.s, pattern, inverse)
        if order == 0:
            return
        x = inverse @ r1
        xr = x @ inverse
        for a, name in enumerate(names):
            target = jet.s1.setdefault(name, np.zeros_like(jet.s))
            self._accumulate(target, pattern, -xr[a])
            add_to(jet.ld1, name, np.trace(x[a]) * count)
        if order == 1:
            return
        general = not linear and r2.size and r2.shape[-1] == r.shape[0]
        for a, name_a in enumerate(names):
            for b in range(a, len(names)):
                name_b = names[b]
                second = x[a] @ xr[b]
                second = second + second.T
                trace = -float(np.sum(x[a] * x[b].T))
                if general and np.any(r2[a, b]):
                    second = second - inverse @ r2[a, b] @ inverse
                    trace += float(np.sum(inverse * r2[a, b]))
                pair = (name_a, name_b) if name_a <= name_b else (name_b, name_a)
                target = jet.s2.setdefault(pair, np.zeros_like(jet.s))
                self._accumulate(target, pattern, second)
                add_to(jet.ld2, pair, trace * count)

    def _accumulate(self, target: FloatArray, pattern: _Pattern, matrix: FloatArray) -> None:
        """target[g] += W_g' matrix W_g over the groups of the pattern."""
        if pattern.products is not None:
            target[0] += np.tensordot(matrix, pattern.products, axes=2)
            return
        k, g, m = pattern.w.shape
        v = (matrix @ pattern.w.reshape(k, g * m)).reshape(k, g, m)
        each = np.matmul(pattern.w.transpose(1, 2, 0), v.transpose(1, 0, 2))
        if self.n_owner == g and np.array_equal(pattern.owner, np.arange(g)):
            target += each
        else:
            np.add.at(target, pattern.owner, each)
