"""The rows of residual groups as the engines of correlated residuals take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from terrace.design.groups import is_sorted, starts_of
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Jet

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """Residual groups that share their parameters: ``at`` (n,) the times of the rows, ascending within groups,
    ``starts`` (g,) the first row of each group, columns ``w`` (n, m), ``owner`` (g,) the group of the elimination
    that each belongs to, from 0 to ``n_owner`` - 1, ``copies`` (g,) how often each counts."""

    at: FloatArray
    starts: IntArray
    w: FloatArray
    owner: IntArray
    n_owner: int
    copies: FloatArray

    @property
    def sizes(self) -> IntArray:
        """The rows of each group, (g,)."""
        sizes: IntArray = np.diff(np.append(self.starts, len(self.at)))
        return sizes

    def per_owner(self) -> FloatArray:
        """Number of rows by owner, (n_owner,)."""
        rows = self.copies * self.sizes
        return np.asarray(np.bincount(self.owner, weights=rows, minlength=self.n_owner), dtype=np.float64)


class Part(Protocol):
    """What one engine knows of residual groups that share R*(ρ): their sums of products whitened by it.

    Keys of a `Jet` are positions in ρ, from 0; its groups are the owners of the series.
    """

    def jet(self, rho: FloatArray, order: int, linear: bool) -> Jet:
        """Σ W'R⁻¹W and Σ log|R| by owner with derivatives; ``linear`` leaves terms with ∂²R out of second ones."""

    def curvature(self, rho: FloatArray, weight: Weight) -> FloatArray:
        """<∂²S, A> + ω ∂²log|R|, summed over the owners, (r, r). ``weight`` has one entry or one for each owner."""


def summed(values: FloatArray, owner: IntArray, n_owner: int) -> FloatArray:
    """Sums of (..., k) over the entries of each owner, (..., n_owner)."""
    if n_owner == 1:
        return np.asarray(values.sum(axis=-1, keepdims=True))
    out = np.zeros((*values.shape[:-1], n_owner))
    if not len(owner):
        return out
    if not is_sorted(owner):
        order = np.argsort(owner, kind="stable")
        owner, values = owner[order], values[..., order]
    first = starts_of(owner)
    present = owner[first]
    out[..., present] = values if len(present) == len(owner) else np.add.reduceat(values, first, axis=-1)
    return out
