"""Residuals: Toeplitz, a correlation for each lag."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import VARIANCE, FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.residual.by_lag import ByLag, need_lags, no_second
from terrace.covariance.symbols import ZERO, Letters, Symbol
from terrace.errors import SpecError


class Toeplitz(ByLag):
    """A correlation for each lag up to the order, 0 beyond; all observed lags by default.

    ``observed`` are the lags that occur within groups: nothing tells the correlation at any other, so that it is no
    parameter.
    """

    key, title, adjective, phrase = "toeplitz", "Toeplitz", "Toeplitz", "Toeplitz residual correlation"
    short, sentence = "to", "One variance, and a correlation for each lag up to {order}."
    ordered = True

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        lag = abs(i - j)
        if order is not None and lag > order:
            return ZERO
        return (Symbol("φ", str(lag)) if lag else VARIANCE,)

    @classmethod
    def count(cls, n_times: int, order: int | None) -> int:
        return (order if order is not None else n_times - 1) + 1

    @classmethod
    def most_order(cls, n_times: int, span: float | None) -> int | None:
        return None if span is None else int(span)

    @classmethod
    def bound(
        cls, times: FloatArray, order: int | None, lags: Callable[[], npt.NDArray[np.int64]], time: str
    ) -> ResidualStructure:
        observed = lags()
        longest = int(observed.max(initial=0))
        if order is not None and not 1 <= order <= longest:
            raise SpecError(
                f"residuals(toeplitz {order}): the longest lag within a group is {longest}.",
                code="residual-order", subject="residuals", advice=f"Choose an order from 1 to {longest}.",
            )
        order = longest if order is None else order
        need_lags(cls.key, order or 1, observed, time)
        return cls(times, order, observed)

    def shown_order(self) -> int | None:
        return self.order

    def stored(self) -> dict[str, int | None]:
        return {"res_order": self.order}

    def __init__(
        self, times: FloatArray, order: int | None = None, observed: npt.NDArray[np.int64] | None = None
    ) -> None:
        super().__init__(times, order)
        span = int(times.max() - times.min()) if len(times) else 0
        longest = order if order is not None else span
        self.lags = np.arange(1, longest + 1) if observed is None else observed[observed <= longest]
        self._all = longest >= (span if observed is None else int(observed.max(initial=0)))

    @property
    def holds_constant(self) -> bool:
        return self._all

    @property
    def n_params(self) -> int:
        return len(self.lags)

    def start(self) -> list[FloatArray]:
        decay: FloatArray = np.power(0.3, np.arange(1.0, len(self.lags) + 1))
        return [decay * 0.5, np.zeros(len(self.lags))]

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        at = np.rint(lags).astype(np.int64)
        r = self.n_params
        full = np.zeros(max(int(at.max(initial=0)), int(self.lags.max(initial=0))) + 1)
        full[0] = 1.0
        full[self.lags] = rho
        first = np.zeros((r, *at.shape))
        for k, lag in enumerate(self.lags):
            first[k] = at == lag
        return full[at], first, no_second(r, lags)

    def lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return tuple(ReportedParameter(f"rho{lag}", "tanh", False) for lag in self.lags)
