"""Display formats in the words of SPSS and SAS, ``F8.2``, ``DOLLAR8.2``, ``TIME8``, and in those of Stata, ``%8.2f``.

A `Variable` keeps the words of its file where ``%`` formats cannot say them (`Variable.native_format`).
"""

from __future__ import annotations

import re

from terrace.data.dataset import Variable
from terrace.data.dates import DATETIME, DAY, is_date_format, is_datetime_format

_PARTS = re.compile(r"([A-Z][A-Z0-9]*?[A-Z]|[A-Z])(\d+)?(?:\.(\d+)?)?")
_SPSS_DAYS = frozenset(["DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR"])
_SPSS_MOMENTS = frozenset(["DATETIME", "YMDHMS"])
_SPSS_NUMBERS = frozenset(
    ["F", "COMMA", "DOT", "DOLLAR", "PCT", "E", "N", "CCA", "CCB", "CCC", "CCD", "CCE", "TIME", "DTIME", "MTIME",
     "WKDAY", "MONTH"]
)  # fmt: skip
_STATA_NUMBER = re.compile(r"%(-?)(0?)(\d+)\.(\d+)([efg])(c?)")


def spss_format(variable: Variable) -> str:
    """The format of a numeric variable in the words of SPSS; empty where nothing says what it is.

    The words of its file count while the format that the user sees is the one they stand for.
    """
    native = variable.native_format.upper()
    found = _PARTS.fullmatch(native)
    if found and found[1] in _SPSS_DAYS | _SPSS_MOMENTS | _SPSS_NUMBERS and _stands_for(found[1]) == variable.format:
        return native
    if is_datetime_format(variable.format):
        return "DATETIME23.2"
    if is_date_format(variable.format):
        return "DATE11"
    number = _STATA_NUMBER.fullmatch(variable.format)
    if number is None or number[5] == "g":
        return ""
    kind = "E" if number[5] == "e" else "COMMA" if number[6] else "F"
    width, places = min(int(number[3]), 40), min(int(number[4]), 16)
    least = places + 7 if kind == "E" else places + 2
    return f"{kind}{max(width, least)}.{places}" if places else f"{kind}{max(width, 6 if kind == 'E' else 1)}"


def spss_says(variable: Variable) -> bool:
    """True where SPSS has the whole of the format that the variable is shown in."""
    form = variable.format
    if form in ("", DAY, DATETIME):
        return True
    number = _STATA_NUMBER.fullmatch(form)
    return number is not None and number[5] != "g" and not number[1] and not number[2]


def stata_format(variable: Variable) -> str:
    """The format of a numeric variable in the words of Stata; empty where the usual one serves."""
    form = variable.format
    if form:
        return form if re.fullmatch(r"%-?0?\d+\.\d+[efg]c?|%-?(td?|d|t[a-zA-Z]).*", form) else ""
    found = _PARTS.fullmatch(variable.native_format.upper())
    kinds = {"F": "f", "COMMA": "fc", "E": "e"}
    if found is None or found[1] not in kinds or not found[2]:
        return ""
    width, places = int(found[2]), int(found[3] or 0)
    return f"%{max(width, places + 1)}.{places}{kinds[found[1]]}"


def stata_says(variable: Variable) -> bool:
    """True where Stata has the format that the variable is shown in."""
    if variable.format:
        return bool(stata_format(variable))
    return not variable.native_format or bool(stata_format(variable))


def _stands_for(kind: str) -> str:
    return DAY if kind in _SPSS_DAYS else DATETIME if kind in _SPSS_MOMENTS else ""
