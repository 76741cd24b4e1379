"""The user-missing values of an SPSS portable file, .por, which pyreadstat neither tells nor keeps apart from ``.``.

A portable file is one text in lines of 80 characters: 200 for people, 256 that say which byte stands for which of its
own characters, and records that begin with a letter or a digit. Numbers are written to base 30 and end with a slash,
texts follow their length. After the record of a variable come those of its missing values: 8 (one value), 9 (all up to
one), A (all from one on) and B (all from one to another). Source: PSPP developers' guide, "Portable File Format".

These records are cut out, so that pyreadstat reads the values as they are. What they name it reads as well, as rows of
a small file under the same header: a number is then the same to the last bit, and text is in the same characters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

_LINE = 80
_TABLE = slice(200, 456)
_FIRST = 464  # after the table and the eight characters SPSSPORT
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .<(+|&[]!$*);^-/"
_PLACE = 64  # of the first of them in the table
_TEXTS, _NUMBERS = "1236C", "45"  # records of one field
_FIELDS = {"8": 1, "9": 1, "A": 1, "B": 2}
_MOST = 4  # fields of missing values that a variable may have: a range and one more, or three values

Ranges = dict[int, list[dict[str, Any]]]
Read = Callable[[bytes], pd.DataFrame]


@dataclass(slots=True)
class _Variable:
    text: bool
    kinds: list[str] = field(default_factory=list)
    fields: list[bytes] = field(default_factory=list)


class _Header:
    """Takes the records in order; positions are bytes of the file without its line ends."""

    def __init__(self, content: bytes) -> None:
        lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        table = b"".join(line.ljust(_LINE) for line in lines[:6])[_TABLE]
        self.byte = {c: table[_PLACE + k : _PLACE + k + 1] for k, c in enumerate(_CHARACTERS)}
        blank = self.byte[" "]
        self.bytes = b"".join(line.ljust(_LINE, blank) for line in lines)
        self._letters = {byte: c for c, byte in reversed(self.byte.items())}
        self.at = _FIRST

    def letter(self) -> str:
        """The next character, empty for one that is not among those of records and numbers."""
        self.at += 1
        return self._letters.get(self.bytes[self.at - 1 : self.at], "")

    def number(self) -> bytes:
        """The next number, with its end."""
        begin = self.at
        while (c := self.letter()) != "/":
            if c == "*":
                self.at += 1  # a missing number is a star and one character
                break
            if self.at >= len(self.bytes):
                raise ValueError("a number of the header has no end")
        return self.bytes[begin : self.at]

    def text(self) -> bytes:
        """The next text, with its length."""
        begin = self.at
        digits = "".join(self._letters.get(bytes([b]), "") for b in self.number())
        length = int(digits.rstrip("/").strip(), 30)
        if length < 0:
            raise ValueError("a text of the header has less than no characters")
        self.at += length
        return self.bytes[begin : self.at]

    def variables(self) -> tuple[list[_Variable], list[tuple[int, int]], int]:
        """The variables, where the records of missing values stand, and where the records of variables end."""
        found: list[_Variable] = []
        places: list[tuple[int, int]] = []
        self.at += 1  # the version
        self.text()
        self.text()
        while True:
            begin = self.at
            tag = self.letter()
            if tag and tag in _TEXTS:
                self.text()
            elif tag and tag in _NUMBERS:
                self.number()
            elif tag == "7":
                width = self.number()
                found.append(_Variable(width != self.byte["0"] + self.byte["/"]))
                self.text()
                for _ in range(6):
                    self.number()
            elif tag in _FIELDS and found:
                found[-1].kinds.append(tag)
                take = self.text if found[-1].text else self.number
                found[-1].fields += [take() for _ in range(_FIELDS[tag])]
                places.append((begin, self.at))
            else:
                return found, places, begin

    def small(self, variables: list[_Variable], header: bytes) -> bytes:
        """A file with what the records of missing values name as its rows."""
        nothing = {True: "1/ ", False: "*."}
        rows = [
            v.fields[k] if k < len(v.fields) else b"".join(self.byte[c] for c in nothing[v.text])
            for k in range(_MOST)
            for v in variables
        ]
        return lines_of(header + self.byte["F"] + b"".join(rows) + self.byte["Z"] * _LINE)


def without_missing(content: bytes, read: Read) -> tuple[bytes, Ranges]:
    """The bytes of a file without its records of missing values, and what they say of each variable, by its place.

    `read` gives the rows of such bytes. Ranges are as pyreadstat gives those of .sav: ``{"lo": -inf, "hi": -1.0}``.
    Raises `ValueError` for a header that is damaged.
    """
    header = _Header(content)
    variables, places, end = header.variables()
    if not places:
        return content, {}
    kept, last = [], 0
    for begin, after in places:
        kept.append(header.bytes[last:begin])
        last = after
    values = read(header.small(variables, b"".join([*kept, header.bytes[last:end]])))
    ranges = {k: _ranges(v, values.iloc[:, k].tolist()) for k, v in enumerate(variables) if v.kinds}
    return lines_of(b"".join([*kept, header.bytes[last:]])), ranges


def _ranges(variable: _Variable, values: list[Any]) -> list[dict[str, Any]]:
    out = []
    for kind in variable.kinds:
        low = values.pop(0)
        high = values.pop(0) if kind == "B" else low
        out.append({"lo": -np.inf if kind == "9" else low, "hi": np.inf if kind == "A" else high})
    return out


def lines_of(content: bytes) -> bytes:
    """Bytes in lines of 80, as a portable file has them."""
    return b"\r\n".join(content[k : k + _LINE] for k in range(0, len(content), _LINE)) + b"\r\n"
