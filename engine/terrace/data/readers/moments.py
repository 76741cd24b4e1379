"""Dates, times and durations that are written as text.

A column is dates only if every value is, all in one style; the order of day and month is taken from the values, never
from a habit: where no value tells, the column stays text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from terrace.data.dates import MONTHS

_TIME = r"\d{1,2}:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r" ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATES = {
    "ymd": r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})",
    "parts": r"(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4})",
    "dby": rf"(?P<d>\d{{1,2}})(?P<s>[-/. ]?)(?P<n>{_MONTH})(?P=s)(?P<y>\d{{4}})",
    "bdy": rf"(?P<n>{_MONTH}) (?P<d>\d{{1,2}}),? (?P<y>\d{{4}})",
}
_STYLES = {
    name: re.compile(rf"{date}(?:(?:T|,? +)(?P<time>{_TIME})(?P<zone>{_ZONE})?)?", re.IGNORECASE)
    for name, date in _DATES.items()
}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")  # which pandas reads fastest
_LENGTH = re.compile(r"[+-]?(?:\d+ days?,? )?\d{1,6}:[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?")
_ISO_LENGTH = re.compile(r"P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:[.,]\d+)?S)?)?")
_CLOCK = re.compile(_TIME)
_BARE = re.compile(r"\d{1,2}:[0-5]\d")  # which minutes and seconds are written as, too
_SHORT = 200  # rows
_WORD = re.compile(rf"{'|'.join(MONTHS)}|P[\dT]|inf|nan|na$|n\.a\.|missing$|null$|none$", re.IGNORECASE)
"""Beginnings of what is no word, or may be none: dates, durations, signs of missing, numbers that are none."""
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}")


def is_word(text: str) -> bool:
    """True for a text that cannot be a number, a date, a duration or a sign of missing and has no blanks around it."""
    return text[:1].isalpha() and _WORD.match(text) is None and not text[-1:].isspace()


def only_words(values: pd.Series) -> bool:
    """True for a column of text of which every value is a word, as `is_word` says, or missing."""
    return all(is_word(v) for v in values.tolist() if isinstance(v, str))


def are_words(values: pd.Series) -> bool:
    """`only_words` of a short column; it says nothing of long ones.

    Thousands of columns of a few rows are told by this what would take pandas long.
    """
    return len(values) <= _SHORT and only_words(values)


def is_moment(text: str) -> bool:
    """True for a date, a time or a duration."""
    first = text[:1]
    if not (first.isdigit() or first in "+-" or (first == "P" and text[1:2] in "T0123456789")):
        # of words only those that begin with a month: names of thousands of columns are asked for here
        return text[:3].lower() in MONTHS and _STYLES["bdy"].fullmatch(text) is not None
    if _LENGTH.fullmatch(text) or _CLOCK.fullmatch(text) or _SHORT_YEAR.fullmatch(text):
        return True
    return any(style.fullmatch(text) for style in _STYLES.values()) or bool(_ISO_LENGTH.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Moments:
    """How the dates or durations of a column are written: ``style`` ymd, dmy, mdy, dby, bdy, length, iso-length, clock.

    ``zone`` tells that the times have a zone. ``note`` says how they are read.
    """

    style: str
    zone: bool
    note: str

    def read(self, values: pd.Series) -> pd.Series | None:
        """These texts, shape (n,), as moments or as seconds, missing ones kept; None where one is no such text."""
        unique = pd.Series(values.dropna().unique(), dtype=object).astype("str")
        found = _read(unique.str.strip(), self.style, self.zone)
        if found is None:
            return None
        if len(unique) == len(values):
            return pd.Series(found.array, index=values.index)
        codes = pd.Index(unique).get_indexer(pd.Index(values.astype(object)))
        return pd.Series(found.array.take(codes, allow_fill=True), index=values.index)


def in_style(texts: pd.Series, style: str) -> pd.Series:
    """Which of these texts, shape (n,), are written in a style of dates, as `Moments` calls it."""
    pattern = _STYLES["parts" if style in ("dmy", "mdy") else style]
    found: pd.Series = texts.str.fullmatch(pattern.pattern, case=False).fillna(False).astype(bool)
    return found


def recognise(values: pd.Series) -> tuple[Moments | None, str]:
    """How the dates or durations in these texts, shape (n,), are written, or None with a note where that is in doubt.

    The index of the values are their rows in the file, which the notes name.
    """
    present = values.dropna()
    if present.empty:
        return None, ""
    first = str(present.iloc[0]).strip()
    if not is_moment(first):
        return None, ""
    unique = present.drop_duplicates()
    texts = unique.str.strip()
    if _LENGTH.fullmatch(first):
        found, _ = _checked(Moments("length", False, "its times are in seconds."), texts)
        return (found, "") if found is not None else _time_of_day(texts)
    if _ISO_LENGTH.fullmatch(first):
        return _checked(Moments("iso-length", False, "its durations are in seconds."), texts)
    if _CLOCK.fullmatch(first):
        return _time_of_day(texts)
    if _SHORT_YEAR.fullmatch(first):
        note = 'its dates have two-digit years and stay text. Use date(x, "DMY", 2030) to convert them.'
        return None, note if bool(texts.str.fullmatch(_SHORT_YEAR.pattern).all()) else ""
    name, date = next((n, m) for n, s in _STYLES.items() if (m := s.fullmatch(first)))
    zone = date["zone"] is not None
    if name != "parts":
        return _checked(_dated(name, zone, ""), texts)
    return _day_or_month(texts, zone)


def _time_of_day(texts: pd.Series) -> tuple[Moments | None, str]:
    """Times of day, where all of them can be: 7:30, 19:45, 7:30 pm. Minutes and seconds are written like that, too."""
    bare = texts[texts.str.fullmatch(_BARE.pattern).astype(bool)]
    found, _ = _checked(Moments("clock", False, "its times are in seconds since midnight."), texts)
    if found is None:
        doubt = f"its times, such as {texts.iloc[0]}, stay text: they may be hours and minutes, or minutes and seconds."
        return None, doubt if len(bare) == len(texts) else ""
    if not len(bare):
        return found, ""
    told = (
        f"its times, such as {bare.iloc[0]}, are read as hours and minutes, in seconds since midnight. If they are "
        "minutes and seconds, divide them by 60."
    )
    return Moments("clock", False, told), ""


def _day_or_month(texts: pd.Series, zone: bool) -> tuple[Moments | None, str]:
    """Day before month, or month before day: as the first value says that has a part beyond 12."""
    parts = texts.str.extract(_DATES["parts"])
    if bool(parts["a"].isna().any()):
        return None, ""
    first, second = parts["a"].astype(int), parts["b"].astype(int)
    dots = bool((parts["s"] == ".").all())  # nobody writes months first with dots
    days, months = texts[first > 12], texts[second > 12]
    if len(days) and len(months):
        return None, (
            f"{days.iloc[0]!r} (row {days.index[0]}) has the day first, and {months.iloc[0]!r} "
            f"(row {months.index[0]}) the month, so the dates stay text."
        )
    if len(days) or (dots and not len(months)):
        why = f"as {days.iloc[0]!r} in row {days.index[0]} says" if len(days) else "as is usual with dots"
        return _checked(_dated("dmy", zone, f"the day comes before the month, {why}; "), texts)
    if len(months):
        why = f"as {months.iloc[0]!r} in row {months.index[0]} says"
        return _checked(_dated("mdy", zone, f"the month comes before the day, {why}; "), texts)
    if bool((first == second).all()):
        return _checked(_dated("dmy", zone, ""), texts)
    return None, (
        f"its dates stay text, since {texts.iloc[0]!r} could have the day or the month first. "
        'Use date(x, "DMY") or date(x, "MDY") to convert them.'
    )


def _dated(style: str, zone: bool, why: str) -> Moments:
    return Moments(style, zone, why + ("its times are converted to UTC" if zone else ""))


def _checked(found: Moments, texts: pd.Series) -> tuple[Moments | None, str]:
    read = _read(texts.astype("str"), found.style, found.zone)
    if read is None:
        return None, ""
    if found.style in ("length", "iso-length", "clock"):
        return found, ""
    present = read.dropna()
    dates = bool((present == present.dt.normalize()).all())
    if found.zone:
        note = f"{found.note}, in {'days' if dates else 'milliseconds'} since 1 January 1960."
    else:
        note = f"{found.note}{'its dates are days' if dates else 'its times are milliseconds'} since 1 January 1960."
    return Moments(found.style, found.zone, note), ""


def _read(texts: pd.Series, style: str, zone: bool) -> pd.Series | None:
    """Different texts as moments or seconds; None where one of them is not in this style."""
    if style == "length":
        return _lengths(texts)
    if style == "clock":
        return _clock(texts) if bool(texts.str.fullmatch(_CLOCK.pattern).all()) else None
    if style == "iso-length":
        if not bool(texts.str.fullmatch(_ISO_LENGTH.pattern).all()):
            return None
        return pd.Series(pd.to_timedelta(texts.str.replace(",", ".")).dt.total_seconds())
    if style == "ymd" and not zone and bool(texts.str.fullmatch(_ISO.pattern).all()):
        stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce")
        return None if bool(stamps.isna().any()) else stamps
    pattern = _STYLES["parts" if style in ("dmy", "mdy") else style]
    parts = texts.str.extract(pattern)
    if bool(parts["y"].isna().any()) or bool((parts["zone"].notna() != zone).any()):
        return None
    if not bool(texts.str.fullmatch(pattern.pattern, case=False).all()):
        return None
    year = parts["y"].astype(int)
    if style in ("dmy", "mdy"):
        day, month = (parts["a"], parts["b"]) if style == "dmy" else (parts["b"], parts["a"])
    elif style == "ymd":
        day, month = parts["d"], parts["m"]
    else:
        day = parts["d"]
        month = parts["n"].str[:3].str.lower().map({m: k + 1 for k, m in enumerate(MONTHS)})
    plain = pd.DataFrame({"year": year, "month": month.astype(int), "day": day.astype(int)})
    days = pd.to_datetime(plain, errors="coerce")
    if bool(days.isna().any()):
        return None
    if not bool(parts["time"].notna().any()):
        return days
    seconds = _clock(parts["time"])
    if seconds is None:
        return None
    moments = days.astype("datetime64[us]") + pd.to_timedelta(np.round(seconds * 1e6).astype("int64"), unit="us")
    return moments - _offsets(parts["zone"]) if zone else moments


def _clock(times: pd.Series) -> pd.Series | None:
    """Seconds since midnight; None where there is no such time of day."""
    parts = times.str.extract(r"(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d+)?))?(?: ?([AaPp]))?")
    hours, minutes = parts[0].astype(float), parts[1].astype(float)
    seconds = parts[2].str.replace(",", ".").astype(float).fillna(0.0)
    half = parts[3].str.lower()
    wrong = (hours > 23) | (half.notna() & ((hours < 1) | (hours > 12)))
    if bool(wrong.any()):
        return None
    hours = hours.where(half.isna(), hours % 12 + 12 * (half == "p"))
    return (hours.fillna(0) * 3600 + minutes.fillna(0) * 60 + seconds).fillna(0.0)


def _offsets(zones: pd.Series) -> pd.Series:
    parts = zones.str.extract(r"([+-])(\d{2}):?(\d{2})?").fillna({0: "+", 1: "0", 2: "0"})
    minutes = parts[1].astype(int) * 60 + parts[2].astype(int)
    return pd.Series(pd.to_timedelta(minutes.where(parts[0] == "+", -minutes), unit="min"))


def _lengths(texts: pd.Series) -> pd.Series | None:
    if not bool(texts.str.fullmatch(_LENGTH.pattern).all()):
        return None
    parts = texts.str.extract(r"([+-]?)(?:(\d+) days?,? )?(\d+):(\d\d):(\d\d(?:[.,]\d+)?)")
    days = parts[1].astype(float).fillna(0.0)
    last = parts[4].str.replace(",", ".").astype(float)
    seconds = days * 86400 + parts[2].astype(float) * 3600 + parts[3].astype(float) * 60 + last
    return seconds.where(parts[0] != "-", -seconds)
