"""The contract of a residual covariance structure.

The likelihood works with R/σ², where σ² is the variance of the first time (of the first by() group). A
structure gives, for the rows of one group, the correlation-like matrix R*(ρ) of its relative parameters ρ
with exact first and second derivatives, and the map between ρ, the search vector θ, and the parameters that
are reported.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Scale = Literal["log", "symmetric", "tanh", "logit"]


@dataclass(frozen=True, slots=True)
class ReportedParameter:
    """A parameter of the printed table: its name, how its interval is made, and whether it scales with σ²."""

    name: str
    scale: Scale
    variance: bool


class ResidualStructure(ABC):
    """R*(ρ) for groups observed at `times` (distinct sorted values over the whole sample, shape (k,))."""

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    adjective: ClassVar[str] = ""
    """As in "Autoregressive residuals"."""
    phrase: ClassVar[str] = ""
    """As in "a model with ..."; empty for residuals that are not worth a word."""
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
