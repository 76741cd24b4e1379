"""Group factors: codes, nesting, and the order in which levels are eliminated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def apart_from_groups(
    columns: FloatArray, z: FloatArray, codes: IntArray, count: int, weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, IntArray]:
    """The columns (n, m) without what the columns z (n, q) of each group explain of them, their slopes on z by group
    (count, q, m), and the degrees of freedom that z takes in each group, (count,).

    Done twice: what the first pass leaves of the fit is rounding, which can be as large as what is wanted.
    """

    def sums(left: FloatArray, right: FloatArray) -> FloatArray:
        out = np.empty((count, left.shape[1], right.shape[1]))
        for i in range(left.shape[1]):
            li = left[:, i] if weights is None else left[:, i] * weights
            for j in range(right.shape[1]):
                out[:, i, j] = np.bincount(codes, weights=li * right[:, j], minlength=count)
        return out

    d = sums(z, z)
    inverse = np.linalg.pinv(d, hermitian=True)
    apart, slopes = columns, np.zeros((count, z.shape[1], columns.shape[1]))
    for _ in range(2):
        more = inverse @ sums(z, apart)
        slopes = slopes + more
        apart = apart - np.einsum("nq,nqm->nm", z, more[codes])
    return apart, slopes, np.rint(np.einsum("gij,gji->g", inverse, d)).astype(np.int64)


def compact(codes: IntArray) -> tuple[IntArray, int]:
    """Codes renumbered 0..k-1 without gaps, in the same order, and k."""
    if len(codes) == 0:
        return codes, 0
    top = int(codes.max()) + 1
    seen = np.zeros(top, dtype=bool)
    seen[codes] = True
    return (np.cumsum(seen) - 1)[codes], int(seen.sum())


def first_rows(codes: IntArray, count: int) -> IntArray:
    """The first row of each group, shape (count,)."""
    if is_sorted(codes):
        return starts_of(codes)
    first = np.empty(count, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


def is_sorted(codes: IntArray) -> bool:
    """Whether no code is smaller than the one before it; files are mostly sorted by group."""
    return not bool((codes[1:] < codes[:-1]).any())


def starts_of(codes: IntArray) -> IntArray:
    """Where the groups of sorted codes begin, shape (groups,)."""
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    inner = np.flatnonzero(codes[1:] != codes[:-1])
    out = np.empty(len(inner) + 1, dtype=np.int64)
    out[0], out[1:] = 0, inner
    out[1:] += 1
    return out


def interact(a: IntArray, b: IntArray) -> tuple[IntArray, int]:
    """Codes of the pairs (a, b), numbered in the order of a and then b."""
    width = int(b.max()) + 1 if len(b) else 1
    pairs = a.astype(np.int64) * width + b
    if len(a) and (int(a.max()) + 1) * width > 4 * len(a) + 1_000_000:
        _, inverse = np.unique(pairs, return_inverse=True)
        return inverse.astype(np.int64), int(inverse.max()) + 1
    return compact(pairs)


def nested(inner: IntArray, n_inner: int, outer: IntArray) -> bool:
    """True where every inner group lies in one outer group."""
    first = np.empty(n_inner, dtype=np.int64)
    first[inner] = outer
    return bool(np.array_equal(first[inner], outer))


def sizes(codes: IntArray, n: int, counts: npt.NDArray[np.float64] | None = None) -> npt.NDArray[Any]:
    """Rows per group, shape (n,); ``counts`` tells how many rows of the data each row stands for."""
    return np.bincount(codes, weights=counts, minlength=n)


def elimination_chain(
    factors: Sequence[tuple[IntArray, int]], weights: Sequence[int], within: IntArray | None = None
) -> tuple[list[int], list[int]]:
    """Split factors into a nested chain, finest first, and the rest, which cross it.

    A chain costs time linear in its groups; what crosses it goes into one dense block, so the chain is the
    one that leaves the fewest columns outside. `weights` are the columns (groups times effects) of each
    factor. Where residuals are correlated, `within` holds the residual groups: a factor finer than these
    cannot be eliminated before them and goes outside.

    Returns
    -------
    chain, rest
        Positions in `factors`; chain from finest to coarsest.
    """
    n = len(factors)
    order = sorted(range(n), key=lambda k: (-factors[k][1], k))
    n_within = int(within.max()) + 1 if within is not None and len(within) else 0
    allowed = [
        k for k in order if within is None or nested(within, n_within, factors[k][0])
    ]
    # longest path by weight in the partial order "nested in", finest to coarsest
    best: dict[int, tuple[int, list[int]]] = {}
    for position in range(len(allowed) - 1, -1, -1):
        k = allowed[position]
        value, path = weights[k], [k]
        for later in allowed[position + 1 :]:
            if nested(factors[k][0], factors[k][1], factors[later][0]):
                candidate = weights[k] + best[later][0]
                if candidate > value:
                    value, path = candidate, [k, *best[later][1]]
        best[k] = (value, path)
    chain = max(best.values(), key=lambda item: item[0])[1] if best else []
    return chain, [k for k in order if k not in chain]
