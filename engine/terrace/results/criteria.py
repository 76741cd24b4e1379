"""Parameters, AIC and BIC of fits that stand in one table."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from terrace.results.fit import FitResult

RESIDUAL_COUNTED = "The residual variance of a regression counts as a parameter here, as it does in the other models."


class Criteria(NamedTuple):
    """The number of parameters k with AIC = −2ℓ + 2k (Akaike 1974) and BIC = −2ℓ + k log N (Schwarz 1978)."""

    k: int
    aic: float
    bic: float


def information_criteria(fit: FitResult, k: int | None = None, n: float | None = None) -> Criteria:
    """The criteria of one fit; ``k`` is its number of parameters, ``n`` takes the place of the observations."""
    k = parameter_counts([fit])[0] if k is None else k
    n = float(fit.scalars["N"] or 0) if n is None else n
    return Criteria(k, -2 * fit.ll + 2 * k, -2 * fit.ll + k * log(n))


def parameter_counts(fits: Sequence[FitResult]) -> list[int]:
    """The number of parameters of each fit, counted alike.

    By convention a regression alone counts its coefficients; beside a mixed model its residual variance counts too,
    or their criteria could not be compared.
    """
    if any(f.macros.get("cmd") != "regress" for f in fits):
        return [f.n_parameters for f in fits]
    return [int(f.scalars["rank"] or 0) for f in fits]


def counts_differ(fits: Sequence[FitResult]) -> bool:
    """Whether regressions and mixed models stand side by side, so that `RESIDUAL_COUNTED` has to be said."""
    return len({f.macros.get("cmd") == "regress" for f in fits}) == 2
