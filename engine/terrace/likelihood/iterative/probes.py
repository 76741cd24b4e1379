"""Traces over the effects of the rest: exact where a few directions carry most of it, random probes for what is left.

For any orthonormal Q, tr F = tr Q'FQ + tr (I - QQ')F(I - QQ'): the first is had exactly, the second by the mean of
z'Fz over random signs z without their part in Q (Hutchinson 1990; Meyer, Musco, Musco & Woodruff 2021). Q are the
eigenvectors of the largest eigenvalues of A, nearly; how near changes the error of the estimate and no expectation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.schur import Schur, by_group
from terrace.likelihood.iterative.solve import Solved, log_quadratic, solve

FloatArray = npt.NDArray[np.float64]
AnyFloat = npt.NDArray[np.floating[Any]]

SEED = 20_250_517
# Eigenvectors looked for at once, at most, and the eigenvalue of A from which one is worth it.
AT_ONCE, MOST_VECTORS, LARGE = 16, 128, 0.25
ROUNDS = 4
# The residual of solves for probes, relative to these: what it adds is far below their Monte Carlo error.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Probes:
    """What traces are taken with: ``basis`` Q (T, k) and ``signs`` z (T, m) without their part in Q."""

    basis: AnyFloat
    signs: AnyFloat

    @classmethod
    def of(cls, size: int, count: int, kind: type[np.floating[Any]], basis: AnyFloat | None = None) -> Probes:
        """The first ``count`` probes of a sequence that is the same every time, over ``size`` effects."""
        signs = np.empty((size, count), dtype=kind)
        for k in range(count):
            rng = np.random.default_rng((SEED, k))
            signs[:, k] = 2.0 * rng.integers(0, 2, size, dtype=np.int8) - 1.0
        if basis is None:
            basis = np.zeros((size, 0), dtype=kind)
        signs -= basis @ (basis.T @ signs)
        return cls(basis, signs)

    @property
    def count(self) -> int:
        """How many probes there are."""
        return int(self.signs.shape[1])

    @property
    def all(self) -> AnyFloat:
        """[Q z], (T, k + m)."""
        return np.ascontiguousarray(np.concatenate([self.basis, self.signs], axis=1))


def leading(schur: Schur, kind: type[np.floating[Any]], tick: Callable[[], None] | None = None) -> AnyFloat:
    """Q: nearly the eigenvectors of A whose eigenvalues are large, (T, k), by subspace iteration."""
    size = schur.equations.rest
    rng = np.random.default_rng(SEED)
    width = min(AT_ONCE, size // 4)
    q = np.zeros((size, 0))
    while width > q.shape[1]:
        more = rng.standard_normal((size, width - q.shape[1]))
        q, _ = np.linalg.qr(np.concatenate([q, more], axis=1))
        for _ in range(ROUNDS):
            if tick:
                tick()
            image = schur.apply(q.astype(kind)).a.astype(np.float64)
            values, turn = np.linalg.eigh(q.T @ image)
            q, _ = np.linalg.qr(image @ turn[:, ::-1])
        values = values[::-1]
        if values[-1] < LARGE or width >= min(MOST_VECTORS, size // 4):
            break
        width = min(2 * width, MOST_VECTORS, size // 4)
    if not q.shape[1]:
        return q.astype(kind)
    return np.ascontiguousarray(q[:, values > LARGE]).astype(kind)


@dataclass(frozen=True)
class Traces:
    """log|I - A| and, by factor (the lead first), the part of Z'V⁻¹Z's diagonal blocks that is not exact, (q, q).

    ``log_det`` is the sum over Q, ``log_dets`` (m,) those of the probes; ``blocks`` and ``each`` (m, q, q) likewise.
    """

    log_det: float
    log_dets: FloatArray
    blocks: tuple[FloatArray, ...]
    each: tuple[FloatArray, ...]
    steps: int


def traces(schur: Schur, probes: Probes, tick: Callable[[], None] | None = None) -> Traces:
    """Solve for all probes, and what follows from it."""
    z = probes.all
    solved = solve(schur, z, TOLERANCE, tick)
    k = probes.basis.shape[1]
    size = np.einsum("im,im->m", z, z, dtype=np.float64)
    logs = log_quadratic(solved, size)
    first = np.array([1.0 - 1.0 / a[0] if a else 0.0 for a in solved.alpha]) * size  # z'Az, whose trace is zero
    controlled = logs + first
    blocks = _blocks(schur, solved)
    return Traces(
        float(controlled[:k].sum()), controlled[k:], tuple(b[:k].sum(axis=0) for b in blocks),
        tuple(b[k:] for b in blocks), solved.steps,
    )


def _blocks(schur: Schur, solved: Solved) -> list[FloatArray]:
    """Sums over groups of the blocks that each column contributes, by factor, (columns, q, q)."""
    e = schur.equations
    kind = solved.lead.dtype
    p0 = np.swapaxes(schur.p0, 1, 2).astype(kind)
    out = [_products(by_group(p0, solved.first_lead), by_group(p0, solved.lead - solved.first_lead), e.lead.q)]
    for factor, span, p in zip(e.factors[1:], e.spans, schur.p):
        turned = np.swapaxes(p, 1, 2).astype(kind)
        out.append(_products(by_group(turned, solved.first_x[span]), by_group(turned, solved.x[span]), factor.q))
    return out


def _products(a: AnyFloat, b: AnyFloat, q: int) -> FloatArray:
    """Σ_g a_g b_g', symmetric, by column, (m, q, q), for a and b (G·q, m)."""
    m = a.shape[1]
    out = np.zeros((m, q, q))
    for first in range(0, len(a), q << 12):
        rows = slice(first, first + (q << 12))
        left, right = a[rows].reshape(-1, q, m), b[rows].reshape(-1, q, m)
        for i in range(q):
            for j in range(q):
                out[:, i, j] += np.einsum("gm,gm->m", left[:, i], right[:, j])
    return (out + np.swapaxes(out, 1, 2)) / 2.0


def exact_blocks(schur: Schur) -> list[FloatArray]:
    """What of Z'V⁻¹Z's diagonal blocks, summed over groups, needs no probes: by factor, (q, q)."""
    e = schur.equations
    covered = np.zeros_like(schur.n0)
    for f, b in enumerate(schur.b):
        covered += e.couplings[0, f + 1].around_right(b @ np.swapaxes(b, 1, 2))
    lead = schur.n0 - np.swapaxes(schur.p0, 1, 2) @ covered @ schur.p0
    return [lead.sum(axis=0), *(n.sum(axis=0) for n in schur.n)]
