"""Functions of dates: days since 1 January 1960 (``%td``), milliseconds where ``%tc`` is said."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable

import numpy as np

from terrace.data.dates import EPOCH, MS_PER_DAY
from terrace.language.expr_functions import Array, Table, elementwise
from terrace.language.number_format import MONTHS

FUNCTIONS = Table()
_MONTHS = {m: i for i, m in enumerate(MONTHS, 1)}


def _mdy(month: float, day: float, year: float) -> float:
    if math.isnan(month + day + year):
        return math.nan
    try:
        return float((dt.date(int(year), int(month), int(day)) - EPOCH).days)
    except ValueError:
        return math.nan


def _part(attribute: str) -> Callable[[float], float]:
    def part(days: float) -> float:
        if math.isnan(days) or not -600_000 < days < 2_900_000:
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


def read_date(text: str, mask: str) -> float:
    """The date written in `text`, whose parts stand in the order of `mask` (``YMD``, ``DMY``, ``MDY``)."""
    order = mask.upper()
    if sorted(order) != ["D", "M", "Y"]:
        raise ValueError(f"{mask!r} is no order of a date, such as DMY.")
    parts = re.findall(r"\d+|[^\W\d_]+", text)
    if len(parts) == 1 and len(parts[0]) == 8 and parts[0].isdigit():
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]] if order[0] == "Y" else (
            [parts[0][:2], parts[0][2:4], parts[0][4:]] if order[2] == "Y" else parts
        )  # fmt: skip
    if len(parts) != 3:
        return math.nan
    found = dict(zip(order, parts, strict=True))
    month = _MONTHS.get(found["M"][:3].lower(), 0) if not found["M"].isdigit() else int(found["M"])
    if not (found["D"].isdigit() and found["Y"].isdigit() and len(found["Y"]) == 4):
        return math.nan
    return _mdy(month, int(found["D"]), int(found["Y"]))


_add = FUNCTIONS.add
_add("mdy", "nnn", elementwise(_mdy, number=True))
for _name in ("year", "month", "day", "dow", "doy", "quarter", "week"):
    _add(_name, "n", elementwise(_part(_name), number=True))
_add("date daily", "ss", elementwise(read_date, number=True))


def _dofc(ms: Array) -> Array:
    return np.floor(ms / MS_PER_DAY)


_add("dofc", "n", _dofc)
_add("cofd", "n", lambda days: days * MS_PER_DAY)
