"""Numbers as text: the one place that decides how many digits are shown.

Two styles. *Journal*: the cells of a column share their decimals, chosen so that the column keeps three
significant figures; p values lose the leading zero. *Listing*: each number by itself, as ``%9.0g`` prints it.
Every function takes the sign to use for "minus": the hyphen for plain text, U+2212 on paper.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from terrace.errors import TerraceError

MINUS = "−"
_FORMAT = re.compile(r"^%(-?)(0?)(\d*)(?:\.(\d+))?([fgeFGE])(c?)$")

# A number below both (a part of the largest of its column; absolute) does not ask for more decimals.
_SPAN = 1e-4
_TINY = 1e-3
_MOST = 7
_SIGNIFICANT = 3


def number(value: Any) -> float | None:
    """The cell as a float; None for missing, NaN, text and anything that is not a number."""
    if value is None or isinstance(value, str | bool):
        return None
    try:
        x = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(x) else x


# --- journal style ------------------------------------------------------------------------------------------
def shared_decimals(values: Iterable[Any], significant: int = _SIGNIFICANT) -> int:
    """The number of decimals with which every number of a column shows `significant` figures.

    At most seven. A number below .001 that is also ten thousand times smaller than the largest one does not
    set the decimals of its column: `fixed` shows it in scientific notation instead. Exact zeros and
    infinities do not count.
    """
    sizes = [abs(x) for x in map(number, values) if x is not None and x != 0 and math.isfinite(x)]
    if not sizes:
        return 2
    smallest = min(s for s in sizes if s >= min(_TINY, max(sizes) * _SPAN))
    decimals = max(0, significant - 1 - _exponent(smallest))
    # 0.09996 has its first figure at 0.1 once it is rounded
    if decimals and _exponent(round(smallest, decimals)) > _exponent(smallest):
        decimals -= 1
    return min(decimals, _MOST)


def fixed(value: float, decimals: int, minus: str = "-", thousands: str = "") -> str:
    """``-0.148`` with `decimals` decimals; a number too small to show two figures as ``2.38e-05``."""
    if math.isinf(value) or value == 0 or abs(value) >= 10.0 ** (1 - decimals):
        return plain_fixed(value, decimals, minus, thousands)
    text = f"{value:.{decimals}f}"
    figures = text.replace(".", "").lstrip("-0")
    if len(figures) < min(2, decimals + 1):
        text = f"{value:.{_SIGNIFICANT - 1}e}"
    return text.replace("-", minus)


def plain_fixed(value: float, decimals: int, minus: str = "-", thousands: str = "") -> str:
    """`decimals` decimals whatever the size; no negative zero; `thousands` between groups of digits."""
    if math.isinf(value):
        return ("" if value > 0 else minus) + "inf"
    text = f"{value:,.{decimals}f}" if thousands else f"{value:.{decimals}f}"
    if not any(c in "123456789" for c in text):
        text = text.lstrip("-")
    return text.replace(",", thousands).replace("-", minus)


def p_value(p: float, decimals: int = 3) -> str:
    """``< .001``, ``.012``, ``> .999``: a p value in journal style."""
    smallest = 10.0**-decimals
    if p < smallest:
        return "< " + f"{smallest:.{decimals}f}"[1:]
    if p > 1 - smallest:
        return "> " + f"{1 - smallest:.{decimals}f}"[1:]
    text = f"{p:.{decimals}f}"
    return text[1:] if text.startswith("0") else "> " + f"{1 - smallest:.{decimals}f}"[1:]


def count(value: float, thousands: str = ",") -> str:
    """A count with separators; weights can make it fractional, then with two decimals."""
    decimals = 0 if float(value).is_integer() else 2
    return plain_fixed(value, decimals, thousands=thousands)


def df_decimals(values: Iterable[Any]) -> int:
    """0 where all degrees of freedom are whole, otherwise 1."""
    found = [x for x in map(number, values) if x is not None and math.isfinite(x)]
    return 0 if all(abs(x - round(x)) < 1e-6 for x in found) else 1


# --- listing style ------------------------------------------------------------------------------------------
def general(value: float, width: int = 9, minus: str = "-") -> str:
    """As many significant digits as fit `width` (one place is the sign's): ``.0390124``, ``7.89e-06``.

    Without a leading zero and without trailing zeros; 9 places hold seven digits.
    """
    if math.isinf(value):
        return ("" if value > 0 else minus) + "inf"
    room = max(width - 1, 4)
    sign = minus if value < 0 else ""
    text = _unsigned_general(abs(value), room)
    return text if text == "0" else sign + text


def _unsigned_general(x: float, room: int) -> str:
    if x == 0:
        return "0"
    digits = room - 1  # one place is the point's
    exponent = _exponent(x)
    if -5 <= exponent < digits:
        text = _strip(f"{x:.{digits - max(exponent + 1, 0)}f}")
        if len(text) <= room and text != "0":
            return text
    if x < 10**room and exponent >= 0:
        text = f"{x:.0f}"  # a whole number needs no point
        if len(text) <= room:
            return text
    suffix = f"{x:.0e}".split("e")[1]
    mantissa_digits = max(room - len(suffix) - 3, 0)  # first digit, point, e
    mantissa, power = f"{x:.{mantissa_digits}e}".split("e")
    return f"{mantissa}e{power}"


def _strip(text: str) -> str:
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text[1:] if text.startswith("0.") else (text or "0")


def formatted(value: float | None, spec: str, minus: str = "-") -> str:
    """A number by a display format: ``%9.3f``, ``%9.0g``, ``%8.2e``, ``%12.0fc``. Missing is ``.``.

    Blanks that pad the text to the width of the format are left out; whoever prints aligns.
    Raises `TerraceError` where `spec` is not a numeric format.
    """
    _, zero, width, decimals, kind, commas = parse_format(spec)
    if value is None or math.isnan(value):
        return "."
    if kind == "f":
        text = plain_fixed(value, decimals, minus, "," if commas else "")
        return text.zfill(width) if zero else text
    if kind == "e":
        return f"{value:.{decimals}e}".replace("-", minus)
    if decimals == 0:
        return general(value, width or 9, minus)
    return _strip_sign(f"{value:.{decimals}g}", minus)


def _strip_sign(text: str, minus: str) -> str:
    sign = minus if text.startswith("-") else ""
    text = text.lstrip("-")
    return sign + (text[1:] if text.startswith("0.") else text)


def parse_format(spec: str) -> tuple[bool, bool, int, int, str, bool]:
    """(left, zero-padded, width, decimals, ``f``/``g``/``e``, commas) of a numeric display format."""
    match = _FORMAT.match(spec.strip())
    if match is None:
        raise TerraceError(
            f"{spec!r} is not a number format.",
            code="bad-format",
            subject=spec,
            advice="Formats look like %9.3f, %9.0g or %10.2e.",
        )
    left, zero, width, decimals, kind, commas = match.groups()
    return bool(left), bool(zero), int(width or 0), int(decimals or 0), kind.lower(), bool(commas)


def _exponent(x: float) -> int:
    return int(f"{abs(x):e}".split("e")[1])
