"""Whole numbers that have to keep their digits.

A double tells whole numbers apart up to 2^53 only, and knows no zeros in front: 12345678901234567 and ...568 become
one number, and so do 1, 01 and 001. Values like these are names of something. A column that holds one is text, from
the file to the group codes, and says so in the notes. What stays numbers is exact.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

EXACT = 2**53
"""Integers beyond this are not all distinct as double precision numbers."""

LONG = "its numbers have more digits than a number can hold, so it is read as text."
_LONGEST = len(str(EXACT))

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_ZEROS = r"[+-]?0\d+"
_MANY = rf"[+-]?\d{{{_LONGEST},}}(?:\.\d*)?"
_PLAIN = re.compile(_NUMBER)
_BEGINS = re.compile(_ZEROS)
_WHOLE_PART = re.compile(r"[+-]?0*(\d*)")


def begins_with_zero(text: str) -> bool:
    """True for whole numbers such as ``007``."""
    return _BEGINS.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """True for a number written without an exponent."""
    return _PLAIN.fullmatch(text) is not None


def too_long(text: str) -> bool:
    """True for a number, written without an exponent, whose whole part lies beyond 2^53."""
    found = _WHOLE_PART.match(text)
    if found is None or _PLAIN.fullmatch(text) is None:
        return False
    digits = found[1]
    return len(digits) > _LONGEST or (len(digits) == _LONGEST and int(digits) > EXACT)


def needs_text(texts: pd.Series) -> bool:
    """True where one of these fields of a file, missing ones aside, would lose digits as a number."""
    return bool(_first_of(texts.dropna().str.strip()))


def why_text(texts: pd.Series) -> str:
    """Why a column of text is no column of numbers although all its values are numbers, for the notes; else empty."""
    present = texts.dropna()
    if present.empty or not _PLAIN.fullmatch(str(present.iloc[0]).strip()):
        return ""
    present = present.astype(str).str.strip()
    found = _first_of(present)
    if not found or not bool(present.str.fullmatch(_NUMBER).all()):
        return ""
    if not begins_with_zero(found):
        return LONG
    short = found.lstrip("+-").lstrip("0") or "0"
    return f"some of its numbers begin with zeros ({found} is the first), so it is text: {found} is not {short}."


def spelled_apart(texts: pd.Series, *, text: bool = False) -> str:
    """A note where one number of a column stands in several spellings that differ in blanks around it or a plus sign,
    with the rows of the first two; else empty.

    ``texts`` are the fields as written, without missing ones; the index are their rows in the file. Of numbers that are
    kept as ``text`` blanks are left out only. Padding by itself is no doubt about what is meant: in a column that is
    filled up to one width, or with a blank after each comma, a number has one spelling.
    """
    spellings = texts.drop_duplicates()
    plain = spellings.str.strip()
    if not text:
        plain = plain.str.removeprefix("+")
    again = plain[plain.duplicated()]
    if again.empty:
        return ""
    first, second = plain.index[plain == again.iloc[0]][:2]
    return (
        f"{spellings[first]!r} and {spellings[second]!r} (rows {first} and {second} of the file) are read as one "
        f"value, {plain[first]}. Blanks around numbers{'' if text else ' and plus signs'} do not count."
    )


def blanks_apart(texts: pd.Series) -> str:
    """A note where two values of text differ in blanks around them only, with the first row of each; else empty."""
    values = texts.dropna().drop_duplicates()
    inner = values.str.strip()
    again = inner[inner.duplicated()]
    if again.empty:
        return ""
    first, second = inner.index[inner == again.iloc[0]][:2]
    return (
        f"{values[first]!r} and {values[second]!r} (rows {first + 1} and {second + 1} of the data) differ only "
        "in blanks and stay different values. Use strtrim() to make them the same."
    )


def _first_of(present: pd.Series) -> str:
    """The first value with zeros in front, otherwise the first that is too long; empty where there is neither."""
    zeros = present[present.str.fullmatch(_ZEROS)]
    if len(zeros):
        return str(zeros.iloc[0])
    return next((t for t in present[present.str.fullmatch(_MANY)].unique().tolist() if too_long(t)), "")


def whole_text(value: Any) -> str:
    """A number as text with all its digits and none that say nothing: ``12345678901``, ``1.5``, whatever its type."""
    if isinstance(value, np.generic):
        value = int(value) if isinstance(value, np.integer) else value.item()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal) and not value.is_finite():
        return str(value)
    if value == int(value):
        return str(int(value))
    return format(value, "f").rstrip("0") if isinstance(value, Decimal) else str(value)
