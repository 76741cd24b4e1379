"""Base levels that factors keep: ``fvset base``."""

from __future__ import annotations

from dataclasses import replace

from terrace.data.digits import whole_text
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.tokens import Piece, words
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.bases import bases_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.spec.model import Base

_WORDS = {"first": "first", "default": "first", "last": "last", "frequent": "freq", "freq": "freq", "none": "none"}


@command(
    "fvset base",
    minimum="fvset b",
    syntax="fvset base #|first|last|frequent|none variables",
    help="Set the base level of factors for i. without a base.",
    effects=Effect.DATA | Effect.BRIEF,
)
def fvset_base(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = words(parsed.arguments)
    if len(parts) < 2:
        raise parsed.word.error(
            "fvset base needs a level and variables.", code="syntax", advice="Write fvset base 3 group."
        )
    base = _base(parts[0])
    names = parse_names(parsed.arguments.after(parts[0].end).strip(), session.data.names)
    data = session.data
    if isinstance(base, float):
        for name in names:
            if data.is_text(name) or base not in set(data.numeric(name)):
                raise parts[0].error(
                    f"{name} is never {whole_text(base)}.",
                    code="no-such-level",
                    subject=name,
                    advice=f"tabulate {name}",
                )
    kept = {**bases_of(session.state), **dict.fromkeys(names, base), "": data.source}
    return CommandResult(state=replace(session.state, bases={n: b for n, b in kept.items() if b != "first"}))


def _base(piece: Piece) -> Base:
    text = str(piece)
    found = [w for w in _WORDS if len(text) >= 2 and w.startswith(text)]
    if found:
        return _WORDS[found[0]]
    if text.startswith("(#") and text[2:-1].isdigit():
        return "order", int(text[2:-1])
    try:
        return float(text)
    except ValueError:
        raise piece.error(
            f"{text!r} is not a base level.", code="bad-option-value", advice="Use a level, first, last, frequent or "
                                                                              "none."
        ) from None


@command(
    "fvset clear",
    minimum="fvset c",
    syntax="fvset clear variables|_all",
    help="Clear base levels.",
    effects=Effect.DATA | Effect.BRIEF,
)
def fvset_clear(session: Session, parsed: ParsedCommand) -> CommandResult:
    names = parse_names(parsed.arguments.strip(), session.data.names)
    kept = {n: b for n, b in bases_of(session.state).items() if n not in names}
    return CommandResult(state=replace(session.state, bases={**kept, "": session.data.source} if kept else {}))


@command("fvset report", minimum="fvset r", syntax="fvset report", help="List base levels.", effects=Effect.RETURNS)
def fvset_report(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    bases = bases_of(session.state)
    if not bases:
        return CommandResult(text="No base levels are set, so the lowest level is the base.")
    rows = tuple(Row(n, (_shown(b),)) for n, b in bases.items())
    table = Table("Base levels", (Column("base", "Base", "text"),), rows, "Variable", key="fvset")
    return CommandResult(tables=(table,))


def _shown(base: Base) -> str:
    if isinstance(base, tuple):
        return f"(#{base[1]})"
    return whole_text(base) if isinstance(base, float) else {"freq": "frequent"}.get(base, base)
