"""Variable names: what is legal, and how a file's names become legal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

MAX_LENGTH = 32
_LEGAL = re.compile(r"[^\W\d]\w{0,31}")
LEGAL = "Use letters, digits and _, at most 32, starting with a letter or _."
"""What to do about a name that is not legal."""
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

    def fits(name: str) -> bool:
        return len(name) <= MAX_LENGTH

    def free(name: str) -> bool:
        return name not in taken and is_legal_name(name)

    for i, name in enumerate(cleaned):
        if result[i] is not None:
            continue
        new = free_name(_mend(name, i), fits, free, last)
        taken.add(new)
        result[i] = new
        if not name:
            notes.append(f"Column {i + 1} has no name. It is now called {new}.")
        elif is_legal_name(name):
            notes.append(f"Several columns are named {name}. Column {i + 1} is called {new}.")
        else:
            notes.append(f"The column {name!r} is now called {new}.")
    return [n for n in result if n is not None], notes


def free_name(stem: str, fits: Callable[[str], bool], free: Callable[[str], bool], last: dict[str, int]) -> str:
    """The stem, or the first that is `free` with a number behind it; what does not fit loses letters of its stem.

    ``last`` remembers where each search ended: thousands of names may have one stem, and what was taken stays so.
    """

    def cut(suffix: str) -> str:
        front = stem
        while front and not fits(front + suffix):
            front = front[:-1]
        return front + suffix

    whole = cut("")
    number = last.get(whole, 1)
    while not free(name := whole if number == 1 else cut(f"_{number}")):
        number += 1
    last[whole] = number
    return name


def _mend(name: str, position: int) -> str:
    mended = re.sub(r"\W+", "_", name).strip("_") if not is_legal_name(name) else name
    if not mended:
        return f"v{position + 1}"
    if mended[0].isdigit() or not re.match(r"[^\W\d]", mended):
        mended = "_" + mended
    mended = mended[:MAX_LENGTH]
    return mended + "_" if mended in RESERVED else mended
