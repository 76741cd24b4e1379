"""The mixed-model equations at given covariance matrices, with the lead eliminated; nothing large is formed.

With V = I + ZGZ' and G block diagonal, let V₀ have the lead's effects alone, W₀ = (G₀⁻¹ + K₀₀)⁻¹, and R = K_rr -
K_r0 W₀ K_0r, the cross-products of the rest under V₀⁻¹. With G_r = LL', the matrix of the rest is I + L'RL. D are its
diagonal blocks and BB' = L D⁻¹ L' with B = L D^{-1/2}; scaled by D it is I - A with

    A = B'XB,     X = K_r0 W₀ K_0r - K_rr  without its diagonal blocks,

so that log|V| = log|I + G₀K₀₀| + log|D| + log|I - A|. Nothing is divided by L: a variance of zero is a point like any
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.equations import EffectFactor, Equations

FloatArray = npt.NDArray[np.float64]
AnyFloat = npt.NDArray[np.floating[Any]]
Kind = TypeVar("Kind", bound=np.floating[Any])


def by_group(blocks: npt.NDArray[Kind], v: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Block-diagonal times v, (G·q, m): ``blocks`` (G, q, q)."""
    q = blocks.shape[1]
    out: npt.NDArray[Kind]
    if q == 1:
        out = blocks[:, :, 0] * v
    else:
        out = (blocks @ v.reshape(len(blocks), q, -1)).reshape(v.shape)
    return out


@dataclass(frozen=True)
class Applied:
    """A v, (T, m), and what there is of it on the way: X B v (T, m) and K_0r B v (effects of the lead, m)."""

    a: AnyFloat
    x: AnyFloat
    lead: AnyFloat


@dataclass(frozen=True)
class _Casts:
    """What a product takes, in one precision."""

    w0: AnyFloat
    b: tuple[AnyFloat, ...]
    b_transposed: tuple[AnyFloat, ...]
    same: tuple[AnyFloat, ...]


