"""Traces over the effects of the rest: exact where a few directions carry most of it, random probes for what is left.

For any orthonormal Q, tr F = tr Q'FQ + tr (I - QQ')F(I - QQ'): the first is had exactly, the second by the mean of
z'Fz over random signs z without their part in Q (Hutchinson 1990; Meyer, Musco, Musco & Woodruff 2021). Q are the
eigenvectors of the largest eigenvalues of A, nearly; how near changes the error of the estimate and no expectation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.schur import Schur, by_group
from terrace.likelihood.iterative.solve import Solved, log_quadratic, solve

FloatArray = npt.NDArray[np.float64]
AnyFloat = npt.NDArray[np.floating[Any]]

SEED = 20_250_517
# Eigenvectors looked for at first, at most, and the eigenvalue of A from which one is worth it.
FIRST, MOST_VECTORS, LARGE = 16, 128, 0.25
ROUNDS = 4
# Columns that are solved for at once, and the effects of a factor for which every direction is.
AT_ONCE, FEW = 32, 64
# The residual of solves for probes, relative to these: what it adds is far below their Monte Carlo error.
TOLERANCE, EXACT = 1e-5, 1e-9


@dataclass(frozen=True)
class Probes:
    """What traces are taken with: ``basis`` Q (T, k), and ``count`` random signs z, made when they are asked for."""

    basis: AnyFloat
    count: int

    def signs(self, first: int, last: int) -> AnyFloat:
        """z (T, last - first) without their part in Q, of a sequence that is the same every time."""
        size, kind = len(self.basis), self.basis.dtype
        out: AnyFloat = np.empty((size, last - first), dtype=kind)
        for k in range(first, last):
            rng = np.random.default_rng((SEED, k))
            out[:, k - first] = 2.0 * rng.integers(0, 2, size, dtype=np.int8) - 1.0
        out -= self.basis @ (self.basis.T @ out)
        return out

    def parts(self, at_once: int) -> Iterator[tuple[AnyFloat, int]]:
        """[Q z] a few columns at a time, each with how many of these are of Q."""
        k = self.basis.shape[1]
        for first in range(0, k + self.count, at_once):
            last = min(first + at_once, k + self.count)
            own = self.basis[:, first:last]
            if last > k:
                own = np.concatenate([own, self.signs(max(first - k, 0), last - k)], axis=1)
            yield np.ascontiguousarray(own), max(min(last, k) - first, 0)


def no_directions(size: int, kind: type[np.floating[Any]]) -> AnyFloat:
    """Q without columns, (T, 0)."""
    return np.zeros((size, 0), dtype=kind)


def leading(schur: Schur, kind: type[np.floating[Any]], tick: Callable[[], None] | None = None) -> AnyFloat:
    """Q: nearly the eigenvectors of A whose eigenvalues are large, (T, k), by subspace iteration."""
    size = schur.equations.rest
    rng = np.random.default_rng(SEED)
    width = min(FIRST, size // 4)
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
    e = schur.equations
    log_dets: list[FloatArray] = []
    each: list[list[FloatArray]] = [[] for _ in e.factors]
    log_det, sums, steps = 0.0, [np.zeros((f.q, f.q)) for f in e.factors], 0
    small = [f > 0 and factor.effects <= FEW for f, factor in enumerate(e.factors)]
    for z, sure in probes.parts(AT_ONCE):
        solved = solve(schur, z, TOLERANCE, tick)
        size = np.einsum("im,im->m", z, z, dtype=np.float64)
        first = np.array([1.0 - 1.0 / a[0] if a else 0.0 for a in solved.alpha]) * size  # z'Az, whose trace is zero
        controlled = log_quadratic(solved, size) + first
        log_det += float(controlled[:sure].sum())
        log_dets.append(controlled[sure:])
        for f, block in enumerate(_blocks(schur, solved)):
            sums[f] += block[:sure].sum(axis=0)
            each[f].append(block[sure:])
        steps = max(steps, solved.steps)
    random = [np.concatenate(found) for found in each]
    for f, few in enumerate(small):
        if few:
            sums[f], random[f] = _of_small(schur, f, tick), np.zeros_like(random[f])
    return Traces(log_det, np.concatenate(log_dets), tuple(sums), tuple(random), steps)


def _of_small(schur: Schur, f: int, tick: Callable[[], None] | None) -> FloatArray:
    """What `_blocks` estimates of a factor of the rest, exactly, by a solve for each of its effects."""
    e = schur.equations
    factor, span = e.factors[f], e.spans[f - 1]
    unit = np.zeros((e.rest, factor.effects))
    unit[span] = by_group(schur.p[f - 1], np.eye(factor.effects))
    b = np.ascontiguousarray(schur.b_transposed_times(schur.x_times(unit)[1]))
    inner = b.T @ (b + solve(schur, b, EXACT, tick, parts=False).beyond)
    diagonal = np.arange(factor.groups)
    blocks = inner.reshape(factor.groups, factor.q, factor.groups, factor.q)[diagonal, :, diagonal]
    out: FloatArray = blocks.sum(axis=0)
    return (out + out.T) / 2.0


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
