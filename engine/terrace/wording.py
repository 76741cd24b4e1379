"""Words as lists in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def enumerated(words: Iterable[str], link: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for none."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} {link} {last}" if most else last


def others_are(names: Sequence[str], what: str = "other") -> str:
    """``the other is a``, ``the others are a and b``: what a file holds besides what was read."""
    return f"the {what} is {names[0]}" if len(names) == 1 else f"the {what}s are {enumerated(names)}"
