"""The contracts of covariance structures: what the rest of the program asks of them, and no name is compared.

A structure of random effects maps its free parameters θ to the covariance matrix Σ of the effects of an equation. The
likelihood is written in ψ, entries of Σ, so that derivatives of V in ψ are constant matrices; the structure says which
entries, gives ψ(θ) with exact first and second derivatives, and the parameters that are printed. Where these are the
entries themselves and ψ is quadratic in θ (a Cholesky factor or its like), `QuadraticStructure` has all but a few lines
(Pinheiro & Bates 1996; Bates et al. 2015); where Σ = SCS or some other function of θ, `EntriesStructure` does.

A structure of residuals gives R/σ², where σ² is the variance of the first time (of the first by() group): for the rows
of one group the correlation-like matrix R*(ρ) of its relative parameters ρ with exact first and second derivatives, and
the map between ρ, the search vector θ, and the parameters that are reported.

docs/development.md has the recipe for a new one; tests/engine/test_covariance.py and test_covariance_everywhere.py run
over all that are registered.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from terrace.covariance.symbols import Letters, Symbol

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Position = tuple[int, int]
Kind = Literal["variance", "covariance", "other"]
Scale = Literal["log", "symmetric", "tanh", "logit"]

# A direction of Σ is on the boundary where its variance, relative to σ² in scaled columns of Z, is below this.
BOUNDARY = 1e-7


@dataclass(frozen=True, slots=True)
class NaturalParameter:
    """One printed parameter: its kind and the positions (i, j) of Σ that it fills or, as a correlation, is about.

    Kind ``other`` has a ``symbol``, its name in the table, and a ``scale`` for its interval; it has no unit.
    """

    kind: Kind
    where: tuple[Position, ...]
    symbol: str = ""
    scale: Scale = "tanh"


class RandomStructure(ABC):
    """The covariance matrix Σ, shape (q, q), of the q random effects of one equation."""

    title: ClassVar[str]
    key: ClassVar[str]
    """Its name in commands."""
    short: ClassVar[str] = ""
    """The shortest abbreviation of the name; empty where it has none."""
    sentence: ClassVar[str]
    """What a student is told of the matrix."""
    words: ClassVar[str]
    """What there is to say of the matrix, with the number of its parameters."""
    tied: ClassVar[bool] = False
    """Whether one variance is common to all effects, so that their columns need a common scale."""
    diagonal: ClassVar[bool] = False
    """Whether there are no covariances."""
    free: ClassVar[bool] = False
    """Whether every covariance matrix is a member, so that the family is the same in all coordinates of the effects."""
    of_values: ClassVar[bool] = False
    """Whether the effects can be those of the values of a variable, ``R.varname``."""

    def __init__(self, size: int) -> None:
        self.size = size

    # --- what is printed --------------------------------------------------------------------------------------------
    @abstractmethod
    def parameters(self) -> tuple[NaturalParameter, ...]:
        """The printed parameters in the order of the table: variances first. There are as many in θ."""

    @property
    def n_params(self) -> int:
        """Number of free parameters."""
        return len(self.parameters())

    @classmethod
    def count(cls, size: int) -> int:
        """Number of free parameters for so many effects."""
        return cls(size).n_params

    def printed(self, psi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Printed values, (n_params,), of a member, and their Jacobian in ψ, (n_params, n_entries)."""
        return psi, np.eye(self.n_entries)

    def entries_of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ψ of printed values and its Jacobian in them, (n_entries, n_params): the inverse of `printed`."""
        return values, np.eye(self.n_entries)

    def covariance(self, values: FloatArray) -> FloatArray:
        """Σ, (q, q), of printed values."""
        return self.matrix(self.entries_of(values)[0])

    @classmethod
    @abstractmethod
    def letters(cls, i: int, j: int) -> Letters:
        """What stands in the picture of Σ at the effects numbered i and j: τ for variances between groups, φ for one
        covariance in several places."""

    # --- ψ, entries of Σ --------------------------------------------------------------------------------------------
    def entries(self) -> tuple[tuple[Position, ...], ...]:
        """The positions of Σ that each ψ fills."""
        return tuple(p.where for p in self.parameters())

    @property
    def n_entries(self) -> int:
        """Length of ψ."""
        return len(self.entries())

    def basis(self) -> FloatArray:
        """E, shape (n_entries, q, q): Σ(ψ) = Σ_i ψ_i E_i."""
        e = np.zeros((self.n_entries, self.size, self.size))
        for k, where in enumerate(self.entries()):
            for i, j in where:
                e[k, i, j] = e[k, j, i] = 1.0
        return e

    def matrix(self, psi: FloatArray) -> FloatArray:
        """Σ(ψ), shape (q, q)."""
        return np.tensordot(psi, self.basis(), axes=1)

    def project(self, sigma: FloatArray) -> FloatArray:
        """ψ by averaging Σ over the positions that each fills."""
        return np.array([np.mean([sigma[i, j] for i, j in where]) for where in self.entries()])

    # --- θ, which is searched ---------------------------------------------------------------------------------------
    @abstractmethod
    def to_psi(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ(θ), (n_entries,), with its Jacobian (i, a) and second derivatives (i, a, b)."""

    @abstractmethod
    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        """θ of a member of the family near a positive semidefinite Σ, shape (q, q); of Σ itself where it is one."""

    def start(self, scale: float = 1.0) -> FloatArray:
        """θ for Σ = scale · I, or the member next to it."""
        return self.from_matrix(scale * np.eye(self.size))

    @abstractmethod
    def m_step(self, sigma: FloatArray) -> FloatArray:
        """ψ of the member that maximises -log|Σ| - tr Σ⁻¹S for the moments S of the effects, (q, q): EM's M step."""

    # --- the boundary -----------------------------------------------------------------------------------------------
    @property
    def n_roots(self) -> int:
        """How many entries of θ, the first, make Σ singular where they are zero: all but in a Cholesky factor."""
        return self.n_params

    def at_edge(self, theta: FloatArray) -> BoolArray:
        """Which entries of θ, (n_params,), stand where Σ is singular, or as good as that (`BOUNDARY`)."""
        return np.asarray((theta**2 < BOUNDARY) & (np.arange(self.n_params) < self.n_roots))

    def snapped(self, theta: FloatArray) -> FloatArray:
        """θ with what is `at_edge` on the edge itself."""
        return np.where(self.at_edge(theta), 0.0, theta)

    def singular(self, theta: FloatArray) -> tuple[BoolArray, dict[Position, float]]:
        """What `at_edge` means: which effects have no variance, (size,), and correlations on the edge by position; not
        asked where every covariance matrix is a member."""
        return np.resize(self.at_edge(theta), self.size), {}

    # --- the effects of the values of a variable --------------------------------------------------------------------
    @classmethod
    def over_values(cls, values: int) -> RandomStructure:
        """The structure of the effects of so many values of a variable; only where `of_values`."""
        return cls(1)

    def em_over_values(self, psi: FloatArray, gradient: FloatArray, groups: int) -> FloatArray | None:
        """ψ after an M step over the values of a variable; None where that is the M step of one effect."""
        return None


