"""Variable names: what is legal, and how a file's names become legal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MAX_LENGTH = 32
_LEGAL = re.compile(r"[^\W\d]\w{0,31}")
RESERVED = frozenset({"_all", "_b", "_cons", "_n", "_N", "_pi", "_se", "if", "in", "using", "with"})
"""Names that mean something in a command and so cannot name a variable."""


def is_legal_name(name: str) -> bool:
    """True where `name` can name a variable: letters, digits and _, at most 32, not starting with a digit.

    Letters are in their composed form (NFC), so that names that look alike are alike.
    """
    return (
        _LEGAL.fullmatch(name) is not None
        and name not in RESERVED
        and unicodedata.is_normalized("NFC", name)
    )


def legal_names(originals: Sequence[str]) -> tuple[list[str], list[str]]:
    """Legal, distinct names for a file's column names, with one note in plain words for each change.

    Names that are legal already keep themselves, wherever they stand: a mended name gives way to them.
    """
    cleaned = [unicodedata.normalize("NFC", str(n)).strip() for n in originals]
    taken: set[str] = set()
    result: list[str | None] = []
    for name in cleaned:
        keep = is_legal_name(name) and name not in taken
        result.append(name if keep else None)
        if keep:
            taken.add(name)
    notes: list[str] = []
    last: dict[str, int] = {}
    for i, name in enumerate(cleaned):
        if result[i] is not None:
            continue
        new = _distinct(_mend(name, i), taken, last)
        taken.add(new)
        result[i] = new
        if not name:
            notes.append(f"Column {i + 1} has no name; it is called {new}.")
        elif is_legal_name(name):
            notes.append(f"There are several columns named {name}; column {i + 1} is called {new}.")
        else:
            notes.append(f"The column {name!r} is called {new}.")
    return [n for n in result if n is not None], notes


def _mend(name: str, position: int) -> str:
    mended = re.sub(r"\W+", "_", name).strip("_") if not is_legal_name(name) else name
    if not mended:
        return f"v{position + 1}"
    if mended[0].isdigit() or not re.match(r"[^\W\d]", mended):
        mended = "_" + mended
    mended = mended[:MAX_LENGTH]
    return mended + "_" if mended in RESERVED else mended


def _distinct(name: str, taken: set[str], last: dict[str, int]) -> str:
    """The name, or the first that is free with a number behind it; ``last`` remembers where each search ended."""
    candidate, k = name, last.get(name, 2)
    while candidate in taken or not is_legal_name(candidate):
        suffix = f"_{k}"
        candidate = name[: MAX_LENGTH - len(suffix)] + suffix
        k += 1
    last[name] = k
    return candidate
