"""What ``import delimited`` says of a text file: which rows and columns, where the names stand, how numbers look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from terrace.data.readers.header import At, at_rows
from terrace.errors import TerraceError
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, OptionRule, rules
from terrace.language.grammar.tokens import unquoted
from terrace.language.mixed_options import argument, number

DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|"}
"""Delimiters that have a name in commands."""
_RANGE = re.compile(r"\s*(\d*)\s*(:?)\s*(\d*)\s*")


def textfile_rules() -> tuple[OptionRule, ...]:
    """The options of ``import delimited`` that tell how the file is read."""
    return rules(
        "",
        "delim:iters decimal decimals:eparator thousands group:separator enc:oding varn:ames rowr:ange colr:ange skip "
        "comment stringc:ols",
        already="clear",
    )


def textfile_options(options: Mapping[str, Option]) -> dict[str, Any]:
    """These options as the arguments of `terrace.data.read.read`. Raises `CommandError` at one that makes no sense."""
    decimal = options.get("decimal") or options.get("decimalseparator")
    thousands = options.get("thousands") or options.get("groupseparator")
    out: dict[str, Any] = {
        "delimiter": _delimiter(options.get("delimiters")),
        "decimal": text_or_none(decimal),
        "thousands": text_or_none(thousands),
        "encoding": text_or_none(options.get("encoding")),
        "comment": text_or_none(options.get("comment")),
    }
    if out["thousands"] == "none":
        out["thousands"] = ""
    elif thousands is not None and len(out["thousands"] or "") != 1:
        raise _wrong(
            thousands, "The thousands separator must be one character.", 'Write thousands("."), or thousands(none).'
        )
    if thousands is not None and out["thousands"] == (out["decimal"] or "."):
        raise _wrong(thousands, "The decimal mark and the thousands separator must differ.",
                     'Write decimal(",") thousands(".").')  # fmt: skip
    if "varnames" in options:
        out["names"] = names_row(options["varnames"])
    if "rowrange" in options:
        out["rows"] = _range(options["rowrange"])
    if "colrange" in options:
        out["columns"] = _range(options["colrange"])
    if "skip" in options:
        out["skip"] = int(number(options["skip"], integer=True))
    if "stringcols" in options:
        out["text"] = _columns(options["stringcols"])
    return out


def text_or_none(option: Option | None) -> str | None:
    """The text in an option's parentheses without quotation marks; None without the option or its text."""
    return None if option is None or option.argument is None else unquoted(option.argument)


def _delimiter(option: Option | None) -> str | None:
    text = text_or_none(option)
    return text if text is None else DELIMITERS.get(text.lower(), text)


def names_row(option: Option) -> At:
    """The row of the names in ``varnames()``, of the labels in ``labelrow()``; 0 where there is none.

    A range such as ``1:2`` is several of them.
    """
    word = str(argument(option)).strip().lower()
    if ":" in word:
        first, last = _range(option)
        if first is not None and last is not None:
            return at_rows(first, last)
    none = "nonames" if option.name == "varnames" else "none"
    if word in (none, none[:3]):
        return 0
    if not word.isdigit() or int(word) < 1:
        what, row = ("names", 1) if option.name == "varnames" else ("labels", 2)
        advice = f"Write {option.name}({row}), {option.name}({row}:{row + 1}) for several, or {option.name}({none})."
        raise _wrong(option, f"{word!r} is not a row of {what}.", advice)
    return int(word)


def _range(option: Option) -> tuple[int | None, int | None]:
    """``4:7``, ``4:``, ``:7``; one number is where the range begins."""
    text = str(argument(option))
    found = _RANGE.fullmatch(text)
    first, last = (int(found[k]) if found and found[k] else None for k in (1, 3))
    if found is None or (first is None and last is None):
        raise _wrong(option, f"{text!r} is not a range.", f"Write for example {option.name}(4:7) or {option.name}(4:).")
    if first == 0 or last == 0 or (first is not None and last is not None and last < first):
        raise _wrong(option, f"{text} is an empty range.", "Rows and columns are numbered from 1.")
    return first, last


def _columns(option: Option) -> tuple[int, ...]:
    piece = argument(option)
    if str(piece).strip() == "_all":
        return (0,)
    columns = [int(v) for v in parse_numlist(piece) if v == int(v) and v >= 1]
    if not columns:
        raise _wrong(option, f"{str(piece)!r} are not columns.", "Write stringcols(1 3) or stringcols(_all).")
    return tuple(columns)


def _wrong(option: Option, message: str, advice: str) -> TerraceError:
    return option.piece.error(message, code="bad-option-value", subject=option.name, advice=advice)
