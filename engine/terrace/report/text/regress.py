"""The page of a linear model in plain text: analysis of variance beside the tests, then the coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from terrace.report.cells import pad
from terrace.report.numbers import count, general
from terrace.report.text.fit import _halves, _listing, _pair, _robust_line, _warnings
from terrace.results.fit import FitResult
from terrace.results.table import CellValue
from terrace.results.tables import fit_tables
from terrace.results.tables_notes import filter_note
from terrace.results.tables_regress import anova_table, with_betas
from terrace.spec.model import Display

_ANOVA = 46  # places of the left half


def regress_text(
    fit: FitResult, display: Display | None = None, betas: Mapping[str, float] | None = None
) -> str:
    """The page of a fit of `regress`, at most 78 places wide unless names are long; without a final newline."""
    display = display or fit.spec.display
    blocks: list[Sequence[str]] = []
    if not display.noheader:
        blocks.append(_header(fit))
    classic = {t.key: t for t in fit_tables(fit, "classic", display=display)}
    if "fixed" in classic:
        table = classic["fixed"] if betas is None else with_betas(classic["fixed"], betas)
        blocks.append(_listing(table, display))
    blocks.append([note] if (note := filter_note(fit)) else [])
    blocks.append(_warnings(fit))
    return "\n\n".join("\n".join(line.rstrip() for line in b) for b in blocks if b)


def _header(fit: FitResult) -> list[str]:
    robust = bool(fit.macros.get("vcetype"))
    left = [fit.title] if robust else _anova(fit)
    return [*_halves(left, _tests(fit)), *_robust_line(fit)]


def _anova(fit: FitResult) -> list[str]:
    table = anova_table(fit)
    rule = "-" * _ANOVA

    def line(label: str, cells: Sequence[str]) -> str:
        return pad(label, 9) + "".join(pad(c, w, "right") for c, w in zip(cells, (13, 9, 15)))

    out = [line("Source", ("SS", "df", "MS")), rule]
    for row in table.rows:
        if row.kind == "total":
            out.append(rule)
        squares, df, mean = (table.cell(row, key) for key in ("ss", "df", "ms"))
        out.append(line(row.label, (_shown(squares), f"{df:,.0f}", _shown(mean))))
    return out


def _shown(value: CellValue) -> str:
    return general(value) if isinstance(value, int | float) else "."


def _tests(fit: FitResult) -> list[str]:
    s = fit.scalars

    def value(name: str, form: str) -> str:
        x = s.get(name)
        return "." if x is None else format(x, form)

    return [
        _pair("Number of obs", count(float(s["N"] or 0))),
        _pair(f"F({s['df_m']:g}, {s['df_r']:g})", value("F", ".2f")),
        _pair("Prob > F", value("p", ".4f")),
        _pair("R-squared", value("r2", ".4f")),
        _pair("Adj R-squared", value("r2_a", ".4f")),
        _pair("Root MSE", "." if s.get("rmse") is None else general(float(s["rmse"] or 0.0), 8)),
    ]


