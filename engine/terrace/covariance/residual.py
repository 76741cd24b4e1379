"""Covariance structures of the residuals within a lowest-level group.

The likelihood works with R/σ², where σ² is the variance of the first time (of the first by() group). A
structure gives, for the rows of one group, the correlation-like matrix R*(ρ) of its relative parameters ρ
with exact first and second derivatives, and the map between ρ, the search vector θ, and the parameters that
are reported. Formulas: manual, *Other residual-error structures*; Brockwell & Davis (1991), chapter 3.

To add a structure: subclass `ResidualStructure`, add one line to `RESIDUALS`; the contract tests run over it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Scale = Literal["log", "symmetric", "tanh", "logit"]


@dataclass(frozen=True, slots=True)
class ReportedParameter:
    """A parameter of the printed table: its name, how its interval is made, and whether it scales with σ²."""

    name: str
    scale: Scale
    variance: bool


class ResidualStructure(ABC):
    """R*(ρ) for groups observed at `times` (distinct sorted values over the whole sample, shape (k,))."""

    key = ""
    title = ""
    needs_time = True
    integer_time = True

    def __init__(self, times: FloatArray, order: int | None = None, largest: int = 2) -> None:
        self.times = times
        self.order = order
        self.largest = largest

    @property
    @abstractmethod
    def n_params(self) -> int:
        """Number of relative parameters ρ."""

    @abstractmethod
    def start(self) -> list[FloatArray]:
        """Starting values of θ, the likeliest first."""

    @abstractmethod
    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """R* (k, k), its derivatives (r, k, k), and second derivatives (r, r, k, k) where order is 2.

        ``at`` are the times of the rows (positions in `times` for unstructured and banded). Raises
        `numpy.linalg.LinAlgError` where ρ is outside the parameter space.
        """

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ρ(θ) with its Jacobian (i, a) and second derivatives (i, a, b); the identity unless overridden."""
        r = self.n_params
        return theta, np.eye(r), np.zeros((r, r, r))

    @abstractmethod
    def reported(self) -> tuple[ReportedParameter, ...]:
        """The parameters of the printed table, in its order."""

    @abstractmethod
    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        """Reported values, shape (k,), and their Jacobian (k, r + 1) in (ρ, log σ²)."""

    def canonical(self, rho: FloatArray) -> FloatArray:
        """An equivalent ρ in the conventional form (invertible MA); ρ itself otherwise."""
        return rho


class Independent(ResidualStructure):
    """One variance, no covariances. Alone it is handled without any whitening."""

    key, title, needs_time, integer_time = "independent", "Independent", False, False

    @property
    def n_params(self) -> int:
        return 0

    def start(self) -> list[FloatArray]:
        return [np.zeros(0)]

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        k = len(at)
        return np.eye(k), np.zeros((0, k, k)), np.zeros((0, 0, k, k))

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("var(e)", "log", True),)

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        return np.array([sigma2]), np.array([[sigma2]])


