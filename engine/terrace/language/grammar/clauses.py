"""The parts that most commands share: ``body [if] [in] [weight] [using file] [, options]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from terrace.language.grammar.tokens import Piece, closing, split, top_level
from terrace.wording import plural

_WEIGHT = re.compile(r"\[\s*([A-Za-z]*)\s*=(?!=)")
_KEYWORDS = ("if", "in", "using")
_RANGE = re.compile(r"([fFlL]|-?\d+)(?:\s*/\s*([fFlL]|-?\d+))?")
WEIGHTS = {"fweight": "f", "pweight": "p", "aweight": "a", "iweight": "i"}


@dataclass(frozen=True, slots=True)
class Weighting:
    """``[kind = expression]``; ``piece`` is the whole with its brackets."""

    kind: str
    expression: Piece
    piece: Piece


@dataclass(frozen=True, slots=True)
class Clauses:
    """A command taken apart; what is not there is None (``options`` is then empty).

    ``condition`` and ``range_`` are what follows ``if`` and ``in``.
    """

    body: Piece
    options: Piece
    condition: Piece | None = None
    range_: Piece | None = None
    weight: Weighting | None = None
    using: Piece | None = None

    @property
    def file(self) -> Piece:
        """Where a file is named that may stand after ``using`` or without it."""
        return self.body if self.using is None else self.using


def split_clauses(piece: Piece, *, using: bool = True) -> Clauses:
    """Take a command apart.

    The clauses may come in any order before the comma. With `using` False that word is an ordinary one.
    Raises `CommandError` where a clause is empty or comes twice, or at a second comma.
    """
    parts = split(piece, ",")
    # What follows a second comma are options as well; `scan_options` passes over commas between them.
    options = piece.at(parts[1].start, piece.end) if len(parts) > 1 else piece.at(piece.end, piece.end)
    marks = _marks(parts[0], using)
    body_end = marks[0][0] if marks else parts[0].end
    found: dict[str, Piece] = {}
    weight: Weighting | None = None
    for k, (start, word) in enumerate(marks):
        end = marks[k + 1][0] if k + 1 < len(marks) else parts[0].end
        whole = piece.at(start, end).strip()
        if word in found or (word == "[" and weight is not None):
            raise whole.error(
                f"There are two {'weights' if word == '[' else word + ' clauses'}.", code="twice"
            )
        if word == "[":
            weight = _weight(whole)
            continue
        content = whole.after(start + len(word)).strip()
        if not content:
            raise whole.error(f"Something is missing after {word}.", code="empty-clause")
        found[word] = content
    if "in" in found:
        _check_range(found["in"])
    return Clauses(
        body=parts[0].before(body_end).strip(),
        options=options,
        condition=found.get("if"),
        range_=found.get("in"),
        weight=weight,
        using=found.get("using"),
    )


def _marks(piece: Piece, using: bool) -> list[tuple[int, str]]:
    """Where clauses begin: positions with the keyword, or ``[`` for a weight."""
    source = piece.source
    out: list[tuple[int, str]] = []
    previous = " "
    for i, c in top_level(piece):
        if c == "[" and _WEIGHT.match(source, i, piece.end):
            out.append((i, "["))
        elif not (previous.isalnum() or previous in "_.") and c in "iu":
            for word in _KEYWORDS[: 3 if using else 2]:
                after = source[i + len(word) : i + len(word) + 1]
                if (
                    source.startswith(word, i)
                    and i + len(word) <= piece.end
                    and not (after.isalnum() or after in ("_", ".", "#", "*", "=", ","))
                    and previous.isspace() | (previous == "]") | (previous == ")")
                ):
                    out.append((i, word))
        previous = source[closing(piece, i)] if c in "([" else c
    return out


def _weight(piece: Piece) -> Weighting:
    found = _WEIGHT.match(piece.source, piece.start, piece.end)
    assert found is not None
    stop = closing(piece, piece.start)
    whole = piece.at(piece.start, stop + 1)
    if rest := piece.after(stop + 1).strip():
        raise rest.error(f"{str(rest)!r} was not expected after the weight.", code="syntax")
    typed = found[1].lower()
    expression = piece.at(found.end(), stop).strip()
    if not expression:
        raise whole.error("The weight is missing after the = sign.", code="weight")
    kinds = [k for k, minimum in WEIGHTS.items() if k.startswith(typed) and typed.startswith(minimum)]
    # ``fw`` and ``pw`` are customary although they are no beginnings of the words.
    kinds = kinds or [k for k, minimum in WEIGHTS.items() if typed in (minimum + "w", minimum + "weights")]
    if len(kinds) != 1:
        raise whole.error(
            f"{typed or 'This'} does not name a kind of weight.",
            code="weight",
            advice="Write [fweight=...] for frequencies or [pweight=...] for sampling weights.",
        )
    return Weighting(kinds[0], expression, whole)


def _check_range(piece: Piece) -> None:
    if not _RANGE.fullmatch(str(piece)):
        raise piece.error(
            f"{str(piece)!r} is not a range of rows.",
            code="range",
            advice="Examples: in 5, in 1/100, in f/10, in -10/l.",
        )


def range_rows(text: str, n: int) -> tuple[int, int]:
    """First and last row (from 0, half open) of a checked ``in`` range in data of `n` rows.

    Raises `CommandError` where it lies outside the data or runs backwards.
    """
    found = _RANGE.fullmatch(text.strip())
    piece = Piece.of(text)
    if not found:
        _check_range(piece)
        raise AssertionError("unreachable")

    def row(word: str) -> int:
        if word in "fF":
            return 1
        if word in "lL":
            return n
        number = int(word)
        return number if number >= 0 else n + 1 + number

    first = row(found[1])
    last = row(found[2]) if found[2] else first
    if not 1 <= first <= last <= n:
        raise piece.error(
            f"in {text} is outside the data, which have {plural(n, 'row')}.",
            code="range",
            advice="Rows are numbered from 1, and the first comes before the last.",
        )
    return first - 1, last