class Schur:
    """The equations at the covariance matrices ``sigmas``, (q, q), of the factors, the lead first."""

    def __init__(self, equations: Equations, sigmas: tuple[FloatArray, ...]) -> None:
        """Raises `numpy.linalg.LinAlgError` where one of them is not positive semidefinite."""
        self.equations = equations
        self.sigmas = sigmas
        roots = [_root(sigma) for sigma in sigmas]
        lead = equations.lead
        self.w0, self.p0, log_det = _inverse_with(lead.own, sigmas[0])
        self.n0 = _symmetric(lead.own @ self.p0)
        self.log_det = log_det
        self._same = tuple(equations.couplings[0, f].around_left(self.w0) for f in range(1, len(sigmas)))
        b, self.p, self.n = [], [], []
        for factor, root, sigma, same in zip(equations.factors[1:], roots[1:], sigmas[1:], self._same):
            r = factor.own - same
            _, p, log_det = _inverse_with(r, sigma)
            self.log_det += log_det
            self.p.append(p)
            self.n.append(_symmetric(r @ p))
            b.append(root @ _inverse_root(np.eye(factor.q) + root.T @ r @ root))
        self.b = tuple(b)
        self._casts: dict[Any, _Casts] = {}

    def _cast(self, kind: np.dtype[Any]) -> _Casts:
        if kind not in self._casts:
            b = tuple(each.astype(kind, copy=False) for each in self.b)
            self._casts[kind] = _Casts(
                self.w0.astype(kind, copy=False), b, tuple(np.ascontiguousarray(np.swapaxes(e, 1, 2)) for e in b),
                tuple(each.astype(kind, copy=False) for each in self._same),
            )
        return self._casts[kind]

    def b_times(self, v: AnyFloat) -> AnyFloat:
        """B v, (T, m)."""
        cast = self._cast(v.dtype)
        return np.concatenate([by_group(b, v[span]) for b, span in zip(cast.b, self.equations.spans)])

    def b_transposed_times(self, v: AnyFloat) -> AnyFloat:
        """B'v, (T, m)."""
        cast = self._cast(v.dtype)
        return np.concatenate([by_group(b, v[span]) for b, span in zip(cast.b_transposed, self.equations.spans)])

    def to_lead(self, v: AnyFloat) -> AnyFloat:
        """K_0r v for effects of the rest, (T, m)."""
        e = self.equations
        parts = [e.couplings[0, f + 1].times(v[span]) for f, span in enumerate(e.spans)]
        return np.asarray(sum(parts[1:], parts[0]))

    def from_lead(self, v: AnyFloat) -> AnyFloat:
        """K_r0 v for effects of the lead, (T, m)."""
        e = self.equations
        return np.concatenate([e.couplings[0, f + 1].transposed_times(v) for f in range(len(e.spans))])

    def among_rest(self, v: AnyFloat) -> AnyFloat | None:
        """K_rr v without its diagonal blocks, (T, m); None where there is one factor beside the lead."""
        e = self.equations
        if len(e.spans) < 2:
            return None
        out = np.zeros_like(v)
        for (a, b), coupling in e.couplings.items():
            if a:
                out[e.spans[a - 1]] += coupling.times(v[e.spans[b - 1]])
                out[e.spans[b - 1]] += coupling.transposed_times(v[e.spans[a - 1]])
        return out

    def apply(self, v: AnyFloat) -> Applied:
        """A v and its parts, in the precision of v, (T, m)."""
        u = self.b_times(v)
        lead, x = self.x_times(u)
        return Applied(self.b_transposed_times(x), x, lead)

    def x_times(self, u: AnyFloat) -> tuple[AnyFloat, AnyFloat]:
        """K_0r u, (effects of the lead, m), and X u, (T, m)."""
        cast = self._cast(u.dtype)
        lead = self.to_lead(u)
        x = self.from_lead(by_group(cast.w0, lead))
        for same, span in zip(cast.same, self.equations.spans):
            x[span] -= by_group(same, u[span])
        among = self.among_rest(u)
        if among is not None:
            x -= among
        return lead, x

    def own_times(self, v: AnyFloat) -> AnyFloat:
        """The diagonal blocks of K_rr times v, (T, m)."""
        e = self.equations
        return np.concatenate([by_group(f.own, v[span]) for f, span in zip(e.factors[1:], e.spans)])


def _symmetric(a: FloatArray) -> FloatArray:
    return (a + np.swapaxes(a, 1, 2)) / 2.0


def _root(sigma: FloatArray) -> FloatArray:
    """L with LL' = Σ, which may be singular."""
    values, vectors = np.linalg.eigh(sigma)
    if values[0] < -1e-12 * max(float(values[-1]), 1e-300):
        raise np.linalg.LinAlgError("a covariance matrix of random effects is not positive semidefinite")
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _inverse_with(k: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """(Σ⁻¹ + K)⁻¹ and (I + ΣK)⁻¹ for each of the blocks K, (G, q, q), and the sum of log|I + ΣK|."""
    if k.shape[1] == 1:
        t = 1.0 + sigma[0, 0] * k
        return sigma[0, 0] / t, 1.0 / t, float(np.log(t).sum())
    t = np.eye(len(sigma)) + sigma @ k
    p = np.linalg.inv(t)
    w: FloatArray = p @ sigma
    return _symmetric(w), np.asarray(p, dtype=np.float64), float(np.linalg.slogdet(t)[1].sum())


def _inverse_root(d: FloatArray) -> FloatArray:
    """C with C'DC = I for each of the blocks D, (G, q, q)."""
    if d.shape[1] == 1:
        return np.asarray(1.0 / np.sqrt(d))
    return np.ascontiguousarray(np.swapaxes(np.linalg.inv(np.linalg.cholesky(d)), 1, 2))


def rows_of(factor: EffectFactor, v: FloatArray) -> FloatArray:
    """Effects (G·q, ...) as (G, q, ...)."""
    return v.reshape(factor.groups, factor.q, *v.shape[1:])
