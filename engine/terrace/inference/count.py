"""How many parameters a model has: the one count behind e(k), e(rank), AIC, BIC and likelihood-ratio tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terrace.inference.cells import Cell


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """Free parameters by kind. All count whether or not they have a standard error: a variance that is estimated as
    zero, or a correlation of 1, was estimated like any other (Stram & Lee 1994 take up what that does to tests).

    ``fixed`` are coefficients without base levels, empty cells, omitted ones and what constraints take away;
    ``random`` all covariance parameters, the residual variance among them; ``variances`` and ``covariances`` those of
    them that are one, of random effects and residuals alike; ``residual`` what the structure of the residuals adds to
    their one variance.
    """

    fixed: int
    random: int
    variances: int
    covariances: int
    residual: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.fixed + self.random


def count_parameters(free_coefficients: int, layout: Sequence[Cell]) -> ParameterCount:
    """The count of a model with these free coefficients and covariance parameters."""
    return ParameterCount(
        fixed=free_coefficients,
        random=len(layout),
        variances=sum(c.kind == "variance" for c in layout),
        covariances=sum(c.kind == "covariance" for c in layout),
        residual=max(sum(c.block is None for c in layout) - 1, 0),
    )
