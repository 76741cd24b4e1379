"""What the card of a model shows: its tables by parts, each of which can be switched.

Beside the fixed and random effects stand the intraclass correlations, R² and how well the model fits, in one row, and
the tests of whole terms where a term has several coefficients. ICC, R² and tests cost more than the fit of a small
model, so they are worked out where a reader wants them, once, and kept with the item; a project file has them with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from terrace.errors import Cancelled, TerraceError
from terrace.results.labels import described, relabelled, table_labels
from terrace.results.table import CellValue, Column, Row, Table
from terrace.session.document.items import Document, Item, Look

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable
    from terrace.progress import CancelCheck
    from terrace.results.fit import FitResult
    from terrace.session.session import Session
    from terrace.spec.model import Metric, Term

PARTS = ("random", "icc", "r2", "fit", "terms", "standardized")
"""What can stand beside the fixed effects."""
USUAL = PARTS[:5]
"""What does where nobody chose."""
SUMMARY = ("icc", "r2", "fit")
"""Parts that share one row."""
FURTHER = ("icc", "r2", "terms", "standardized")
"""Parts that `further_tables` works out."""


def parts_of(look: Look) -> tuple[str, ...]:
    """The parts that a look shows."""
    return USUAL if look.parts is None else look.parts


def table_keys(item: Item, look: Look) -> tuple[str, ...]:
    """The keys of the tables that the card of a model shows, in order, without making them."""
    assert item.outcome is not None
    parts, own = parts_of(look), {t.key for t in item.outcome.tables}
    keys: list[str] = [k for k in ("fixed", "random") if k in own and (k == "fixed" or k in parts)]
    if own & {"fixed", "random"} and any(k in parts for k in SUMMARY):
        keys.append("summary")
    if "terms" in parts and any(_several(t) for t in item.more or ()):
        keys.append("terms")
    return (*keys, *(t.key for t in item.outcome.tables if t.key not in ("fixed", "random", "fit")))


def needs_more(item: Item, look: Look) -> bool:
    """True where a part is wanted that has not been worked out."""
    return item.more is None and any(k in FURTHER for k in parts_of(look))


def model_tables(item: Item, look: Look, others: Sequence[Variable] = ()) -> tuple[Table, ...]:
    """The tables of a model as its look has them, in the order of `table_keys`.

    `others` are the variables whose labels are others by now than they were for the fit (`session.labelling`).
    """
    outcome = item.outcome
    assert outcome is not None
    fit, labels = labelled_fit(item, others), card_labels(item, look, others)
    metric: Metric = "sd" if (look.metric or fit.spec.display.metric) == "sd" else "variance"
    made = {t.key: t for t in fit.tables(metric=metric, labels=labels, warnings=False)}
    more = {t.key: _of_labels(t, labels) for t in item.more or ()}
    if "standardized" in parts_of(look) and "standardized" in more and "fixed" in made:
        made["fixed"] = with_standardized(made["fixed"], more["standardized"])
    made["summary"] = summary(made.get("fit"), more, parts_of(look))
    if "terms" in more:
        made["terms"] = replace(more["terms"], title="Tests of terms")
    own = {t.key: t for t in outcome.tables}
    return tuple(made.get(k) or own[k] for k in table_keys(item, look))


def labelled_fit(item: Item, others: Sequence[Variable] = ()) -> FitResult:
    """The fit of a model with the value labels of these descriptions."""
    assert item.fit is not None
    return item.fit if item.data is None else relabelled(item.fit, item.data, described(item.data, others))


def card_labels(item: Item, look: Look, others: Sequence[Variable] = ()) -> dict[str, str]:
    """The labels that stand for variables on the card of a model: none where it shows names."""
    if look.labels is False or item.data is None or item.fit is None:
        return {}
    return table_labels([item.fit], described(item.data, others))


def _of_labels(table: Table, labels: Mapping[str, str]) -> Table:
    """Further tables with labels in place of names: tests of terms, and correlations by level."""
    from terrace.results.tables_terms import times  # which loads libraries that the window begins without

    if table.key == "terms":
        rows = (replace(r, label=times(labels.get(n, n) for n in _variables(r.code))) for r in table.rows)
    elif table.key == "icc":
        rows = (replace(r, label=labels.get(r.label, r.label)) for r in table.rows)
    else:
        return table
    return replace(table, rows=tuple(rows))


def _variables(code: str) -> list[str]:
    """The variables of a term by its code: ``sector#c.ses``."""
    return [part.removeprefix("c.") for part in code.split("#")]


