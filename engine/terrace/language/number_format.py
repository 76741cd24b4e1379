"""Numbers as text by a display format: ``%9.0g``, ``%8.2f``, ``%td``."""

from __future__ import annotations

import datetime as dt
import math
import re

from terrace.data.dates import (
    date_mask,
    is_date_format,
    is_datetime_format,
    is_period_format,
    masked,
    period_text,
    to_datetimes,
)

_FORMAT = re.compile(r"%(-?)(0?)(\d+)\.(\d+)([efg])(c?)")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


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
    found = _FORMAT.fullmatch(format)
    if not found:
        raise ValueError(f"{format!r} is no display format, such as %9.2f.")
    _, zeros, width, decimals, kind, commas = found.groups()
    if kind == "g":
        return _general(value, int(width), commas)
    if kind == "e":
        return f"{value:.{decimals}e}"
    comma = "," if commas else ""
    return f"{value:{'0' + width if zeros else ''}{comma}.{decimals}f}"


def _general(value: float, width: int, commas: str) -> str:
    """As many digits as the width allows, at most the 17 of a double; no zero before the point."""
    digits = max(1, min(17, width - 2))
    text = f"{value:.{digits}g}"
    if "e" not in text and "." not in text and commas:
        return f"{int(value):,}"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _date(value: float, format: str) -> str:
    stamp = to_datetimes([value], format).iloc[0]
    if stamp is None or stamp != stamp:  # NaT is not equal to itself  # noqa: PLR0124
        return str(value)
    moment: dt.datetime = stamp.to_pydatetime()
    if mask := date_mask(format):
        return masked(moment, mask)
    day = f"{moment.day:02d}{MONTHS[moment.month - 1]}{moment.year}"
    return f"{day} {moment:%H:%M:%S}" if is_datetime_format(format) else day
