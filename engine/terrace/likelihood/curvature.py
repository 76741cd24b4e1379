"""Second derivatives of the likelihood, backward through the elimination.

The likelihood sees second derivatives of F and of the log-determinant only through one sum, H_ab = <F_ab, A> + ω ld_ab
with the same symmetric A and ω for all pairs. So they need not be formed, group by group and pair by pair: the weights
are carried from the last step back to the data, where with J = [-T; I] the step before gets

    weight of S:  JAJ' + ωK in the corner of D        (the adjoint of F' = F - C'KC and of log|I + ΣD|),

and each step adds the terms of its own parameters (letters as in `terrace.likelihood.eliminate`):

    H_ij += 2 tr AU'Σ_iNΣ_jU - ω tr Σ_iNΣ_jN
    H_ab -= 2 tr AE_a'KE_b + ω tr KD_aKD_b
    H_ai -= 2 tr AE_a'BΣ_iU - ω tr Σ_iB'D_aB.

First derivatives went forward, second derivatives come back: the cost is that of a few gradients (Griewank & Walther
2008, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.likelihood.eliminate import Record
from terrace.likelihood.kernel import mul

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weight:
    """What second derivatives are summed with: ``a`` (m, m, G) for S, ``omega`` (G,) for the log-determinant.

    The last axis has length 1 where the weight is that of all groups.
    """

    a: FloatArray
    omega: FloatArray

    def children(self, starts: IntArray, count: int, weights: FloatArray | None) -> Weight:
        """The weights of `count` groups whose sums over parents had these: the adjoint of `Jet.gather`."""
        if len(self.omega) == 1:
            return self if weights is None else Weight(self.a * weights, self.omega * weights)
        parent = np.repeat(np.arange(len(starts)), np.diff(starts, append=count))
        a, omega = self.a[..., parent], self.omega[parent]
        return Weight(a, omega) if weights is None else Weight(a * weights, omega * weights)

    @classmethod
    def joined(cls, parts: list[Weight]) -> Weight:
        """The weights of groups that were treated in parts."""
        return cls(np.concatenate([p.a for p in parts], axis=-1), np.concatenate([p.omega for p in parts]))

    def part(self, groups: slice) -> Weight:
        """The weights of some of the groups."""
        return self if len(self.omega) == 1 else Weight(self.a[..., groups], self.omega[groups])


def times(x: FloatArray, a: FloatArray) -> FloatArray:
    """x·A for x (q, m, G) and symmetric A (m, m, G or 1)."""
    return a[..., 0] @ x if a.shape[-1] == 1 else mul(x, a)


def add_curvature(second: FloatArray, record: Record, weight: Weight) -> None:
    """Add what the parameters of one step contribute to H, shape (r, r)."""
    a, omega, bases, step = weight.a, weight.omega, record.bases, record.kernel
    own = np.array(bases.keys, dtype=np.int64)
    second[np.ix_(own, own)] += bases.pairs(step.n, record.u, times(record.u, a), omega)
    log_det = bool(omega.any())
    active = list(record.e)
    ea = {key: times(record.e[key], a) for key in active}
    kd = {key: mul(step.k, record.d1[key]) for key in active} if log_det and not step.zero else {}
    for x, first in enumerate(active):
        ke = mul(step.k, record.e[first])
        for other in active[x:]:
            value = -2.0 * float(np.vdot(ke, ea[other]))
            if kd:
                value -= float((omega * np.einsum("ijg,jig->g", kd[first], kd[other])).sum())
            second[first, other] += value
            if first != other:
                second[other, first] += value
        across = -2.0 * bases.product_traces(record.u, step.bt(ea[first]))
        if step.zero:
            across += bases.traces(record.d1[first]) @ np.broadcast_to(omega, record.d1[first].shape[-1:])
        elif log_det:
            bd = step.bt(record.d1[first], kd.get(first))
            weighted = bd if len(omega) == 1 and omega[0] == 1.0 else bd * omega
            across += bases.product_traces(weighted, np.swapaxes(step.full_b(), 0, 1))
        second[first, own] += across
        second[own, first] += across


def before(record: Record, weight: Weight) -> Weight:
    """The weight of the S that the step started from."""
    a, omega, t = weight.a, weight.omega, record.t
    q, m, g = t.shape
    ta = times(t, a)
    out = np.empty((q + m, q + m, g))
    out[:q, :q] = mul(ta, np.swapaxes(t, 0, 1))
    if omega.any():
        out[:q, :q] += omega * record.kernel.k
    out[:q, q:] = -ta
    out[q:, :q] = -np.swapaxes(ta, 0, 1)
    out[q:, q:] = a
    return Weight(out, np.broadcast_to(omega, (g,)))
