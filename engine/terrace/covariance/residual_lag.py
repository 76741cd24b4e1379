"""Residuals whose correlation depends on the distance in time only: ar, ma, toeplitz, exponential.

Formulas: manual, *Other residual-error structures*; Brockwell & Davis (1991), chapter 3.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.covariance.residual_base import FloatArray, ReportedParameter, ResidualStructure
from terrace.errors import SpecError

# What lies this close to the edge of the parameter space cannot be told from it.
EDGE = 1e-5


class ByLag(ResidualStructure):
    """Correlations that depend on the distance in time only."""

    @abstractmethod
    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Correlation at each distance, for order 1 derivatives (r, ...), for order 2 second ones too (r, r, ...).

        Distances come in any shape, which stands last in the answer.
        """

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.correlations(rho, np.abs(at[:, None] - at[None, :]), order)

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (*self._lag_parameters(), ReportedParameter("var(e)", "log", True))

    @abstractmethod
    def _lag_parameters(self) -> tuple[ReportedParameter, ...]: ...

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        r = len(rho)
        jacobian = np.eye(r + 1)
        jacobian[r, r] = sigma2
        return np.append(rho, sigma2), jacobian

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        return np.array(values[:-1]), float(values[-1])


def _need_lags(key: str, reach: int, observed: npt.NDArray[np.int64], time: str) -> None:
    """`SpecError` where no two rows of a group are as close as the structure reaches."""
    if np.any(observed <= reach):
        return
    least = f"the shortest lag is {observed[0]}" if len(observed) else "each group has one row"
    raise SpecError(
        f"residuals({key} {reach}): no two rows of a group are {reach} or less apart in {time}; {least}.",
        code="residual-order",
        subject="residuals",
        advice="Count the occasions 1, 2, 3 in t(), or use residuals(exponential, ...).",
    )


class Ar(ByLag):
    """AR(p): ρ are φ_1..φ_p. Correlations by the Yule-Walker equations."""

    key, title, adjective, phrase = "ar", "AR", "Autoregressive", "autoregressive residuals"
    ordered, usual_order = True, 1

    def shown_order(self) -> int | None:
        return self.n_params

    @property
    def holds_constant(self) -> bool:
        return True

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

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        at = np.rint(lags).astype(np.int64)
        r, r1, r2 = self._function(rho, int(at.max(initial=0)), order)
        first = r1[:, at] if order else np.zeros((len(rho), *(1,) * lags.ndim))
        return r[at], first, r2[:, :, at] if order > 1 else _nothing(len(rho), lags)

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

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        if self.n_params == 1:
            return (ReportedParameter("rho", "tanh", False),)
        return tuple(ReportedParameter(f"phi{k + 1}", "symmetric", False) for k in range(self.n_params))


class Ma(ByLag):
    """MA(q): ρ are θ_1..θ_q, correlation at lag k is Σ θ_i θ_{i+k} / Σ θ_i² with θ_0 = 1."""

    key, title, adjective, phrase = "ma", "MA", "Moving-average", "moving-average residuals"
    ordered, usual_order = True, 1

    @classmethod
    def bound(
        cls, times: FloatArray, order: int | None, lags: Callable[[], npt.NDArray[np.int64]], time: str
    ) -> ResidualStructure:
        _need_lags(cls.key, order or 1, lags(), time)
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
            np.where(near, second[:, :, at], 0.0) if order > 1 else _nothing(r, lags),
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

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return tuple(ReportedParameter(f"theta{k + 1}", "symmetric", False) for k in range(self.n_params))


class Toeplitz(ByLag):
    """A correlation for each lag up to the order, 0 beyond; all observed lags by default.

    ``observed`` are the lags that occur within groups: nothing tells the correlation at any other, so that it is no
    parameter.
    """

    key, title, adjective, phrase = "toeplitz", "Toeplitz", "Toeplitz", "Toeplitz residual correlation"
    ordered = True

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
        _need_lags(cls.key, order or 1, observed, time)
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
        return full[at], first, _nothing(r, lags)

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return tuple(ReportedParameter(f"rho{lag}", "tanh", False) for lag in self.lags)


TOLD = 1e-290, 1e-10
"""How near to 0 and to 1 a correlation can be, so that it and its standard error have digits."""


class Exponential(ByLag):
    """Correlation r^distance for any real distances, 0 < r < 1, which is what is reported.

    The unit of time is arbitrary: ρ is the correlation at a quarter of the time observed, so that it stays clear of 0
    and 1 whether time is in seconds or in years. The search runs over logit ρ.
    """

    key, title, integer_time = "exponential", "Exponential", False
    adjective, phrase = "Exponential", "exponential residual correlation"

    def __init__(self, times: FloatArray, order: int | None = None) -> None:
        super().__init__(times, order)
        span = float(times.max() - times.min()) if len(times) else 0.0
        self.unit = span / 4.0 if span > 0 else 1.0

    @property
    def n_params(self) -> int:
        return 1

    def start(self) -> list[FloatArray]:
        # with few times a correlation at the usual gap is the better guess; with many, gaps say little
        gaps = np.diff(self.times)
        steps = self.unit / float(np.median(gaps)) if len(gaps) else 0.0
        levels = [level**steps for level in (0.5, 0.9, 0.1)] if 0.0 < steps <= 10.0 else [0.3, 0.9, 0.01]
        return [np.array([_logit(max(level, 1e-3))]) for level in levels]

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        t = float(np.clip(theta[0], -300, 300))
        rho = 1.0 / (1.0 + np.exp(-t))
        slope = rho * (1.0 - rho)
        return np.array([rho]), np.array([[slope]]), np.array([[[slope * (1.0 - 2.0 * rho)]]])

    @property
    def holds_constant(self) -> bool:
        return True

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        power = 1.0 / self.unit
        reported = float(rho[0]) ** power
        return np.array([reported, sigma2]), np.diag([power * reported / float(rho[0]), sigma2])

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        return np.array([_logit(float(values[0]) ** self.unit)]), float(values[1])

    def edge(self, rho: FloatArray, nearest: float) -> FloatArray:
        """ρ = 0: no correlation is left at the shortest distance."""
        return np.eye(1) if rho[0] ** (nearest / self.unit) < EDGE else np.zeros((1, 0))

    def out_of_units(self, rho: FloatArray, nearest: float) -> str:
        with np.errstate(over="ignore", under="ignore"):
            reported = float(rho[0] ** (1.0 / np.float64(self.unit)))
        if reported < TOLD[0] and not self.edge(rho, nearest).shape[1]:
            return "0"
        return "1" if 1.0 - reported < TOLD[1] < 1.0 - float(rho[0]) else ""

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        r = float(rho[0])
        if not 0.0 < r < 1.0:
            raise np.linalg.LinAlgError("correlation outside its range")
        lags = lags / self.unit
        f = r**lags
        f1 = lags * f / r
        return f, f1[None], (lags * (lags - 1.0) * f / r**2)[None, None] if order > 1 else _nothing(1, lags)

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("rho", "logit", False),)


def _nothing(r: int, lags: FloatArray) -> FloatArray:
    """Second derivatives that are zero, or not asked for, in a shape that broadcasts."""
    return np.zeros((r, r, *(1,) * lags.ndim))


def _logit(p: float) -> float:
    p = min(max(p, 1e-300), 1 - 1e-16)
    return float(np.log(p / (1 - p)))
