"""A linear model as tables: analysis of variance, coefficients, fit."""

from __future__ import annotations

from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.results.tables import fit_tables
from terrace.spec.model import Display


def regress_tables(fit: FitResult, display: Display | None = None) -> tuple[Table, ...]:
    """``anova`` (not with robust standard errors), ``fixed`` and ``fit`` by their keys."""
    coefficients = [t for t in fit_tables(fit, display=display) if t.key == "fixed"]
    anova = () if fit.macros.get("vcetype") else (anova_table(fit),)
    return (*anova, *coefficients, fit_table(fit))


def anova_table(fit: FitResult) -> Table:
    """Sums of squares of the model and the residuals, with their degrees of freedom and mean squares."""
    s = fit.scalars
    mss, rss = float(s["mss"] or 0.0), float(s["rss"] or 0.0)
    k, df = float(s["df_m"] or 0), float(s["df_r"] or 0)

    def row(label: str, squares: float, freedom: float, kind: str = "row") -> Row:
        return Row(label, (squares, freedom, squares / freedom if freedom else None), kind)  # type: ignore[arg-type]

    columns = (Column("ss", "SS", "general"), Column("df", "df", "df"), Column("ms", "MS", "general"))
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
        Column("rmse", "Root MSE", "general"),
    )
    row = Row(fit.name or fit.outcome, tuple(s.get(c.key) for c in columns), code=fit.name or ".")
    return Table("Model fit", columns, (row,), "Model", key="fit")