def summary(fit: Table | None, more: Mapping[str, Table], parts: tuple[str, ...]) -> Table:
    """ICC, R², log likelihood, AIC and BIC in one row, those that are wanted and known."""
    cells = list(_summary_cells(fit, more, parts))
    notes = more["icc"].notes if "icc" in parts and "icc" in more else ()
    return Table("Model summary", tuple(c for c, _ in cells), (Row("", tuple(v for _, v in cells)),), "", notes,
                 "summary")  # fmt: skip


def _summary_cells(
    fit: Table | None, more: Mapping[str, Table], parts: tuple[str, ...]
) -> Iterator[tuple[Column, CellValue]]:
    if "icc" in parts and "icc" in more:
        several = len(more["icc"].rows) > 1
        for row in more["icc"].rows:
            title = f"ICC, {row.label}" if several else "ICC"
            yield Column(f"icc:{row.label}", title, "share"), more["icc"].cell(row, "icc")
    if "r2" in parts and "r2" in more:
        for row in more["r2"].rows:
            yield Column(f"r2:{row.code}", f"R² {row.code}", "share"), more["r2"].cell(row, "r2")
    if "fit" in parts and fit is not None:
        for column, value in zip(fit.columns, fit.rows[0].values):
            if column.key in ("ll", "aic", "bic"):
                yield (replace(column, decimals=1) if column.key != "ll" else column), value


def with_standardized(fixed: Table, standardized: Table) -> Table:
    """The table of fixed effects with the standardised ones behind the standard errors."""
    at = next((k + 1 for k, c in enumerate(fixed.columns) if c.key == "se"), len(fixed.columns))
    betas = {r.code: standardized.cell(r, "beta") for r in standardized.rows}

    def wider(row: Row) -> Row:
        if row.kind == "group" or not row.values:
            return row
        return replace(row, values=(*row.values[:at], betas.get(row.code), *row.values[at:]))

    columns = (*fixed.columns[:at], Column("beta", "β"), *fixed.columns[at:])
    notes = (*fixed.notes, *standardized.notes)
    return replace(fixed, columns=columns, rows=tuple(map(wider, fixed.rows)), notes=notes)


def complete(session: Session, id_: int) -> None:
    """Work the further tables of a model out and keep them with its item; nothing where they are there, or it is not.

    This is no step and no command: what is kept follows from the fit.
    """
    item = session.state.document.item(id_)
    if item is None or item.more is not None or item.fit is None:
        return
    tables = () if item.data is None else further_tables(item.fit, item.data, cancel=session.cancel)
    session.state = replace(session.state, document=completed(session.state.document, id_, tables))


def _several(table: Table) -> bool:
    """True for tests of terms of which one has several coefficients: of others the coefficients say the same."""
    at = next((k for k, c in enumerate(table.columns) if c.key == "df"), None)
    found = [r.values[at] for r in table.rows if at is not None and at < len(r.values)]
    return table.key == "terms" and any(isinstance(x, int | float) and x > 1 for x in found)


def further_tables(fit: FitResult, data: Dataset, *, cancel: CancelCheck | None = None) -> tuple[Table, ...]:
    """The tables ``icc``, ``r2``, ``terms`` and ``standardized`` of a fit, those that it has.

    Parameters
    ----------
    fit
        A fit of ``mixed``; any other has no such tables.
    data
        The data that it was fitted to.
    cancel
        Raises `Cancelled` where it says so.
    """
    if fit.macros.get("cmd") != "mixed" or not fit.converged:
        return ()
    from terrace.postestimation.paper.standardized import standardized_table
    from terrace.postestimation.tests.terms import term_table
    from terrace.postestimation.variance.icc import icc_table
    from terrace.postestimation.variance.r2 import r2_table

    small = any(e.df is not None for e in fit.fixed)
    makers: tuple[Callable[[], tuple[Table, ...]], ...] = (
        lambda: (icc_table(fit),),
        lambda: r2_table(fit, data, levels=False, cancel=cancel),
        lambda: (standardized_table(fit),),
        lambda: (term_table(fit, small=small),) if any(_wide(t, data) for t in fit.spec.fixed) else (),
    )
    found: list[Table] = []
    for make in makers:
        if cancel is not None and cancel():
            raise Cancelled
        try:
            found += [t for t in make() if t.rows]
        except Cancelled:
            raise
        except TerraceError:
            continue  # the model has none: no groups, no terms, nothing identified
    return tuple(found)


def _wide(term: Term, data: Dataset) -> bool:
    """True for a term that can have several coefficients: a factor of more than two levels is in it."""
    return any(f.kind != "continuous" and len(data.codes(f.name)[1]) > 2 for f in term.factors if f.name in data)


def completed(document: Document, id_: int, tables: tuple[Table, ...]) -> Document:
    """The document with the further tables of a model in its item."""

    def done(item: Item) -> Item:
        return replace(item, more=tables) if item.id == id_ else item

    return replace(document, items=tuple(map(done, document.items)))
