"""Numbers as text: the one place that decides how many digits are shown.

Two styles. *Journal*: the estimates of a column share their decimals, two unless one of them needs more; p values lose
the leading zero. *Listing*: each number by itself, as ``%9.0g`` prints it.
Every function takes the sign to use for "minus": the hyphen for plain text, U+2212 on paper.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from terrace.language.number_format import exponent, formatted, general, parse_format, plain_fixed
from terrace.results.table import CellValue
from terrace.wording import MINUS

__all__ = [
    "MINUS", "count", "df_decimals", "exponent", "fixed", "formatted", "general", "number", "of_data", "p_value",
    "parse_format", "plain_fixed", "share", "shared_decimals",
]  # fmt: skip

_LEAST, _USUAL, _MOST = 2, 4, 7  # decimals of a column: where numbers allow it, where one is small, where all are
_SMALL = 0.01
_SIGNIFICANT = 2
_LONGEST_NAME = 1e20


def number(value: CellValue) -> float | None:
    """The cell as a float; None for missing, NaN, text and anything that is not a number."""
    if value is None or isinstance(value, str | bool | tuple):
        return None
    try:
        x = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(x) else x


# --- journal style ------------------------------------------------------------------------------------------
def shared_decimals(values: Iterable[CellValue], errors: Iterable[CellValue] = ()) -> int:
    """The number of decimals of a column: two, more only while a number that is not zero shows fewer than two figures.

    `errors` are standard errors, of which one figure is enough: what is not zero must not look like it. At most four
    where there are numbers from .01 up; what needs more does not count and is shown in scientific notation by `fixed`,
    so that a tiny coefficient does not set the decimals of all. Exact zeros and infinities do not count.
    """
    sizes = _sizes(values)
    needed = [_needed(s, _SIGNIFICANT) for s in sizes] + [_needed(s, 1) for s in _sizes(errors)]
    most = _USUAL if any(s >= _SMALL for s in sizes) else _MOST
    return max([_LEAST, *(n for n in needed if n <= most)])


def _sizes(values: Iterable[CellValue]) -> list[float]:
    return [abs(x) for x in map(number, values) if x is not None and x != 0 and math.isfinite(x)]


def _needed(size: float, significant: int) -> int:
    """The decimals with which a number shows that many figures."""
    decimals = max(0, significant - 1 - exponent(size))
    # 0.0996 has its first figure at 0.1 once it is rounded
    return decimals - 1 if decimals and exponent(round(size, decimals)) > exponent(size) else decimals


def fixed(value: float, decimals: int, minus: str = "-", thousands: str = "") -> str:
    """``-0.148`` with `decimals` decimals; a number that would look like zero, or tiny and with one figure, as
    ``2.38e-05``."""
    if math.isinf(value) or value == 0 or abs(value) >= 10.0 ** (1 - decimals):
        return plain_fixed(value, decimals, minus, thousands)
    text = f"{value:.{decimals}f}"
    figures = len(text.replace(".", "").lstrip("-0"))
    if not figures or (figures < 2 and _needed(abs(value), _SIGNIFICANT) > _USUAL):
        text = f"{value:.2e}"
    return text.replace("-", minus)


def p_value(p: float, decimals: int = 3) -> str:
    """``< .001``, ``.012``, ``> .999``: a p value in journal style."""
    smallest = 10.0**-decimals
    if p < smallest:
        return "< " + f"{smallest:.{decimals}f}"[1:]
    if p > 1 - smallest:
        return "> " + f"{1 - smallest:.{decimals}f}"[1:]
    text = f"{p:.{decimals}f}"
    return text[1:] if text.startswith("0") else "> " + f"{1 - smallest:.{decimals}f}"[1:]


def share(x: float, decimals: int = 3, minus: str = "-") -> str:
    """``.181``: what cannot exceed 1 goes without the zero before the point."""
    return re.sub(r"^(\D?)0\.", r"\1.", plain_fixed(x, decimals, minus))


def count(value: float, thousands: str = ",") -> str:
    """A count with separators; weights can make it fractional, then with two decimals."""
    decimals = 0 if float(value).is_integer() else 2
    return plain_fixed(value, decimals, thousands=thousands)


def df_decimals(values: Iterable[CellValue]) -> int:
    """0 where all degrees of freedom are whole, otherwise 1."""
    found = [x for x in map(number, values) if x is not None and math.isfinite(x)]
    return 0 if all(abs(x - round(x)) < 1e-6 for x in found) else 1


# --- listing style ------------------------------------------------------------------------------------------
def of_data(value: float, minus: str = "-") -> str:
    """A value of the data as `general` shows it, but whole numbers, which may be names, with all their digits."""
    if abs(value) < _LONGEST_NAME and float(value).is_integer():
        return str(int(value)).replace("-", minus)
    return general(value, minus=minus)
