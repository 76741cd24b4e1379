"""``if``, ``in``, weights and ``using`` where a command has no use for them: they are refused, not passed over.

What a command takes is read from its syntax.
"""

from __future__ import annotations

import re
from functools import cache

from terrace.language.grammar.command import ParsedCommand
from terrace.session.registry import Command

# Families whose arguments have the usual parts. Others read free text, or say themselves what they do not take, as
# all that speak of a fit do.
_USUAL = frozenset(
    (
        *("describe", "estimates", "combine", "joining", "manage", "convert", "restructure", "panels", "means"),
        *("quantiles", "sampling", "table", "center", "ranks", "generate", "egen", "listing", "codebook"),
        *("tabulate", "tabstat", "correlate", "regress", "variables"),
    )
)
_FREE_TEXT = ("notes", "lookfor")
_PARTS = {"if": r"\bif\b", "in": r"\bin\b", "weights": r"weight", "using": r"\busing\b|FILE"}


@cache
def taken(syntax: str) -> frozenset[str]:
    """Which of the four parts a syntax has."""
    return frozenset(part for part, pattern in _PARTS.items() if re.search(pattern, syntax))


def refuse_what_has_no_use(found: Command, parsed: ParsedCommand) -> None:
    """`CommandError` at an ``if``, ``in``, weight or ``using`` that the command would pass over."""
    if found.group not in _USUAL or found.name in _FREE_TEXT:
        return
    c = parsed.clauses
    given = {
        "if": c.condition, "in": c.range_, "using": c.using, "weights": None if c.weight is None else c.weight.piece,
    }  # fmt: skip
    for part, piece in given.items():
        if piece is not None and part not in taken(found.syntax):
            raise piece.error(
                f"{found.name} takes no {part}.",
                code="misplaced-clause",
                subject=part,
                advice=f"Its syntax is: {found.syntax}",
            )
