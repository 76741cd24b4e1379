"""Cross-products of the data per finest group, and their derivatives in the residual parameters.

Columns are ordered as they are eliminated: chain (finest first), crossed factors, X, y. With independent
residuals one pass over the rows suffices for the whole fit; with by() variances one pass per stratum; with
correlated residuals see `terrace.likelihood.patterns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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
