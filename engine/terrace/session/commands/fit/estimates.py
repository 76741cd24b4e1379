"""Estimates kept by name: ``estimates store restore dir stats table drop``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import NAME, unquoted, words
from terrace.language.mixed_options import argument, excluding, number, read_format
from terrace.results.criteria import parameter_counts
from terrace.results.table import Column, Row, Table
from terrace.session.commands.fit.columns import keep_of, read_stars, stat_rows, wording_of
from terrace.session.commands.fit.mixed import show_again
from terrace.session.commands.helpers.fits import active_name, current_fit, named_fit, named_fits
from terrace.session.document.fits import fits_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.returned.estat import criteria_returned, side_by_side_returned
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

if TYPE_CHECKING:
    from terrace.results.tables_columns import Line


@command(
    "estimates store",
    minimum="est sto",
    syntax="estimates store NAME",
    help="Store the fit under a name.",
    effects=Effect.BRIEF,
)
def store(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules(already="nocopy"))
    fit = current_fit(session, parsed)
    name = _one_name(parsed)
    kept = replace(fit, name=name)
    return CommandResult(state=replace(session.state, stored={**session.state.stored, name: kept}))


def _one_name(parsed: ParsedCommand) -> str:
    items = words(parsed.clauses.body)
    if len(items) != 1 or not NAME.fullmatch(str(items[0])) or str(items[0]) == "_all":
        bad = parsed.clauses.body if items else parsed.word
        raise bad.error(
            "Give one name with letters, digits and _.", code="bad-name", advice=f"Write {parsed.name} A."
        )
    return str(items[0])


@command(
    "estimates restore",
    minimum="est res",
    syntax="estimates restore NAME",
    help="Make a stored fit the active one, which post-estimation commands use.",
    effects=Effect.BRIEF,
)
def restore(session: Session, parsed: ParsedCommand) -> CommandResult:
    items = words(parsed.clauses.body)
    if len(items) != 1:
        raise parsed.word.error("Give one name.", code="bad-name", advice="Write estimates restore A.")
    name, fit = named_fit(session, parsed, items[0])
    return CommandResult(text=f"The estimates {name} are now active.", state=replace(session.state, fit=fit))


@command(
    "estimates dir",
    minimum="est dir",
    syntax="estimates dir",
    help="List stored estimates.",
    effects=Effect.RETURNS,
)
def directory(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    stored = session.state.stored
    note = _models_note(session)
    if not stored:
        return CommandResult(text="\n".join(["No estimates are stored.", *note]))
    table = Table(
        title="Stored estimates",
        columns=(
            Column("outcome", "Outcome", "text"),
            Column("parameters", "Parameters", "count"),
            Column("command", "Command", "text"),
        ),
        rows=tuple(
            Row(n, (f.outcome, k, f.command))
            for (n, f), k in zip(stored.items(), parameter_counts(list(stored.values())))
        ),
        stub="Name",
        notes=note,
        key="estimates-dir",
    )
    returned = Returned(macros={"names": " ".join(stored)})
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


def _models_note(session: Session) -> tuple[str, ...]:
    """A line on the models of the document, which have names without being stored."""
    names = [name for name, _ in fits_of(session.state.document) if name not in session.state.stored]
    return (f"Names of the models in the results: {', '.join(names)}.",) if names else ()


@command(
    "estimates stats",
    minimum="est stat",
    syntax="estimates stats [names] [, n(#)]",
    help="Log likelihood, AIC and BIC of stored estimates side by side.",
    effects=Effect.RETURNS,
)
def stats(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.variance.parts import ic_table

    options = parsed.options(rules("", "n"))
    n = number(options["n"]) if "n" in options else None
    chosen = named_fits(session, parsed, parsed.clauses.body)
    names = [n for n, _ in chosen] if parsed.clauses.body else [active_name(session)]
    table = ic_table([f for _, f in chosen], names, n=n)
    return CommandResult(tables=(table,), state=replace(session.state, returned=criteria_returned(table)))


@command(
    "estimates table",
    minimum="est tab",
    syntax="estimates table [names] [, b(%fmt) se[(%fmt)] t[(%fmt)] p[(%fmt)] star[(.05 .01 .001)] "
    "keep(terms) drop(terms) stats(N ll aic bic rank) stfmt(%fmt) nostats variance stddeviations label "
    "title(\"text\")]",
    help="Stored estimates side by side in one table: coefficients with SEs, or the numbers that are asked for.",
    effects=Effect.RETURNS,
)
def side_by_side(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.results.tables_columns import Line, columns_table

    flags = "v:ariance std:deviations nostat:s varl:abel lab:el"
    options = parsed.options(rules(flags, "k:eep d:rop stf:mt title", "b se t p stat:s star eq:uations"))
    excluding(options, ("keep", "drop"))
    excluding(options, ("stats", "nostats"))
    excluding(options, ("variance", "stddeviations"))
    _same_equations(options.get("equations"))
    chosen = named_fits(session, parsed, parsed.clauses.body)
    fits = [f for _, f in chosen]
    stars = read_stars(options["star"]) if "star" in options else None
    lines = _lines(options)
    stats = [(place, "", "") for place in words(argument(options["stats"]))] if "stats" in options else []
    if "stfmt" in options:
        if not stats:
            raise options["stfmt"].piece.error("stfmt() needs stats().", code="misplaced-option", subject="stfmt")
        stats = [(place, label, read_format(options["stfmt"])) for place, label, _ in stats]
    table = columns_table(
        fits,
        ["Active" if name == "." else name for name, _ in chosen],
        lines=lines or (Line("b"), Line("se")),
        metric="sd" if "stddeviations" in options else "variance",
        wording=wording_of(session, variables="label" in options or "varlabel" in options, values=True),
        stars=stars,
        starred=True,
        keep=keep_of(options, fits),
        stats=[] if "nostats" in options else stat_rows(fits, stats, plain=True) if stats else None,
        title=unquoted(argument(options["title"])) if "title" in options else "Models compared",
    )
    returned = side_by_side_returned(fits, [n for n, _ in chosen], [str(place) for place, _, _ in stats])
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


def _lines(options: dict[str, Option]) -> list[Line]:
    """The numbers that ``b()``, ``se``, ``t``, ``p`` and ``star`` ask for; none where nothing is asked."""
    from terrace.language.number_format import DISPLAYED
    from terrace.results.tables_columns import Line, What

    shows: dict[str, What] = {"b": "b", "se": "se", "t": "stat", "p": "p"}
    usual = {"b": DISPLAYED, "se": DISPLAYED, "t": "%9.2f", "p": "%9.4f"}
    if not {"star", *usual} & set(options):
        return []
    out: list[Line] = []
    for name, display in usual.items():
        if name in options and options[name].argument is not None:
            display = read_format(options[name])
        elif name == "se" and out:
            display = out[0].display  # a standard error has the digits of its coefficient
        if name in options or name == "b":
            out.append(Line(shows[name], display))
    return out


def _same_equations(option: Option | None) -> None:
    """``equations(1)`` puts the fixed parts of all models into the same rows, which they are in any case."""
    if option is not None and option.value.strip("# ") not in ("1", "1:1", "main=1"):
        raise option.piece.error(
            "Coefficients with the same name are matched. Other ways to match equations are not available.",
            code="bad-option-value",
            subject="equations",
            advice="Leave out equations(), or use equations(1).",
        )


@command(
    "estimates replay",
    minimum="est r",
    syntax="estimates replay [names] [, display options of mixed]",
    help="Show stored fits again. Without a name, show the active one.",
    effects=Effect.RETURNS,
)
def replay(session: Session, parsed: ParsedCommand) -> CommandResult:
    chosen = named_fits(session, parsed, parsed.clauses.body)
    out = CommandResult()
    texts = []
    for name, fit in chosen:
        if fit.macros.get("cmd") == "mixed":
            shown = show_again(session, parsed, fit)
        else:
            parsed.options(())
            shown = CommandResult(text=str(fit), tables=fit.tables())
        head = "Active estimates" if name == "." else f"Estimates {name}"
        texts.append(f"{head}\n\n{shown.text}")
        out = replace(out, tables=(*out.tables, *shown.tables), state=shown.state or out.state)
    return replace(out, text="\n\n".join(texts))


@command(
    "estimates describe",
    minimum="est des",
    syntax="estimates describe [names]",
    help="Describe stored fits: command, method, rows, log likelihood.",
    effects=Effect.RETURNS,
)
def describe(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    columns = (
        Column("command", "Command", "text"),
        Column("method", "Method", "text"),
        Column("N", "N", "count"),
        Column("ll", "Log likelihood", "fixed", 3),
        Column("state", "State", "text"),
    )
    chosen = named_fits(session, parsed, parsed.clauses.body)
    rows = tuple(
        Row(
            "Active" if name == "." else name,
            (f.command, f.spec.method.upper(), f.scalars["N"], f.ll, f.state),
        )
        for name, f in chosen
    )
    last = chosen[-1][1]
    returned = Returned(macros={"title": last.title, "cmdline": last.macros["cmdline"]})
    table = Table("Estimates", columns, rows, "Name", (), "estimates-describe")
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


@command(
    "estimates drop",
    minimum="est drop",
    syntax="estimates drop names|_all",
    help="Delete stored estimates.",
    effects=Effect.NONE,
)
@command(
    "estimates clear",
    minimum="est clear",
    syntax="estimates clear",
    help="Delete all stored estimates.",
    effects=Effect.NONE,
)
def drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    if parsed.name == "estimates clear":
        return CommandResult(state=replace(session.state, stored={}))
    items = words(parsed.clauses.body)
    if not items:
        raise _no_names(parsed)
    gone = {name for name, _ in named_fits(session, parsed, parsed.clauses.body)}
    only = next((item for item in items if str(item) in gone - set(session.state.stored)), None)
    if only is not None and str(only) != ".":
        raise only.error(
            f"{only} is a model in the results, not a stored one.",
            code="no-such-estimates",
            subject=str(only),
            advice="To remove it from the results, use outline delete with its number.",
        )
    kept = {k: v for k, v in session.state.stored.items() if k not in gone}
    return CommandResult(state=replace(session.state, stored=kept))


def _no_names(parsed: ParsedCommand) -> CommandError:
    return parsed.word.error(
        "Give the estimates to delete.", code="bad-name", advice="Write estimates drop A, or _all."
    )
