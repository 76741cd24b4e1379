"""Numbers as text by a display format: ``%9.0g``, ``%8.2f``, ``%td``; what is shown without a format, too.

``%w.0g`` shows as many digits as its width allows. One of the w places is the sign's, so that w - 1 are left for digits
and the point: ``%10.0g``, the format of ``display``, has eight digits after a point and whole numbers of nine.
Numbers of 1e-5 and more are written out, where that keeps as many digits as a power of ten would; numbers that do
not fit are written with one (``2.147e+09``). There is no zero before a point, and none at the end behind one.
"""

from __future__ import annotations

import datetime as dt
import math
import re

from terrace.data.dates import (
    MONTHS,
    date_mask,
    is_date_format,
    is_datetime_format,
    is_period_format,
    masked,
    period_text,
    to_datetimes,
)
from terrace.errors import TerraceError

DISPLAYED = "%10.0g"
"""How ``display``, ``scalar list`` and ``matrix list`` show a number where they are told nothing else."""
STORED = "%18.0g"
"""How ``ereturn list`` and ``return list`` show a number: sixteen digits."""

_FORMAT = re.compile(r"%(-?)(0?)(\d{0,4})(?:\.(\d{1,4}))?([fgeFGE])(c?)")


def format_number(value: float, format: str = "%9.0g") -> str:
    """The number by the format, without blanks around it; ``.`` for missing.

    Raises `ValueError` for a format that is none of numbers or dates.
    """
    if math.isnan(value):
        return "."
    if is_date_format(format):
        return _date(value, format)
    if is_period_format(format):
        return period_text(value, format)
    if not _FORMAT.fullmatch(format):
        raise ValueError(f"{format!r} is not a display format, such as %9.2f.")
    return formatted(value, format)


def formatted(value: float | None, spec: str, minus: str = "-") -> str:
    """A number by a numeric format: ``%9.3f``, ``%9.0g``, ``%8.2e``, ``%12.0fc``. Missing is ``.``.

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
        return general(value, width or 9, minus, commas)
    if math.isinf(value):
        return general(value, minus=minus)
    text = _strip(f"{abs(value):.{decimals}g}")
    return minus + text if value < 0 and text != "0" else text


def parse_format(spec: str) -> tuple[bool, bool, int, int, str, bool]:
    """(left, zero-padded, width, decimals, ``f``/``g``/``e``, commas) of a numeric display format."""
    match = _FORMAT.fullmatch(spec.strip())
    if match is None:
        raise TerraceError(
            f"{spec!r} is not a number format.",
            code="bad-format",
            subject=spec,
            advice="Formats look like %9.3f, %9.0g or %10.2e.",
        )
    left, zero, width, decimals, kind, commas = match.groups()
    return bool(left), bool(zero), int(width or 0), int(decimals or 0), kind.lower(), bool(commas)


def is_numeric_format(spec: str) -> bool:
    """True for a format of numbers such as ``%9.2f``; False for dates, texts and nothing."""
    return bool(_FORMAT.fullmatch(spec.strip()))


def general(value: float, width: int = 9, minus: str = "-", commas: bool = False) -> str:
    """As ``%w.0g`` prints it: ``.0390124``, ``7.89e-06``, ``123456789``. See the head of this file.

    A power of ten of three digits goes over the width by one place where the number would lose its digits otherwise.
    """
    if not math.isfinite(value):
        return "." if math.isnan(value) else ("" if value > 0 else minus) + "inf"
    room = max(width - 1, 4)
    sign = minus if value < 0 else ""
    text = _unsigned(abs(value), room)
    if commas and "e" not in text:
        text = _with_commas(abs(value), room, text)
    return text if text == "0" else sign + text


def plain_fixed(value: float, decimals: int, minus: str = "-", thousands: str = "") -> str:
    """`decimals` decimals whatever the size; no negative zero; `thousands` between groups of digits."""
    if math.isinf(value):
        return ("" if value > 0 else minus) + "inf"
    text = f"{value:,.{decimals}f}" if thousands else f"{value:.{decimals}f}"
    if not any(c in "123456789" for c in text):
        text = text.lstrip("-")
    return text.replace(",", thousands).replace("-", minus)


def exponent(x: float) -> int:
    """The power of ten of the first digit."""
    return int(f"{abs(x):e}".split("e")[1])


def _unsigned(x: float, room: int) -> str:
    if x == 0:
        return "0"
    digits = room - 1  # one place is the point's
    most = len(repr(float(x)).split("e")[0].replace(".", "").strip("0"))  # digits that tell it from its neighbours
    power = int(f"{x:.16e}".split("e")[1])
    if exponent(x) >= -5 and power < digits:
        decimals = min(digits - max(power + 1, 0), most - 1 - power)
        text = _strip(f"{x:.{max(decimals, 0)}f}")
        if len(text) <= room and text != "0":
            return text
    if x < 10**room and power >= 0:
        text = f"{x:.0f}"  # a whole number needs no point
        if len(text) <= room:
            return text
    suffix = f"{x:.0e}".split("e")[1]
    mantissa_digits = min(max(room - len(suffix) - 3, 0), 16)  # first digit, point, e
    mantissa, suffix = f"{x:.{mantissa_digits}e}".split("e")
    return f"{mantissa}e{suffix}"


def _with_commas(x: float, room: int, text: str) -> str:
    """`text` with its digits in groups of three, of a shorter number where the commas take its places."""
    for less in range(room, 3, -1):
        whole, point, rest = _unsigned(x, less).partition(".")
        if "e" in whole + rest:
            break
        grouped = (f"{int(whole):,}" if whole else "") + point + rest
        if len(grouped) <= room:
            return grouped
    return text


def _strip(text: str) -> str:
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return text[1:] if text.startswith("0.") else (text or "0")


def _date(value: float, format: str) -> str:
    stamp = to_datetimes([value], format).iloc[0]
    if stamp is None or stamp != stamp:  # NaT is not equal to itself  # noqa: PLR0124
        return f"{value:.15g}"
    moment: dt.datetime = stamp.to_pydatetime()
    if mask := date_mask(format):
        return masked(moment, mask)
    day = f"{moment.day:02d}{MONTHS[moment.month - 1]}{moment.year}"
    return f"{day} {moment:%H:%M:%S}" if is_datetime_format(format) else day
