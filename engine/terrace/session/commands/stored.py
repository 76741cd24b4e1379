"""Estimates kept by name: ``estimates store restore dir stats table drop``."""

from __future__ import annotations

from dataclasses import replace

from terrace.errors import CommandError
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument, excluding
from terrace.language.options import Option, did_you_mean, rules
from terrace.language.tokens import NAME, Piece, words
from terrace.results.criteria import parameter_counts
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.session.commands.estimation import current_fit, show_again
from terrace.session.registry import command
from terrace.session.returned_estat import criteria_returned, side_by_side_returned
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned


def named_fit(session: Session, parsed: ParsedCommand, piece: Piece) -> tuple[str, FitResult]:
    """The fit that a name means; ``.`` is the active one. `CommandError` where there is none."""
    name = str(piece)
    if name == ".":
        return name, current_fit(session, parsed)
    stored = session.state.stored
    if name in stored:
        return name, stored[name]
    raise piece.error(
        f"No estimates are stored as {name}.",
        code="no-such-estimates",
        subject=name,
        advice=did_you_mean(name, list(stored), otherwise=bool(stored)) or "Store some: estimates store A",
    )


def named_fits(session: Session, parsed: ParsedCommand, piece: Piece) -> list[tuple[str, FitResult]]:
    """The fits of a list of names; the active one where the list is empty, all stored ones for ``_all``."""
    items = words(piece)
    if not items:
        return [(".", current_fit(session, parsed))]
    out: dict[str, FitResult] = {}
    for item in items:
        if str(item) in ("_all", "*"):
            out.update(session.state.stored)
        else:
            name, fit = named_fit(session, parsed, item)
            out[name] = fit
    return list(out.items())


def active_name(session: Session) -> str:
    """The name under which the active fit is kept, the last where there are several; ``.`` where it is not."""
    fit, stored = session.state.fit, session.state.stored
    return next((n for n in reversed(list(stored)) if fit is not None and stored[n].model is fit.model), ".")


@command("estimates store", minimum="est sto", syntax="estimates store NAME", help="Keep the fit under a name.")
def store(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules("nocopy"))
    fit = current_fit(session, parsed)
    name = _one_name(parsed)
    kept = replace(fit, name=name)
    return CommandResult(state=replace(session.state, stored={**session.state.stored, name: kept}))


def _one_name(parsed: ParsedCommand) -> str:
    items = words(parsed.clauses.body)
    if len(items) != 1 or not NAME.fullmatch(str(items[0])) or str(items[0]) == "_all":
        bad = parsed.clauses.body if items else parsed.word
        raise bad.error(
            "One name is needed, of letters, digits and _.", code="bad-name", advice=f"Write {parsed.name} A."
        )
    return str(items[0])


@command(
    "estimates restore",
    minimum="est res",
    syntax="estimates restore NAME",
    help="Make a stored fit the one that post-estimation commands look at.",
)
def restore(session: Session, parsed: ParsedCommand) -> CommandResult:
    items = words(parsed.clauses.body)
    if len(items) != 1:
        raise parsed.word.error("One name is needed.", code="bad-name", advice="Write estimates restore A.")
    name, fit = named_fit(session, parsed, items[0])
    return CommandResult(text=f"The estimates {name} are active now.", state=replace(session.state, fit=fit))


@command("estimates dir", minimum="est dir", syntax="estimates dir", help="List stored estimates.")
def directory(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    stored = session.state.stored
    if not stored:
        return CommandResult(text="No estimates are stored.")
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
        key="estimates-dir",
    )
    returned = Returned(macros={"names": " ".join(stored)})
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


