"""Variance inflation factors: what the correlation of the predictors costs the precision of each coefficient.

For least squares with a constant, VIF_j = 1/(1 - R²_j), R²_j from the regression of column j of X on the others
(Marquardt 1970; Belsley, Kuh & Welsch 1980). It equals Φ_jj (Φ₁⁻¹)_jj, where Φ is the model-based covariance matrix
of the coefficients and Φ₁ its block without the constant (Davis, Hyde, Bangdiwala & Nelson 1986; with one column a
term the generalised factor of Fox & Monette 1992). In that form it holds for the fixed part of a mixed model, whose
Φ = (X'V⁻¹X)⁻¹: columns are then compared after weighting by V⁻¹, the weights that the estimates rest on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.results.tables_terms import column_label

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Inflation:
    """``vif`` (k,) of the columns called ``names`` in commands and ``labels`` for people, the largest first."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    vif: FloatArray
    uncentered: bool = False
    mixed: bool = False


def inflation(fit: FitResult, *, uncentered: bool = False) -> Inflation:
    """The factors of a fit; `uncentered` treats the constant as one more column.

    Raises `SpecError` where there is no predictor, or the coefficients are constrained.
    """
    model = fit.model
    if model.constraints is not None:
        raise SpecError("Variance inflation is not available with constraints.", code="constraints", subject="vif")
    info = model.design.x_info
    keep = [k for k, c in enumerate(info) if uncentered or c.name != "_cons"]
    if not any(c.name != "_cons" for c in info):
        raise SpecError("The model has no predictors.", code="no-predictors", subject="estat vif")
    phi = np.asarray(model.phi)[np.ix_(keep, keep)]
    scale = np.sqrt(np.diag(phi))
    vif = np.diag(np.linalg.inv(phi / np.outer(scale, scale)))  # the scales of the columns cancel
    order = np.argsort(-vif, kind="stable")
    chosen = [info[keep[k]] for k in order]
    return Inflation(
        tuple(c.name for c in chosen), tuple(column_label(c) for c in chosen), vif[order], uncentered,
        fit.macros.get("cmd") != "regress",
    )  # fmt: skip


def vif_table(found: Inflation) -> Table:
    """VIF and its inverse, the tolerance, one row a coefficient, and the mean."""
    columns = (Column("vif", "VIF", "fixed", 2), Column("tolerance", "1/VIF", "fixed", 4))
    rows = [
        Row(label, (float(v), float(1 / v)), code=name)
        for name, label, v in zip(found.names, found.labels, found.vif)
    ]
    rows.append(Row("Mean", (float(found.vif.mean()), None), "total", code="mean"))
    notes = ["How many times larger the variance of a coefficient is than if its column were unrelated to the others."]
    if found.mixed:
        notes.append("Fixed part, from the model-based covariance matrix of the coefficients.")
    if found.uncentered:
        notes.append("Uncentred: the constant counts as a column.")
    return Table("Variance inflation factors", columns, tuple(rows), "Term", tuple(notes), "vif")
