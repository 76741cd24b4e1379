"""Cells as people type them: a text becomes the value of a variable, or it is said why it cannot."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Literal

from terrace.data.dataset import Variable
from terrace.data.dates import EPOCH, MONTHS, is_date_format, is_datetime_format
from terrace.data.extended import extended_code

Decimal = Literal[".", ","]
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_BLANKS = "[ \u00a0\u202f']"  # between thousands
_BY_BLANKS = re.compile(rf"[-+]?\d{{1,3}}({_BLANKS}\d{{3}})+([.,]\d+)?")
_GROUPED = {".": re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?"), ",": re.compile(r"[-+]?\d{1,3}(\.\d{3})+(,\d+)?")}
_ONE_GROUP = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")


class Refused(ValueError):
    """A text that is no value of the variable; the message says why, in words for the user."""


def is_missing_text(text: str) -> bool:
    """True for what stands for no value: nothing, or a dot."""
    return text.strip() in ("", ".")


def read_text(text: str, *, exact: bool = False) -> str:
    """The value of a text variable; empty for missing. `exact` takes a dot for a dot, and keeps spaces."""
    return text if exact else "" if is_missing_text(text) else text.strip()


def read_number(text: str, variable: Variable, decimal: Decimal = ".", *, exact: bool = False) -> float:
    """The number that a typed text means in this variable: NaN for missing, the code for a value label.

    `decimal` is the sign before the fraction. `exact` takes no labels. Raises `Refused`.
    """
    plain = text.strip().replace("−", "-")
    if is_missing_text(plain):
        return math.nan
    if not exact and variable.value_labels:
        code = _code(plain, variable)
        if code is not None:
            return code
    extended = extended_code(plain)
    if extended is not None:
        return extended
    if plain in ("∞", "-∞"):
        return math.inf if plain == "∞" else -math.inf
    if is_date_format(variable.format) and not is_datetime_format(variable.format):
        day = _day(plain)
        if day is not None:
            return day
    found = plain_number(plain, decimal)
    if found is None:
        raise Refused(_why(plain, variable, decimal))
    return found


def plain_number(text: str, decimal: Decimal = ".") -> float | None:
    """The number that a text is, None where it is none or could be two.

    Thousands may be apart by blanks, or by the sign that is not before the fraction; a single group (``1,234``) could
    be either.
    """
    if _ONE_GROUP.fullmatch(text) and decimal not in text:
        return None
    if decimal == "," and "," in text and _NUMBER.fullmatch(text.replace(",", ".", 1)) and "." not in text:
        return float(text.replace(",", ".", 1))
    if _NUMBER.fullmatch(text):
        return float(text)
    if _BY_BLANKS.fullmatch(text):
        joined = re.sub(_BLANKS, "", text)
        return plain_number(joined, decimal)
    if _GROUPED[decimal].fullmatch(text):
        return float(text.replace("," if decimal == "." else ".", "").replace(",", "."))
    return None


def like_number(text: str) -> bool:
    """True for digits with signs between them: it is meant as a number, even where it cannot be read as one."""
    return re.fullmatch(r"[-+]?[.,]?\d[\d.,' \u00a0\u202f]*", text.strip()) is not None


def decimal_of(texts: list[str], usual: Decimal) -> Decimal:
    """Which sign stands before the fractions of these cells: the one that only fits, otherwise the usual one."""
    comma = any(re.fullmatch(r"[-+]?(\d*|\d{1,3}(\.\d{3})+),\d+", t) and not _ONE_GROUP.fullmatch(t) for t in texts)
    point = any(re.fullmatch(r"[-+]?(\d*|\d{1,3}(,\d{3})+)\.\d+", t) and not _ONE_GROUP.fullmatch(t) for t in texts)
    return usual if comma == point else "," if comma else "."


def _code(text: str, variable: Variable) -> float | None:
    """The code of a value label, upper and lower case alike where only one label is meant."""
    for same in (str, str.lower):
        found = [code for code, words in variable.value_labels.items() if same(words.strip()) == same(text)]
        if len(found) == 1 and not isinstance(found[0], str):
            return float(found[0])
    return None


def _day(text: str) -> float | None:
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    words = re.fullmatch(r"(\d{1,2})[ .-]?([A-Za-z]{3})[ .-]?(\d{4})", text)
    try:
        if iso:
            return float((dt.date(int(iso[1]), int(iso[2]), int(iso[3])) - EPOCH).days)
        if words and words[2].lower() in MONTHS:
            month = MONTHS.index(words[2].lower()) + 1
            return float((dt.date(int(words[3]), month, int(words[1])) - EPOCH).days)
    except ValueError:
        return None
    return None


def _why(text: str, variable: Variable, decimal: Decimal) -> str:
    name = variable.name
    if _ONE_GROUP.fullmatch(text):
        whole, sign = re.sub("[.,]", "", text), "." if "." in text else ","
        return f"{text} could be {whole} or {text.replace(sign, decimal)}. Write it as one of them."
    if is_date_format(variable.format):
        return f"{name} holds dates, and {text} is not a date. Write it as 2024-03-01."
    if variable.value_labels:
        import difflib

        close = difflib.get_close_matches(text, list(variable.value_labels.values()), n=1)
        meant = f" Did you mean {close[0]}?" if close else ""
        return f"{text} is neither a value label of {name} nor a number.{meant}"
    if "," in text and plain_number(text, ",") is not None:
        return f"{name} holds numbers, and {text} has a decimal comma. Write a decimal point."
    return f"{name} holds numbers, and {text} is not a number."
