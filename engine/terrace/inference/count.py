"""How many parameters a model has: the one count behind e(k), e(rank), AIC, BIC and likelihood-ratio tests.

The dimension of a model is that of the set of distributions that it can be, the rank of its information (Rothenberg
1971): parameters that the data cannot tell apart add nothing to it, and the same model written without them has the
same AIC (whose penalty is the expected optimism of the likelihood, Akaike 1974, one for each dimension).
"""

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
    their one variance; ``unidentified`` the dimensions along which no data of the design change the likelihood.
    """

    fixed: int
    random: int
    variances: int
    covariances: int
    residual: int
    unidentified: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.fixed + self.random

    @property
    def identified(self) -> int:
        """The dimension of the model."""
        return self.total - self.unidentified


def count_parameters(free_coefficients: int, layout: Sequence[Cell], unidentified: int = 0) -> ParameterCount:
    """The count of a model with these free coefficients and covariance parameters."""
    return ParameterCount(
        fixed=free_coefficients,
        random=len(layout),
        variances=sum(c.kind == "variance" for c in layout),
        covariances=sum(c.kind == "covariance" for c in layout),
        residual=max(sum(c.block is None for c in layout) - 1, 0),
        unidentified=unidentified,
    )
