"""Residuals: autoregressive, of any order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import VARIANCE, FloatArray, ReportedParameter, ResidualStructure
from terrace.covariance.residual.by_lag import ByLag, no_second
from terrace.covariance.symbols import Letters, Symbol
from terrace.errors import SpecError

LONGEST = 50_000
"""The longest lag whose recursion is still quick; daily dates over a hundred years have 36,525."""


class Ar(ByLag):
    """AR(p): ρ are φ_1..φ_p. Correlations by the Yule-Walker equations."""

    key, title, adjective, phrase = "ar", "AR", "Autoregressive", "autoregressive residuals"
    sentence = "Correlation falls with the lag, through autoregression on the {order} previous times."
    ordered, usual_order = True, 1

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        lag = abs(i - j)
        if lag == 0:
            return (VARIANCE,)
        if (order or 1) > 1:
            return VARIANCE, Symbol("ρ", str(lag))
        return VARIANCE, Symbol("ρ", sup="" if lag == 1 else str(lag))

    @classmethod
    def bound(
        cls, times: FloatArray, order: int | None, lags: Callable[[], npt.NDArray[np.int64]], time: str
    ) -> ResidualStructure:
        longest = int(lags().max(initial=0))
        if longest > LONGEST:
            raise SpecError(
                f"residuals(ar): rows of a group are up to {longest:,} apart in {time}, too many steps "
                "for an autoregression.",
                code="residual-lags", subject="residuals",
                advice="Number the occasions 1, 2, 3 in t(), or use residuals(exponential, ...).",
            )
        return cls(times, order)

    def shown_order(self) -> int | None:
        return self.n_params

    @property
    def holds_constant(self) -> bool:
        return True

    def vanishing_sums(self, at: FloatArray, largest: int) -> FloatArray:
        signs = np.where(np.rint(at) % 2 == 1, -1.0, 1.0)  # R goes to ss' where an AR(1) has φ near -1
        out = np.zeros((len(at), max(len(at) - 1, 0)))
        for k in range(out.shape[1]):
            out[[k, k + 1], k] = signs[k], -signs[k + 1]
        return out

    def stored(self) -> dict[str, int | None]:
        return {"ar_p": self.n_params}

    def __init__(self, times: FloatArray, order: int | None = None) -> None:
        super().__init__(times, order)
        self._kept: tuple[bytes, int, FloatArray, FloatArray, FloatArray] | None = None
        self._reach = 0

    @property
    def n_params(self) -> int:
        return self.order or 1

    def start(self) -> list[FloatArray]:
        first = np.zeros(self.n_params)
        first[0] = 0.3
        high = first.copy()
        high[0] = 0.8
        return [first, high, np.zeros(self.n_params)]

    @property
    def chained(self) -> bool:
        return self.n_params == 1

    @property
    def memory(self) -> int | None:
        return self.n_params

    def below_one(self, rho: FloatArray, lags: FloatArray) -> FloatArray:
        """Of an AR(1)."""
        size = abs(float(rho[0]))
        return -np.expm1(np.rint(lags) * np.log(size)) if size else np.where(lags > 0, 1.0, 0.0)

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        if self.n_params == 1:
            return _powers(float(rho[0]), np.rint(lags), order)
        at = np.rint(lags).astype(np.int64)
        r, r1, r2 = self._function(rho, int(at.max(initial=0)), order)
        first = r1[:, at] if order else np.zeros((len(rho), *(1,) * lags.ndim))
        return r[at], first, r2[:, :, at] if order > 1 else no_second(len(rho), lags)

    def _function(self, rho: FloatArray, reach: int, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The autocorrelation function for lags up to `reach` or more, (k,), with derivatives (r, k), (r, r, k).

        The last one is kept: all time patterns of an evaluation share it.
        """
        key = rho.tobytes()
        kept = self._kept
        if kept is not None and kept[0] == key and kept[1] >= order and len(kept[2]) > reach:
            return kept[2:]
        self._reach = max(self._reach, reach)
        found = self._recursion(rho, self._reach, order)
        self._kept = (key, order, *found)
        return found

    def _recursion(self, rho: FloatArray, reach: int, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        p = self.n_params
        roots = np.roots(np.append(-rho[::-1], 1.0)) if np.any(rho) else np.zeros(0)
        if np.any(np.abs(roots) <= 1.0):
            raise np.linalg.LinAlgError("the autoregression is not stationary")
        top = max(reach, p)
        # Yule-Walker for lags 1..p: sum_j φ_j r_|k-j| = r_k, linear in r_1..r_p, with M linear in φ
        m = np.eye(p)
        rhs = np.zeros(p)
        dm = np.zeros((p, p, p))
        drhs = np.zeros((p, p))
        for k in range(1, p + 1):
            for j in range(1, p + 1):
                lag = abs(k - j)
                if lag == 0:
                    rhs[k - 1] += rho[j - 1]
                    drhs[j - 1, k - 1] += 1.0
                else:
                    m[k - 1, lag - 1] -= rho[j - 1]
                    dm[j - 1, k - 1, lag - 1] -= 1.0
        solve = np.linalg.inv(m)
        r = np.zeros(top + 1)
        r1 = np.zeros((p, top + 1))
        r2 = np.zeros((p, p, top + 1))
        r[0] = 1.0
        r[1 : p + 1] = solve @ rhs
        for a in range(p):
            r1[a, 1 : p + 1] = solve @ (drhs[a] - dm[a] @ r[1 : p + 1])
        for a in range(p):
            for b in range(p):
                r2[a, b, 1 : p + 1] = -solve @ (dm[a] @ r1[b, 1 : p + 1] + dm[b] @ r1[a, 1 : p + 1])
        for k in range(p + 1, top + 1):
            back = slice(k - 1, k - p - 1 if k - p - 1 >= 0 else None, -1)
            r[k] = rho @ r[back]
            if order:
                r1[:, k] = r[back] + r1[:, back] @ rho
            if order > 1:
                r2[:, :, k] = r1[:, back] + r1[:, back].T + r2[:, :, back] @ rho
        return r, r1, r2

    def lag_parameters(self) -> tuple[ReportedParameter, ...]:
        if self.n_params == 1:
            return (ReportedParameter("rho", "tanh", False),)
        return tuple(ReportedParameter(f"phi{k + 1}", "symmetric", False) for k in range(self.n_params))


def _powers(rho: float, lags: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """φ^lag for whole lags, with derivatives."""
    if not abs(rho) < 1.0:
        raise np.linalg.LinAlgError("the autoregression is not stationary")
    values = rho**lags
    first = (lags * rho ** np.maximum(lags - 1.0, 0.0))[None] if order else np.zeros((1, *(1,) * lags.ndim))
    if order < 2:
        return values, first, no_second(1, lags)
    return values, first, (lags * (lags - 1.0) * rho ** np.maximum(lags - 2.0, 0.0))[None, None]
