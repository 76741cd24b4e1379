"""Words as lists, counts and numbers in a sentence: one way of writing each, whichever part of the program speaks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

MINUS = "−"
_SIGN = re.compile(r"(?<![\w.)\]-])-(?=\.?\d|∞)")
_LONGEST_LABEL = 40  # letters of a label that is put into a sentence
_PLAIN = "[^:;,().]+"
_WITH_UNIT = re.compile(rf"(?P<what>{_PLAIN}?)(?: \((?P<bracketed>{_PLAIN})\)|, (?P<behind>{_PLAIN}))?")


def enumerated(words: Iterable[str], link: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for none."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} {link} {last}" if most else last


def others_are(names: Sequence[str], what: str = "other") -> str:
    """``the other is a``, ``the others are a and b``: what a file holds besides what was read."""
    return f"the {what} is {names[0]}" if len(names) == 1 else f"the {what}s are {enumerated(names)}"


def label_in_sentence(label: str) -> str:
    """A label as it stands in a sentence, what follows its one comma in parentheses; empty where it would break it.

    ``Reaction time, ms`` is ``Reaction time (ms)``, as ``Reaction time (ms)`` is itself.
    """
    found = _WITH_UNIT.fullmatch(label)
    if found is None or len(label) > _LONGEST_LABEL:
        return ""
    what, unit = found["what"], found["bracketed"] or found["behind"]
    return f"{what} ({unit})" if unit else what


def plural(count: float, one: str, many: str = "") -> str:
    """``1 row``, ``1,234 rows``; weights can make a count fractional, then it has two decimals."""
    return f"{count:,.{0 if float(count).is_integer() else 2}f} {one if count == 1 else many or one + 's'}"


def filter_sentence(expression: str, kept: float | None, rows: int | None) -> str:
    """``Filter: ses > 0 (6,012 of 7,185 rows).``; without the numbers of rows where nobody counted them."""
    counted = "" if kept is None or rows is None else f" ({kept:,.0f} of {rows:,} rows)"
    return f"Filter: {expression}{counted}."


# --- numbers ------------------------------------------------------------------------------------------------
def decimals(se: float) -> int:
    """Two, or as many as show two figures of a standard error; at most six."""
    if not se > 0 or not math.isfinite(se):
        return 2
    return min(max(2, 1 - math.floor(math.log10(se))), 6)


def fixed(value: float, d: int, *, zero: bool = True) -> str:
    """A number with `d` decimals; `zero` False drops the zero before the point (values within ±1)."""
    text = f"{value:,.{d}f}"
    if not any(c in "123456789" for c in text):
        text = text.lstrip("-")
    if not zero:
        text = re.sub(r"^(-?)0\.", r"\1.", text)
    return text.replace("-", MINUS)


def two(x: float) -> str:
    """A number with two decimals, or more where it would show fewer than two figures."""
    return fixed(x, decimals(abs(x)))


def true_minus(text: str) -> str:
    """A text for people in which a hyphen before a number is the minus that it stands for: ``SES = −1``.

    Hyphens inside words, ranges and dates stay.
    """
    return _SIGN.sub(MINUS, text)


def p_words(p: float) -> str:
    """``p < .001``, ``p = .032``, ``p > .999``: a p value in a sentence, with the three decimals of tables."""
    if p < 0.001:
        return "p < .001"
    return "p > .999" if p > 0.999 else "p = " + fixed(p, 3, zero=False)
