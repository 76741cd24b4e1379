"""Models side by side: one column a model, standard errors in parentheses under the coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

from terrace.errors import TerraceError
from terrace.results.criteria import count_notes, information_criteria, parameter_counts
from terrace.results.fit import FitResult, FixedEffect, RandomParameter
from terrace.results.table import Column, Row, Table
from terrace.results.tables_notes import filters_note
from terrace.results.tables_terms import labelled, paper_place, parameter_label, term_name
from terrace.wording import plural

T = TypeVar("T")
FIXED = "Fixed effects"
"""The head over the coefficients."""


def compare_tables(
    fits: Sequence[FitResult],
    names: Sequence[str] = (),
    *,
    metric: Literal["variance", "sd"] = "variance",
    labels: Mapping[str, str] | None = None,
) -> Table:
    """One table of several fits: coefficients, random parameters, N, groups, log likelihood, AIC, BIC.

    `names` head the columns (default: the names under which the fits are stored, or "Model 1", ...).
    Raises `TerraceError` where there is nothing to compare or the names do not match the fits.
    """
    if not fits:
        raise TerraceError(
            "There is no model to show.", code="no-models", advice="Give the name of at least one stored model."
        )
    names = list(names) or [f.name or f"Model {i + 1}" for i, f in enumerate(fits)]
    if len(names) != len(fits):
        raise TerraceError(f"{plural(len(fits), 'model')} and {plural(len(names), 'name')}.", code="names-differ")
    labels = labels or {}
    rows = [*_fixed_rows(fits, labels), *_random_rows(fits, metric, labels), *fit_rows(fits, labels)]
    columns = tuple(Column(f"m{i + 1}", name) for i, name in enumerate(names))
    alike = len({f.spec.outcome for f in fits}) == 1
    return Table("Models compared", columns, tuple(rows), "", fit_notes(fits, names, labels=labels), "compare", alike)


def _fixed_rows(fits: Sequence[FitResult], labels: Mapping[str, str]) -> list[Row]:
    tables: list[dict[str, FixedEffect]] = [
        {e.term: e for e in f.fixed if e.in_model} for f in fits
    ]
    terms = merged([list(t) for t in tables])
    terms.sort(key=lambda term: term != "_cons")
    rows = [Row(FIXED, kind="group")] if terms else []
    for term in terms:
        found = [t.get(term) for t in tables]
        label = labelled(term_name(next(e for e in found if e is not None)), labels).label
        coefs = tuple(None if e is None else e.shown for e in found)
        rows.append(Row(label, coefs, indent=1, code=term, format="estimate"))
        ses = tuple(None if e is None else e.se for e in found)
        rows.append(Row("", ses, indent=1, code=f"se({term})", format="bracketed"))
    return rows


def _random_rows(
    fits: Sequence[FitResult], metric: Literal["variance", "sd"], labels: Mapping[str, str]
) -> list[Row]:
    tables: list[dict[tuple[str, str], RandomParameter]] = []
    for fit in fits:
        source = fit.random if metric == "variance" else fit.random_sd
        tables.append({(r.level, r.name): r for r in source})
    keys = merged([list(t) for t in tables])
    # a level's rows stand together, the residuals last, also where models have different levels
    levels = [*dict.fromkeys(level for level, _ in keys if level != "Residual"), "Residual"]
    rows: list[Row] = []
    for level in levels:
        mine = sorted((k for k in keys if k[0] == level), key=lambda k: paper_place(*k))
        if not mine:
            continue
        title = f"{labels[level]} ({level})" if labels.get(level) else level
        rows.append(Row("Residual" if level == "Residual" else f"Random effects, {title}", kind="group"))
        for key in mine:
            found = [t.get(key) for t in tables]
            values = tuple(None if r is None else r.shown for r in found)
            label = residual_label(next(r for r in found if r is not None), labels)
            code = key[1] if level == "Residual" else f"{level}:{key[1]}"
            rows.append(Row(label, values, indent=1, code=code, format="estimate"))
    return rows


def fit_rows(fits: Sequence[FitResult], labels: Mapping[str, str] | None = None) -> list[Row]:
    """Observations, groups, parameters, log likelihood, AIC and BIC, one row each."""
    rows = [Row("Observations", tuple(f.scalars["N"] for f in fits), "total", code="N", format="count")]
    for level in merged([[g.level for g in f.groups if g.level != "_all"] for f in fits]):
        counts = [next((g.n_groups for g in f.groups if g.level == level), None) for f in fits]
        called = (labels or {}).get(level) or level
        rows.append(Row(f"Groups of {called}", tuple(counts), code=f"N_g:{level}", format="count"))
    k = parameter_counts(fits)
    found = [information_criteria(f, q) for f, q in zip(fits, k)]
    numbers = {
        "ll": ("Log likelihood", [f.ll for f in fits]),
        "aic": ("AIC", [c.aic for c in found]),
        "bic": ("BIC", [c.bic for c in found]),
    }
    rows.append(Row("Parameters", tuple(k), code="rank", format="count"))
    rows += [
        Row(label, tuple(v), code=code, format="fixed", decimals=2) for code, (label, v) in numbers.items()
    ]
    return rows


def fit_notes(
    fits: Sequence[FitResult],
    names: Sequence[str],
    *,
    brackets: bool = True,
    labels: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """What a reader of models side by side must know; `brackets` where standard errors stand in parentheses."""
    notes = ["Standard errors in parentheses." if brackets else ""]
    methods = {f.spec.method for f in fits}
    if len(methods) == 2:
        which = "; ".join(f"{n}: {'REML' if f.spec.method == 'reml' else 'ML'}" for f, n in zip(fits, names))
        notes.append(f"{which}. Likelihoods of ML and REML fits cannot be compared.")
    else:
        notes[0] += " REML." if methods == {"reml"} else " Maximum likelihood."
    terms = {tuple(e.term for e in f.fixed if e.kind in ("estimated", "unidentified")) for f in fits}
    if methods == {"reml"} and len(terms) > 1:
        notes.append("REML likelihoods of models with different fixed effects cannot be compared.")
    if len({f.scalars["N"] for f in fits}) > 1 or any(
        f.sample.shape == fits[0].sample.shape and (f.sample != fits[0].sample).any() for f in fits[1:]
    ):
        notes.append(
            "The models were fitted to different observations, so their likelihoods cannot be compared."
        )
    called = [(labels or {}).get(f.outcome) or f.outcome for f in fits]
    if len({f.outcome for f in fits}) > 1:
        outcomes = "; ".join(f"{n}: {outcome}" for outcome, n in zip(called, names))
        notes.append(f"Outcomes: {outcomes}.")
    else:
        notes.append(f"Outcome: {called[0]}.")
    notes.append(filters_note(fits, names))
    notes += count_notes(fits, names)
    failed = [n for f, n in zip(fits, names) if not f.converged]
    if failed:
        notes.append(f"Not converged: {', '.join(failed)}.")
    return tuple(n.strip() for n in notes if n.strip())


def residual_label(r: RandomParameter, labels: Mapping[str, str] | None = None) -> str:
    """What a covariance parameter is called below the heading of its level."""
    return {"var(Residual)": "Variance", "sd(Residual)": "SD"}.get(r.name) or parameter_label(r, labels)


def merged(lists: Sequence[Sequence[T]]) -> list[T]:
    """All entries once, each after the one it follows in its own list where that is possible."""
    out: list[T] = []
    for entries in lists:
        at = 0
        for entry in entries:
            if entry in out:
                at = max(at, out.index(entry) + 1)
            else:
                out.insert(at, entry)
                at += 1
    return out
