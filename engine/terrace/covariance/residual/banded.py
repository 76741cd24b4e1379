"""Residuals: banded, with variances and covariances of their own for each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.symbols import ZERO, Letters, Symbol
from terrace.errors import SpecError
from terrace.wording import plural


class Banded(ResidualStructure):
    """Distinct variances and covariances within a band. θ is a banded Cholesky factor with first entry 1,
    which reaches every positive definite matrix of that band and no other."""

    key, title, adjective, phrase = "banded", "Banded", "Banded", "a banded residual covariance"
    short, sentence = "ba", "A variance for each time, covariances up to lag {order}."
    by_time = ordered = True
    least_order = 0

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        if i == j:
            return (Symbol("σ", str(i), "2"),)
        inside = order is None or abs(i - j) <= order
        return (Symbol("σ", f"{min(i, j)}{max(i, j)}"),) if inside else ZERO

    @classmethod
    def bound(
        cls, times: FloatArray, order: int | None, lags: Callable[[], npt.NDArray[np.int64]], time: str
    ) -> ResidualStructure:
        if order is not None and cls.ordered and not 0 <= order <= len(times) - 1:
            raise SpecError(
                f"residuals(banded {order}): {time} has {plural(len(times), 'value')}.",
                code="residual-order", subject="residuals", advice=f"Choose an order from 0 to {len(times) - 1}.",
            )
        return cls(times, order)

    def shown_order(self) -> int | None:
        return self.order

    @classmethod
    def count(cls, n_times: int, order: int | None) -> int:
        band = n_times - 1 if order is None else min(order, n_times - 1)
        return (band + 1) * (2 * n_times - band) // 2

    @classmethod
    def most_order(cls, n_times: int, span: float | None) -> int | None:
        return n_times - 1

    @classmethod
    def repeats_intercept(cls, order: int | None) -> bool:
        return order is None

    @property
    def holds_constant(self) -> bool:
        return self.band >= len(self.times) - 1

    def can_vanish(self, weights: FloatArray) -> bool:
        return int(np.ptp(np.flatnonzero(weights))) <= self.band

    def stored(self) -> dict[str, int | None]:
        return {"res_order": self.band}

    @property
    def band(self) -> int:
        """Number of off-diagonals that are estimated."""
        k = len(self.times)
        return k - 1 if self.order is None else min(self.order, k - 1)

    def cells(self) -> list[tuple[int, int]]:
        """Positions (i, j), i >= j, of the estimated elements: the variances, then pairs by row of the first."""
        k, band = len(self.times), self.band
        return [(i, i) for i in range(k)] + [
            (i, j) for j in range(k) for i in range(j + 1, min(j + band, k - 1) + 1)
        ]

    @property
    def n_params(self) -> int:
        return max(len(self.cells()) - 1, 0)

    def start(self) -> list[FloatArray]:
        theta = np.array([1.0 if i == j else 0.0 for i, j in self.cells()])[1:]
        correlated = theta.copy()
        if self.band == len(self.times) - 1 and self.band > 0:
            k = len(self.times)
            factor = np.linalg.cholesky(0.5 * np.eye(k) + 0.5)
            factor /= factor[0, 0]
            correlated = np.array([factor[i, j] for i, j in self.cells()])[1:]
            return [np.asarray(correlated, dtype=np.float64), theta]
        return [theta]

    @cached_property
    def _products(self) -> FloatArray:
        """H with θ'H_kθ the kth element of LL', shape (k, k, k) for all elements with the first."""
        cells = self.cells()
        index = {cell: k for k, cell in enumerate(cells)}
        size = len(cells)
        h = np.zeros((size, size, size))
        for k, (i, j) in enumerate(cells):
            for m in range(j + 1):
                a, b = index.get((i, m)), index.get((j, m))
                if a is not None and b is not None:
                    h[k, a, b] += 0.5
                    h[k, b, a] += 0.5
        return h

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        h = self._products
        full = np.append(1.0, theta)
        ht = h @ full
        return (ht @ full)[1:], (2 * ht)[1:, 1:], (2 * h)[1:, 1:, 1:]

    @cached_property
    def _basis(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray]:
        """Rows and columns of the cells, and ∂R*/∂ρ_a, shape (r, k, k), for all times."""
        k = len(self.times)
        i, j = np.array(self.cells(), dtype=np.int64).reshape(-1, 2).T
        basis = np.zeros((max(len(i) - 1, 0), k, k))
        position = np.arange(len(basis))
        basis[position, i[1:], j[1:]] = basis[position, j[1:], i[1:]] = 1.0
        return i, j, basis

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        k = len(self.times)
        i, j, basis = self._basis
        full = np.zeros((k, k))
        full[i, j] = full[j, i] = np.append(1.0, rho)
        rows = np.rint(at).astype(np.int64)
        grid = np.ix_(rows, rows)
        first = basis[:, rows[:, None], rows[None, :]]
        r = len(rho) if order > 1 else 0
        return full[grid], first, np.zeros((r, r, 1, 1))

    def _names(self) -> list[str]:
        def show(i: int) -> str:
            t = self.times[i]
            return str(int(t)) if float(t).is_integer() else f"{t:g}"

        return [
            f"var(e{show(i)})" if i == j else f"cov(e{show(j)},e{show(i)})" for i, j in self.cells()
        ]

    def reported(self) -> tuple[ReportedParameter, ...]:
        return tuple(
            ReportedParameter(name, "log" if i == j else "symmetric", True)
            for name, (i, j) in zip(self._names(), self.cells())
        )

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        values = np.append(1.0, rho) * sigma2
        r = len(rho)
        jacobian = np.zeros((r + 1, r + 1))
        jacobian[np.arange(1, r + 1), np.arange(r)] = sigma2
        jacobian[:, r] = values
        return values, jacobian

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        k = len(self.times)
        full = np.zeros((k, k))
        for value, (i, j) in zip(values, self.cells()):
            full[i, j] = full[j, i] = value / values[0]
        factor = np.linalg.cholesky(full)
        return np.array([factor[i, j] for i, j in self.cells()])[1:], float(values[0])
