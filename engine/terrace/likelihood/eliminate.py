"""One step of the blocked elimination, with exact first and second derivatives.

For each group of a level, S = [[D, C], [C', F]] holds the cross-products of its q random-effect columns with
themselves (D), with all columns still to come (C), and of those among themselves (F), all whitened by the
levels below. With random effects u ~ N(0, Σ) for these columns, integrating u out gives

    log-determinant  log|I + ΣD|          and          F' = F - C'KC,   K = Σ(I + DΣ)⁻¹,

the contribution to log|V| and to [Z X y]'V⁻¹[Z X y] of the levels above (Bates et al. 2015, eq. 18 to 25, in
the form that stays valid for singular Σ). Derivatives, with B = (I + ΣD)⁻¹, T = KC, U = B'C, N = DB, J = [-T; I]
and E_a = C_a - D_a T, for parameters a, b that act through S and i, j that act through Σ (Σ linear in them):

    F'_a  = J'S_aJ                              F'_i  = -U'Σ_iU
    F'_ab = J'S_abJ - E_a'KE_b - E_b'KE_a       F'_ij = U'Σ_iNΣ_jU + U'Σ_jNΣ_iU
    F'_ai = -(B'E_a)'Σ_iU - U'Σ_i(B'E_a)
    log-determinant: tr KD_a, tr Σ_iN, tr KD_ab - tr KD_aKD_b, -tr Σ_iNΣ_jN, tr Σ_iB'D_aB.

Arrays carry the groups of the level on their last axis, (q, m, G): the matrices are small and the groups many, so
that every operation runs along contiguous groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from terrace.likelihood.kernel import kernel, mul

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Pair = tuple[int, int]


class Basis(Protocol):
    """∂Σ/∂ψ_i of one stage: a constant symmetric matrix, applied from the left."""

    def apply(self, u: FloatArray) -> FloatArray:
        """Σ_i u for u of shape (q, m, G)."""
        ...

    def traces(self, n: FloatArray) -> FloatArray:
        """tr Σ_i N per group, shape (G,), for N of shape (q, q, G)."""
        ...


@dataclass(frozen=True)
class DenseBasis:
    """A (q, q) matrix shared by all groups of a level."""

    matrix: FloatArray

    def apply(self, u: FloatArray) -> FloatArray:
        return np.tensordot(self.matrix, u, axes=1)

    def traces(self, n: FloatArray) -> FloatArray:
        return np.tensordot(self.matrix, n, axes=([0, 1], [1, 0]))


@dataclass(frozen=True)
class KroneckerBasis:
    """I_count ⊗ E at `offset` of one large block: a crossed factor among the columns of a single group."""

    offset: int
    count: int
    matrix: FloatArray

    def apply(self, u: FloatArray) -> FloatArray:
        q = self.matrix.shape[0]
        out = np.zeros_like(u)
        rows = slice(self.offset, self.offset + self.count * q)
        block = u[rows]
        if q == 1:
            out[rows] = self.matrix[0, 0] * block
        else:
            _, m, g = block.shape
            out[rows] = np.einsum("ab,kbmg->kamg", self.matrix, block.reshape(self.count, q, m, g)).reshape(-1, m, g)
        return out

    def traces(self, n: FloatArray) -> FloatArray:
        q = self.matrix.shape[0]
        rows = slice(self.offset, self.offset + self.count * q)
        if q == 1:
            return self.matrix[0, 0] * np.trace(n[rows, rows])
        block = n[rows, rows].reshape(self.count, q, self.count, q, -1)
        return np.einsum("ab,kbkag->g", self.matrix, block)


@dataclass
class Jet:
    """S of every group at one level with its derivatives, and what was already integrated out.

    ``s`` (m, m, G); ``s1[a]`` and ``s2[(a, b)]``, a <= b, likewise, absent where zero; ``ld`` the
    log-determinants per group, shape (G,), with ``ld1``, ``ld2`` in the same way. Keys are positions in ψ.
    """

    s: FloatArray
    ld: FloatArray
    s1: dict[int, FloatArray] = field(default_factory=dict)
    s2: dict[Pair, FloatArray] = field(default_factory=dict)
    ld1: dict[int, FloatArray] = field(default_factory=dict)
    ld2: dict[Pair, FloatArray] = field(default_factory=dict)

    def gather(self, starts: IntArray, weights: FloatArray | None) -> Jet:
        """Sum groups into their parents: `starts` are the first children; `weights` (G,) replicate groups."""

        def total(x: FloatArray) -> FloatArray:
            return np.add.reduceat(x if weights is None else x * weights, starts, axis=-1)

        return Jet(
            total(self.s),
            total(self.ld),
            {k: total(v) for k, v in self.s1.items()},
            {k: total(v) for k, v in self.s2.items()},
            {k: total(v) for k, v in self.ld1.items()},
            {k: total(v) for k, v in self.ld2.items()},
        )


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a <= b else (b, a)


def _t(x: FloatArray) -> FloatArray:
    return np.swapaxes(x, 0, 1)


def _trace(x: FloatArray, y: FloatArray) -> FloatArray:
    """tr XY per group for symmetric X or Y: the sum of the products of their elements."""
    return np.einsum("ijg,ijg->g", x, y)


def _symmetric(x: FloatArray) -> FloatArray:
    return x + _t(x)


@dataclass(frozen=True)
class Eliminated:
    """What back-substitution needs of one stage: K (q, q, G) and T = KC (q, m, G), in units of σ²."""

    k: FloatArray
    t: FloatArray


def eliminate(
    jet: Jet,
    q: int,
    sigma: FloatArray,
    bases: dict[int, Basis],
    order: int,
    *,
    average: bool = False,
) -> tuple[Jet, Eliminated]:
    """Integrate out the first q columns of every group.

    Parameters
    ----------
    jet
        S of every group; not modified.
    sigma
        Σ, shape (q, q), symmetric, relative to σ²; may be singular.
    bases
        ∂Σ/∂ψ_i by position in ψ.
    order
        0 values, 1 gradient, 2 second derivatives as well.
    average
        With order 2: leave out second derivatives of the log-determinant (all that the average
        information needs; Gilmour, Thompson & Cullis 1995).

    Raises
    ------
    numpy.linalg.LinAlgError
        Where I + ΣD is not positive definite: these parameters give no covariance matrix.
    """
    s = jet.s
    d, c, f = s[:q, :q], s[:q, q:], s[q:, q:]
    step = kernel(d, sigma)
    k = step.k
    t = mul(k, c)
    ld = jet.ld + step.logdet
    out = Jet(step.reduce(f, c, t), ld, ld1=dict(jet.ld1) if order else {})
    done = Eliminated(k, t)
    if order == 0:
        return out, done

    u = c - mul(d, t)
    n = step.n
    tt, ut = _t(t), _t(u)
    e: dict[int, FloatArray] = {}
    kd: dict[int, FloatArray] = {}
    for a, sa in jet.s1.items():
        da, ca, fa = sa[:q, :q], sa[:q, q:], sa[q:, q:]
        ea = ca - mul(da, t)
        # J'S_aJ = F_a - T'C_a - C_a'T + T'D_aT = F_a - T'C_a - E_a'T
        out.s1[a] = fa - mul(tt, ca) - mul(_t(ea), t)
        through = _trace(k, da)
        out.ld1[a] = jet.ld1[a] + through if a in jet.ld1 else through
        if order > 1:
            e[a] = ea
            if not average:
                kd[a] = mul(k, da)
    su: dict[int, FloatArray] = {}
    for i, basis in bases.items():
        su[i] = basis.apply(u)
        first = -mul(ut, su[i])
        previous = out.s1.get(i)
        out.s1[i] = first if previous is None else previous + first
        have = out.ld1.get(i)
        out.ld1[i] = basis.traces(n) if have is None else have + basis.traces(n)
    if order == 1:
        return out, done

    def add(pair: Pair, value: FloatArray) -> None:
        have = out.s2.get(pair)
        out.s2[pair] = value if have is None else have + value

    def add_ld(pair: Pair, value: FloatArray) -> None:
        have = out.ld2.get(pair)
        out.ld2[pair] = value if have is None else have + value

    for pair, value in jet.ld2.items():
        add_ld(pair, value)
    for pair, sab in jet.s2.items():
        dab, cab, fab = sab[:q, :q], sab[:q, q:], sab[q:, q:]
        add(pair, fab - mul(tt, cab) - mul(_t(cab - mul(dab, t)), t))
        if not average:
            add_ld(pair, _trace(k, dab))
    active = list(jet.s1)
    ke = {a: mul(k, e[a]) for a in active}
    for x, a in enumerate(active):
        for a2 in active[x:]:
            # a pair met once stands for both orders of differentiation
            add(_pair(a, a2), -_symmetric(mul(_t(e[a]), ke[a2])))
            if not average:
                add_ld(_pair(a, a2), -_trace(kd[a], _t(kd[a2])))
    own = list(bases)
    for a in active:
        ua = step.bt(e[a])
        inner = None if average else mul(step.bt(jet.s1[a][:q, :q]), step.full_b())
        for i in own:
            scale = 2.0 if a == i else 1.0
            add(_pair(a, i), -scale * _symmetric(mul(_t(ua), su[i])))
            if inner is not None:
                add_ld(_pair(a, i), scale * bases[i].traces(inner))
    nsu = {i: mul(n, su[i]) for i in own}
    sn = {} if average else {i: bases[i].apply(n) for i in own}
    for x, i in enumerate(own):
        for j in own[x:]:
            add(_pair(i, j), _symmetric(mul(_t(su[i]), nsu[j])))
            if not average:
                add_ld(_pair(i, j), -_trace(sn[i], _t(sn[j])))
    return out, done