class QuadraticStructure(RandomStructure):
    """Σ is linear in its printed parameters, which are ψ, and ψ is quadratic in θ."""

    @abstractmethod
    def quadratic(self) -> FloatArray:
        """H, shape (n_params, n_params, n_params), symmetric in the last two: ψ_i(θ) = θ' H_i θ."""

    @cached_property
    def _h(self) -> FloatArray:
        return self.quadratic()

    def to_psi(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        ht = self._h @ theta
        return ht @ theta, 2.0 * ht, 2.0 * self._h

    def m_step(self, sigma: FloatArray) -> FloatArray:
        """Averages over tied positions are the M step."""
        return self.project(sigma)


class EntriesStructure(RandomStructure):
    """Σ is any function of θ: ψ are all entries of Σ, variances first, then covariances column by column."""

    def entries(self) -> tuple[tuple[Position, ...], ...]:
        q = self.size
        return tuple(((i, i),) for i in range(q)) + tuple(((i, j),) for j in range(q) for i in range(j + 1, q))

    @abstractmethod
    def printed(self, psi: FloatArray) -> tuple[FloatArray, FloatArray]: ...

    @abstractmethod
    def entries_of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]: ...

    def m_step(self, sigma: FloatArray) -> FloatArray:
        from scipy.optimize import minimize

        basis = self.basis()

        def loss(theta: FloatArray) -> tuple[float, FloatArray]:
            psi, slope, _ = self.to_psi(theta)
            member = self.matrix(psi)
            sign, log_det = np.linalg.slogdet(member)
            if sign <= 0:
                return np.inf, np.zeros_like(theta)
            inverse = np.linalg.inv(member)
            change = inverse - inverse @ sigma @ inverse
            return float(log_det + np.trace(inverse @ sigma)), np.tensordot(basis, change, axes=2) @ slope

        best = minimize(loss, self.from_matrix(sigma), jac=True, method="BFGS")
        return self.to_psi(np.asarray(best.x))[0]


@dataclass(frozen=True, slots=True)
class ReportedParameter:
    """A parameter of the printed table: its name, how its interval is made, and whether it scales with σ²."""

    name: str
    scale: Scale
    variance: bool


VARIANCE = Symbol("σ", sup="2")
"""The letter of a variance of all residuals."""


