"""Base levels that factors keep: ``fvset base``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from terrace.data.digits import whole_text
from terrace.language.command import ParsedCommand
from terrace.language.names import parse_names
from terrace.language.tokens import Piece, words
from terrace.results.table import Column, Row, Table
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, State
from terrace.spec.model import Base, Factor, ModelSpec, Term

_WORDS = {"first": "first", "default": "first", "last": "last", "frequent": "freq", "freq": "freq", "none": "none"}


def with_bases(state: State, spec: ModelSpec) -> ModelSpec:
    """The model with the base levels of ``fvset base`` at factors that are written without one."""
    bases = bases_of(state)
    if not bases:
        return spec
    random = tuple(replace(e, terms=_terms(e.terms, bases)) if e.terms else e for e in spec.random)
    return replace(spec, fixed=_terms(spec.fixed, bases), random=random)


def _terms(terms: Sequence[Term], bases: dict[str, Base]) -> tuple[Term, ...]:
    return tuple(replace(t, factors=tuple(_factor(f, bases) for f in t.factors)) for t in terms)


def _factor(f: Factor, bases: dict[str, Base]) -> Factor:
    if f.kind != "factor" or f.base != "first" or f.levels or f.name not in bases:
        return f
    return replace(f, base=bases[f.name])


def bases_of(state: State) -> dict[str, Base]:
    """The bases that hold for the data that are open: another file begins without any."""
    data = state.dataset
    if data is None or state.bases.get("") != data.source:
        return {}
    return {name: base for name, base in state.bases.items() if name in data}


@command(
    "fvset base",
    minimum="fvset b",
    syntax="fvset base #|first|last|frequent|none variables",
    help="Say which level of a factor is its base where i. is written without one.",
    effects=Effect.NONE,
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
            f"{text!r} is no base.", code="bad-option-value", advice="Write a level, first, last, frequent or none."
        ) from None


@command(
    "fvset clear",
    minimum="fvset c",
    syntax="fvset clear variables|_all",
    help="Forget base levels.",
    effects=Effect.NONE,
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
        return CommandResult(text="No base levels are set: the lowest level is the base.")
    rows = tuple(Row(n, (_shown(b),)) for n, b in bases.items())
    table = Table("Base levels", (Column("base", "Base", "text"),), rows, "Variable", key="fvset")
    return CommandResult(tables=(table,))


def _shown(base: Base) -> str:
    if isinstance(base, tuple):
        return f"(#{base[1]})"
    return whole_text(base) if isinstance(base, float) else {"freq": "frequent"}.get(base, base)
