"""The likelihood of a large crossed design at given parameters: one factorisation, and what follows from it.

Effects of the first factor are eliminated group by group, which leaves S = F - Σ_g C_g'K_gC_g for all other columns;
the crossed effects then go with K = (Σ⁻¹ + S)⁻¹ (`terrace.likelihood.farblock`). Let M = Z'V⁻¹Z, for the effects of
all factors, and U = Z'V⁻¹[X y], which is B'(C - CKS) for the first and Σ⁻¹KS for the others (letters as in
`terrace.likelihood.eliminate`). Then

    F = [X y]'V⁻¹[X y],   F_i = -U'Σ_iU,   F_ij = U'Σ_iMΣ_jU + U'Σ_jMΣ_iU,
    log-determinant: tr Σ_iM,  -tr Σ_iMΣ_jM.

The trace for the first factor needs K where two columns meet in a group, and nowhere else; MΣ_jU is found as U is, for
a few more columns. So first derivatives cost one inverse, average information (Gilmour, Thompson & Cullis 1995)
next to nothing, and only the last of these sums products of (T, T) matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.likelihood.bases import DenseBases, KroneckerBases
from terrace.likelihood.eliminate import Eliminated
from terrace.likelihood.farblock import FarBlock, far_block
from terrace.likelihood.gram import full
from terrace.likelihood.kernel import Kernel, kernel, mul
from terrace.likelihood.sparse import SparseLead

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Columns y = (c_g, f) of cross-products with all effects, after elimination: ``near`` is c (G, q, m), ``left`` f
    less what the first factor explains (T, m), ``t`` = K·left, and V⁻¹ applied, ``u_near`` (G, q, m) and ``u_far``
    (T, m)."""

    near: FloatArray
    left: FloatArray
    t: FloatArray
    u_near: FloatArray
    u_far: FloatArray


