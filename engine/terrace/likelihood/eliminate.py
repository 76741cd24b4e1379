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
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from terrace.likelihood.bases import Bases
from terrace.likelihood.kernel import Kernel, careful_kernel, gram, kernel, mul, mul_each

FloatArray = npt.NDArray[np.float64]
K = TypeVar("K")
IntArray = npt.NDArray[np.int64]
Pair = tuple[int, int]


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

    def part(self, groups: slice) -> Jet:
        """Some of the groups, as views."""
        return Jet(
            self.s[..., groups],
            self.ld[groups],
            {k: v[..., groups] for k, v in self.s1.items()},
            {k: v[..., groups] for k, v in self.s2.items()},
            {k: v[groups] for k, v in self.ld1.items()},
            {k: v[groups] for k, v in self.ld2.items()},
        )

    def plus(self, other: Jet) -> Jet:
        """The sum of two Jets with the same keys, without second derivatives."""
        return Jet(
            self.s + other.s,
            self.ld + other.ld,
            {k: v + other.s1[k] for k, v in self.s1.items()},
            {},
            {k: v + other.ld1[k] for k, v in self.ld1.items()},
        )

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
    trace: FloatArray = np.einsum("ijg,ijg->g", x, y)
    return trace


def _symmetric(x: FloatArray) -> FloatArray:
    return x + _t(x)


@dataclass(frozen=True)
class Within:
    """What the columns still to come are apart from the random-effect columns of each group.

    F = W + M'C with M = D⁻¹C: ``w`` (m, m, G) and ``slopes`` M (q, m, G), from the rows. Then F' = W + M'B'C has the
    digits of W where the difference F - C'KC has none, as with an error variance of next to nothing.
    """

    w: FloatArray
    slopes: FloatArray


@dataclass(frozen=True)
class Eliminated:
    """What back-substitution needs of one stage: K (q, q, G) and T = KC (q, m, G), in units of σ²."""

    k: FloatArray
    t: FloatArray


@dataclass(frozen=True)
class Record:
    """What second derivatives need of one step: its kernel, T and U (q, m, G), E_a and D_a by position in ψ."""

    kernel: Kernel
    bases: Bases
    t: FloatArray
    u: FloatArray
    e: dict[int, FloatArray]
    d1: dict[int, FloatArray]


def eliminate(
    jet: Jet, q: int, sigma: FloatArray, bases: Bases, order: int, *, total: bool = False,
    within: Within | None = None,
) -> tuple[Jet, Eliminated, Record | None]:
    """Integrate out the first q columns of every group.

    Parameters
    ----------
    jet
        S of every group; not modified.
    sigma
        Σ, shape (q, q), symmetric, relative to σ²; may be singular. A diagonal one may come as shape (q,).
    bases
        ∂Σ/∂ψ_i.
    order
        0 values, 1 gradient, 2 second derivatives as well, formed for every group. The search does not need
        these: see `terrace.likelihood.curvature`.
    total
        With order 0 or 1: sum over all groups at once, without forming what is summed.
    within
        Of the same groups, where digits are to be kept; not with ``total``.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where I + ΣD is not positive definite: these parameters give no covariance matrix.
    """
    s = jet.s
    d, c, f = s[:q, :q], s[:q, q:], s[q:, q:]
    step = kernel(d, sigma) if within is None else careful_kernel(d, sigma)
    k = step.k
    t = mul(k, c)
    ld = jet.ld + step.logdet
    careful_u = None if within is None else step.bt(c)
    if within is not None and careful_u is not None:
        out = Jet(within.w + mul(_t(within.slopes), careful_u), ld, ld1=dict(jet.ld1) if order else {})
    elif total:
        out = Jet(step.reduced_total(f, c, t)[..., None], ld.sum(keepdims=True))
    else:
        out = Jet(step.reduce(f, c, t), ld, ld1=dict(jet.ld1) if order else {})
    done = Eliminated(k, t)
    if order == 0:
        return out, done, None

    u = c - mul(d, t) if careful_u is None else careful_u
    e = {a: sa[:q, q:] - mul(sa[:q, :q], t) for a, sa in jet.s1.items()}
    record = Record(step, bases, t, u, e, {a: sa[:q, :q] for a, sa in jet.s1.items()})
    _first(jet, out, record, total)
    if order > 1:
        _second(jet, out, record)
    step.root = None  # the record outlives the step; with many groups it should be small
    if not e:
        step.b = None
    return out, done, record


