"""A fit as tables: fixed effects, random effects, model fit; and the notes that belong under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isnan
from typing import Literal

from terrace.results.criteria import count_notes, information_criteria
from terrace.results.fit import NOT_IDENTIFIED, FitResult, RandomParameter
from terrace.results.stored import covariance_names
from terrace.results.table import CellValue, Column, Row, Table
from terrace.results.tables_compare import compare_tables
from terrace.results.tables_notes import fit_notes, fixed_notes, likelihood_name, random_notes
from terrace.results.tables_rows import (
    RandomBlock,
    cells_of,
    classic_fixed_rows,
    classic_random_rows,
    journal_fixed_rows,
    journal_random_rows,
    random_blocks,
    reference_note,
    shown_effects,
)
from terrace.spec.model import Display, Metric

__all__ = ["compare_tables", "fit_tables"]



def fit_tables(
    fit: FitResult,
    style: Literal["journal", "classic"] = "journal",
    *,
    metric: Metric | None = None,
    display: Display | None = None,
    labels: Mapping[str, str] | None = None,
    warnings: bool = True,
) -> tuple[Table, ...]:
    """The tables of a fit: ``fixed``, ``random`` and ``fit`` by their keys, less those switched off.

    Parameters
    ----------
    style
        ``"journal"``: labels for people, the intercept first, notes. ``"classic"``: the names of commands,
        seven significant digits.
    metric, display
        What replaces the metric and the display options of the fit's own specification.
    labels
        Labels of variables by name, which stand for them: ``{"id": "School"}``.
    warnings
        Whether the notes repeat what the fit warned of; False where the warnings stand beside the tables.
    """
    display = display or fit.spec.display
    metric = metric or display.metric
    labels = labels or {}
    journal = style == "journal"
    if display.coeflegend:
        columns = (_listed("coef", "Coefficient", _decimals(display.cformat)), Column("legend", "Legend", "text"))
        rows = tuple(Row(name, (value, legend), code=name) for name, value, legend in legend_rows(fit, display))
        return (Table("Coefficients", columns, rows, fit.outcome, (), "legend"),)
    tables: list[Table] = []
    general = () if display.noheader else fit_notes(fit, display, labels)
    if not display.nofetable:
        fixed = _journal_fixed(fit, display, labels, warnings) if journal else _classic_fixed(fit, display)
        tables.append(fixed)
    if not display.noretable:
        if journal:
            tables.append(_journal_random(fit, display, metric, labels, warnings))
        else:
            tables.append(_classic_random(fit, display, metric))
    if tables and journal:
        last = tables[-1]
        tables[-1] = Table(last.title, last.columns, last.rows, last.stub, (*general, *last.notes), last.key)
    if not display.noheader:
        tables.append(_model_fit(fit, journal))
    return tuple(tables)


def legend_rows(fit: FitResult, display: Display) -> list[tuple[str, float | str, str]]:
    """What ``coeflegend`` shows: the name of each parameter of e(b), its value, and how expressions call it."""
    rows = [(e.term, e.shown, f"_b[{e.term}]") for e, _ in shown_effects(fit, display)]
    names = covariance_names(fit)
    for name, value in zip(names, fit.matrices["b"][0, -len(names) :] if names else ()):
        shown = NOT_IDENTIFIED if isnan(value) else float(value)
        rows.append((name.removesuffix(":_cons"), shown, f"_b[{name}]"))
    return rows


def small_sample(fit: FitResult) -> bool:
    """True where coefficients are tested by t with degrees of freedom of their own."""
    return any(e.df is not None for e in fit.fixed)


def fixed_keys(fit: FitResult, display: Display) -> list[str]:
    """The columns of the table of coefficients that the options of display leave, by key."""
    keys = ["coef", "se"]
    if small_sample(fit) and display.dftable != "default":
        keys.append("df")
    if display.dftable != "ci" and not display.nopvalues:
        keys += ["stat", "p"]
    if display.dftable != "pvalue" and not display.noci:
        keys += ["lb", "ub"]
    return keys


def _journal_fixed(fit: FitResult, display: Display, labels: Mapping[str, str], warnings: bool) -> Table:
    from_keys = fixed_keys(fit, display)
    keys = [k for k in from_keys if k not in ("lb", "ub", "df")]
    if small_sample(fit):
        keys.insert(2, "df")  # a journal always wants the df of a t test
    if "lb" in from_keys:
        keys.append("ci")
    estimate, p, stat = (_decimals(f) for f in (display.cformat, display.pformat, display.sformat))
    every = {
        "coef": Column("coef", "Estimate", decimals=estimate),
        "se": Column("se", "Robust SE" if _robust(fit) else "SE", decimals=estimate),
        "df": Column("df", "df", "df"),
        "stat": Column("stat", "t" if small_sample(fit) else "z", "statistic", stat),
        "p": Column("p", "p", "p", p),
        "ci": Column("ci", f"{display.level:g}% CI", "interval", estimate),
    }
    rows = journal_fixed_rows(fit, display, lambda e: cells_of(e, keys, "coef"), labels)
    notes = [n for n in (reference_note(fit, display, labels), *(fixed_notes(fit, labels) if warnings else ())) if n]
    return Table("Fixed effects", tuple(every[k] for k in keys), tuple(rows), "Term", tuple(notes), "fixed")


def _classic_fixed(fit: FitResult, display: Display) -> Table:
    keys = fixed_keys(fit, display)
    letter = "t" if small_sample(fit) else "z"
    c, p, s = (_decimals(f) for f in (display.cformat, display.pformat, display.sformat))
    every = {
        "coef": _listed("coef", "Coefficient", c),
        "se": _listed("se", "Robust std. err." if _robust(fit) else "Std. err.", c),
        "df": Column("df", "df", "fixed", 1),
        "stat": Column("stat", letter, "fixed", 2 if s is None else s),
        "p": Column("p", f"P>|{letter}|", "fixed", 3 if p is None else p),
        "lb": _listed("lb", f"[{display.level:g}% conf.", c),
        "ub": _listed("ub", "interval]", c),
    }
    rows = classic_fixed_rows(fit, display, lambda e: cells_of(e, keys, "se"))
    return Table("Fixed effects", tuple(every[k] for k in keys), tuple(rows), fit.outcome, (), "fixed")


def _listed(key: str, title: str, decimals: int | None) -> Column:
    return Column(key, title, "general" if decimals is None else "fixed", decimals)


def _blocks(fit: FitResult, metric: Metric, display: Display) -> list[RandomBlock]:
    """The equations of the random part; with ``nofvlabel`` groups of by() go by their codes."""
    found = random_blocks(fit, metric)
    if not display.nofvlabel:
        return found
    return [
        replace(b, parameters=tuple(replace(r, group=r.group and r.name.partition(":")[0]) for r in b.parameters))
        for b in found
    ]


def _journal_random(
    fit: FitResult, display: Display, metric: Metric, labels: Mapping[str, str], warnings: bool
) -> Table:
    with_ci = not display.noci

    def values(r: RandomParameter) -> tuple[CellValue, ...]:
        interval = None if r.lb is None or r.ub is None else (r.lb, r.ub)
        return (r.shown, r.se, interval) if with_ci else (r.shown, r.se)

    decimals = _decimals(display.cformat)
    columns = [
        Column("estimate", "Estimate", decimals=decimals),
        Column("se", "Robust SE" if _robust(fit) else "SE", decimals=decimals),
    ]
    if with_ci:
        columns.append(Column("ci", f"{display.level:g}% CI", "interval", decimals))
    rows = journal_random_rows(_blocks(fit, metric, display), values, labels, metric)
    title = {"estmetric": "Random effects, as log SDs and inverse hyperbolic tangents of correlations"}
    return Table(
        title.get(metric, "Random effects"),
        tuple(columns),
        tuple(rows),
        "Level and parameter",
        random_notes(fit, warnings, metric, labels),
        "random",
    )


def _classic_random(fit: FitResult, display: Display, metric: Metric) -> Table:
    with_ci = not display.noci

    def values(r: RandomParameter) -> tuple[CellValue, ...]:
        return (r.shown, r.se, r.lb, r.ub) if with_ci else (r.shown, r.se)

    c = _decimals(display.cformat)
    columns = [
        _listed("estimate", "Estimate", c),
        _listed("se", "Robust std. err." if _robust(fit) else "Std. err.", c),
    ]
    if with_ci:
        columns += [_listed("lb", f"[{display.level:g}% conf.", c), _listed("ub", "interval]", c)]
    rows = classic_random_rows(_blocks(fit, metric, display), values)
    return Table("Random-effects parameters", tuple(columns), tuple(rows), "Parameter", (), "random")


def _model_fit(fit: FitResult, journal: bool) -> Table:
    k, aic, bic = information_criteria(fit)
    form: Literal["fixed", "general"] = "fixed" if journal else "general"
    columns = (
        Column("N", "Observations", "count"),
        Column("k", "Parameters", "count"),
        Column("ll", likelihood_name(fit), form),
        Column("aic", "AIC", form),
        Column("bic", "BIC", form),
    )
    row = Row(fit.name or fit.outcome, (fit.scalars["N"], k, fit.ll, aic, bic), code=fit.name or ".")
    return Table("Model fit", columns, (row,), "Model", ("BIC counts observations.", *count_notes([fit])), "fit")


def _robust(fit: FitResult) -> bool:
    return bool(fit.macros.get("vcetype")) or fit.spec.vce in ("robust", "cluster")


def _decimals(spec: str | None) -> int | None:
    """The decimals that a ``%w.df`` format asks for; other formats only count in the plain-text page."""
    import re

    match = re.fullmatch(r"%-?0?\d*\.(\d+)fc?", spec or "")
    return int(match[1]) if match else None
