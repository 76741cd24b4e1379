"""Denominator degrees of freedom for the fixed effects.

residual, repeated, anova: manual, *Denominator degrees of freedom*. Satterthwaite: Giesbrecht & Burns (1985);
Fai & Cornelius (1996). Kenward-Roger: Kenward & Roger (1997), eq. 16 and 17, without the R_ij terms.

Everything comes from second derivatives that the elimination already gives. With V linear in natural
parameters σ_i, X'V⁻¹X has first derivatives P_i and second derivatives Q_ij + Q_ji, and log|V| has second
derivatives -tr V⁻¹V_iV⁻¹V_j: no n × n matrix is formed. For structures in which V is not linear (ar, ma,
exponential) the terms with ∂²V are taken out, as the manual leaves out R_ij.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.groups import interact
from terrace.frozen import freeze

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SmallSample:
    """What small-sample inference needs, in the user's units.

    ``phi`` (p, p) is Φ̂; ``adjusted`` Φ̂_A (equal to Φ̂ for Satterthwaite); ``w`` (k, k) the covariance of the
    covariance parameters; ``phi1`` (k, p, p) = ∂Φ/∂σ_i = -ΦP_iΦ. ``scaled`` is True for Kenward-Roger.
    """

    phi: FloatArray
    adjusted: FloatArray
    w: FloatArray
    phi1: FloatArray
    scaled: bool

    def __post_init__(self) -> None:
        freeze(self, ("phi", "adjusted", "w", "phi1"))

    def single(self, c: FloatArray) -> float:
        """df of a one-row hypothesis: 2(c'Φc)² / d'Wd (manual, eq. 15)."""
        v = float(c @ self.phi @ c)
        d = np.einsum("i,kij,j->k", c, self.phi1, c)
        spread = float(d @ self.w @ d)
        return 2.0 * v * v / spread if spread > 0 else float("inf")

    def joint(self, c: FloatArray) -> tuple[float, float]:
        """(ddf, λ) of a hypothesis with rows c (l, p) of full rank."""
        c = np.atleast_2d(c)
        if c.shape[0] == 1 and not self.scaled:
            return self.single(c[0]), 1.0
        return self._kenward_roger(c) if self.scaled else (self._fai_cornelius(c), 1.0)

    def _fai_cornelius(self, c: FloatArray) -> float:
        _, vectors = np.linalg.eigh(c @ self.phi @ c.T)
        rows = vectors.T @ c
        v = np.array([self.single(row) for row in rows])
        if np.all(np.isinf(v)):
            return float("inf")
        length = len(v)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(np.isinf(v), 1.0, v / (v - 2.0))
        e = float(np.sum(np.where(v > 2, terms, 0.0)))
        return 2.0 * e / (e - length) if e > length else float("nan")

    def _kenward_roger(self, c: FloatArray) -> tuple[float, float]:
        """Kenward & Roger (1997), section 4: Ẽ and Ṽ of F, then moments matched."""
        length = c.shape[0]
        theta = c.T @ np.linalg.solve(c @ self.phi @ c.T, c)
        # ΦP_iΦ = -phi1_i
        tp = np.einsum("ij,kjl->kil", theta, -self.phi1)
        traces = np.trace(tp, axis1=1, axis2=2)
        a1 = float(traces @ self.w @ traces)
        a2 = float(np.einsum("ij,iab,jba->", self.w, tp, tp))
        b = (a1 + 6.0 * a2) / (2.0 * length)
        g = ((length + 1) * a1 - (length + 4) * a2) / ((length + 2) * a2) if a2 else 0.0
        common = 3 * length + 2 * (1 - g)
        c1, c2, c3 = g / common, (length - g) / common, (length + 2 - g) / common
        if a2 <= 0:
            return float("inf"), 1.0
        e = 1.0 / (1.0 - a2 / length)
        v0 = 1.0 + c1 * b
        v1 = 1.0 - c2 * b
        v2 = 1.0 - c3 * b
        v = 2.0 / length * v0 / (v1 * v1 * v2)
        rho = v / (2.0 * e * e)
        ddf = 4.0 + (length + 2.0) / (length * rho - 1.0)
        return ddf, ddf / (e * (ddf - 2.0))


def small_sample(
    x1: FloatArray,
    x2: FloatArray,
    phi: FloatArray,
    ld2: FloatArray,
    hessian_w: FloatArray | None,
    kenward_roger: bool,
    known: FloatArray | None = None,
) -> SmallSample:
    """Assemble `SmallSample` from derivatives in natural parameters.

    ``x1`` (k, p, p) and ``x2`` (k, k, p, p) are those of X'V⁻¹X, ``ld2`` (k, k) those of log|V|;
    ``hessian_w`` is the covariance from the observed information, or None for the expected one (eq. 17). ``known``
    (k, f) spans the directions about which the data say something, where that is not all.
    """
    k = len(x1)
    q = x2 / 2.0  # (Q_ij + Q_ji) / 2, all that the symmetric sums need
    if hessian_w is None:
        trace_q = np.einsum("ab,ijba->ij", phi, x2)
        px = phi @ x1
        trace_pp = np.einsum("iab,jba->ij", px, px)
        information = 0.5 * (-ld2 - (trace_q - trace_pp))
        basis = np.eye(k) if known is None else known
        information = basis.T @ information @ basis
        size = np.sqrt(np.maximum(np.diag(information), 1e-300))
        with np.errstate(over="ignore", invalid="ignore"):  # next to a singular V, where no search converges
            scaled = information / np.outer(size, size)
        if np.isfinite(scaled).all():
            w = np.linalg.pinv(scaled, rcond=1e-12, hermitian=True) / np.outer(size, size)
        else:
            w = np.full_like(scaled, np.nan)
        w = basis @ w @ basis.T
    else:
        w = hessian_w
    phi1 = -np.einsum("ab,kbc,cd->kad", phi, x1, phi)
    adjusted = phi
    if kenward_roger:
        middle = np.zeros_like(phi)
        for i in range(k):
            for j in range(k):
                middle += w[i, j] * (q[i, j] - x1[i] @ phi @ x1[j])
        if np.isfinite(middle).all():
            adjusted = phi + 2.0 * phi @ middle @ phi
        adjusted = (adjusted + adjusted.T) / 2
    return SmallSample(phi, adjusted, w, phi1, kenward_roger)


@dataclass(frozen=True)
class _Copies:
    """The sample with frequency weights carried out: its groups have copies, but rows stand once.

    ``rows`` (m,) are places in the sample, ``groups`` the codes (m,) of each level's groups, ``n`` the rows in all.
    """

    rows: IntArray
    groups: dict[str, IntArray]
    n: float

    def count(self, level: str) -> int:
        """Groups of a level."""
        return int(self.groups[level].max()) + 1


def _copies(design: Design) -> _Copies:
    rows = np.arange(len(design.y))
    copy = np.zeros(len(design.y), dtype=np.int64)
    groups: dict[str, IntArray] = {}
    for level in design.levels:
        weight = design.weights.of(level.name)
        if weight is not None:
            times = np.rint(weight[rows]).astype(np.int64)
            number = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
            copy = interact(np.repeat(copy, times), number)[0]
            rows = np.repeat(rows, times)
            groups = {name: np.repeat(codes, times) for name, codes in groups.items()}
        groups[level.name] = interact(level.codes[rows], copy)[0]
    n = float(len(rows)) if design.weights.row is None else float(design.weights.row[rows].sum())
    return _Copies(rows, groups, n)


def residual_df(design: Design) -> FloatArray:
    """n - rank X for every coefficient."""
    p = design.x.shape[1]
    return np.full(p, _copies(design).n - p)


def _varies_within(column: FloatArray, codes: IntArray, first: IntArray) -> bool:
    values = column[first]
    return not np.array_equal(values[codes], column)


def repeated_df(design: Design) -> FloatArray:
    """Between- and within-subject degrees of freedom of a two-level model (Schluchter & Elashoff 1990)."""
    level = design.levels[-1]
    within = np.array([_varies_within(c, level.codes, level.rows) for c in design.x.T])
    constant = np.array([info.name == "_cons" for info in design.x_info])
    between = int((~within & ~constant).sum()) + int(constant.any())
    copies = _copies(design)
    inside = float(copies.n - copies.count(level.name) - int(within.sum()))
    outside = float(copies.count(level.name) - between)
    return np.where(within, inside, outside)


def anova_df(design: Design) -> FloatArray:
    """By containment in the random part; others n - rank(X, Z)."""
    copies = _copies(design)
    rest = copies.n - _rank_xz(design, copies)
    out = np.full(design.x.shape[1], rest)
    counts = [copies.count(level.name) for level in design.levels if level.name != "_all"]
    counts += [block.n_groups for block in design.blocks if block.factor]
    for k, info in enumerate(design.x_info):
        if info.name == "_cons":
            # the fewest groups of any level; a crossed factor counts with its values, not as one group of all
            if counts:
                out[k] = min(counts) - 1.0
            continue
        found = []
        for block in design.blocks:
            own = {frozenset(v) for v in block.variables if v}
            if frozenset(info.variables) in own:
                found.append((block.n_groups if block.factor else copies.count(block.level.name)) - 1.0)
        if found:
            out[k] = min(found)
    return out


def _rank_xz(design: Design, copies: _Copies) -> int:
    """rank(X, Z): the widest equation group by group, the rest by what it leaves of their cross-products."""
    from scipy import sparse

    n = len(copies.rows)
    parts = [sparse.csr_matrix(design.x[copies.rows])]
    widest: tuple[int, int, FloatArray, IntArray] | None = None
    for block in design.blocks:
        if not block.names:
            continue
        q = block.z.shape[1]
        codes = block.codes[copies.rows] if block.factor else copies.groups[block.level.name]
        z = np.ascontiguousarray(block.z[copies.rows])
        count = int(codes.max()) + 1
        parts.append(_spread(z, codes, count))
        if widest is None or count * q > widest[1]:
            widest = len(parts) - 1, count * q, z, codes
    if widest is None:
        return int(design.x.shape[1])
    position, _, z, codes = widest
    count, q = int(codes.max()) + 1, z.shape[1]
    size = np.sqrt(np.mean(z**2, axis=0))
    z = z / np.where(size > 0, size, 1.0)
    gram = np.zeros((count, q, q))
    np.add.at(gram, codes, z[:, :, None] * z[:, None, :])
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-10 * np.maximum(values[:, -1:], 1e-300)
    root = vectors * np.where(kept, 1.0 / np.sqrt(np.where(kept, values, 1.0)), 0.0)[:, None, :]
    basis = _spread(np.einsum("ni,nij->nj", z, root[codes]), codes, count)
    rest = sparse.hstack([part for k, part in enumerate(parts) if k != position]).tocsc()
    shared = basis.T @ rest
    scale = np.sqrt(np.maximum(np.asarray(rest.multiply(rest).sum(axis=0)).ravel(), 1e-300))
    left = (rest.T @ rest - shared.T @ shared).toarray() / np.outer(scale, scale)
    return min(n, int(kept.sum()) + int((np.linalg.eigvalsh(left) > 1e-10).sum()))


def _spread(z: FloatArray, codes: IntArray, count: int) -> csr_matrix[np.float64]:
    """Z of one equation as a sparse matrix, (n, count·q), from its columns (n, q) and groups (n,)."""
    from scipy import sparse

    n, q = z.shape
    rows = np.repeat(np.arange(n), q)
    cols = (codes[:, None] * q + np.arange(q)[None, :]).ravel()
    return sparse.csr_matrix((z.ravel(), (rows, cols)), (n, count * q))
