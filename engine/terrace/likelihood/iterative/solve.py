"""Conjugate gradients for many right sides at once, and what they tell of a matrix function.

The coefficients of conjugate gradients are those of the Lanczos process (Golub & Van Loan 2013, section 11.3.6), whose
small matrix gives z' log(I - A) z by Gauss quadrature (Golub & Meurant 2010, chapter 6; Ubaru, Chen & Saad 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.schur import Schur

FloatArray = npt.NDArray[np.float64]
AnyFloat = npt.NDArray[np.floating[Any]]

MOST = 2000
"""Steps after which a system counts as one that cannot be solved."""


@dataclass(frozen=True)
class Solved:
    """(I - A)⁻¹b, (T, m), less b itself (``beyond``), with K_0rB and XB times it, and what was met on the way.

    ``first_lead`` and ``first_x`` are K_0rB and XB times b; ``alpha`` and ``beta`` (m lists) the coefficients.
    """

    beyond: AnyFloat
    lead: AnyFloat
    x: AnyFloat
    first_lead: AnyFloat
    first_x: AnyFloat
    alpha: tuple[tuple[float, ...], ...]
    beta: tuple[tuple[float, ...], ...]
    steps: int


def solve(
    schur: Schur, b: AnyFloat, tolerance: float, tick: Callable[[], None] | None = None, *, parts: bool = True
) -> Solved:
    """Solve (I - A) x = b, (T, m), to a residual of ``tolerance`` times b, column by column.

    Steps are taken with A itself, so that what x is beyond b keeps its digits where A is small. Without ``parts``
    the products of the solution are not kept.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the equations are too close to singular.
    """
    m = b.shape[1]
    size = _dots(b, b)
    goal = tolerance**2 * size
    out = [np.zeros_like(b) for _ in range(2)]
    lead = np.zeros((schur.equations.lead.effects if parts else 0, m), dtype=b.dtype)
    alpha: list[list[float]] = [[] for _ in range(m)]
    beta: list[list[float]] = [[] for _ in range(m)]
    at = np.flatnonzero(size > 0)
    r, rho = b[:, at].copy(), size[at]
    p = r.copy()
    first_lead = first_x = np.zeros((0, 0), dtype=b.dtype)
    step = 0
    while len(at) or not step:
        if tick:
            tick()
        if step == MOST:
            raise np.linalg.LinAlgError("the mixed-model equations are too close to singular to be solved by iteration")
        applied = schur.apply(p)
        if not step and parts:
            first_lead, first_x = np.zeros_like(lead), np.zeros_like(b)
            first_lead[:, at], first_x[:, at] = applied.lead, applied.x
        pp, pa = _dots(p, p), _dots(p, applied.a)
        curved = pp - pa
        if not np.all(curved > 0):
            raise np.linalg.LinAlgError("the mixed-model equations are not positive definite")
        a = rho / curved
        more = a.astype(b.dtype)
        # the first step begins with b itself, which is taken off: there a is 1 + p'Ap / p'(I - A)p
        beyond = (a if step else pa / curved).astype(b.dtype)
        whole = len(at) == m
        _add(out[0], at, whole, p, beyond)
        if parts:
            _add(out[1], at, whole, applied.x, more)
            _add(lead, at, whole, applied.lead, more)
        if step:
            r -= more * p
        else:
            r = -beyond * p
        r += more * applied.a
        fresh = _dots(r, r)
        ratio = fresh / rho
        for k, column in enumerate(at):
            alpha[column].append(float(a[k]))
            beta[column].append(float(ratio[k]))
        p *= ratio.astype(b.dtype)
        p += r
        rho = fresh
        step += 1
        left = rho > goal[at]
        if not left.all():
            at, rho, r, p = at[left], rho[left], r[:, left], p[:, left]
    return Solved(
        out[0], lead, out[1], first_lead, first_x, tuple(map(tuple, alpha)), tuple(map(tuple, beta)), step
    )


def _add(to: AnyFloat, at: npt.NDArray[np.int64], whole: bool, v: AnyFloat, factor: AnyFloat) -> None:
    if whole:
        to += factor * v
    else:
        to[:, at] += factor * v


def _dots(a: AnyFloat, b: AnyFloat) -> FloatArray:
    """Inner products of columns, in double precision, a stretch of rows at a time."""
    out = np.zeros(a.shape[1])
    for first in range(0, len(a), 1 << 14):
        rows = slice(first, first + (1 << 14))
        out += np.einsum("im,im->m", a[rows], b[rows])
    return out


def log_quadratic(solved: Solved, size: FloatArray) -> FloatArray:
    """b' log(I - A) b for every column b with b'b = ``size`` (m,), by Gauss quadrature."""
    from scipy.linalg import eigh_tridiagonal

    out = np.zeros(len(size))
    for k, (a, b) in enumerate(zip(solved.alpha, solved.beta)):
        if not a:
            continue
        inverse = 1.0 / np.array(a)
        ratio = np.array(b)
        diagonal = inverse.copy()
        diagonal[1:] += ratio[:-1] * inverse[:-1]
        nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(ratio[:-1]) * inverse[:-1])
        if nodes[0] <= 0:
            raise np.linalg.LinAlgError("the mixed-model equations are not positive definite")
        out[k] = size[k] * float(vectors[0] ** 2 @ np.log(nodes))
    return out
