"""Standardised coefficients: effects in standard deviations of the outcome for one of the covariate.

β_j s(x_j) / s(y), with the standard deviations of the columns of X and of the outcome over the rows of the fit, as
regression prints them under "beta" (Bring 1994, The American Statistician 48: 209-213, equation 1). The standard error
is scaled likewise, as if s(x_j) and s(y) were known. A column of 0 and 1, or a product, counts as it stands in X.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table

FloatArray = npt.NDArray[np.float64]
NOTE = "Standardised: SDs of the outcome for one SD of the term, over the rows of the fit."


def scales(fit: FitResult) -> dict[str, float]:
    """s(x)/s(y) of each coefficient by its term, without the intercept and without columns that do not vary."""
    design = fit.model.design
    weights = design.weights.row if design.weights is not None and design.weights.row is not None else None
    sd_y = _sd(design.y, weights)
    out = {}
    for j, info in enumerate(design.x_info):
        sd = _sd(design.x[:, j], weights)
        if info.name != "_cons" and sd > 0 and sd_y > 0:
            out[info.name] = sd / sd_y
    return out


def standardized_table(fit: FitResult) -> Table:
    """The standardised coefficients with their standard errors, by the codes of the table of fixed effects."""
    found = scales(fit)
    rows = tuple(
        Row(e.label or e.term, (e.coef * found[e.term], None if e.se is None else e.se * found[e.term]), code=e.term)
        for e in fit.fixed
        if e.in_model and e.term in found
    )
    columns = (Column("beta", "Standardised"), Column("se", "SE"))
    return Table("Standardised effects", columns, rows, "Term", (NOTE,), "standardized")


def _sd(x: FloatArray, weights: FloatArray | None) -> float:
    """The standard deviation; the rows may stand for several."""
    w = np.ones(len(x)) if weights is None else weights
    total = float(w.sum())
    mean = float(w @ x) / total
    return float(np.sqrt((w @ (x - mean) ** 2) / (total - 1))) if total > 1 else 0.0
