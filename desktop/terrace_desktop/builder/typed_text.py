"""What is typed into the form is read by the command language, so that both take the same and say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from terrace.errors import CommandError
from terrace.language.grammar.tokens import Piece
from terrace.language.grammar.varlist import parse_factor, parse_terms
from terrace.language.mixed import parse_mixed
from terrace.spec.model import Factor, ModelSpec, Term

T = TypeVar("T")


def option(name: str, of: Callable[[ModelSpec], T]) -> Callable[[str], T]:
    """A reader of what stands in the parentheses of an option of ``mixed``.

    The reader returns the part of the model that `of` takes, and raises `TerraceError` for a text that the
    command would refuse.
    """

    def read(text: str) -> T:
        return of(parse_mixed(f"mixed y x || g:, {name}({_closed(text)})"))

    return read


def terms(text: str, names: Sequence[str]) -> tuple[Term, ...]:
    """Terms as they are typed after the outcome: ``c.ses##i.sector L.x``; raises `TerraceError`."""
    return parse_terms(Piece.of(text).strip(), names)


def factor(text: str, names: Sequence[str]) -> Factor:
    """One variable with its operators: ``y``, ``D.y``; raises `TerraceError`."""
    return parse_factor(Piece.of(text).strip(), names, "the outcome")


def weight(text: str, names: Sequence[str]) -> str:
    """A weight, a variable or an expression as typed; raises `TerraceError`."""
    names = [*names, "_"] if names else ["_"]
    spec = parse_mixed(f"mixed _ [pweight={_closed(text)}]", names)
    assert spec.weight is not None
    return spec.weight.expression


def _closed(text: str) -> str:
    """The text, where its brackets are closed within it; it cannot end what it stands in."""
    depth = 0
    for k, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth < 0:
            raise CommandError("A closing bracket has no opening bracket.", text=text, start=k, end=k + 1)
    if depth:
        raise CommandError("A bracket is not closed.", text=text, start=0, end=len(text))
    return text
