"""Models side by side as papers print them: the coefficient with its standard error, variances, criteria, tests.

A standard error stands behind its coefficient while the columns are wide enough for both, and under it beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from terrace.errors import TerraceError
from terrace.postestimation.tests.lrtest import Comparison, lrtest
from terrace.report.cells import shown
from terrace.report.decimals import with_decimals
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table
from terrace.results.tables_compare import FIXED, compare_tables, fit_notes
from terrace.results.tables_terms import labelled, term_name
from terrace.wording import enumerated

MOST_INLINE = 5
"""Models of which a standard error fits behind its coefficient."""


def beside_table(
    fits: Sequence[FitResult],
    names: Sequence[str],
    *,
    metric: Literal["variance", "sd"] = "variance",
    labels: Mapping[str, str] | None = None,
    decimals: int | None = None,
    title: str = "",
    without: Sequence[str] = (),
) -> Table:
    """The table, one column a model under its name. `decimals` are those of estimates, None for as many as they need.

    Each model is compared with the one before it by a likelihood-ratio test, where there is one. `without` leaves out
    standard errors (``se``), the rows of ``random`` effects, log likelihood, AIC and BIC (``criteria``) and ``tests``.
    """
    table = with_decimals(compare_tables(fits, names, metric=metric, labels=labels), decimals)
    table = _left_out(table, without)
    rows = _inline(table) if len(fits) <= MOST_INLINE else list(table.rows)
    words = _words(fits, labels or {})
    rows = [replace(r, label=words.get(r.code, r.label)) for r in rows]
    tested, note = ([], "") if "tests" in without else _tests(fits, names)
    at = next((k for k, r in enumerate(rows) if r.code == "rank"), len(rows))
    rows = [*rows[:at], *(r for r in rows[at:] if r.code != "rank"), *tested]
    notes = fit_notes(fits, names, brackets="se" not in without, labels=labels)
    notes = (*notes, note) if note else notes
    outcome = (labels or {}).get(fits[0].outcome, fits[0].outcome)
    same = len({f.outcome for f in fits}) == 1
    title = title or (f"Linear mixed models of {outcome}" if same else "Linear mixed models")
    return replace(table, title=title, rows=tuple(rows), notes=notes, key="beside")


def _left_out(table: Table, without: Sequence[str]) -> Table:
    """The table without some of its rows; the group that a row belongs to is named above it."""
    rows, random = [], False
    for row in table.rows:
        if row.kind == "group":
            random = row.label != FIXED
        random = random and row.kind != "total"
        gone = (
            (random and "random" in without)
            or (row.format == "bracketed" and "se" in without)
            or (row.code in ("ll", "aic", "bic") and "criteria" in without)
        )
        if not gone:
            rows.append(row)
    return replace(table, rows=tuple(rows))


def _words(fits: Sequence[FitResult], labels: Mapping[str, str]) -> dict[str, str]:
    """What coefficients and groups are called, by the codes of their rows."""
    out = {e.term: labelled(term_name(e), labels).label for f in fits for e in f.fixed}
    levels = {g.level for f in fits for g in f.groups}
    return {**out, **{f"N_g:{level}": f"Groups of {labels[level]}" for level in levels if labels.get(level)}}


def _inline(table: Table) -> list[Row]:
    """The rows with each standard error behind its coefficient, in the digits that it has below it."""
    out: list[Row] = []
    for row, line in zip(table.rows, shown(table).lines):
        if row.format == "bracketed" and out:
            marks = tuple(f" {c.text}" if c.text else "" for c in line.cells)
            out[-1] = replace(out[-1], marks=marks)
        else:
            out.append(row)
    return out


def _tests(fits: Sequence[FitResult], names: Sequence[str]) -> tuple[list[Row], str]:
    """Rows of the likelihood-ratio tests against the model before, and the note on them."""
    found: list[Comparison | None] = [None]
    for k in range(1, len(fits)):
        try:
            test = lrtest(fits[k - 1], fits[k], names[k - 1], names[k])
            found.append(test if test.stat >= 0 and test.larger == names[k] else None)
        except TerraceError:
            found.append(None)
    if not any(found):
        return [], ""
    stats = tuple(None if t is None else t.stat for t in found)
    marks = tuple("" if t is None else f" ({t.df})" for t in found)
    p = tuple(None if t is None else t.p if t.mixture_p is None else t.mixture_p for t in found)
    rows = [
        Row("LR χ² (df)", stats, code="chi2", format="statistic", marks=marks),
        Row("p", p, code="p", format="p"),
    ]
    mixed = [n for n, t in zip(names, found) if t is not None and t.mixture_p is not None]
    note = "LR χ² compares each model with the one before."
    if mixed:
        note = note[:-1] + f"; for {enumerated(mixed)}, p is from the mixture distribution for variances at zero."
    return rows, note
