"""The rules of ``recode`` as typed: ``(1 2 = 0 "No") (3/max = 1) (missing = .) (else = 9)``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from terrace.data.transforms.recode import Other, Rule
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.numlist import literal
from terrace.language.grammar.tokens import Piece, closing, split, unquoted, words

_OTHER: dict[str, Other] = {
    "else": "else", "*": "else", "nonmissing": "nonmissing", "nonm": "nonmissing", "missing": "missing",
    "miss": "missing",
}  # fmt: skip
_MISSING = re.compile(r"\.[a-z]?")


def read_rules(piece: Piece, names: Sequence[str]) -> tuple[tuple[str, ...], list[Rule]]:
    """The variables and the rules of a command; the parentheses may be left out.

    Raises `CommandError` where there are none of either, or at a rule that cannot be read.
    """
    source = piece.source
    at = next((i for i in range(piece.start, piece.end) if source[i] == "("), None)
    if at is not None:
        variables = parse_names(piece.before(at), names)
        rules = []
        i = at
        while i < piece.end:
            if source[i].isspace():
                i += 1
                continue
            if source[i] != "(":
                raise piece.after(i).error("A rule in parentheses was expected here.", code="recode-rule")
            stop = closing(piece, i)
            rules.append(_rule(piece.at(i + 1, stop)))
            i = stop + 1
    else:
        variables, rules = _bare(piece, names)
    if not variables or not rules:
        raise piece.error(
            "recode needs variables and rules.", code="recode-rule", advice="Example: recode grade (1 2 = 0) (3/5 = 1)."
        )
    return variables, rules


def _bare(piece: Piece, names: Sequence[str]) -> tuple[tuple[str, ...], list[Rule]]:
    """``x 1 2=0 3=1``: a rule ends with the value after its = sign."""
    parts = split(piece, "=")
    if len(parts) < 2:
        return (), []
    head = words(parts[0])
    first = next((k for k, w in enumerate(head) if not _is_name(str(w))), len(head))
    variables = parse_names(piece.before(head[first].start) if first < len(head) else parts[0], names)
    rules = []
    start = head[first].start if first < len(head) else parts[0].end
    for k, part in enumerate(parts[1:], 1):
        value = words(part)[:1]
        if not value:
            raise part.error("A value is missing after the = sign.", code="recode-rule")
        end = value[0].end if k < len(parts) - 1 else part.end
        rules.append(_rule(piece.at(start, end)))
        start = end
    return variables, rules


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[^\W\d][\w*?~-]*", text) is not None and text not in (*_OTHER, "min", "max")


def _rule(piece: Piece) -> Rule:
    parts = split(piece, "=")
    if len(parts) != 2 or not parts[0] or not parts[1]:
        raise piece.strip().error(
            "A rule needs the form values = new value.", code="recode-rule", advice="Examples: 1 2 = 0, 3/max = 1."
        )
    after = words(parts[1])
    label = unquoted(after[1]) if len(after) > 1 else ""
    copy = str(after[0]) == "copy"
    to = math.nan if copy else _number(after[0])
    ranges: list[tuple[float, float]] = []
    other: Other = ""
    for item in _joined(parts[0]):
        text = str(item).strip()
        if text.lower() in _OTHER:
            other = _OTHER[text.lower()]
        elif "/" in text:
            low, high = split(item, "/")[:2]
            ranges.append((_number(low.strip(), "min"), _number(high.strip(), "max")))
        else:
            value = _number(item)
            ranges.append((value, value))
    return Rule(to, tuple(ranges), other, label, copy)


def _joined(piece: Piece) -> list[Piece]:
    """Items of the left side; ``1 / 3`` with blanks is one item."""
    out: list[Piece] = []
    glue = False
    for item in words(piece):
        text = str(item)
        if out and (glue or text.startswith("/")):
            out[-1] = item.at(out[-1].start, item.end)
        else:
            out.append(item)
        glue = text.endswith("/")
    return out


def _number(piece: Piece, edge: str = "") -> float:
    text = str(piece)
    if edge and text == edge:
        return -math.inf if edge == "min" else math.inf
    if _MISSING.fullmatch(text):
        return math.nan
    try:
        return literal(text, piece)
    except ValueError:
        raise piece.error(f"{text!r} is not a number.", code="recode-rule") from None
