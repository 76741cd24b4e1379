"""Extended missing values: ``.a`` to ``.z``, which tell why a value is missing.

In the data each is a number of its own, far beyond any value, that is declared as a missing code of its variable. All
that reads values for analysis therefore takes it for missing; it survives reading, merging and writing; and whoever
shows it calls it by its letter. The numbers are those of a Stata double: 2¹⁰²³(1 + k/4096), k = 1 for ``.a``.
"""

from __future__ import annotations

from terrace.data.value import Value

CODES = {chr(ord("a") + k): 2.0**1023 * (1 + (k + 1) / 4096) for k in range(26)}
"""The number that stands for each letter."""

_NAMES = {code: f".{letter}" for letter, code in CODES.items()}
LEAST = min(CODES.values())


def extended_name(value: Value) -> str:
    """``.a`` for the number that stands for it; empty for any other value."""
    try:
        return _NAMES.get(float(value), "")
    except (TypeError, ValueError, OverflowError):
        return ""


def extended_code(text: str) -> float | None:
    """The number that stands for ``.a``; None for any other text."""
    return CODES.get(text[1]) if len(text) == 2 and text.startswith(".") else None
