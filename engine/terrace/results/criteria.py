"""Parameters, AIC and BIC of fits that stand in one table."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from terrace.results.fit import FitResult
from terrace.wording import enumerated

RESIDUAL_COUNTED = "The residual variance of a regression counts as a parameter here, as it does in the other models."


class Criteria(NamedTuple):
    """The number k of identified parameters, AIC = −2ℓ + 2k (Akaike 1974), BIC = −2ℓ + k log N (Schwarz 1978)."""

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


def count_notes(fits: Sequence[FitResult], names: Sequence[str] = ()) -> list[str]:
    """What has to be said of how parameters are counted: of regressions beside mixed models, and of parameters that the
    data do not identify, by the names of the fits where there are several."""
    notes = [RESIDUAL_COUNTED] if len({f.macros.get("cmd") == "regress" for f in fits}) == 2 else []
    left = [f"{f.n_unidentified}{f' of {name}' if len(fits) > 1 else ''}"
            for f, name in zip(fits, names or [""] * len(fits)) if f.n_unidentified]  # fmt: skip
    if left:
        notes.append(f"Parameters that these data do not identify are not counted: {enumerated(left)}.")
    return notes
