"""Columns of the fixed part made orthonormal, block by block of their rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def orthogonal(
    x: FloatArray, constant: bool, weights: FloatArray | None, out: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """M (p, p) for which xM has orthonormal columns (in the weights), and the part of it that is applied after x has
    been centred, where it has a constant, which is its last column; xM goes into `out` (n, p).

    Block by block, so that nothing of the size of x is made but `out`.
    """
    p = x.shape[1]
    m = np.eye(p)
    if p == 0:
        return m, m
    mean = np.zeros(p)
    if constant and p > 1:
        mean[:-1] = x[:, :-1].mean(axis=0) if weights is None else (weights @ x[:, :-1]) / weights.sum()
        m[-1, :-1] = -mean[:-1]
    gram = np.zeros((p, p))
    for rows in _blocks(len(x)):
        gram += _gram(x[rows] - mean, None if weights is None else weights[rows])
    length = np.sqrt(np.diag(gram))
    length[length == 0] = 1.0
    upper = np.linalg.cholesky(gram / length / length[:, None]).T
    step = np.linalg.inv(upper) / length[:, None]
    for rows in _blocks(len(x)):
        # columns of `out` are contiguous: so the product goes there without a copy
        np.matmul(step.T, (x[rows] - mean).T, out=out[rows].T)
    m = m @ step
    if np.diag(upper).min() > 1e-2:
        return m, step
    # a second round is for columns that nearly depend (Cholesky-QR twice; Yamamoto et al. 2015)
    gram = np.zeros((p, p))
    for rows in _blocks(len(x)):
        gram += _gram(out[rows], None if weights is None else weights[rows])
    more = np.linalg.inv(np.linalg.cholesky(gram).T)
    for rows in _blocks(len(x)):
        out[rows] = out[rows] @ more
    return m @ more, step @ more


def without_fitted(
    y: FloatArray, x: FloatArray, weights: FloatArray | None, out: FloatArray
) -> tuple[FloatArray, float]:
    """The coefficients of y (n,) on orthonormal columns x (n, p), and the sum of squares of what they leave, which goes
    into `out` (n,)."""
    slopes = np.zeros(x.shape[1])
    for rows in _blocks(len(y)):
        slopes += x[rows].T @ (y[rows] if weights is None else y[rows] * weights[rows])
    total = 0.0
    for rows in _blocks(len(y)):
        rest = np.subtract(y[rows], x[rows] @ slopes, out=out[rows])
        total += float(rest @ rest if weights is None else rest @ (rest * weights[rows]))
    return slopes, total


def _blocks(n: int) -> Iterator[slice]:
    """Slices of 2^15 rows: some columns of these stay in a processor's cache."""
    return (slice(first, first + (1 << 15)) for first in range(0, n, 1 << 15))


def _gram(x: FloatArray, weights: FloatArray | None) -> FloatArray:
    return x.T @ (x if weights is None else x * weights[:, None])
