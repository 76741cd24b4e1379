"""A linear model as tables: analysis of variance, coefficients, fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, RowKind, Table
from terrace.results.tables import fit_tables
from terrace.results.tables_notes import filter_note
from terrace.spec.model import Display


def regress_tables(
    fit: FitResult, display: Display | None = None, betas: Mapping[str, float] | None = None
) -> tuple[Table, ...]:
    """``anova`` (not with robust standard errors), ``fixed`` and ``fit`` by their keys; `betas` replace intervals."""
    coefficients = [t for t in fit_tables(fit, display=display) if t.key == "fixed"]
    if betas is not None:
        coefficients = [with_betas(t, betas) for t in coefficients]
    anova = () if fit.macros.get("vcetype") else (anova_table(fit),)
    return (*anova, *coefficients, fit_table(fit))


def with_betas(table: Table, betas: Mapping[str, float]) -> Table:
    """The table of coefficients with standardised ones, by term, in the place of the intervals."""
    gone = [k for k, c in enumerate(table.columns) if c.key in ("lb", "ub", "ci") or c.format == "interval"]
    kept = [k for k in range(len(table.columns)) if k not in gone]
    rows = []
    for row in table.rows:
        if not row.values:
            rows.append(row)
            continue
        values = [row.values[k] for k in kept]
        told = any(isinstance(v, str) for v in values)
        rows.append(replace(row, values=(*values, None if told else betas.get(row.code))))
    columns = (*(table.columns[k] for k in kept), Column("beta", "Beta"))
    return replace(table, columns=columns, rows=tuple(rows))


def anova_table(fit: FitResult) -> Table:
    """Sums of squares of the model and the residuals, with their degrees of freedom and mean squares."""
    s = fit.scalars
    mss, rss = float(s["mss"] or 0.0), float(s["rss"] or 0.0)
    k, df = float(s["df_m"] or 0), float(s["df_r"] or 0)

    def row(label: str, squares: float, freedom: float, kind: RowKind = "row") -> Row:
        return Row(label, (squares, freedom, squares / freedom if freedom else None), kind)

    columns = (Column("ss", "SS"), Column("df", "df", "df"), Column("ms", "MS"))
    rows = (row("Model", mss, k), row("Residual", rss, df), row("Total", mss + rss, k + df, "total"))
    return Table("Analysis of variance", columns, rows, "Source", key="anova")


def fit_table(fit: FitResult) -> Table:
    """Observations, F test, R² and root mean squared error in one row."""
    s = fit.scalars
    f = s.get("F")
    test = "F" if f is None else f"F({s['df_m']:g}, {s['df_r']:g})"
    columns = (
        Column("N", "Observations", "count"),
        Column("F", test, "statistic"),
        Column("p", "p", "p"),
        Column("r2", "R²", "fixed", 4),
        Column("r2_a", "Adjusted R²", "fixed", 4),
        Column("rmse", "Root MSE"),
    )
    row = Row(fit.name or fit.outcome, tuple(s.get(c.key) for c in columns), code=fit.name or ".")
    notes = (note,) if (note := filter_note(fit)) else ()
    return Table("Model fit", columns, (row,), "Model", notes, key="fit")
