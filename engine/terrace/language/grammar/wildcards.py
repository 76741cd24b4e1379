"""Patterns with ``*`` (any text) and ``?`` (one character).

Matched without backtracking: between two stars the first place that fits is as good as any later one, so that no
pattern takes longer than its length times that of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=256)
def wildcard(pattern: str) -> Callable[[str], bool]:
    """What says whether the whole of a text fits a pattern. Upper and lower case differ; nothing else has a meaning."""
    first, *between = (_literal(part) for part in pattern.split("*"))
    if not between:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = between
    tail = len(pattern) - pattern.rfind("*") - 1

    def fits(text: str) -> bool:
        found = first.match(text)
        for part in middle:
            if found is None:
                return False
            found = part.search(text, found.end())
        return found is not None and len(text) - tail >= found.end() and last.match(text, len(text) - tail) is not None

    return fits


def _literal(part: str) -> re.Pattern[str]:
    """The text between two stars: it has one length, so that there is nothing to go back to."""
    return re.compile("".join("." if c == "?" else re.escape(c) for c in part), re.DOTALL)
