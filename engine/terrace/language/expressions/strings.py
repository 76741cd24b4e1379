"""Functions of text. Positions count characters from 1, and from the end where negative."""

from __future__ import annotations

import math
import re

from terrace.language.expressions.regular import compiled
from terrace.language.expressions.table import Table, elementwise
from terrace.language.grammar.macros import LONGEST_TEXT, number_text
from terrace.language.grammar.wildcards import wildcard
from terrace.language.number_format import format_number

FUNCTIONS = Table()


def _substr(text: str, start: float, length: float = math.nan) -> str:
    if math.isnan(start) or start == 0:
        return ""
    begin = int(start) - 1 if start > 0 else len(text) + int(start)
    if begin < 0:
        return ""
    return text[begin:] if math.isnan(length) else text[begin : begin + max(0, int(length))]


def _subinstr(text: str, old: str, new: str, count: float) -> str:
    if not old:
        return text
    return text.replace(old, new, -1 if math.isnan(count) else max(0, int(min(count, len(text)))))


def _word(text: str, k: float) -> str:
    words = text.split()
    if math.isnan(k) or k == 0 or abs(k) > len(words):
        return ""
    return words[int(k) - 1 if k > 0 else int(k)]


_NUMERIC = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?\s*")


def _real(text: str) -> float:
    return float(text.lower().replace("d", "e")) if _NUMERIC.fullmatch(text) else math.nan


def _string(value: float, format: str | None = None) -> str:
    """By the format; without one, whole numbers have all their digits, since they may be names of something."""
    if format is not None:
        return format_number(value, format)
    return number_text(value) if value.is_integer() else format_number(value)


def _strmatch(text: str, pattern: str) -> float:
    """``*`` fits anything, ``?`` one character."""
    return float(wildcard(pattern)(text))


def _regexm(text: str, pattern: str) -> float:
    return float(compiled(pattern).search(text) is not None)


def _regexr(text: str, pattern: str, new: str) -> str:
    return compiled(pattern).sub(lambda _: new, text, count=1)


def regex_group(text: str, pattern: str, number: float) -> str:
    """The part of the text that the k-th parentheses of the pattern matched, 0 for the whole; empty without a match."""
    found = compiled(pattern).search(text)
    if found is None or math.isnan(number) or not 0 <= number <= len(found.groups()):
        return ""
    return found[int(number)] or ""


def _regex_all(text: str, pattern: str, new: str) -> str:
    return compiled(pattern).sub(lambda _: new, text)


def _strdup(text: str, times: float) -> str:
    if math.isnan(times) or not text:
        return ""
    if len(text) * times > LONGEST_TEXT:
        raise ValueError(f"strdup() makes texts of at most {LONGEST_TEXT:,} characters.")
    return text * max(0, int(times))


def _abbrev(text: str, length: float) -> str:
    """The text in so many characters, 5 or more as in Stata; a missing length leaves it."""
    room = max(length, 5)
    return text if math.isnan(length) or len(text) <= room else text[: int(room) - 2] + "~" + text[-1]


def _upper_first(text: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda m: m[0][0].upper() + m[0][1:].lower(), text)


_add = FUNCTIONS.add
_add("strlen length ustrlen", "s", elementwise(len, number=True))
_add("substr usubstr", "snN", elementwise(_substr, number=False))
_add("upper strupper ustrupper", "s", elementwise(str.upper, number=False))
_add("lower strlower ustrlower", "s", elementwise(str.lower, number=False))
_add("proper strproper", "s", elementwise(_upper_first, number=False))
_add("trim strtrim ustrtrim", "s", elementwise(str.strip, number=False))
_add("ltrim strltrim", "s", elementwise(str.lstrip, number=False))
_add("rtrim strrtrim", "s", elementwise(str.rstrip, number=False))
_add("itrim stritrim", "s", elementwise(lambda t: re.sub(" {2,}", " ", t), number=False))
_add("strpos ustrpos", "ss", elementwise(lambda t, part: t.find(part) + 1 if part else 0, number=True))
_add("strrpos ustrrpos", "ss", elementwise(lambda t, part: t.rfind(part) + 1 if part else 0, number=True))
_add("subinstr usubinstr", "sssn", elementwise(_subinstr, number=False))
_add("word", "sn", elementwise(_word, number=False))
_add("wordcount", "s", elementwise(lambda t: len(t.split()), number=True))
_add("strreverse reverse ustrreverse", "s", elementwise(lambda t: t[::-1], number=False))
_add("strmatch", "ss", elementwise(_strmatch, number=True))
_add("regexm ustrregexm", "ss", elementwise(_regexm, number=True))
_add("regexr ustrregexrf", "sss", elementwise(_regexr, number=False))
_add("ustrregexra", "sss", elementwise(_regex_all, number=False))
_add("string strofreal", "nS", elementwise(_string, number=False))
_add("real", "s", elementwise(_real, number=True))
_add("strdup", "sn", elementwise(_strdup, number=False))
_add("indexnot", "ss", elementwise(lambda t, s: next((i for i, c in enumerate(t, 1) if c not in s), 0), number=True))
_add("plural", "ns", elementwise(lambda k, t: t if abs(k) == 1 else t + "s", number=False))
_add("char uchar", "n", elementwise(lambda k: chr(int(k)) if 0 < k < 0x110000 else "", number=False))
_add("abbrev", "sn", elementwise(_abbrev, number=False))
