"""Words as lists in a sentence."""

from __future__ import annotations

from collections.abc import Iterable


def enumerated(words: Iterable[str], link: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for none."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} {link} {last}" if most else last
