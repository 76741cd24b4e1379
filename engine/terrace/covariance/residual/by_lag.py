"""Residuals whose correlation depends on the distance in time only.

Formulas: manual, *Other residual-error structures*; Brockwell & Davis (1991), chapter 3.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import FloatArray, ReportedParameter, ResidualStructure
from terrace.errors import SpecError

# What lies this close to the edge of the parameter space cannot be told from it.
EDGE = 1e-5


class ByLag(ResidualStructure):
    """Correlations that depend on the distance in time only."""

    @property
    def chained(self) -> bool:
        """Whether a residual depends on all before through the last one only, whatever the time between them."""
        return False

    @property
    def memory(self) -> int | None:
        """Where the times are whole numbers: so many consecutive residuals tell all that earlier ones could; None
        where no number does."""
        return None

    def below_one(self, rho: FloatArray, lags: FloatArray) -> FloatArray:
        """1 - |correlation| at each distance, with all its digits; only asked where `chained`."""
        return 1.0 - np.abs(self.correlations(rho, lags, 0)[0])

    @abstractmethod
    def correlations(
        self, rho: FloatArray, lags: FloatArray, order: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Correlation at each distance, for order 1 derivatives (r, ...), for order 2 second ones too (r, r, ...).

        Distances come in any shape, which stands last in the answer.
        """

    def relative(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.correlations(rho, np.abs(at[:, None] - at[None, :]), order)

    def stacked(self, rho: FloatArray, at: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.correlations(rho, np.abs(at[:, :, None] - at[:, None, :]), order)

    def reported(self) -> tuple[ReportedParameter, ...]:
        return (*self.lag_parameters(), ReportedParameter("var(e)", "log", True))

    @abstractmethod
    def lag_parameters(self) -> tuple[ReportedParameter, ...]: ...

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        r = len(rho)
        jacobian = np.eye(r + 1)
        jacobian[r, r] = sigma2
        return np.append(rho, sigma2), jacobian

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        return np.array(values[:-1]), float(values[-1])


def need_lags(key: str, reach: int, observed: npt.NDArray[np.int64], time: str) -> None:
    """`SpecError` where no two rows of a group are as close as the structure reaches."""
    if np.any(observed <= reach):
        return
    least = f"the shortest lag is {observed[0]}" if len(observed) else "each group has one row"
    raise SpecError(
        f"residuals({key} {reach}): no two rows of a group are {reach} or less apart in {time}; {least}.",
        code="residual-order",
        subject="residuals",
        advice="Number the occasions 1, 2, 3 in t(), or use residuals(exponential, ...).",
    )


def no_second(r: int, lags: FloatArray) -> FloatArray:
    """Second derivatives that are zero, or not asked for, in a shape that broadcasts."""
    return np.zeros((r, r, *(1,) * lags.ndim))
