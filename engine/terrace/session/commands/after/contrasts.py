"""Comparisons of factor levels: ``contrast``, ``pwcompare``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.mixed_options import argument, excluding
from terrace.results.fit import FitResult
from terrace.results.table import Table
from terrace.session.commands.helpers.asking import level_of
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.small import by_t, df_r, tells_of_small, with_own_df
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.returned.contrasts import Asked, contrast_returned, pwcompare_returned
from terrace.session.session import Session
from terrace.session.state import CommandResult

MCOMPARE = "none noadj:ust bonf:erroni sid:ak sch:effe holm tukey"


def mcompare_of(options: dict[str, Option]) -> str:
    """The adjustment of ``mcompare()``; none without it."""
    if "mcompare" not in options:
        return "none"
    found = choice(
        argument(options["mcompare"]), options["mcompare"].value, MCOMPARE, "an adjustment", subject="mcompare"
    )
    return "none" if found == "noadjust" else found


def asked_of(session: Session, parsed: ParsedCommand, fit: FitResult, options: dict[str, Option]) -> Asked:
    """How a comparison was asked for, as it is left in r()."""
    return Asked(
        parsed.bare.strip(), mcompare_of(options), level_of(options, session), by_t(fit, options),
        df_r(fit, options), session.state.dataset,
    )  # fmt: skip


def chosen_columns(table: Table, options: dict[str, Option]) -> Table:
    """The table without the columns that ``noci``, ``nopvalues``, ``pveffects`` and ``cieffects`` leave out."""
    gone = {
        **dict.fromkeys(("noci", "pveffects"), ("ci",)), **dict.fromkeys(("nopvalues", "cieffects"), ("stat", "p")),
    }  # fmt: skip
    keys = {k for name, own in gone.items() if name in options for k in own}
    keep = [k for k, c in enumerate(table.columns) if c.key not in keys]
    rows = tuple(replace(r, values=tuple(r.values[k] for k in keep)) if r.values else r for r in table.rows)
    return replace(table, columns=tuple(table.columns[k] for k in keep), rows=rows)


@command(
    "contrast",
    minimum="contr",
    syntax="contrast terms [, mcompare(bonferroni|sidak|scheffe|holm) effects pveffects cieffects noeffects nowald "
    "overall small df(#) level(#) post]",
    help="Contrasts of factor levels with the operators r. a. ar. g. h. j. p. q. and @, with their joint tests.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def contrast(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.contrast import contrast_tables

    fit = current_fit(session, parsed)
    options = parsed.options(
        rules(
            "eff:ects pveff:ects cieff:ects noeff:ects nowald small over:all post", "m:compare l:evel df",
            already="wald",
        )
    )  # fmt: skip
    active, fit = fit, with_own_df(fit, options)
    asked = excluding(options, ("effects", "pveffects", "cieffects", "noeffects"))
    if "noeffects" in options and "nowald" in options:
        raise options["nowald"].piece.error("With both noeffects and nowald there is nothing to "
                                            "show.", code="options-exclude")
    how = asked_of(session, parsed, fit, options)
    tables = contrast_tables(
        fit,
        parsed.clauses.body,
        mcompare=how.mcompare,
        level=how.level,
        small=how.small,
        effects=None if asked is None and "nowald" not in options else asked != "noeffects",
        data=session.state.dataset,
        overall="overall" in options,
    )
    returned = contrast_returned(fit, parsed.clauses.body, tables, how, overall="overall" in options)
    state = replace(session.state, returned=returned)
    shown = (*(chosen_columns(t, options) for t in tables[:-1]), tables[-1])
    result = CommandResult(tables=shown[:-1] if "nowald" in options else shown, state=state)
    if "post" not in options:
        return result
    from terrace.postestimation.tests.contrast import contrast_rows, parse_contrast

    found = [contrast_rows(fit, t, session.state.dataset) for t in parse_contrast(parsed.clauses.body)]
    rows = np.concatenate([r.rows[r.estimable] for r in found])
    labels = [label for r in found for label, fine in zip(r.labels, r.estimable) if fine]
    return _posted(session, result, active, fit, rows, labels, by_t(fit, options))


def _posted(
    session: Session,
    result: CommandResult,
    active: FitResult,
    fit: FitResult,
    rows: npt.NDArray[np.float64],
    labels: Sequence[str],
    small: bool,
) -> CommandResult:
    """The result with rows·β as estimates _c1, _c2, ... that tests and combinations speak of."""
    from terrace.postestimation.margins.posted import as_estimates
    from terrace.postestimation.tests.combinations import combine, covariance

    names = [f"_c{k + 1}" for k in range(len(rows))]
    estimates = combine(fit, rows, small=small)
    vcov = rows @ covariance(fit, small) @ rows.T
    kept = as_estimates(fit, names, rows @ fit.model.beta, vcov, estimates, rows if small else None)
    note = "Posted: " + "; ".join(f"{n} {label}" for n, label in zip(names, labels)) + "."
    table = replace(result.tables[-1], notes=(*result.tables[-1].notes, note))
    state = replace(result.state or session.state, posted=(active, kept))
    return replace(result, tables=(*result.tables[:-1], table), state=state)


@command(
    "pwcompare",
    minimum="pwc",
    syntax="pwcompare terms [, mcompare(bonferroni|sidak|scheffe|tukey|holm) effects pveffects cieffects cimargins "
    "groups sort small df(#) level(#) post]",
    help="Pairwise comparisons of factor levels, adjusted for their number; cimargins and groups show the margins.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def pwcompare(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.pwcompare import cell_means, margins_of_cells, pwcompare_table

    active = current_fit(session, parsed)
    options = parsed.options(
        rules("eff:ects pveff:ects cieff:ects cim:argins gr:oups sort small post", "m:compare l:evel df")
    )
    fit = with_own_df(active, options)
    body, data, small = parsed.clauses.body, session.state.dataset, by_t(fit, options)
    level, mcompare, sort = level_of(options, session), mcompare_of(options), "sort" in options
    margins = "cimargins" in options or "groups" in options
    tables: list[Table] = []
    asked = excluding(options, ("effects", "pveffects", "cieffects"))
    if not margins or asked is not None:
        tables.append(
            pwcompare_table(fit, body, mcompare=mcompare, level=level, small=small, data=data, sort=sort)
        )
    if margins:
        tables.append(
            margins_of_cells(
                fit, body, groups="groups" in options, mcompare=mcompare, level=level, small=small, data=data, sort=sort
            )
        )
    returned = pwcompare_returned(fit, body, tables[0].title, asked_of(session, parsed, fit, options))
    shown = tuple(chosen_columns(t, options) for t in tables)
    result = CommandResult(tables=shown, state=replace(session.state, returned=returned))
    if "post" not in options:
        return result
    found = cell_means(fit, body, data)
    kept = [c.differences() for c in found]
    labels = [
        f"{c.labels[j]} vs {c.labels[i]}" for c, (_, fine) in zip(found, kept) for (j, i), f in zip(c.pairs, fine) if f
    ]
    rows = np.concatenate([rows[fine] for rows, fine in kept])
    return _posted(session, result, active, fit, rows, labels, small)