@command(
    "estimates stats",
    minimum="est stat",
    syntax="estimates stats [names]",
    help="Log likelihood, AIC and BIC of stored estimates side by side.",
)
def stats(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.estat import ic_table

    parsed.options(())
    chosen = named_fits(session, parsed, parsed.clauses.body)
    names = [n for n, _ in chosen] if parsed.clauses.body else [active_name(session)]
    table = ic_table([f for _, f in chosen], names)
    return CommandResult(tables=(table,), state=replace(session.state, returned=criteria_returned(table)))


@command(
    "estimates table",
    minimum="est tab",
    syntax="estimates table [names] [, variance stddeviations keep(terms) drop(terms) stats(N ll aic bic rank) "
    "nostats]",
    help="Stored estimates side by side in one table.",
)
def side_by_side(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.results.tables_compare import compare_tables

    # What Stata's courses add to this command is shown in any case, or is a matter of looks.
    flags = "v:ariance std:deviations se p t nostat:s eq:uations"
    options = parsed.options(rules(flags, "k:eep d:rop", "b stat:s star"))
    excluding(options, ("keep", "drop"))
    excluding(options, ("stats", "nostats"))
    chosen = named_fits(session, parsed, parsed.clauses.body)
    names = ["Active" if name == "." else name for name, _ in chosen]
    metric = "sd" if "stddeviations" in options else "variance"
    table = compare_tables([fit for _, fit in chosen], names, metric=metric)  # type: ignore[arg-type]
    asked = options.get("stats")
    statistics = [] if asked is None or asked.argument is None else [str(w) for w in words(argument(asked))]
    returned = side_by_side_returned([f for _, f in chosen], [n for n, _ in chosen], statistics)
    shown = replace(table, rows=_chosen(table, chosen, options))
    return CommandResult(tables=(shown,), state=replace(session.state, returned=returned))


def _chosen(table: Table, fits: list[tuple[str, FitResult]], options: dict[str, Option]) -> tuple[Row, ...]:
    """The rows of the table that keep(), drop() and stats() leave."""
    from terrace.errors import CommandError
    from terrace.postestimation.coefficients import testable

    rows = list(table.rows)
    for name in ("keep", "drop"):
        if name not in options:
            continue
        terms: set[str] = set()
        for item in words(argument(options[name])):
            for _, fit in fits:
                try:
                    terms |= {c.name for c in testable(fit, item)} if str(item) != "_cons" else {"_cons"}
                except CommandError:
                    continue
            if not terms:
                raise item.error(f"None of these models has {item}.", code="no-such-coefficient", subject=str(item))
        own = {e.term for _, fit in fits for e in fit.fixed}
        gone = own - terms if name == "keep" else terms
        rows = [r for r in rows if r.code.removeprefix("se(").removesuffix(")") not in gone and r.code not in gone]
    shown = {"N", "rank", "ll", "aic", "bic"}
    if "nostats" in options:
        rows = [r for r in rows if r.code not in shown and not r.code.startswith("N_g:")]
    elif "stats" in options and options["stats"].argument is not None:
        asked = [str(w) for w in words(argument(options["stats"]))]
        known = {r.code: r for r in rows if r.code in shown}
        first = next((k for k, r in enumerate(rows) if r.code == "N"), len(rows))
        rows = rows[:first]
        for place, name in zip(words(argument(options["stats"])), asked):
            if name in known:
                rows.append(replace(known[name], kind="row"))
                continue
            values = tuple(f.scalars.get(name) for _, f in fits)
            if all(v is None for v in values):
                raise place.error(
                    f"No model has a number e({name}).",
                    code="no-such-result",
                    subject=name,
                    advice="ereturn list lists them, besides aic and bic.",
                )
            rows.append(Row(name, values, code=name, format="general"))
    return tuple(rows)


@command(
    "estimates replay",
    minimum="est r",
    syntax="estimates replay [names] [, display options of mixed]",
    help="Show stored fits again, the active one without a name.",
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
    help="What stored fits were made by: command, method, rows, log likelihood.",
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
    help="Forget stored estimates.",
)
@command("estimates clear", minimum="est clear", syntax="estimates clear", help="Forget all stored estimates.")
def drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    if parsed.name == "estimates clear":
        return CommandResult(state=replace(session.state, stored={}))
    items = words(parsed.clauses.body)
    if not items:
        raise _no_names(parsed)
    gone = {name for name, _ in named_fits(session, parsed, parsed.clauses.body)}
    kept = {k: v for k, v in session.state.stored.items() if k not in gone}
    return CommandResult(state=replace(session.state, stored=kept))


def _no_names(parsed: ParsedCommand) -> CommandError:
    return parsed.word.error(
        "Name the estimates to forget.", code="bad-name", advice="Write estimates drop A, or _all."
    )
