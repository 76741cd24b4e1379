"""Functions of dates: days since 1 January 1960 (``%td``), milliseconds where ``%tc`` is said."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable

import numpy as np

from terrace.data.dates import EPOCH, MONTHS, MS_PER_DAY
from terrace.language.expressions.table import Array, Table, elementwise

FUNCTIONS = Table()
_MONTHS = {m: i for i, m in enumerate(MONTHS, 1)}


def _mdy(month: float, day: float, year: float) -> float:
    if math.isnan(month + day + year):
        return math.nan
    try:
        return float((dt.date(int(year), int(month), int(day)) - EPOCH).days)
    except (ValueError, OverflowError):
        return math.nan


def _in_calendar(days: float) -> bool:
    """True for days that every calendar here has: from the year 318 to 9899."""
    return -600_000 < days < 2_900_000


def _part(attribute: str) -> Callable[[float], float]:
    def part(days: float) -> float:
        if not _in_calendar(days):
            return math.nan
        date = EPOCH + dt.timedelta(days=math.floor(days))
        if attribute == "dow":
            return float((date.weekday() + 1) % 7)  # Sunday is 0
        if attribute == "doy":
            return float(date.timetuple().tm_yday)
        if attribute == "quarter":
            return float((date.month - 1) // 3 + 1)
        if attribute == "week":
            return float(min(52, (date.timetuple().tm_yday - 1) // 7 + 1))
        return float(getattr(date, attribute))

    return part


_MASKS = re.compile(r"(\d\d)?Y|M|D|#", re.IGNORECASE)


def read_date(text: str, mask: str, latest: float = math.nan) -> float:
    """The date written in `text`, whose parts stand in the order of `mask` (``YMD``, ``DMY``, ``MD20Y``, ``MDY``).

    Years of two digits need a century in the mask (``20Y``) or the `latest` year that they can mean.
    """
    found = _parts(text, mask)
    if found is None:
        return math.nan
    parts, century = found
    year = _year(parts["Y"], century, latest)
    month = _month(parts["M"])
    return _mdy(month, int(parts["D"]), year) if parts["D"].isdigit() and year else math.nan


def _parts(text: str, mask: str, letters: str = "DMY") -> tuple[dict[str, str], int | None] | None:
    """What stands for each letter of the mask, and the century; None where the text does not fit."""
    order, century = "", None
    rest = mask.strip()
    while rest:
        piece = _MASKS.match(rest)
        if piece is None:
            raise ValueError(f"{mask!r} is not a date order, such as DMY.")
        letter = piece[0][-1].upper()
        century = int(piece[1]) if piece[1] else century
        order += letter
        rest = rest[piece.end() :].lstrip()
    if sorted(order.replace("#", "")) != sorted(letters):
        raise ValueError(f"{mask!r} is not a date order, such as DMY.")
    parts = re.findall(r"\d+|[^\W\d_]+", text)
    if len(parts) == 1 and parts[0].isdigit() and len(letters) == 3 and len(parts[0]) in (6, 8):
        long = len(parts[0]) - 4
        digits, parts, at = parts[0], [], 0
        for letter in order:
            width = long if letter == "Y" else 2
            parts.append(digits[at : at + width])
            at += width
    if len(parts) != len(order):
        return None
    return {k: v for k, v in zip(order, parts) if k != "#"}, century


def _year(text: str, century: int | None, latest: float) -> int:
    """The year; 0 where it is none."""
    if not text.isdigit():
        return 0
    if len(text) == 4:
        return int(text)
    if len(text) != 2:
        return 0
    if century is not None:
        return 100 * century + int(text)
    if math.isnan(latest):
        return 0
    year = int(latest) // 100 * 100 + int(text)
    return year if year <= latest else year - 100


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.get(text[:3].lower(), 0)


def read_moment(text: str, mask: str) -> float:
    """Milliseconds of a date with its time: the date by `mask` without ``hms``, then hours, minutes and seconds."""
    day_mask = mask.lower().partition("h")[0]
    times = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([ap])?\.?m?\.?\s*$", text, re.IGNORECASE)
    if times is None:
        days = read_date(text, day_mask)
        return days * MS_PER_DAY if "h" not in mask.lower() else math.nan
    days = read_date(text[: times.start()].rstrip(" T"), day_mask)
    hour = int(times[1])
    if times[4]:
        hour = hour % 12 + (12 if times[4].lower() == "p" else 0)
    return _hms(hour, int(times[2]), float(times[3] or 0)) + days * MS_PER_DAY


def _hms(hour: float, minute: float, second: float) -> float:
    ok = 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60
    return 1000.0 * (3600 * math.floor(hour) + 60 * math.floor(minute) + second) if ok else math.nan


def _period(parts: int) -> Callable[[Array, Array], Array]:
    """``ym(2020, 3)``: the number of a period since the beginning of 1960."""

    def number(year: Array, part: Array) -> Array:
        ok = (part >= 1) & (part <= parts) & (part == np.floor(part)) & (year == np.floor(year))
        return np.where(ok, (year - 1960) * parts + part - 1, np.nan)

    return number


def _of_day(parts: int) -> Callable[[float], float]:
    """The number of the period that a day lies in."""
    place = {1: "", 2: "quarter", 4: "quarter", 12: "month", 52: "week"}[parts]
    find = _part(place) if place else None
    year = _part("year")

    def period(day: float) -> float:
        which = 1.0 if find is None else find(day)
        which = math.ceil(which / 2) if parts == 2 and which == which else which  # NaN is not equal to itself  # noqa: PLR0124
        return (year(day) - 1960) * parts + which - 1

    return period


def _first_day(parts: int) -> Callable[[float], float]:
    """The first day of a period."""

    def day(number: float) -> float:
        if math.isnan(number):
            return math.nan
        year, part = divmod(math.floor(number), parts)
        if parts == 52:
            return _mdy(1, 1, 1960 + year) + 7 * part
        return _mdy(part * (12 // parts) + 1, 1, 1960 + year)

    return day


def _read_period(parts: int, letter: str) -> Callable[..., float]:
    """``monthly("2020m3", "YM")``"""

    def read(text: str, mask: str) -> float:
        order = mask.upper()
        if sorted(order) != sorted("Y" + letter):
            raise ValueError(f"{mask!r} is not an order of year and {letter}, such as Y{letter}.")
        found = re.findall(r"\d+|[A-Za-z]{3,}", text)
        if len(found) != 2:
            return math.nan
        pair = dict(zip(order, found))
        part = _month(pair[letter]) if letter == "M" else int(pair[letter]) if pair[letter].isdigit() else 0
        year = _year(pair["Y"], None, math.nan)
        return (year - 1960) * parts + part - 1.0 if year and 1 <= part <= parts else math.nan

    return read


def _age(birth: float, day: float) -> float:
    """Whole years from a birthday to a day; one of 29 February has its birthday on 1 March in other years."""
    if not (_in_calendar(birth) and _in_calendar(day)) or day < birth:
        return math.nan
    a, b = (EPOCH + dt.timedelta(days=math.floor(v)) for v in (birth, day))
    return float(b.year - a.year - ((b.month, b.day) < (a.month, a.day)))


_add = FUNCTIONS.add
_add("mdy", "nnn", elementwise(_mdy, number=True))
for _name in ("year", "month", "day", "dow", "doy", "quarter", "week"):
    _add(_name, "n", elementwise(_part(_name), number=True))
_add("halfyear", "n", lambda d: np.ceil(elementwise(_part("quarter"), number=True)(d) / 2))
_add("date daily", "ssN", elementwise(read_date, number=True))
_add("clock Clock", "ss", elementwise(read_moment, number=True))
_add("hms", "nnn", elementwise(_hms, number=True))
_add("dhms", "nnnn", lambda d, h, m, s: d * MS_PER_DAY + elementwise(_hms, number=True)(h, m, s))
_add("hh", "n", lambda ms: np.floor(ms / 3_600_000) % 24)
_add("mm", "n", lambda ms: np.floor(ms / 60_000) % 60)
_add("ss", "n", lambda ms: ms / 1000 % 60)
_add("age", "nn", elementwise(_age, number=True))
for _letter, _parts_of in (("w", 52), ("m", 12), ("q", 4), ("h", 2)):
    _add(f"y{_letter}", "nn", _period(_parts_of))
    _add(f"{_letter}ofd", "n", elementwise(_of_day(_parts_of), number=True))
    _add(f"dof{_letter}", "n", elementwise(_first_day(_parts_of), number=True))
_add("yofd", "n", elementwise(_part("year"), number=True))
_add("dofy", "n", elementwise(lambda y: _mdy(1, 1, y), number=True))
_add("monthly", "ss", elementwise(_read_period(12, "M"), number=True))
_add("quarterly", "ss", elementwise(_read_period(4, "Q"), number=True))
_add("weekly", "ss", elementwise(_read_period(52, "W"), number=True))


def _dofc(ms: Array) -> Array:
    return np.floor(ms / MS_PER_DAY)


_add("dofc", "n", _dofc)
_add("cofd", "n", lambda days: days * MS_PER_DAY)
