"""Linear functions of a fixed part by brute force: a column for every level and cell, generalised inverses, ranks.

Terms are (factors, numbers): ``(("a", "b"), ("x",))`` is a by b by x. Nothing here knows of base levels, of columns
that are left out, or of the engine.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

Term = tuple[tuple[str, ...], tuple[str, ...]]
CONSTANT: Term = ((), ())


@dataclass(frozen=True, eq=False)
class FullCoding:
    """The fixed part of `terms` on `frame` with the constant, and V (n, n) of the outcome y (n,)."""

    terms: tuple[Term, ...]
    frame: pd.DataFrame
    y: np.ndarray
    v: np.ndarray

    @cached_property
    def levels(self) -> dict[str, list[float]]:
        return {f: sorted(self.frame[f].unique()) for fs, _ in self.terms for f in fs}

    @cached_property
    def columns(self) -> list[tuple[Term, dict[str, float]]]:
        out: list[tuple[Term, dict[str, float]]] = [(CONSTANT, {})]
        for term in self.terms:
            for cell in itertools.product(*(self.levels[f] for f in term[0])):
                out.append((term, dict(zip(term[0], cell))))
        return out

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """The columns for rows of data, (rows, F)."""
        out = np.ones((len(frame), len(self.columns)))
        for k, ((_, numbers), cell) in enumerate(self.columns):
            for name, level in cell.items():
                out[:, k] *= (frame[name] == level).to_numpy()
            for name in numbers:
                out[:, k] *= frame[name].to_numpy()
        return out

    def cell(self, at: dict[str, float], numbers: tuple[str, ...] = ()) -> np.ndarray:
        """The mean of a cell at zero of all continuous variables, or its slope by `numbers`; other factors are averaged
        with equal weights, (F,)."""
        out = np.zeros(len(self.columns))
        for k, ((_, own), cell) in enumerate(self.columns):
            if sorted(own) == sorted(numbers):
                weights = [(at[f] == v) if f in at else 1 / len(self.levels[f]) for f, v in cell.items()]
                out[k] = np.prod(weights)
        return out

    @cached_property
    def x(self) -> np.ndarray:
        return self.rows(self.frame)

    @cached_property
    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        w = np.linalg.inv(self.v)
        inverse = np.linalg.pinv(self.x.T @ w @ self.x, rcond=1e-10)
        return inverse, inverse @ self.x.T @ w @ self.y

    @cached_property
    def _basis(self) -> np.ndarray:
        """An orthonormal basis of the row space of X, (rank, F)."""
        _, s, vt = np.linalg.svd(self.x)
        return vt[: int((s > 1e-9 * s[0]).sum())]

    def estimable(self, function: np.ndarray) -> bool:
        """Whether a function (F,) lies in the row space of X."""
        rest = function - self._basis.T @ (self._basis @ function)
        return bool(np.linalg.norm(rest) < 1e-7 * max(1.0, np.linalg.norm(function)))

    def estimate(self, function: np.ndarray) -> tuple[float, float] | None:
        """Estimate and standard error of a function; None where it is not estimable."""
        if not self.estimable(function):
            return None
        inverse, beta = self._solved
        return float(function @ beta), float(np.sqrt(function @ inverse @ function))

    def wald(self, functions: np.ndarray) -> tuple[float, int]:
        """χ² and df of estimable functions (l, F)."""
        inverse, beta = self._solved
        if not len(functions):
            return 0.0, 0
        values, vectors = np.linalg.eigh(functions @ inverse @ functions.T)
        keep = values > 1e-9 * max(values.max(), 1e-9)
        z = vectors[:, keep].T @ (functions @ beta)
        return float((z**2 / values[keep]).sum()), int(keep.sum())

    def joint(self, functions: np.ndarray) -> tuple[float, int]:
        """The test of all estimable combinations of functions (l, F)."""
        outside = functions - (functions @ self._basis.T) @ self._basis
        return self.wald(null(outside.T) @ functions)

    def type_three(self, term: Term) -> tuple[float, int]:
        """χ² and df of the functions in the row space that are zero outside the term and those that contain it, and
        orthogonal to those that are zero in the term as well."""
        above = [_contains(other, term) for other, _ in self.columns]
        own = np.array([other == term for other, _ in self.columns])
        inside = own | np.array(above)
        among = null(self._basis[:, ~inside].T) @ self._basis
        higher = null(among[:, own].T) @ among
        _, s, vt = np.linalg.svd(higher) if len(higher) else (None, np.zeros(0), None)
        if len(s):
            q = vt[: int((s > 1e-9).sum())]
            among = among - (among @ q.T) @ q
        return self.wald(among)

    def type_two(self, term: Term) -> tuple[float, int]:
        """The gain of the term over all terms that do not contain it: a continuous one is contained by its
        interactions and powers as well."""
        without = [k for k, (other, _) in enumerate(self.columns) if other != term and not _above(other, term)]
        whole = [k for k, (other, _) in enumerate(self.columns) if not _above(other, term)]
        (r1, d1), (r0, d0) = self._rest(whole), self._rest(without)
        return r0 - r1, d1 - d0

    def _rest(self, columns: list[int]) -> tuple[float, int]:
        w = np.linalg.inv(self.v)
        x = self.x[:, columns]
        b = np.linalg.pinv(x.T @ w @ x, rcond=1e-10) @ x.T @ w @ self.y
        r = self.y - x @ b
        return float(r @ w @ r), int(np.linalg.matrix_rank(x, tol=1e-8 * np.linalg.norm(x)))


def _contains(other: Term, term: Term) -> bool:
    return sorted(other[1]) == sorted(term[1]) and set(term[0]) < set(other[0])


def _above(other: Term, term: Term) -> bool:
    counts = [other[1].count(v) >= term[1].count(v) for v in term[1]]
    return other != term and set(term[0]) <= set(other[0]) and all(counts)


def null(matrix: np.ndarray) -> np.ndarray:
    """Weights (m, l) with matrix (c, l) @ weights' = 0."""
    if not matrix.size:
        return np.eye(matrix.shape[1])
    _, s, vt = np.linalg.svd(matrix)
    return vt[int((s > 1e-9 * max(1.0, s[0])).sum()) :]
