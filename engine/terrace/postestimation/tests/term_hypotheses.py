"""The hypotheses of type III and type II about whole terms, as rows over the coefficients.

Both are stated by spaces and hold for any coding and for data with empty cells. A term contains another that has the
same continuous parts and fewer factors.

Type III (Goodnight 1978, *SAS Technical Report R-101*; the general form of estimable functions): of the functions that
the data determine, those that leave out every term which neither is nor contains the one in question, and that are
orthogonal, in the coefficients of the full coding, to those of the containing terms alone. In tables without empty
cells these are the contrasts of the term's cell means with equal weights.

Type II tests a term in the model without the terms that contain it. With γ the coefficients of a basis whose first part
spans the other terms, the second adds the term and the third adds what contains it, the hypothesis is
γ₂ - Φ₂₃ Φ₃₃⁻¹ γ₃ = 0, which is what generalised least squares without the third part would estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from terrace.design.estimability import by_the_kept
from terrace.postestimation.tests.combinations import covariance
from terrace.postestimation.tests.full_coding import Content, FullCoding
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]
_TOLERANCE = 1e-8


def type_three(coding: FullCoding, own: Content) -> FloatArray:
    """The rows (l, p) of full rank of the type III hypothesis about the term with content `own`; none where l is 0."""
    every = set(coding.contents)
    containing = {c for c in every if own.within(c)}
    kept_contents = [coding.contents[k] for k in coding.kept]
    inside = np.array([k for k, c in enumerate(kept_contents) if c == own or c in containing], dtype=np.int64)
    p = len(coding.kept)
    if not len(inside):
        return np.zeros((0, p))
    g = coding.g[inside]
    # no weight on any other term
    basis = _null(coding.in_own_size(inside, coding.columns(every - containing - {own}))) * coding.size[inside]
    basis = basis / np.abs(basis).max(axis=1, keepdims=True, initial=1e-300)
    shown = basis @ g[:, coding.columns({own, *containing})]
    # orthogonal to functions of the containing terms alone
    among = _null(basis @ g[:, coding.columns({own})])
    if len(among):
        weights = np.linalg.lstsq((among @ shown).T, shown.T, rcond=_TOLERANCE)[0].T
        basis, shown = basis - weights @ among @ basis, shown - weights @ among @ shown
    if not shown.size:
        return np.zeros((0, p))
    u, s, _ = np.linalg.svd(shown, full_matrices=False)
    keep = s > _TOLERANCE * max(1.0, float(s.max(initial=0.0)))
    out = np.zeros((int(keep.sum()), p))
    rows = u[:, keep].T @ basis
    out[:, inside] = np.where(np.abs(rows) > 1e-12, rows, 0.0)
    return out


def _null(columns: FloatArray) -> FloatArray:
    """Weights (m, l) of the combinations of l rows that vanish in all `columns` (l, c): a row alone where it does."""
    alone = ~np.any(np.abs(columns) > 1e-10, axis=1)
    eye = np.eye(len(columns))
    rest = np.flatnonzero(~alone)
    if not len(rest):
        return eye
    inner = columns[rest]
    inner = inner[:, np.any(np.abs(inner) > 1e-10, axis=0)]
    inner = inner / np.abs(inner).max(axis=0)
    u, s, _ = np.linalg.svd(inner)
    rank = int((s > _TOLERANCE * s[0]).sum())
    out = np.zeros((len(rest) - rank, len(columns)))
    out[:, rest] = u[:, rank:].T
    return np.vstack([eye[alone], out])


def type_two(fit: FitResult, own: Counter[str], contents: Sequence[Counter[str]]) -> FloatArray:
    """The rows (l, p) of the type II hypothesis about the term made of `own`: variables with their powers.

    ``contents`` are those of the columns of x (the constant's is empty) and then of the `dependent_columns_of` the
    design.
    """
    design = fit.model.design
    p = len(design.x_info)
    above = np.array([c != own and all(c[v] >= n for v, n in own.items()) for c in contents])
    mine = np.array([c == own for c in contents])
    # Φ of the model, not the adjusted one: this is the geometry of the estimates
    phi = covariance(fit)
    if above[p:].all():
        # what was left out adds nothing to the model without the containing terms
        rows: FloatArray = np.eye(p)[mine[:p]]
        if len(rows) and above[:p].any():
            up, here = np.flatnonzero(above[:p]), np.flatnonzero(mine[:p])
            rows[:, up] = -np.linalg.solve(phi[np.ix_(up, up)], phi[np.ix_(up, here)]).T
        return rows
    # coefficients in units in which every column of x has length 1, and a basis of them that is orthonormal
    size = np.sqrt(np.einsum("ij,ij->j", design.x, design.x))
    columns = np.hstack([np.diag(size), by_the_kept(design) * size[:, None]])
    first = _orthonormal(columns[:, ~above & ~mine])
    second = _orthonormal(columns[:, mine], first)
    third = _complement(np.hstack([first, second]))
    turned = phi * size * size[:, None]
    across = third.T @ turned @ second
    back = second.T - np.linalg.solve(third.T @ turned @ third, across).T @ third.T if third.size else second.T
    return np.asarray(back * size)


def _orthonormal(columns: FloatArray, less: FloatArray | None = None) -> FloatArray:
    """An orthonormal basis (p, rank) of the span of `columns` (p, m), without what lies in that of `less`."""
    length = np.linalg.norm(columns, axis=0)
    columns = columns[:, length > 0] / length[length > 0]
    if less is not None:
        columns = columns - less @ (less.T @ columns)
    if not columns.size:
        return np.zeros((len(columns), 0))
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, s > _TOLERANCE])


def _complement(basis: FloatArray) -> FloatArray:
    """An orthonormal basis of what is orthogonal to that of an orthonormal one (p, m), (p, p - m)."""
    u, _, _ = np.linalg.svd(basis, full_matrices=True)
    return np.asarray(u[:, basis.shape[1] :])
