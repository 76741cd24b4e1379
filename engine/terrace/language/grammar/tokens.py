"""Pieces of a command: text that remembers where it stands, and scanning that respects quotes and brackets.

Everything in this package works on a `Piece`, so that an error can point at its place in what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from terrace.errors import CommandError

NAME = re.compile(r"[^\W\d]\w*")
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Piece:
    """The half-open range ``[start, end)`` of ``source``."""

    source: str
    start: int
    end: int

    @classmethod
    def of(cls, text: str) -> Piece:
        """The whole of a text."""
        return cls(text, 0, len(text))

    def __str__(self) -> str:
        return self.source[self.start : self.end]

    def __bool__(self) -> bool:
        return bool(str(self).strip())

    def at(self, start: int, end: int) -> Piece:
        """Another range of the same source, in absolute positions."""
        return Piece(self.source, start, end)

    def after(self, position: int) -> Piece:
        """From an absolute position to the end of this piece."""
        return Piece(self.source, position, self.end)

    def before(self, position: int) -> Piece:
        """From the start of this piece to an absolute position."""
        return Piece(self.source, self.start, position)

    def strip(self) -> Piece:
        """Without white space on either side."""
        text = str(self)
        left = len(text) - len(text.lstrip())
        return Piece(self.source, self.start + left, self.start + max(left, len(text.rstrip())))

    def error(
        self, message: str, *, code: str = "syntax", advice: str = "", subject: str = ""
    ) -> CommandError:
        """A `CommandError` that points here."""
        return CommandError(
            message,
            code=code,
            advice=advice,
            text=self.source,
            start=self.start,
            end=max(self.end, self.start + 1),
            subject=subject,
        )


def skip_string(piece: Piece, position: int) -> int:
    """The position after the string that opens at `position` (``"..."`` or a compound quote)."""
    source = piece.source
    opening, closing = ('`"', "\"'") if source.startswith('`"', position) else ('"', '"')
    found = source.find(closing, position + len(opening), piece.end)
    if found < 0:
        raise piece.at(position, position + 1).error(
            "This quotation mark is not closed.", code="open-quote"
        )
    return found + len(closing)


def closing(piece: Piece, position: int) -> int:
    """The position of the bracket that closes the one at `position`; `CommandError` where there is none."""
    source = piece.source
    stack = [_CLOSING[source[position]]]
    i = position + 1
    while i < piece.end:
        c = source[i]
        if _opens_string(source, i):
            i = skip_string(piece, i)
            continue
        if c in _CLOSING:
            stack.append(_CLOSING[c])
        elif c in ")]":
            if c != stack.pop():
                raise piece.at(i, i + 1).error(f"This {c} has no matching bracket.", code="brackets")
            if not stack:
                return i
        i += 1
    raise piece.at(position, position + 1).error(
        f"This {source[position]} is not closed.", code="brackets", advice=f"Add {stack[0]}."
    )


def top_level(piece: Piece) -> Iterator[tuple[int, str]]:
    """Positions and characters outside quotes and brackets; an opening bracket itself is yielded.

    Raises `CommandError` at a bracket or quotation mark without its partner.
    """
    source = piece.source
    i = piece.start
    while i < piece.end:
        c = source[i]
        if _opens_string(source, i):
            yield i, '"'
            i = skip_string(piece, i)
            continue
        if c in ")]":
            raise piece.at(i, i + 1).error(f"This {c} has no matching bracket.", code="brackets")
        yield i, c
        i = closing(piece, i) + 1 if c in _CLOSING else i + 1


def _opens_string(source: str, i: int) -> bool:
    return source[i] == '"' or source.startswith('`"', i)


def words(piece: Piece) -> list[Piece]:
    """Split at white space outside quotes and brackets."""
    out: list[Piece] = []
    start: int | None = None
    for i, c in top_level(piece):
        if c.isspace():
            if start is not None:
                out.append(piece.at(start, i))
            start = None
        elif start is None:
            start = i
    if start is not None:
        out.append(piece.at(start, piece.end).strip())
    return out


def split(piece: Piece, separator: str) -> list[Piece]:
    """Split at each `separator` (one or two characters) outside quotes and brackets."""
    out: list[Piece] = []
    start = piece.start
    skip_to = piece.start
    for i, c in top_level(piece):
        if i >= skip_to and c == separator[0] and piece.source.startswith(separator, i):
            out.append(piece.at(start, i))
            start = skip_to = i + len(separator)
    out.append(piece.at(start, piece.end))
    return out


def unquoted(piece: Piece) -> str:
    """The text without the quotation marks around it, where it has them."""
    text = str(piece).strip()
    if text.startswith('`"') and text.endswith("\"'") and len(text) >= 4:
        return text[2:-2]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text
