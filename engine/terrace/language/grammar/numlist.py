"""Number lists: ``1 2 3``, ``1/5``, ``0(2)10``, ``10 8 to 2``."""

from __future__ import annotations

import re
from math import isfinite

from terrace.data.digits import EXACT
from terrace.language.grammar.tokens import Piece
from terrace.wording import plural

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ITEM = re.compile(
    rf"\s*,?\s*(?P<a>{_NUMBER})(?:\s*/\s*(?P<slash>{_NUMBER})|\s*[(\[]\s*(?P<step>{_NUMBER})\s*[)\]]\s*"
    rf"(?P<last>{_NUMBER})|\s+(?P<b>{_NUMBER})\s+(?:to|:)\s+(?P<to>{_NUMBER}))?(?=[\s,]|$)"
)
_LIMIT = 100_000


def literal(text: str, piece: Piece) -> float:
    """The value of a number as typed in `piece`.

    Raises `ValueError` where it is none, `CommandError` for a whole number that double precision would change.
    """
    value = float(text)
    digits = text.strip().lstrip("+-")
    if abs(value) > EXACT and digits.isdigit() and int(digits) != int(abs(value)):
        raise piece.error(
            f"{text.strip()} has more digits than a number can hold.",
            code="too-long",
            advice="Identifiers this long are text: put it in quotation marks.",
        )
    return value


def parse_numlist(
    piece: Piece, *, integer: bool = False, dashes: bool = False, what: str = "a list of numbers"
) -> tuple[float, ...]:
    """The numbers, in order; with `dashes`, ``3-5`` is ``3/5``.

    Raises `CommandError` where the text is no list, is empty, or (with `integer`) holds a fraction.
    """
    text = str(piece).rstrip()
    if dashes:
        text = re.sub(r"(?<=\d)-(?=\d)", "/", text)
    out: list[float] = []
    i = 0
    while i < len(text):
        found = _ITEM.match(text, i)
        if not found or found.end() == i:
            break
        out += _item(piece, found)
        i = found.end()
    bad = piece.at(piece.start + i, piece.end).strip() if i < len(text) else piece
    if i < len(text) or not out:
        raise (bad if bad else piece).error(
            f"{str(bad).strip()!r} is not {what}.", code="numlist", advice="Examples: 1 2 3, 1/5, 0(2)10."
        )
    if integer and any(x != int(x) for x in out):
        raise piece.error(f"{str(piece).strip()!r} must hold only integers.", code="numlist")
    return tuple(out)


def _item(piece: Piece, found: re.Match[str]) -> list[float]:
    a = literal(found["a"], piece.at(piece.start + found.start("a"), piece.start + found.end("a")))
    if found["slash"] is not None:
        last = float(found["slash"])
        step = 1.0 if last >= a else -1.0
    elif found["step"] is not None:
        step, last = float(found["step"]), float(found["last"])
    elif found["to"] is not None:
        step, last = float(found["b"]) - a, float(found["to"])
    else:
        step, last = 1.0, a
    here = piece.at(piece.start + found.start(), piece.start + found.end()).strip()
    steps = (last - a) / step if step else -1.0
    if steps < 0:
        raise here.error(f"The steps of {str(here)!r} never reach its end.", code="numlist")
    if not isfinite(steps) or not isfinite(step):
        raise here.error(f"{str(here)!r} is beyond what a number can hold.", code="numlist")
    if steps == 0:
        return [a]
    # Room for rounding, so that 0(.1)1 ends at 1.
    count = int(steps + 1e-9) + 1
    if count > _LIMIT:
        raise here.error(f"{str(here)!r} makes {plural(count, 'number')}.", code="numlist")
    return [round(a + k * step, 12) if step != int(step) else a + k * step for k in range(count)]