class _ByLag(ResidualStructure):
    """Correlations that depend on the distance in time only."""

    @abstractmethod
    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Correlation at each distance (k,), derivatives (r, k), second derivatives (r, r, k)."""

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        distance = np.abs(at[:, None] - at[None, :])
        lags, index = np.unique(distance, return_inverse=True)
        index = index.reshape(distance.shape)
        f, f1, f2 = self.correlations(rho, lags, order)
        return f[index], f1[:, index], f2[:, :, index]

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (*self._lag_parameters(), ReportedParameter("var(e)", "log", True))

    @abstractmethod
    def _lag_parameters(self) -> tuple[ReportedParameter, ...]: ...

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        r = len(rho)
        jacobian = np.eye(r + 1)
        jacobian[r, r] = sigma2
        return np.append(rho, sigma2), jacobian


class Exchangeable(_ByLag):
    """One variance and one covariance. ρ is the correlation, above -1/(largest group - 1)."""

    key, title, needs_time, integer_time = "exchangeable", "Exchangeable", False, False

    @property
    def n_params(self) -> int:
        return 1

    def start(self) -> list[FloatArray]:
        return [np.array([0.2]), np.array([0.0]), np.array([0.7])]

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        if not -1.0 / max(self.largest - 1, 1) < rho[0] < 1.0:
            raise np.linalg.LinAlgError("correlation outside its range")
        k = len(at)
        off = np.ones((k, k)) - np.eye(k)
        return np.eye(k) + rho[0] * off, off[None], np.zeros((1, 1, k, k))

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        raise NotImplementedError  # never asked: `relative` is direct

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return ()

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("var(e)", "log", True), ReportedParameter("cov(e)", "symmetric", True))

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        return (
            np.array([sigma2, rho[0] * sigma2]),
            np.array([[0.0, sigma2], [sigma2, rho[0] * sigma2]]),
        )


class Ar(_ByLag):
    """AR(p): ρ are φ_1..φ_p. Correlations by the Yule-Walker equations."""

    key, title = "ar", "AR"

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
        p = self.n_params
        roots = np.roots(np.append(-rho[::-1], 1.0)) if np.any(rho) else np.zeros(0)
        if np.any(np.abs(roots) <= 1.0):
            raise np.linalg.LinAlgError("the autoregression is not stationary")
        top = max(int(lags.max(initial=0)), p)
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
            r1[:, k] = r[back] + r1[:, back] @ rho
            r2[:, :, k] = r1[:, back] + r1[:, back].T + r2[:, :, back] @ rho
        at = np.rint(lags).astype(np.int64)
        return r[at], r1[:, at], r2[:, :, at]

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        if self.n_params == 1:
            return (ReportedParameter("rho", "tanh", False),)
        return tuple(ReportedParameter(f"phi{k + 1}", "symmetric", False) for k in range(self.n_params))


class Ma(_ByLag):
    """MA(q): ρ are θ_1..θ_q, correlation at lag k is Σ θ_i θ_{i+k} / Σ θ_i² with θ_0 = 1."""

    key, title = "ma", "MA"

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
            np.where(near, second[:, :, at], 0.0),
        )

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


class Toeplitz(_ByLag):
    """A correlation for each lag up to the order, 0 beyond; all observed lags by default."""

    key, title = "toeplitz", "Toeplitz"

    def __init__(self, times: FloatArray, order: int | None = None, largest: int = 2) -> None:
        super().__init__(times, order, largest)
        span = int(times.max() - times.min()) if len(times) else 0
        self.lags = order if order is not None else span

    @property
    def n_params(self) -> int:
        return self.lags

    def start(self) -> list[FloatArray]:
        decay: FloatArray = np.power(0.3, np.arange(1.0, self.lags + 1))
        return [decay * 0.5, np.zeros(self.lags)]

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        at = np.rint(lags).astype(np.int64)
        full = np.concatenate([[1.0], rho])
        near = at <= self.lags
        safe = np.where(near, at, 0)
        r = self.n_params
        first = np.zeros((r, len(at)))
        for k in range(r):
            first[k] = at == k + 1
        return np.where(near, full[safe], 0.0), first, np.zeros((r, r, len(at)))

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return tuple(ReportedParameter(f"rho{k + 1}", "tanh", False) for k in range(self.n_params))


class Exponential(_ByLag):
    """Correlation ρ^distance for any real distances, 0 < ρ < 1; the search runs over logit ρ."""

    key, title, integer_time = "exponential", "Exponential", False

    @property
    def n_params(self) -> int:
        return 1

    def start(self) -> list[FloatArray]:
        gaps = np.diff(self.times)
        typical = float(np.median(gaps)) if len(gaps) else 1.0
        return [np.array([_logit(level ** (1.0 / typical))]) for level in (0.5, 0.9, 0.1)]

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        t = float(np.clip(theta[0], -700, 700))
        rho = 1.0 / (1.0 + np.exp(-t))
        slope = rho * (1.0 - rho)
        return np.array([rho]), np.array([[slope]]), np.array([[[slope * (1.0 - 2.0 * rho)]]])

    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        r = float(rho[0])
        if not 0.0 < r < 1.0:
            raise np.linalg.LinAlgError("correlation outside its range")
        f = r**lags
        f1 = lags * f / r
        return f, f1[None], (lags * (lags - 1.0) * f / r**2)[None, None]

    def _lag_parameters(self) -> tuple[ReportedParameter, ...]:
        return (ReportedParameter("rho", "logit", False),)


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))


class Banded(ResidualStructure):
    """Distinct variances and covariances within a band. θ is a banded Cholesky factor with first entry 1,
    which reaches every positive definite matrix of that band and no other."""

    key, title = "banded", "Banded"

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

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        cells = self.cells()
        index = {cell: k for k, cell in enumerate(cells)}
        full = np.append(1.0, theta)
        size = len(cells)
        h = np.zeros((size, size, size))
        for k, (i, j) in enumerate(cells):
            for m in range(j + 1):
                a, b = index.get((i, m)), index.get((j, m))
                if a is not None and b is not None:
                    h[k, a, b] += 0.5
                    h[k, b, a] += 0.5
        ht = h @ full
        return (ht @ full)[1:], (2 * ht)[1:, 1:], (2 * h)[1:, 1:, 1:]

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        k = len(self.times)
        full = np.zeros((k, k))
        values = np.append(1.0, rho)
        basis = np.zeros((len(rho), k, k))
        for position, (i, j) in enumerate(self.cells()):
            full[i, j] = full[j, i] = values[position]
            if position:
                basis[position - 1, i, j] = basis[position - 1, j, i] = 1.0
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


class Unstructured(Banded):
    """All variances and covariances between times."""

    key, title = "unstructured", "Unstructured"

    @property
    def band(self) -> int:
        return len(self.times) - 1


RESIDUALS: dict[str, type[ResidualStructure]] = {
    cls.key: cls
    for cls in (Independent, Exchangeable, Ar, Ma, Unstructured, Banded, Toeplitz, Exponential)
}
