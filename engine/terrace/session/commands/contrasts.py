"""Comparisons of factor levels and tests of whole terms: ``contrast``, ``pwcompare``, ``estat terms``."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument, excluding
from terrace.language.options import Option, choice, rules
from terrace.results.table import Table
from terrace.session.commands.estimation import current_fit
from terrace.session.commands.hypotheses import by_t, level_of
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

MCOMPARE = "none noadj:ust bonf:erroni sid:ak sch:effe holm tukey"


def mcompare_of(options: dict[str, Option]) -> str:
    """The adjustment of ``mcompare()``; none without it."""
    if "mcompare" not in options:
        return "none"
    found = choice(
        argument(options["mcompare"]), options["mcompare"].value, MCOMPARE, "an adjustment", subject="mcompare"
    )
    return "none" if found == "noadjust" else found


def kept_rows(session: Session, tables: tuple[Table, ...]) -> CommandResult:
    """Tables, with the numbers of the last row of the last one left in r()."""
    table = tables[-1]
    scalars = {
        c.key: float(v)
        for c, v in zip(table.columns, table.rows[-1].values if table.rows else ())
        if isinstance(v, int | float) and isfinite(v)
    }
    return CommandResult(tables=tables, state=replace(session.state, returned=Returned(scalars)))


@command(
    "contrast",
    minimum="contr",
    syntax="contrast terms [, mcompare(bonferroni|sidak|scheffe|holm) effects noeffects nowald small level(#)]",
    help="Contrasts of factor levels by the operators r. a. ar. g. h. j. p. q. and @, with their joint tests.",
)
def contrast(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.contrast import contrast_tables

    fit = current_fit(session, parsed)
    # pveffects and cieffects choose columns elsewhere; here all of them are shown
    options = parsed.options(
        rules("eff:ects pveff:ects cieff:ects noeff:ects wald nowald small", "m:compare l:evel")
    )
    asked = excluding(options, ("effects", "pveffects", "cieffects", "noeffects"))
    if "noeffects" in options and "nowald" in options:
        raise options["nowald"].piece.error("noeffects and nowald leave nothing to show.", code="options-exclude")
    tables = contrast_tables(
        fit,
        parsed.clauses.body,
        mcompare=mcompare_of(options),
        level=level_of(options, session),
        small=by_t(fit, options),
        effects=None if asked is None and "nowald" not in options else asked != "noeffects",
        data=session.state.dataset,
    )
    return kept_rows(session, tables[:-1] if "nowald" in options else tables)


@command(
    "pwcompare",
    minimum="pwc",
    syntax="pwcompare terms [, mcompare(bonferroni|sidak|scheffe|tukey|holm) sort small level(#)]",
    help="Pairwise comparisons of factor levels, adjusted for their number.",
)
def pwcompare(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.pwcompare import pwcompare_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("eff:ects pveff:ects cieff:ects sort small", "m:compare l:evel"))
    table = pwcompare_table(
        fit,
        parsed.clauses.body,
        mcompare=mcompare_of(options),
        level=level_of(options, session),
        small=by_t(fit, options),
        data=session.state.dataset,
    )
    if "sort" in options:
        order = sorted(table.rows, key=lambda r: (isinstance(r.values[0], str), r.values[0]))
        table = replace(table, rows=tuple(order))
    return kept_rows(session, (table,))


@command(
    "estat terms",
    syntax="estat terms [, type(II|III) small]",
    help="Tests of whole terms, each as type III (in the whole model) or type II (without what contains it).",
)
def estat_terms(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.terms import term_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("small", "t:ype"))
    kind = "III"
    if "type" in options:
        piece = argument(options["type"])
        kind = {"2": "II", "3": "III"}.get(str(piece), str(piece).upper())
        if kind not in ("II", "III"):
            raise piece.error(
                f"There is no type {str(piece)!r} test.", code="type", subject="type", advice="Choose II or III."
            )
    table = term_table(fit, kind, small=by_t(fit, options), data=session.state.dataset)  # type: ignore[arg-type]
    return kept_rows(session, (table,))
