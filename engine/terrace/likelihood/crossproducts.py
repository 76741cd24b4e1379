"""Cross-products of the data per finest group, and their derivatives in the residual parameters.

Columns are ordered as they are eliminated: chain (finest first), crossed factors, X, y. With independent
residuals one pass over the rows suffices for the whole fit; with by() variances one pass per stratum; with
correlated residuals see `terrace.likelihood.patterns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.groups import apart_from_groups, first_rows, is_sorted, starts_of
from terrace.errors import SpecError
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Jet, Within

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
        width: int = self.count * self.z.shape[1]
        return width

    def wide(self) -> FloatArray:
        """These columns, (n, width)."""
        out = np.zeros((len(self.codes), self.count, self.z.shape[1]))
        out[np.arange(len(self.codes)), self.codes] = self.z
        return out.reshape(len(self.codes), -1)


Columns = FloatArray | OneHot


@dataclass(frozen=True)
class Grouping:
    """Groups of the rows: ``codes`` (n,) from 0 to count - 1, and their first rows where rows are sorted."""

    codes: IntArray
    count: int
    starts: IntArray | None

    @classmethod
    def of(cls, codes: IntArray, count: int) -> Grouping:
        """The grouping of these codes; sorted ones are recognised."""
        if len(codes) and is_sorted(codes):
            return cls(codes, count, starts_of(codes))
        return cls(codes, count, None)

    def sums(self, x: FloatArray) -> FloatArray:
        """Sums over the rows of each group, shape (count,)."""
        if self.starts is not None:
            return np.add.reduceat(x, self.starts)
        return np.asarray(np.bincount(self.codes, weights=x, minlength=self.count), dtype=np.float64)

    def starts_or_raise(self) -> IntArray:
        """First rows of the groups of sorted rows."""
        if self.starts is None:
            raise AssertionError("rows must be sorted")
        return self.starts


def grouped_products(
    columns: Sequence[Columns], grouping: Grouping, weights: FloatArray | None
) -> FloatArray:
    """S, shape (m, m, G): sums over the rows of each group of the products of all pairs of columns.

    Each entry of `columns` is a (n, k) array or a `OneHot`, with rows in the order of the grouping.
    """
    widths = [c.width if isinstance(c, OneHot) else c.shape[1] for c in columns]
    offsets = np.concatenate([[0], np.cumsum(widths)]).astype(int)
    s = np.zeros((offsets[-1], offsets[-1], grouping.count))
    for a, left in enumerate(columns):
        for b in range(a, len(columns)):
            block = _product(left, columns[b], grouping, weights, a == b)
            rows, cols = slice(offsets[a], offsets[a + 1]), slice(offsets[b], offsets[b + 1])
            s[rows, cols] = block
            if a != b:
                s[cols, rows] = np.swapaxes(block, 0, 1)
    return s


def _product(
    left: Columns, right: Columns, grouping: Grouping, weights: FloatArray | None, same: bool
) -> FloatArray:
    count, groups = grouping.count, grouping.codes
    if not isinstance(left, OneHot) and not isinstance(right, OneHot):
        if same and weights is None and grouping.starts is not None:
            return _sorted_squares(left, grouping.starts)
        out = np.empty((left.shape[1], right.shape[1], count))
        for i in range(left.shape[1]):
            li = left[:, i] if weights is None else left[:, i] * weights
            for j in range(i if same else 0, right.shape[1]):
                out[i, j] = grouping.sums(li * right[:, j])
                if same and j != i:
                    out[j, i] = out[i, j]
        return out
    if isinstance(left, OneHot) and isinstance(right, OneHot):
        key = (groups * left.count + left.codes) * right.count + right.codes
        wide = np.zeros((left.count, left.z.shape[1], right.count, right.z.shape[1], count))
        for i in range(left.z.shape[1]):
            for j in range(right.z.shape[1]):
                w = left.z[:, i] * right.z[:, j]
                w = w if weights is None else w * weights
                total = np.bincount(key, weights=w, minlength=count * left.count * right.count)
                wide[:, i, :, j] = np.moveaxis(total.reshape(count, left.count, right.count), 0, -1)
        return wide.reshape(left.width, right.width, count)
    if isinstance(left, OneHot):
        assert not isinstance(right, OneHot)
        key = groups * left.count + left.codes
        tall = np.zeros((left.count, left.z.shape[1], right.shape[1], count))
        for i in range(left.z.shape[1]):
            for j in range(right.shape[1]):
                w = left.z[:, i] * right[:, j]
                w = w if weights is None else w * weights
                total = np.bincount(key, weights=w, minlength=count * left.count)
                tall[:, i, j] = total.reshape(count, left.count).T
        return tall.reshape(left.width, right.shape[1], count)
    return np.swapaxes(_product(right, left, grouping, weights, False), 0, 1)


def _sorted_squares(x: FloatArray, starts: IntArray) -> FloatArray:
    """X'X of every group of sorted rows, (k, k, G), for x (n, k): so many groups at a time as stay in the cache."""
    n, k = x.shape
    out = np.empty((k, k, len(starts)))
    first = 0
    while first < len(starts):
        begin = int(starts[first])
        last = max(int(np.searchsorted(starts, begin + _CACHED)), first + 1)
        end = int(starts[last]) if last < len(starts) else n
        own = starts[first:last] - begin
        for i in range(k):
            for j in range(i, k):
                np.add.reduceat(x[begin:end, i] * x[begin:end, j], own, out=out[i, j, first:last])
        first = last
    for i in range(k):
        for j in range(i):
            out[i, j] = out[j, i]
    return out


