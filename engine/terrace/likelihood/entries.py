"""Sums over patterns of tr R_aG_jR_bE_j, for symmetric G and E of each pattern and R_a that all share.

Σ_j g_tu e_vs of all pairs of entries are summed first, and contracted with the entries of R_a and R_b once. Since all
four are symmetric, entries on and above the diagonal suffice: those of R_a, (s, t), and of R_b, (u, v), meet

    S[tu, vs] + S[su, vt] + S[tv, us] + S[sv, ut],      S = Σ_j gg e',

in half of which S stands with its transpose.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Entries:
    """Places of entries for matrices (t, t)."""

    def __init__(self, t: int) -> None:
        i, j = np.triu_indices(t)
        count = len(i)
        number = np.zeros((t, t), dtype=np.int64)
        number[i, j] = number[j, i] = np.arange(count)
        self._upper = i * t + j
        # an entry of the diagonal would be met twice
        self._share = np.where(i == j, 0.5, 1.0)
        self._places = (
            number[j[:, None], i[None, :]] * count + number[i[:, None], j[None, :]],
            number[i[:, None], i[None, :]] * count + number[j[:, None], j[None, :]],
        )

    def added(self, sums: FloatArray | None, g: FloatArray, e: FloatArray) -> FloatArray:
        """S with more patterns, g and e (J, t, t)."""
        j = len(g)
        own = g.reshape(j, -1)[:, self._upper].T @ e.reshape(j, -1)[:, self._upper]
        if sums is None:
            return own
        sums += own
        return sums

    def contracted(self, sums: FloatArray, first: FloatArray) -> FloatArray:
        """Σ_j tr R_aG_jR_bE_j, (r, r), from S and R_a (r, t, t)."""
        both = (sums + sums.T).ravel()
        meeting = both.take(self._places[0])
        meeting += both.take(self._places[1])
        basis = first.reshape(len(first), -1)[:, self._upper] * self._share
        out: FloatArray = basis @ meeting @ basis.T
        return out
