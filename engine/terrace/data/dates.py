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
SPSS_OFFSET_DAYS = (EPOCH - dt.date(1582, 10, 14)).days
"""SPSS counts seconds from 14 October 1582."""


def is_date_format(format: str) -> bool:
    """True for a display format of days (``%td``, ``%d``) or of date and time (``%tc``)."""
    return bool(re.match(r"%-?(t?d|t[cC])", format))


def is_datetime_format(format: str) -> bool:
    """True for a display format of date and time (``%tc``)."""
    return bool(re.match(r"%-?t[cC]", format))


def from_datetimes(values: pd.Series) -> tuple[npt.NDArray[np.float64], str]:
    """Numbers, shape (n,), and format of a datetime column; ``%td`` where every time is midnight."""
    if getattr(values.dtype, "tz", None) is not None:
        values = values.dt.tz_localize(None)
    ms = (values - pd.Timestamp(EPOCH)) / pd.Timedelta(milliseconds=1)
    numbers: npt.NDArray[np.float64] = np.asarray(ms, dtype=np.float64)
    days = numbers / MS_PER_DAY
    present = ~np.isnan(days)
    if bool((days[present] == np.floor(days[present])).all()):
        return days, DAY
    return numbers, DATETIME


def to_datetimes(values: npt.ArrayLike, format: str) -> pd.Series:
    """The inverse: a datetime column, shape (n,); what lies outside pandas' range becomes missing."""
    numbers = np.asarray(values, dtype=np.float64)
    if not is_datetime_format(format):
        numbers = numbers * MS_PER_DAY
    limit = 2.0**62 / 1000  # beyond this a microsecond count does not fit an int64
    ok = np.isfinite(numbers) & (np.abs(numbers) < limit)
    stamps = np.full(numbers.shape, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    base = np.datetime64(EPOCH, "us")
    stamps[ok] = base + np.round(numbers[ok] * 1000).astype("int64").astype("timedelta64[us]")
    return pd.Series(stamps)


def date_text(value: float, format: str) -> str:
    """One date for people, ISO 8601; empty for missing."""
    if math.isnan(value):
        return ""
    stamp = to_datetimes([value], format).iloc[0]
    if pd.isna(stamp):
        return str(value)
    if not is_datetime_format(format):
        return str(stamp.date().isoformat())
    return str(stamp.isoformat(sep=" ", timespec="auto"))
