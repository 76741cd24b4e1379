"""Wald and F tests of linear hypotheses, and the likelihood-ratio test against the linear model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.statistics.distributions import chi2_upper

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WaldTest:
    """χ² with its rank, or F = χ²/rank (times λ) with denominator degrees of freedom."""

    chi2: float
    rank: int
    p: float
    f: float | None = None
    ddf: float | None = None


def wald(
    beta: FloatArray, vcov: FloatArray, hypothesis: FloatArray, value: FloatArray | None = None
) -> WaldTest:
    """χ² = (Cb - c)'(CVC')⁻(Cb - c), C of shape (l, p), redundant rows dropped from the rank."""
    c = np.atleast_2d(hypothesis)
    if c.shape[0] == 0:
        return WaldTest(float("nan"), 0, float("nan"))
    d = c @ beta - (0.0 if value is None else value)
    middle = c @ vcov @ c.T
    size = np.sqrt(np.maximum(np.diag(middle), 0.0))
    size[size == 0] = 1.0
    values, vectors = np.linalg.eigh(middle / np.outer(size, size))
    keep = values > 1e-12 * max(float(values.max(initial=0.0)), 1e-300) * len(values)
    rank = int(keep.sum())
    z = vectors[:, keep].T @ (d / size)
    chi2 = float(np.sum(z * z / values[keep]))
    return WaldTest(chi2, rank, chi2_upper(chi2, rank) if rank else float("nan"))