class Swept:
    """All effects eliminated at ψ.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where ψ gives no positive definite covariance matrix.
    """

    def __init__(
        self, lead: SparseLead, near: DenseBases, far: KroneckerBases, psi: FloatArray,
        tick: Callable[[], None] | None = None,
    ) -> None:
        self.lead, self.near, self.far = lead, near, far
        self.psi, self.tick = psi, tick or _nothing
        self.step: Kernel = kernel(lead.d, near.sigma(psi))
        self.k = np.ascontiguousarray(np.moveaxis(self.step.k, -1, 0))
        self.tick()
        flat = np.zeros(lead.width**2) if self.step.zero else lead.gram.sums(self.step.k)
        np.negative(flat, out=flat)
        flat[lead.far_places] += lead.far_values
        self.tick()
        self.block: FarBlock = far_block(flat, far, psi)
        self.data = self._columns(lead.dense, lead.across)
        self.ld = float(self.step.logdet.sum()) + self.block.logdet
        explained = np.einsum("gip,giq->pq", lead.dense, self.k @ lead.dense, optimize=True)
        self.f = lead.among - explained - self.data.left.T @ self.data.t
        self._taken: FloatArray | None = None
        # effects of two factors may share a parameter: what is found for each of them is added
        keys = np.array([*near.keys, *far.keys])
        self.places = (np.arange(len(psi))[:, None] == keys).astype(np.float64)

    def _columns(self, near: FloatArray, far: FloatArray) -> Columns:
        lead = self.lead
        left = far - lead.gathered(self.k @ near)
        t = self.block.solve(left)
        rest = near - lead.times(t)
        u_near = np.moveaxis(self.step.bt(np.moveaxis(rest, 0, -1)), -1, 0)
        return Columns(near, left, t, u_near, self.block.through(left, t))

    def derivatives(self, order: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """First derivatives of log|V|, (r,), and F, (r, P, P), and second ones, (r, r) and (r, r, P, P): zeros below
        order 1, and none below order 2."""
        r, p = len(self.places), len(self.f)
        ld1, f1 = self.slopes() if order else (np.zeros(r), np.zeros((r, p, p)))
        if order < 2:
            return ld1, f1, np.zeros((0, 0)), np.zeros((0, 0, p, p))
        both = self.products(np.eye(p)).transpose(0, 2, 1, 3)
        return ld1, f1, -self.trace_products(), both + np.swapaxes(both, 2, 3)

    # --- first derivatives ------------------------------------------------------------------------------
    def slopes(self) -> tuple[FloatArray, FloatArray]:
        """∂log|V|/∂ψ, (r,), and ∂F/∂ψ, (r, P, P)."""
        self.tick()
        u = np.moveaxis(self.data.u_near, 0, -1)
        ld = np.concatenate([self._near_traces(), self.block.traces(self.far)])
        f = np.concatenate([self.near.forms(u), self.far.forms(self.data.u_far[:, :, None])])
        return self.places @ ld, -np.tensordot(self.places, f, axes=1)

    def _near_traces(self) -> FloatArray:
        """tr Σ_iM for the parameters of the first factor: those of N - B'CKC'B."""
        inner = self.step.n
        if not self.block.zero:
            inner = inner - self._explained()
        traces: FloatArray = self.near.traces(inner).sum(axis=-1)
        return traces

    def _explained(self) -> FloatArray:
        """B'CKC'B of every group, (q, q, G)."""
        if self._taken is None:
            once = self.step.bt(self.lead.gram.each(self.block.inverse()))
            self._taken = self.step.bt(np.ascontiguousarray(np.swapaxes(once, 0, 1)))
        return self._taken

    def eliminated(self) -> list[Eliminated]:
        """What back-substitution needs; T of the first factor is not formed."""
        k = self.block.whole()
        first = Eliminated(self.step.k, np.zeros((self.lead.q, 0, self.lead.n_groups)))
        return [first, Eliminated(k[..., None], self.data.t[..., None])]

    # --- second derivatives -----------------------------------------------------------------------------
    def curvature(self, a: FloatArray, log_det: bool) -> FloatArray:
        """<F_ij, A>, plus second derivatives of log|V| unless told not to, (r, r), for symmetric A (P, P)."""
        r = len(self.places)
        values, vectors = np.linalg.eigh(a)
        told = np.abs(values) > 1e-15 * np.abs(values).max(initial=0.0)
        out = np.zeros((r, r))
        if told.any():
            out += 2.0 * np.einsum("ikjk,k->ij", self.products(vectors[:, told]), values[told])
        return out - self.trace_products() if log_det else out

    def products(self, w: FloatArray) -> FloatArray:
        """w'U'Σ_iMΣ_jUw, (r, m, r, m), for w (P, m)."""
        near, far, m = self.near, self.far, w.shape[1]
        u_near = np.moveaxis(self.data.u_near @ w, 0, -1)
        u_far = self.data.u_far @ w
        ours, others = near.apply(u_near), far.apply(u_far[:, :, None])[..., 0]
        r = len(near.keys) + len(far.keys)
        lead = self.lead
        near_effects = np.zeros((lead.n_groups, lead.q, r, m))
        far_effects = np.zeros((lead.width, r, m))
        for i, value in enumerate(ours):
            near_effects[:, :, i] = np.moveaxis(value, -1, 0)
        for i, value in enumerate(others):
            far_effects[:, len(near.keys) + i] = value
        a, b = near_effects.reshape(lead.n_groups, lead.q, r * m), far_effects.reshape(-1, r * m)
        found = self._columns(np.einsum("ijg,gjm->gim", lead.d, a) + lead.times(b), lead.gathered(a) + lead.far @ b)
        product = np.einsum("gim,gin->mn", a, found.u_near, optimize=True) + b.T @ found.u_far
        four = product.reshape(r, m, r, m)
        four = 0.5 * (four + four.transpose(2, 3, 0, 1))
        summed: FloatArray = np.einsum("ai,imjn,bj->ambn", self.places, four, self.places, optimize=True)
        return summed

    def trace_products(self) -> FloatArray:
        """tr Σ_iMΣ_jM, (r, r): minus the second derivatives of log|V|."""
        near, far = range(len(self.near.keys)), range(len(self.near.keys), self.places.shape[1])
        out = np.empty((self.places.shape[1],) * 2)
        for x, i in enumerate(far):
            for y, j in enumerate(far[: x + 1]):
                out[i, j] = out[j, i] = self.block.trace_product(self.far.parts[x], self.far.parts[y])
        self.tick()
        b = self.step.full_b()
        inner = [mul(mul(b, np.broadcast_to(e[..., None], b.shape)), np.swapaxes(b, 0, 1)) for e in self.near.stack]
        sn = self.near.apply(self.step.n)
        sq, through = np.zeros_like(sn), np.zeros((len(near), len(near)))
        if self.block.zero:
            met = np.array([self._met_at_zero(w) for w in inner])
        else:
            sq = self.near.apply(self._explained())
            met, through = self._through(inner)
        out[: near.stop, near.stop :], out[near.stop :, : near.stop] = met, met.T
        for i in near:
            for j in near[: i + 1]:
                value = np.einsum("abg,bag->", sn[i], sn[j] - sq[j]) - np.einsum("abg,bag->", sq[i], sn[j])
                out[i, j] = out[j, i] = float(value) + through[i, j]
        summed: FloatArray = self.places @ out @ self.places.T
        return summed

    def _met_at_zero(self, w: FloatArray) -> FloatArray:
        """tr GΣ_j for the other factors, where K = 0, (k,)."""
        lead = self.lead
        if any(len(part.matrix) > 1 for part in self.far.parts):
            g = full(lead.gram.sums(w), lead.width)
            return self.far.traces(g[..., None])[:, 0]
        diagonal = lead.gram.diagonal_of_sums(w)
        return np.array([part.matrix[0, 0] * diagonal[part.rows].sum() for part in self.far.parts])

    def _through(self, inner: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """tr KG_iKE_j with E_j = Σ⁻¹Σ_jΣ⁻¹ for the other factors, and tr KG_iKG_j, where G_i = Σ_g C_g'W_iC_g for the W
        in ``inner`` (q, q, G)."""
        width = self.lead.width
        k = self.block.whole()
        products: list[FloatArray] = []
        met = np.empty((len(inner), len(self.far.parts)))
        for i, w in enumerate(inner):
            self.tick()
            g = full(self.lead.gram.sums(w), width)
            products.append(k @ g)
            met[i] = self.block.met(g, products[i], self.far)
        through = np.empty((len(inner),) * 2)
        for i, left in enumerate(products):
            for j, right in enumerate(products[: i + 1]):
                through[i, j] = through[j, i] = transposed_product(left, right)
        return met, through


def transposed_product(a: FloatArray, b: FloatArray, block: int = 256) -> float:
    """tr AB for (T, T), by blocks, which stay in the cache."""
    total = 0.0
    for i in range(0, len(a), block):
        for j in range(0, len(a), block):
            total += float(np.einsum("ab,ba->", a[i : i + block, j : j + block], b[j : j + block, i : i + block]))
    return total


def _nothing() -> None:
    """No wish to cancel."""
