"""Where an axis has its ticks and what they say: numbers that can be read and told apart, and dates of the calendar.

The screen and paper both ask here, so that a figure that is zoomed has such ticks as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor, log10

import numpy as np

from terrace.data.dates import DATETIME, DAY, EPOCH, MS_PER_DAY, is_datetime_format, is_period_format, period_text
from terrace.wording import MINUS, true_minus

Tick = tuple[float, str]
GROUPED = 1e4  # from here on thousands are set apart; years are below
_POWERS, _TINY = 1e9, 1e-4  # numbers beyond are written with a power of ten
_MOST_DECIMALS = 12
_MONTH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = (1, 2, 3, 6, *(12 * y for y in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)))  # steps in months
_DAYS = (1, 2, 7, 14)
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_PERIODS = {"w": 52, "m": 12, "q": 4, "h": 2, "y": 1}  # in a year


# --- numbers ------------------------------------------------------------------------------------------------
def tick_texts(values: Sequence[float]) -> list[str]:
    """The numbers at the ticks of one axis, all with as many decimals as tell them apart."""
    v = [float(x) for x in values]
    seen = [abs(x) for x in v if np.isfinite(x)]
    if not seen:
        return ["" for _ in v]
    most = max(seen)
    if most >= _POWERS or 0 < most < _TINY:
        return [power_text(x) for x in v]
    gaps = np.diff(np.unique(np.round(seen, 15)))
    step = float(gaps[gaps > 0].min()) if (gaps > 0).any() else most or 1.0
    decimals = next(
        (d for d in range(_MOST_DECIMALS) if all(abs(x - round(x, d)) <= 1e-4 * step for x in seen)), _MOST_DECIMALS
    )
    form = f"{',' if most >= GROUPED else ''}.{decimals}f"
    return [true_minus(f"{0.0 if abs(x) < 1e-9 * step else x:{form}}") for x in v]


def power_text(value: float) -> str:
    """A number with a power of ten, such as ``2.5e−5``; 0 stays 0, and an infinite number is ``inf``."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", MINUS)


def tick_step(low: float, high: float, most: int, whole: bool = False) -> float:
    """The step of at most so many intervals: 1, 2, 2.5 or 5 times a power of ten, for whole numbers a whole one."""
    raw = (high - low) / max(1, most)
    raw = max(1.0, raw) if whole else raw
    unit = 10.0 ** floor(log10(raw))
    return next(m * unit for m in ((1, 2, 5, 10) if whole else (1, 2, 2.5, 5, 10)) if m * unit >= raw * 0.999)


# --- dates --------------------------------------------------------------------------------------------------
def date_ticks(low: float, high: float, format: str, most: int) -> list[Tick]:
    """At most about `most` ticks within a range of dates, at beginnings of days, months or years.

    `format` is that of their variable. A plain one is written as people do, ``Jan 2020``; any other as it says.
    """
    if not high > low:
        return [(low, date_words(low, format))]
    if is_period_format(format):
        return _period_ticks(low, high, format, most)
    unit = MS_PER_DAY if is_datetime_format(format) else 1
    first, last = low / unit, high / unit
    if is_datetime_format(format) and last - first < most:
        minutes = next((m for m in _MINUTES if (last - first) * 1440 / m <= most), 1440)
        if minutes < 1440:
            at = range(ceil(first * 1440 / minutes - 1e-9), floor(last * 1440 / minutes + 1e-9) + 1)
            return _clock_ticks([k * minutes * 60_000.0 for k in at], format)
    days, words = _day_places(first, last, most)
    own = _own_words(format)
    return [(float(d * unit), own(float(d * unit)) if own else words(d)) for d in days]


def _clock_ticks(at: Sequence[float], format: str) -> list[Tick]:
    """Ticks within days: the time, with its date at the first and where another day begins."""
    own, told, out = _own_words(format), None, list[Tick]()
    for value in at:
        day = value // MS_PER_DAY
        words = own(value) if own else date_words(value, format)
        out.append((value, words if own or day != told else words.rpartition(" ")[2]))
        told = day
    return out


def date_words(value: float, format: str) -> str:
    """One date of an axis in words."""
    own = _own_words(format)
    if own is not None:
        return own(value)
    if is_period_format(format):
        return period_text(value, format)
    if not is_datetime_format(format):
        return _day_words(round(value))
    day, rest = divmod(round(value), MS_PER_DAY)
    seconds = rest // 1000
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
    return f"{_day_words(day)} {clock}"


def _own_words(format: str) -> Callable[[float], str] | None:
    """What writes dates by a format that says more than that they are dates; None for a plain one."""
    if format.replace("-", "") in (DAY, DATETIME, "%d", "%tC") or is_period_format(format):
        return None
    from terrace.language.number_format import format_number

    return lambda value: format_number(value, format)


def _day_places(low: float, high: float, most: int) -> tuple[list[int], Callable[[int], str]]:
    """Days at which there are ticks, and what writes them."""
    for step in _DAYS:
        if (high - low) / step <= most:
            first = ceil(low / step - 1e-9)
            return [k * step for k in range(first, floor(high / step + 1e-9) + 1)], _day_words
    months = (high - low) / 30.4375
    step = next((m for m in _MONTHS if months / m <= most), _MONTHS[-1])
    at = list(_month_starts(low, high, step))
    return at, _year_words if step % 12 == 0 else _month_words


def _month_starts(low: float, high: float, step: int) -> Iterator[int]:
    try:
        first, last = (EPOCH + dt.timedelta(days=d) for d in (floor(low), ceil(high)))
    except OverflowError:
        return
    month = (first.year * 12 + first.month - 1) // step * step
    while month <= last.year * 12 + last.month - 1:
        if 12 <= month < 12 * 10_000:
            day = (dt.date(month // 12, month % 12 + 1, 1) - EPOCH).days
            if low <= day <= high:
                yield day
        month += step


def _date(day: int) -> dt.date | None:
    try:
        return EPOCH + dt.timedelta(days=day)
    except OverflowError:
        return None


def _day_words(day: int) -> str:
    found = _date(day)
    return "" if found is None else f"{found.day} {_MONTH[found.month - 1]} {found.year}"


def _month_words(day: int) -> str:
    found = _date(day)
    return "" if found is None else f"{_MONTH[found.month - 1]} {found.year}"


def _year_words(day: int) -> str:
    found = _date(day)
    return "" if found is None else f"{found.year}"


def _period_ticks(low: float, high: float, format: str, most: int) -> list[Tick]:
    """Ticks at whole numbers of weeks, months, quarters, half-years or years."""
    parts = _PERIODS[format.lstrip("%-")[1]]
    within = [k for k in (1, 2, 3, 6, 13, 26) if k < parts and parts % k == 0]
    steps = [*within, *(parts * y for y in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))]
    step = next((s for s in steps if (high - low) / s <= most), steps[-1])
    at = range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    years = parts > 1 and step % parts == 0
    return [(float(k * step), f"{1960 + k * step // parts}" if years else period_text(k * step, format)) for k in at]