class ResidualStructure(ABC):
    """R*(ρ) for groups observed at `times` (distinct sorted values over the whole sample, shape (k,))."""

    key: ClassVar[str]
    """Its name in commands."""
    short: ClassVar[str] = ""
    """The shortest abbreviation of the name; empty where it has none."""
    title: ClassVar[str]
    sentence: ClassVar[str]
    """What a student is told of the matrix, with {order} where it has one."""
    adjective: ClassVar[str]
    """As in "Autoregressive residuals"."""
    phrase: ClassVar[str]
    """As in "a model with ..."; empty for residuals that are not worth a word."""
    edge_words: ClassVar[str] = ""
    """What correlations at the `edge` are, as in "rho is ..."; empty where there is no edge."""
    edge_advice: ClassVar[str] = ""
    """What to do then; ``{maximise}`` stands for what the estimates are."""
    needs_time: ClassVar[bool] = True
    integer_time: ClassVar[bool] = True
    independent: ClassVar[bool] = False
    """Whether residuals of a group are not correlated, so that no row needs whitening."""
    by_time: ClassVar[bool] = False
    """Whether each time has a variance of its own, so that times count by their place and not by their distance."""
    ordered: ClassVar[bool] = False
    """Whether the structure takes an order."""
    least_order: ClassVar[int] = 1
    usual_order: ClassVar[int | None] = None
    """The order where none is given; None for all lags that there are."""

    def __init__(self, times: FloatArray, order: int | None = None) -> None:
        self.times = times
        self.order = order

    @property
    @abstractmethod
    def n_params(self) -> int:
        """Number of relative parameters ρ."""

    @classmethod
    @abstractmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        """What stands in the picture of R at the ith and jth time, counted from 1; they are ``apart``, in words that
        are empty for 1."""

    @abstractmethod
    def start(self) -> list[FloatArray]:
        """Starting values of θ, the likeliest first."""

    @abstractmethod
    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """R* (k, k), its derivatives (r, k, k), and second derivatives (r, r, k, k) where order is 2.

        ``at`` are the times of the rows (positions in `times` for unstructured and banded). Raises
        `numpy.linalg.LinAlgError` where ρ is outside the parameter space.
        """

    def stacked(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """`relative` at the times of several groups of the same size, ``at`` (J, k): R* (J, k, k), derivatives
        (r, J, k, k) and for order 2 second ones (r, r, J, k, k), which may come in a shape that broadcasts."""
        found = [self.relative(rho, own, order) for own in at]
        first, second = np.stack([f[1] for f in found], axis=1), np.stack([f[2] for f in found], axis=2)
        return np.stack([f[0] for f in found]), first, second

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

    @abstractmethod
    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        """θ and σ² of reported values, shape (k,): the inverse of `natural` after `to_relative`.

        Raises `numpy.linalg.LinAlgError` or gives θ outside the space where the values are no covariance matrix.
        """

    @classmethod
    def bound(
        cls, times: FloatArray, order: int | None, lags: Callable[[], npt.NDArray[np.int64]], time: str
    ) -> ResidualStructure:
        """The structure for a sample: its distinct ``times``, the ``lags`` that occur within groups, ascending and
        without 0, and the name of the time variable for what is said. Raises `SpecError` where the order does not fit.
        """
        return cls(times, order)

    def shown_order(self) -> int | None:
        """The order that stands in the title."""
        return None

    @classmethod
    def count(cls, n_times: int, order: int | None) -> int:
        """Number of parameters with the overall variance, for so many times; an open choice counts least."""
        return 1 + (order or cls.usual_order or 1)

    @classmethod
    def most_order(cls, n_times: int, span: float | None) -> int | None:
        """The highest order for so many times over a ``span`` (None where it is not whole); None for any."""
        return None

    @classmethod
    def repeats_intercept(cls, order: int | None) -> bool:
        """Whether a random intercept of the same groups adds nothing to this structure."""
        return False

    @property
    def holds_constant(self) -> bool:
        """Whether all correlations of a group can be as near to one as one likes."""
        return False

    def vanishing_sums(self, at: FloatArray, largest: int) -> FloatArray:
        """Weights (k, d) of residuals at the times ``at`` (k,) of a group whose sums may have as little variance as one
        likes, at negative correlations; ``largest`` are the rows of the largest group. None unless overridden."""
        return np.zeros((len(at), 0))

    def can_vanish(self, weights: FloatArray) -> bool:
        """Whether residuals of the times can have any variances and covariances but that those with these ``weights``
        (k,) sum to zero; only asked where each time has a variance of its own."""
        return False

    def stored(self) -> dict[str, int | None]:
        """What of the order stands in the stored results, by name."""
        return {}

    def edge(self, rho: FloatArray, nearest: float) -> FloatArray:
        """Directions of ρ, shape (n_params, s), that leave R* as it is to first order: ρ is at the edge of the
        parameter space there, and has no standard error along them. None unless overridden. ``nearest`` is the
        shortest distance between two times of a group."""
        return np.zeros((self.n_params, 0))

    def out_of_units(self, rho: FloatArray, nearest: float) -> str:
        """The number, 0 or 1, from which what is reported cannot be told in these units of time; mostly empty."""
        return ""

    def canonical(self, rho: FloatArray) -> FloatArray:
        """An equivalent ρ in the conventional form (invertible MA); ρ itself otherwise."""
        return rho
