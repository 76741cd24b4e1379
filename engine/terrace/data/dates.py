"""Dates are numbers with a format: ``%td`` days and ``%tc`` milliseconds since 1 January 1960.

That keeps every column numeric or text, lets a date enter a model as it is, and is what Stata and SAS do.
"""

from __future__ import annotations

import datetime as dt
import math
import re

import numpy as np
import numpy.typing as npt
import pandas as pd

DAY = "%td"
DATETIME = "%tc"
EPOCH = dt.date(1960, 1, 1)
MS_PER_DAY = 86_400_000
_EPOCH_SINCE_1970 = (EPOCH - dt.date(1970, 1, 1)).days
_FIRST_DAY, _END = (dt.date.min - EPOCH).days, (dt.date.max - EPOCH).days + 1
_IN_A_DAY = {"s": 86_400, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_SAS_MARCH = (745_154, 2_206_123)
"""The first of March of the years 4000 and 8000 in days of SAS, for which these are no leap years."""
SPSS_OFFSET_DAYS = (EPOCH - dt.date(1582, 10, 14)).days
"""SPSS counts seconds from 14 October 1582."""


def is_date_format(format: str) -> bool:
    """True for a display format of days (``%td``, ``%d``) or of date and time (``%tc``)."""
    return bool(re.match(r"%-?(t?d|t[cC])", format))


def is_datetime_format(format: str) -> bool:
    """True for a display format of date and time (``%tc``)."""
    return bool(re.match(r"%-?t[cC]", format))


def is_period_format(format: str) -> bool:
    """True for a display format of weeks, months, quarters, half-years or years since 1960 (``%tm`` ...)."""
    return bool(re.match(r"%-?t[wmqhy]", format))


_PERIODS = {"w": 52, "m": 12, "q": 4, "h": 2, "y": 1}


def period_text(value: float, format: str) -> str:
    """``2020m3``: a number of periods since the beginning of 1960; years are counted from 0. Empty for missing."""
    if math.isnan(value):
        return ""
    kind = format.lstrip("%-")[1]
    parts = _PERIODS[kind]
    if kind == "y":
        return f"{math.floor(value)}"
    year, part = divmod(math.floor(value), parts)
    return f"{1960 + year}{kind}{part + 1}"


_MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
MONTHS = tuple(name[:3].lower() for name in _MONTH_NAMES)
"""``jan`` to ``dec``."""
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MASK = re.compile(
    r"!(.)|CCYY|YY|CC|Month|Mon|month|mon|NN|nn|DD|dd|JJJ|jjj|Dayname|Day|Da|day|da|HH|hh|Hh|hH|MM|mm|SS|ss|am|AM"
    r"|\.s+|q|_|."
)

_OLD_CODES = {
    "C": "CC", "c": "CC", "Y": "YY", "y": "YY", "M": "Month", "m": "Mon", "L": "month", "l": "mon", "N": "NN",
    "n": "nn", "D": "DD", "d": "dd", "J": "JJJ", "j": "jjj",
}  # fmt: skip
"""The codes of one letter that %d, the old name of %td, has ([D] format of Stata 9)."""


def masked(moment: dt.datetime, mask: str) -> str:
    """A date written by the mask of a display format: ``DD/NN/CCYY`` gives 05/03/2020, ``_`` is a blank."""
    name, day = _MONTH_NAMES[moment.month - 1], _DAY_NAMES[moment.weekday()]
    twelve = (moment.hour - 1) % 12 + 1
    known = {
        "CCYY": f"{moment.year:04d}", "YY": f"{moment.year % 100:02d}", "CC": f"{moment.year // 100:02d}",
        "Month": name, "Mon": name[:3], "month": name.lower(), "mon": name[:3].lower(),
        "NN": f"{moment.month:02d}", "nn": str(moment.month), "DD": f"{moment.day:02d}", "dd": str(moment.day),
        "JJJ": f"{moment.timetuple().tm_yday:03d}", "jjj": str(moment.timetuple().tm_yday),
        "Dayname": day, "Day": day[:3], "Da": day[:2], "day": day[:3].lower(), "da": day[:2].lower(),
        "HH": f"{moment.hour:02d}", "hH": str(moment.hour), "Hh": f"{twelve:02d}", "hh": str(twelve),
        "MM": f"{moment.minute:02d}", "mm": str(moment.minute), "SS": f"{moment.second:02d}", "ss": str(moment.second),
        "am": "am" if moment.hour < 12 else "pm", "AM": "AM" if moment.hour < 12 else "PM",
        "q": str((moment.month - 1) // 3 + 1), "_": " ",
    }  # fmt: skip

    def part(found: re.Match[str]) -> str:
        text = found[0]
        if text.startswith("!") and len(text) == 2:
            return text[1]
        return "" if text.startswith(".s") else known.get(text, text)

    return _MASK.sub(part, mask)


def from_datetimes(values: pd.Series) -> tuple[npt.NDArray[np.float64], str]:
    """Numbers, shape (n,), and format of a datetime column; ``%td`` where every time is midnight."""
    if getattr(values.dtype, "tz", None) is not None:
        values = values.dt.tz_localize(None)
    stamps = values.to_numpy()
    # Whole days first, in integers: a difference of moments runs over its 64 bits for years far from ours.
    moments = stamps.astype(np.int64)
    in_a_day = _IN_A_DAY[np.datetime_data(stamps.dtype)[0]]
    whole, rest = np.divmod(moments, in_a_day)
    days: npt.NDArray[np.float64] = (whole - _EPOCH_SINCE_1970).astype(np.float64)
    present = ~np.isnat(stamps)
    days[~present] = np.nan
    if not rest[present].any():
        return days, DAY
    return days * MS_PER_DAY + rest / (in_a_day / MS_PER_DAY), DATETIME


def to_datetimes(values: npt.ArrayLike, format: str) -> pd.Series:
    """The inverse: a datetime column, shape (n,); what lies outside of the years 1 to 9999 becomes missing.

    Python's dates have no others, nor has ISO 8601 without an agreement.
    """
    numbers = np.asarray(values, dtype=np.float64)
    per_day = MS_PER_DAY if is_datetime_format(format) else 1
    ok = (numbers >= _FIRST_DAY * per_day) & (numbers < _END * per_day)
    numbers = np.where(ok, numbers, np.nan) * (MS_PER_DAY // per_day)
    stamps = np.full(numbers.shape, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    base = np.datetime64(EPOCH, "us")
    stamps[ok] = base + np.round(numbers[ok] * 1000).astype("int64").astype("timedelta64[us]")
    return pd.Series(stamps)


def date_mask(format: str) -> str:
    """The mask that follows ``%td`` or ``%tc``, in their codes also where it follows ``%d``; empty without one."""
    found = re.match(r"%-?(t?d|t[cC])(.*)", format)
    if found is None:
        return ""
    if found[1] != "d":
        return found[2]
    return _MASK.sub(lambda code: _OLD_CODES.get(code[0], code[0]), found[2])


def date_text(value: float, format: str) -> str:
    """One date for people, ISO 8601 unless the format has a mask; empty for missing."""
    if math.isnan(value):
        return ""
    stamp = to_datetimes([value], format).iloc[0]
    if pd.isna(stamp):
        return f"{value:.15g}"
    if mask := date_mask(format):
        return masked(stamp.to_pydatetime(), mask)
    if not is_datetime_format(format):
        return str(stamp.date().isoformat())
    return str(stamp.isoformat(sep=" ", timespec="auto"))


def from_sas(numbers: npt.NDArray[np.float64], unit: float = 1.0) -> npt.NDArray[np.float64]:
    """Days since 1960 from those of SAS, or moments where a day has ``unit`` units: they are fewer after the year 4000.

    9999-12-31, which stands for "no end" in databases, is day 2936547 of SAS and would be 9999-12-29 otherwise.
    """
    more = [np.where(numbers >= day * unit, unit, 0.0) for day in _SAS_MARCH]
    out: npt.NDArray[np.float64] = numbers + sum(more)
    return out


def to_sas(numbers: npt.NDArray[np.float64], unit: float = 1.0) -> npt.NDArray[np.float64]:
    """The inverse of `from_sas`; the 29th of February of 4000 and 8000, which SAS does not have, is the day after."""
    leaps = [day + k for k, day in enumerate(_SAS_MARCH)]
    fewer = [np.where(numbers >= (day + 1) * unit, unit, 0.0) for day in leaps]
    out: npt.NDArray[np.float64] = numbers - sum(fewer)
    return out
