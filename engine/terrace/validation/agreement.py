"""When a number agrees with the one that it is held to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

MISSING = "."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was compared: a number, or a text such as the names of rows.

    `difference` and `allowed` are in the units of the number; None where a text was compared or a number is missing.
    """

    name: str
    expected: str
    found: str
    passed: bool
    difference: float | None = None
    allowed: float | None = None


@dataclass(frozen=True, slots=True)
class Slack:
    """How far a number may be from the printed one: in units of the last printed place, or as a share of its size."""

    units: float
    share: float


def last_place(printed: str) -> float:
    """The unit of the last printed place: .001 for 2.480, 1e-8 for 7.89e-06."""
    mantissa, _, exponent = printed.lower().partition("e")
    return float(10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def against_print(name: str, printed: str, found: Any, slack: Slack) -> Check:
    """A number against the text that was printed; ``.`` is a missing number.

    A share of its own stands behind a tilde where print is known to be short of the maximum: ``4689.51~3e-6``.
    """
    if printed == MISSING:
        return Check(name, printed, _text(found), found is None)
    printed, _, share = printed.partition("~")
    expected = float(printed)
    allowed = max(slack.units * last_place(printed), max(slack.share, float(share or 0)) * abs(expected))
    return _compared(name, printed, expected, found, allowed)


def against_number(name: str, expected: float, found: Any, allowed: float) -> Check:
    """A number against another of full precision; `allowed` is in its units."""
    return _compared(name, _text(expected), expected, found, allowed)


def same(name: str, expected: object, found: object) -> Check:
    """Two texts, or two lists of names."""
    return Check(name, _words(expected), _words(found), expected == found)


def _compared(name: str, shown: str, expected: float, found: Any, allowed: float) -> Check:
    if not isinstance(found, int | float) or not math.isfinite(found):
        return Check(name, shown, _text(found), False, None, allowed)
    difference = abs(found - expected)
    return Check(name, shown, _text(found), difference <= allowed, difference, allowed)


def _text(number: Any) -> str:
    return MISSING if number is None else f"{number:.10g}" if isinstance(number, int | float) else str(number)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