_CACHED = 1 << 14
"""Rows whose products stay in the cache."""


def combined(s: FloatArray, to: FloatArray) -> FloatArray:
    """[ZX]'[ZX] of every group, (q + m, q + m, G), from S = X'X (m, m, G) where Z = X·to, (m, q), but for the last
    columns of X, which have no part in Z."""
    m, q = len(s), to.shape[1]
    all_of = np.hstack([np.vstack([to, np.zeros((m - len(to), q))]), np.eye(m)])
    half = np.tensordot(all_of.T, s, axes=1)
    whole = np.ascontiguousarray(np.moveaxis(np.tensordot(half, all_of, axes=([1], [0])), -1, 1))
    symmetric: FloatArray = 0.5 * (whole + np.swapaxes(whole, 0, 1))
    return symmetric


def within_groups(z: FloatArray, rest: FloatArray, grouping: Grouping, weights: FloatArray | None) -> Within:
    """`Within` of the columns ``rest`` (n, m) beside those of the finest groups, ``z`` (n, q)."""
    apart, slopes, _ = apart_from_groups(rest, z, grouping.codes, grouping.count, weights)
    return Within(grouped_products([apart], grouping, weights), np.ascontiguousarray(np.moveaxis(slopes, 0, -1)))


class SimpleData:
    """Independent residuals with one variance: S never changes."""

    def __init__(self, s: FloatArray, within: Within | None = None) -> None:
        """``within`` is for the first step of the elimination."""
        self.s = s
        self.within = within

    def jet(self, rho: FloatArray, offset: int, order: int, linear: bool) -> Jet:
        """S as a Jet without derivatives; the log-determinant of R* = I is 0."""
        return Jet(self.s, np.zeros(self.s.shape[-1]))

    def add_curvature(self, second: FloatArray, rho: FloatArray, offset: int, weight: Weight) -> None:
        """S has no derivatives, so nothing is added to H; see `terrace.likelihood.curvature`."""


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

    def add_curvature(self, second: FloatArray, rho: FloatArray, offset: int, weight: Weight) -> None:
        """Add <∂²S, A> to H: the second derivatives of S are those of the exponentials, log|R*| has none."""
        for b in range(1, len(self.strata)):
            part = self.strata[b] * np.exp(-rho[b - 1])
            second[offset + b - 1, offset + b - 1] += float((part * weight.a).sum())


def stratified(
    columns: list[Columns], grouping: Grouping, weights: FloatArray | None, by: IntArray, n_by: int
) -> StratifiedData:
    """The cross-products of rows of each stratum, of which ``by`` (n,) tells the number."""
    strata, counts = [], []
    for level in range(n_by):
        inside = (by == level).astype(np.float64)
        w = inside if weights is None else inside * weights
        strata.append(grouped_products(columns, grouping, w))
        counts.append(grouping.sums(w))
    return StratifiedData(strata, np.column_stack(counts))


def within_clusters(codes: IntArray, count: int, clusters: IntArray) -> tuple[IntArray, int]:
    """Codes numbered from 0 within each cluster, and the most that a cluster has.

    Raises
    ------
    SpecError
        Where an effect is shared by clusters, which are then not independent.
    """
    first = first_rows(codes, count)
    owner = clusters[first]
    if not np.array_equal(owner[codes], clusters):
        raise SpecError(
            "Clusters share crossed effects, so the likelihood is not a sum over clusters.",
            code="robust-crossed",
            subject="vce",
            advice="Use model-based standard errors, or clusters that hold all groups that share an effect.",
        )
    order = np.argsort(owner, kind="stable")
    starts = starts_of(owner[order])
    sizes = np.diff(np.append(starts, count))
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(count) - np.repeat(starts, sizes)
    return number[codes], int(sizes.max())
