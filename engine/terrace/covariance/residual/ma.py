"""Residuals: moving average, of any order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import VARIANCE, FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.residual.by_lag import EDGE, ByLag, need_lags, no_second
from terrace.covariance.symbols import ZERO, Letters, Symbol


class Ma(ByLag):
    """MA(q): ρ are θ_1..θ_q, correlation at lag k is Σ θ_i θ_{i+k} / Σ θ_i² with θ_0 = 1."""

    key, title, adjective, phrase = "ma", "MA", "Moving-average", "moving-average residuals"
    sentence = "Correlation up to lag {order}, none beyond."
    ordered, usual_order = True, 1
    edge_words = "at the limit of a moving average: a root lies on the unit circle"
    edge_advice = (
        "{maximise}, but there are no standard errors there. Consider another residual structure or a lower "
        "order."
    )

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        lag = abs(i - j)
        if lag > (order or 1):
            return ZERO
        return (VARIANCE, Symbol("ρ", str(lag))) if lag else (VARIANCE,)

    @classmethod
    def bound(
        cls, times: FloatArray, order: int | None, lags: Callable[[], npt.NDArray[np.int64]], time: str
    ) -> ResidualStructure:
        need_lags(cls.key, order or 1, lags(), time)
        return cls(times, order)

    def shown_order(self) -> int | None:
        return self.n_params

    def stored(self) -> dict[str, int | None]:
        return {"ma_q": self.n_params}

    @property
    def n_params(self) -> int:
        return self.order or 1

    def start(self) -> list[FloatArray]:
        first = np.zeros(self.n_params)
        first[0] = 0.3
        return [first, -first, np.full(self.n_params, 0.1)]

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        q = self.n_params
        w = np.append(1.0, rho)
        r = len(rho)
        values, first, second = np.zeros(q + 1), np.zeros((r, q + 1)), np.zeros((r, r, q + 1))
        c = np.array([w[: q + 1 - k] @ w[k:] for k in range(q + 1)])
        c1, c2 = np.zeros((r, q + 1)), np.zeros((r, r, q + 1))
        for k in range(q + 1):
            for i in range(q + 1 - k):
                for u, v in ((i, i + k), (i + k, i)):
                    if u > 0:
                        c1[u - 1, k] += w[v]
                        if v > 0:
                            c2[u - 1, v - 1, k] += 1.0
        for k in range(q + 1):
            values[k] = c[k] / c[0]
            first[:, k] = c1[:, k] / c[0] - c[k] * c1[:, 0] / c[0] ** 2
            second[:, :, k] = (
                c2[:, :, k] / c[0]
                - (np.outer(c1[:, k], c1[:, 0]) + np.outer(c1[:, 0], c1[:, k])) / c[0] ** 2
                - c[k] * c2[:, :, 0] / c[0] ** 2
                + 2 * c[k] * np.outer(c1[:, 0], c1[:, 0]) / c[0] ** 3
            )
        at = np.rint(lags).astype(np.int64)
        near = at <= q
        at = np.where(near, at, 0)
        return (
            np.where(near, values[at], 0.0),
            np.where(near, first[:, at], 0.0),
            np.where(near, second[:, :, at], 0.0) if order > 1 else no_second(r, lags),
        )

    def edge(self, rho: FloatArray, nearest: float) -> FloatArray:
        """Where a root of the polynomial is on the unit circle, moving it to either side gives the same process."""
        lags = np.arange(1.0, self.n_params + 1)
        _, first, _ = self.correlations(rho, lags, 1)
        left, size, _ = np.linalg.svd(first)
        return np.asarray(left[:, size < EDGE])

    def canonical(self, rho: FloatArray) -> FloatArray:
        roots = np.roots(np.append(rho[::-1], 1.0)) if np.any(rho) else np.zeros(0)
        if np.all(np.abs(roots) >= 1.0):
            return rho
        moved = np.where(np.abs(roots) < 1.0, 1.0 / np.conj(roots), roots)
        coefficients = np.real(np.poly(moved))
        ascending = coefficients[::-1] / coefficients[-1]
        return np.concatenate([ascending[1:], np.zeros(len(rho) - len(ascending) + 1)])

    def lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return tuple(ReportedParameter(f"theta{k + 1}", "symmetric", False) for k in range(self.n_params))