def _first(jet: Jet, out: Jet, record: Record, total: bool) -> None:
    """First derivatives of F' and the log-determinant, per group or summed over all."""
    t, u, step, bases = record.t, record.u, record.kernel, record.bases
    q = len(t)
    for a, sa in jet.s1.items():
        # J'S_aJ = F_a - T'C_a - C_a'T + T'D_aT = F_a - T'C_a - E_a'T
        ca, fa = sa[:q, q:], sa[q:, q:]
        through = _trace(step.k, sa[:q, :q])
        if a in jet.ld1:
            through = through + jet.ld1[a]
        if total:
            out.s1[a] = (fa.sum(axis=-1) - gram(t, ca) - gram(record.e[a], t))[..., None]
            out.ld1[a] = through.sum(keepdims=True)
        else:
            out.s1[a] = fa - mul(_t(t), ca) - mul(_t(record.e[a]), t)
            out.ld1[a] = through
    if total:
        for a, value in jet.ld1.items():
            if a not in jet.s1:
                add_to(out.ld1, a, value.sum(keepdims=True))
    traces = bases.traces(step.n)
    forms = bases.forms(u)[..., None] if total else mul_each(_t(u), bases.apply(u))
    for i, trace, form in zip(bases.keys, traces, forms):
        add_to(out.s1, i, -form)
        add_to(out.ld1, i, trace.sum(keepdims=True) if total else trace)


def _second(jet: Jet, out: Jet, record: Record) -> None:
    """Second derivatives of F' and the log-determinant, formed for every group."""
    t, u, step, bases, e = record.t, record.u, record.kernel, record.bases, record.e
    k, n, own = step.k, step.n, bases.keys
    q = len(t)
    tt = _t(t)
    su = dict(zip(own, bases.apply(u)))
    out.ld2.update(jet.ld2)
    for pair, sab in jet.s2.items():
        dab, cab, fab = sab[:q, :q], sab[:q, q:], sab[q:, q:]
        add_to(out.s2, pair, fab - mul(tt, cab) - mul(_t(cab - mul(dab, t)), t))
        add_to(out.ld2, pair, _trace(k, dab))
    active = list(e)
    ke = {a: mul(k, e[a]) for a in active}
    kd = {a: mul(k, record.d1[a]) for a in active}
    for x, a in enumerate(active):
        for a2 in active[x:]:
            # a pair met once stands for both orders of differentiation
            add_to(out.s2, _pair(a, a2), -_symmetric(mul(_t(e[a]), ke[a2])))
            add_to(out.ld2, _pair(a, a2), -_trace(kd[a], _t(kd[a2])))
        ua = step.bt(e[a])
        inner = bases.traces(mul(step.bt(record.d1[a]), step.full_b()))
        for i, trace in zip(own, inner):
            scale = 2.0 if a == i else 1.0
            add_to(out.s2, _pair(a, i), -scale * _symmetric(mul(_t(ua), su[i])))
            add_to(out.ld2, _pair(a, i), scale * trace)
    nsu = {i: mul(n, su[i]) for i in own}
    sn = dict(zip(own, bases.apply(n)))
    for x, i in enumerate(own):
        for j in own[x:]:
            add_to(out.s2, _pair(i, j), _symmetric(mul(_t(su[i]), nsu[j])))
            add_to(out.ld2, _pair(i, j), -_trace(sn[i], _t(sn[j])))


def add_to(totals: dict[K, FloatArray], key: K, value: FloatArray) -> None:
    """totals[key] += value, starting from nothing."""
    have = totals.get(key)
    totals[key] = value if have is None else have + value
