"""Variable lists of models: factor variables, interactions, time-series operators.

The grammar, in which white space separates items and may stand around ``#``::

    list     = { product }
    product  = operand { ("#" | "##") operand }
    operand  = [ prefix ] ( name | "(" list ")" )
    prefix   = operators "." { operators "." }

``a##b`` is ``a b a#b``; ``##`` and ``#`` associate to the left, which gives the usual order of a factorial.
Inside ``#`` a bare variable is a factor, outside it is continuous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from terrace.language.grammar.factors import Prefix, parse_prefix, prefix_end
from terrace.language.grammar.names import Names
from terrace.language.grammar.tokens import Piece, closing
from terrace.spec.model import Factor, Term

MAX_FACTORS = 8

_NAME = re.compile(r"[\w*?~-]+")
_RANGE = re.compile(r"\w+\s*-\s*\w+(?![\w*?~-])")  # blanks may stand around the dash


@dataclass(frozen=True, slots=True)
class _Draft:
    """A factor whose kind may still be open; `piece` is the place to point at."""

    name: str
    prefix: Prefix
    piece: Piece

    def closed(self, kind: Literal["continuous", "factor"]) -> _Draft:
        if self.prefix.kind is not None:
            return self
        return replace(self, prefix=replace(self.prefix, kind=kind))


_DraftTerm = tuple[_Draft, ...]


def parse_terms(piece: Piece, variables: Sequence[str] | None) -> tuple[Term, ...]:
    """The terms that a variable list names, in order, each once.

    Raises `CommandError` pointing at the item that cannot be read or names no variable.
    """
    drafts = _Reader(piece, Names(variables)).read()
    return unique_terms(Term(factors) for draft in drafts for factors in _factors(draft))


def parse_factor(piece: Piece, variables: Sequence[str] | None, what: str) -> Factor:
    """One variable with its operators, continuous unless they say otherwise (an outcome: ``y``, ``D.y``)."""
    terms = parse_terms(piece, variables)
    if len(terms) != 1 or len(terms[0].factors) != 1:
        raise piece.error(f"One variable is needed here, as {what}.", code="one-variable")
    return terms[0].factors[0]


def unique_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Each term once, the first kept; ``b#a`` repeats ``a#b``."""
    seen: dict[frozenset[tuple[Factor, int]], Term] = {}
    for term in terms:
        key = frozenset((f, term.factors.count(f)) for f in term.factors)
        seen.setdefault(key, term)
    return tuple(seen.values())


def _factors(draft: _DraftTerm) -> list[tuple[Factor, ...]]:
    """The terms of one draft: several where an operator such as ``L(1/3)`` stands for several variables."""
    out: list[tuple[Factor, ...]] = [()]
    for item in draft:
        out = [(*done, f) for done in out for f in item.prefix.factors(item.name, "continuous")]
    return out


class _Reader:
    """Recursive descent over one piece."""

    def __init__(self, piece: Piece, names: Names) -> None:
        self.piece = piece
        self.names = names
        self.i = piece.start

    def read(self) -> list[_DraftTerm]:
        out: list[_DraftTerm] = []
        while self._skip():
            out += self._product()
        return out

    # --- the grammar ------------------------------------------------------------------------------------
    def _product(self) -> list[_DraftTerm]:
        left = self._operand()
        while self._next() == "#":
            hash_at = self.i = self._skip_to_hash()
            full = self.piece.source.startswith("##", self.i, self.piece.end)
            self.i += 2 if full else 1
            if not self._skip() or self._next() == "#":
                raise self.piece.at(hash_at, self.i).error(
                    "A variable is missing beside #.", code="interaction", advice="Write it as a#b or a##b."
                )
            right = self._operand()
            left = [tuple(d.closed("factor") for d in t) for t in left]
            right = [tuple(d.closed("factor") for d in t) for t in right]
            products = [(*a, *b) for a in left for b in right]
            for product in products:
                if len(product) > MAX_FACTORS:
                    raise self.piece.at(product[0].piece.start, self.i).error(
                        f"An interaction of {len(product)} variables, but the limit is {MAX_FACTORS}.",
                        code="interaction",
                    )
            left = [*left, *right, *products] if full else products
        return left

    def _operand(self) -> list[_DraftTerm]:
        start = self.i
        prefix = Prefix()
        while (end := prefix_end(self.piece, self.i)) > self.i:
            prefix = prefix.over(parse_prefix(self.piece.at(self.i, end - 1)))
            self.i = end
        source, stop = self.piece.source, self.piece.end
        if self.i < stop and source[self.i] == "(":
            close = closing(self.piece, self.i)
            inner = _Reader(self.piece.at(self.i + 1, close), self.names).read()
            if not inner:
                raise self.piece.at(self.i, close + 1).error("These parentheses are empty.", code="varlist")
            self.i = close + 1
            return [self._prefixed(prefix, t, start) for t in inner]
        name = self._name()
        if not name:
            raise self._missing(start)
        self.i = name.end
        where = self.piece.at(start, self.i)
        return [(_Draft(v, prefix, where),) for v in self.names.expand(name)]

    def _prefixed(self, prefix: Prefix, term: _DraftTerm, start: int) -> _DraftTerm:
        if prefix == Prefix():
            return term
        if len(term) > 1:
            raise self.piece.at(start, self.i).error(
                "An operator before parentheses applies to variables, not to interactions.",
                code="operator",
                advice="Write the operators inside: c.a#c.b.",
            )
        (draft,) = term
        return (replace(draft, prefix=prefix.over(draft.prefix)),)

    # --- the characters ---------------------------------------------------------------------------------
    def _skip(self) -> bool:
        """Move over white space; False at the end."""
        while self.i < self.piece.end and self.piece.source[self.i].isspace():
            self.i += 1
        return self.i < self.piece.end

    def _next(self) -> str:
        """The next character that is no white space, without moving."""
        rest = self.piece.source[self.i : self.piece.end].lstrip()
        return rest[:1]

    def _skip_to_hash(self) -> int:
        return self.piece.source.index("#", self.i)

    def _name(self) -> Piece:
        """The name, pattern or range that starts here; empty where none does."""
        rest = self.piece.after(self.i)
        found = _RANGE.match(rest.source, rest.start, rest.end) or _NAME.match(rest.source, rest.start, rest.end)
        return rest.at(rest.start, found.end() if found else rest.start)

    def _missing(self, start: int) -> Exception:
        end = self.i
        while end < self.piece.end and not self.piece.source[end].isspace():
            end += 1
        bad = self.piece.at(start, max(end, start + 1))
        text = str(bad)
        if text.startswith("#"):
            return bad.error("A variable is missing before #.", code="interaction")
        if text.endswith("."):
            return bad.error(f"A variable is missing after {text}", code="varlist")
        return bad.error(f"{text!r} is not a variable.", code="varlist")
