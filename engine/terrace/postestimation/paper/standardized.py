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
    """s(x)/s(y) of each coefficient by its term, without the intercept; none where the outcome does not vary."""
    design = fit.model.design
    sd_y = _sd(design.y, design.weights.row)
    names = [c.name for c in design.x_info]
    return {n: _sd(design.x[:, j], design.weights.row) / sd_y for j, n in enumerate(names) if n != "_cons" and sd_y > 0}


def betas(fit: FitResult) -> dict[str, float]:
    """The standardised coefficients by term, without the intercept."""
    found = scales(fit)
    return {e.term: e.coef * found[e.term] for e in fit.fixed if e.term in found}


def standardized_table(fit: FitResult) -> Table:
    """The standardised coefficients of columns that vary, with their standard errors, by the codes of the table of
    fixed effects."""
    found = scales(fit)
    rows = tuple(
        Row(e.label or e.term, (e.coef * found[e.term], None if e.se is None else e.se * found[e.term]), code=e.term)
        for e in fit.fixed
        if e.in_model and found.get(e.term)
    )
    columns = (Column("beta", "Standardised"), Column("se", "SE"))
    return Table("Standardised effects", columns, rows, "Term", (NOTE,), "standardized")


def _sd(x: FloatArray, weights: FloatArray | None) -> float:
    """The standard deviation; the rows may stand for several. Its divisor is the same for all columns and cancels."""
    return float(np.sqrt(np.average((x - np.average(x, weights=weights)) ** 2, weights=weights)))
