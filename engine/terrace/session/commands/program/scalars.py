"""Scalars by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import NAME, Piece, split, words
from terrace.language.number_format import DISPLAYED
from terrace.results.table import Column, Row, Table
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


def definition(parsed: ParsedCommand) -> tuple[str, Piece]:
    """The name and the expression of ``name = expression``."""
    parts = split(parsed.arguments, "=")
    name = str(parts[0]).strip()
    value = parsed.arguments.after(parts[1].start).strip() if len(parts) > 1 else parsed.arguments
    if len(parts) < 2 or not NAME.fullmatch(name) or not value:
        raise parsed.arguments.strip().error(
            f"{parsed.name} needs a name and a value.",
            code="syntax",
            advice=f"Write {parsed.name.split()[0]} a = ...",
        )
    return name, value


def listed(piece: Piece, names: Mapping[str, object], what: str) -> list[str]:
    """The names listed; all for ``_all`` or nothing. `CommandError` at one that is not there."""
    out: list[str] = []
    for item in words(piece):
        name = str(item)
        if name != "_all" and name not in names:
            raise item.error(
                f"There is no {what} {name!r}.",
                code=f"no-such-{what}",
                subject=name,
                advice=did_you_mean(name, list(names)),
            )
        out += list(names) if name == "_all" else [name]
    return list(dict.fromkeys(out)) or list(names)


# --- scalars ----------------------------------------------------------------------------------------------
@command(
    "scalar define",
    minimum="sca de",
    syntax="scalar [define] name = expression",
    help="Store the value of an expression under a name.",
    effects=Effect.NONE,
)
@command("scalar", minimum="sca", syntax="scalar name = expression", help="Same as scalar define.", effects=Effect.NONE)
def scalar(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions.entry import evaluate_scalar

    name, expression = definition(parsed)
    value = evaluate_scalar(expression, session.dataset, session.context())
    return CommandResult(state=replace(session.state, scalars={**session.state.scalars, name: value}))


@command("scalar list", minimum="sca l", syntax="scalar list [names]", help="Show scalars.", effects=Effect.NONE)
@command("scalar dir", minimum="sca di", syntax="scalar dir", help="Same as scalar list.", effects=Effect.NONE)
def scalar_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    scalars = session.state.scalars
    names = listed(parsed.arguments, scalars, "scalar")
    if not names:
        return CommandResult(text="There are no scalars.")
    table = Table(
        title="Scalars",
        columns=(Column("value", "Value", "general", display=DISPLAYED),),
        rows=tuple(Row(n, (scalars[n],)) for n in names),
        stub="Name",
        key="scalars",
    )
    return CommandResult(tables=(table,))


@command(
    "scalar drop",
    minimum="sca drop",
    syntax="scalar drop names|_all",
    help="Delete scalars.",
    effects=Effect.NONE,
)
def scalar_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    gone = listed(needed(parsed), session.state.scalars, "scalar")
    kept = {k: v for k, v in session.state.scalars.items() if k not in gone}
    return CommandResult(state=replace(session.state, scalars=kept))


def needed(parsed: ParsedCommand) -> Piece:
    if not parsed.arguments:
        raise parsed.word.error(f"{parsed.name} needs names, or _all.", code="syntax")
    return parsed.arguments
