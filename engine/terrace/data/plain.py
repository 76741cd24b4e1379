"""A column of any type as one of the two kinds that a Dataset holds: numbers that a double tells apart, or text.

Whole numbers that a double would merge become text (`digits.py`). What is neither number, text, date nor truth value is
refused with its row.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Measure
from terrace.data.dates import EPOCH, from_datetimes
from terrace.data.digits import EXACT, LONG, whole_text
from terrace.data.value import Value

_NUMBERS = (bool, np.bool_, int, np.integer, float, np.floating, Decimal, Fraction)
_DATES = (dt.date, np.datetime64)  # a datetime and a Timestamp are dates
_LENGTHS = (dt.timedelta, np.timedelta64)
_NAMES = (*_NUMBERS, *_DATES, *_LENGTHS, str, dt.time, uuid.UUID, pd.Period, pd.Interval)
"""What can stand as text where a column mixes kinds: values that are written in one way only."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What a column's type tells besides its values."""

    format: str = ""
    measure: Measure | None = None
    value_labels: Mapping[Value, str] = field(default_factory=dict)
    note: str = ""


_SIMPLE = frozenset(map(np.dtype, ("i1", "i2", "i4", "u1", "u2", "u4", "f4", "f8")))
"""What a Dataset holds as it is."""

_SHORT = 200  # rows
_LONG_NUMBERS = Extra(measure=Measure.IDENTIFIER, note=LONG)


class Unusable(ValueError):
    """A column that cannot be used: ``what`` it holds in ``row``, counted from 0."""

    def __init__(self, row: int, what: str) -> None:
        super().__init__(what)
        self.row, self.what = row, what


def plain_values(values: Any) -> tuple[pd.Series, Extra]:
    """A column of a NumPy numeric type or of text, whatever type it had, with what that type told.

    Numbers are exact as doubles: whole numbers of which one lies beyond 2^53 become text. Raises `Unusable` where a
    value is not a number, text, date or truth value.
    """
    if isinstance(values, np.ndarray) and values.dtype in _SIMPLE:  # 10,000 columns of a file come so
        return pd.Series(values, copy=False), Extra()
    if isinstance(values, np.ndarray) and values.dtype == np.int64 and _exact(values):
        return pd.Series(values, copy=False), Extra()
    if isinstance(values, pd.Series) and len(values) <= _SHORT and _is_str(values.dtype) and "" not in values.tolist():
        return pd.Series(values.array, copy=False), Extra()  # so do thousands of columns of text
    column = pd.Series(values).reset_index(drop=True)
    column.name = None
    dtype = column.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return plain_values(_from_arrow(column))
    if isinstance(dtype, pd.SparseDtype):
        return plain_values(pd.Series(np.asarray(column)))
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(column, dtype)
    if pd.api.types.is_bool_dtype(dtype):
        return _truth(column)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _stamps(column)
    if pd.api.types.is_timedelta64_dtype(dtype):
        return _lengths(column)
    if isinstance(dtype, pd.PeriodDtype):
        return _periods(column, dtype)
    if pd.api.types.is_complex_dtype(dtype):
        raise Unusable(_first(column), "a complex number")
    if isinstance(dtype, pd.StringDtype):
        return _text(column), Extra()
    if pd.api.types.is_numeric_dtype(dtype):
        return _number(column)
    return _object(column.astype(object))


def _exact(whole: np.ndarray[Any, Any]) -> bool:
    return bool(whole.max(initial=-EXACT) <= EXACT and whole.min(initial=EXACT) >= -EXACT)


def _from_arrow(column: pd.Series) -> pd.Series:
    import pyarrow as pa

    from terrace.data.arrow import plain_series

    return plain_series(pa.array(column, from_pandas=True))


def _first(column: pd.Series) -> int:
    """The first row that is not missing, 0 where there is none."""
    return int(np.argmax(column.notna().to_numpy())) if len(column) else 0


# --- types of their own ---------------------------------------------------------------------------------------
def _categories(column: pd.Series, dtype: pd.CategoricalDtype) -> tuple[pd.Series, Extra]:
    codes = column.cat.codes.to_numpy().astype(np.int64)
    if dtype.ordered:
        labels: dict[Value, str] = {i + 1: str(c) for i, c in enumerate(dtype.categories)}
        numbers = codes + 1.0
        numbers[codes < 0] = np.nan
        return pd.Series(numbers), Extra(measure=Measure.ORDINAL, value_labels=labels)
    used = np.unique(codes[codes >= 0])  # categories without rows have no say in what the column is
    first = np.zeros(len(dtype.categories), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    try:
        values, extra = plain_values(pd.Series(dtype.categories[used]))
    except Unusable as error:
        raise Unusable(int(first[used[error.row]]), error.what) from None
    place = np.full(len(dtype.categories) + 1, -1, dtype=np.int64)  # the last is that of code -1
    place[used] = np.arange(len(used))
    rows = place[codes]
    if (rows < 0).any() and _is_numeric(values):
        values = values.astype(np.float64)
    return pd.Series(values.reindex(rows).array), extra


def _truth(column: pd.Series) -> tuple[pd.Series, Extra]:
    extra = Extra(measure=Measure.NOMINAL, value_labels={0: "false", 1: "true"})
    if column.isna().any():
        return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan)), extra
    return pd.Series(column.to_numpy(dtype=np.int8)), extra


def _stamps(column: pd.Series) -> tuple[pd.Series, Extra]:
    """Days or milliseconds; text where that would make one of two moments."""
    note, moments = "", column
    if getattr(column.dtype, "tz", None) is not None:
        moments = column.dt.tz_localize(None)
        if moments.nunique() < column.nunique():  # an hour that a summer time repeats
            moments = column.dt.tz_convert("UTC").dt.tz_localize(None)
            note = "its times are converted to UTC, because some clock times occur twice."
    numbers, format_ = from_datetimes(moments)
    if bool((moments.dt.nanosecond.fillna(0) != 0).any()) and len(pd.unique(numbers)) < len(pd.unique(moments)):
        return _text(column.astype(object).map(str, na_action="ignore")), Extra(
            measure=Measure.NOMINAL, note="its times are too precise to store as numbers, so it is read as "
                                          "text.")  # fmt: skip
    return pd.Series(numbers), Extra(format=format_, note=note)


def _lengths(column: pd.Series) -> tuple[pd.Series, Extra]:
    seconds = column.dt.total_seconds().to_numpy(dtype=np.float64)
    if len(pd.unique(seconds)) < len(pd.unique(column)):
        return _text(column.astype(object).map(str, na_action="ignore")), Extra(
            measure=Measure.NOMINAL, note="its times are too precise to store as numbers, so it is read as "
                                          "text.")  # fmt: skip
    return pd.Series(seconds), Extra(note="times are in seconds.")


def _periods(column: pd.Series, dtype: pd.PeriodDtype) -> tuple[pd.Series, Extra]:
    """Months, quarters and years by their number since 1960; other periods by their first moment."""
    years = column.dt.year - EPOCH.year
    if str(dtype) == "period[M]":
        numbers, format_ = years * 12 + column.dt.month - 1, "%tm"
    elif str(dtype) == "period[Q-DEC]":
        numbers, format_ = years * 4 + column.dt.quarter - 1, "%tq"
    elif str(dtype) in ("period[Y-DEC]", "period[A-DEC]"):
        numbers, format_ = column.dt.year, "%ty"
    else:
        return _stamps(column.dt.start_time)
    return pd.Series(np.where(column.isna(), np.nan, numbers.astype(np.float64))), Extra(format=format_)


def _number(column: Any) -> tuple[pd.Series, Extra]:
    dtype = column.dtype
    if pd.api.types.is_integer_dtype(dtype):
        if dtype.itemsize == 8 and len(column):
            biggest = max(abs(int(column.max())), abs(int(column.min()))) if column.notna().any() else 0
            if biggest > EXACT:
                return _text(column.astype("object").map(str, na_action="ignore")), _LONG_NUMBERS
        if column.isna().any():
            return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan)), Extra()
        return pd.Series(column.to_numpy(dtype=np.dtype(getattr(dtype, "numpy_dtype", dtype)))), Extra()
    if dtype in (np.float32, np.float64):
        return column, Extra()
    if isinstance(dtype, np.dtype) and dtype.itemsize > 8:  # long doubles hold longer whole numbers than doubles
        return _object(pd.Series(list(column.to_numpy()), dtype=object))
    return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan)), Extra()


# --- columns of objects ---------------------------------------------------------------------------------------
def _object(column: pd.Series) -> tuple[pd.Series, Extra]:
    gone = column.isna().to_numpy()
    kinds = {type(v) for v in column.to_numpy()[~gone]}
    if not kinds:
        return pd.Series(np.full(len(column), np.nan)), Extra()
    if all(issubclass(k, str) for k in kinds):
        return _text(column), Extra()
    if all(issubclass(k, bool | np.bool_) for k in kinds):
        return _truth(column.astype("boolean"))
    if all(issubclass(k, _NUMBERS) for k in kinds):
        return _number_objects(column, gone)
    if all(issubclass(k, _DATES) for k in kinds):
        try:
            return _moments(column)
        except (ValueError, TypeError, OverflowError):  # years beyond those of pandas: as written
            return _text(column.map(str, na_action="ignore")), Extra()
    if all(issubclass(k, _LENGTHS) for k in kinds):
        return _lengths(pd.Series(pd.to_timedelta(column)))
    if kinds == {pd.Period} and len({v.freq for v in column[~gone]}) == 1:
        return plain_values(pd.Series(pd.PeriodIndex(column)))
    return _text(_as_text(column, gone)), Extra()


def _moments(column: pd.Series) -> tuple[pd.Series, Extra]:
    zones = {getattr(v, "tzinfo", None) for v in column.dropna()}
    if len(zones) == 1:
        return _stamps(pd.to_datetime(column))
    if None in zones:
        raise ValueError("moments with a time zone and without one")
    values, extra = _stamps(pd.to_datetime(column, utc=True))
    return values, Extra(extra.format, note="its times are converted to UTC, because it has several time zones.")


def _number_objects(column: pd.Series, gone: Any) -> tuple[pd.Series, Extra]:
    """Numbers of Python and NumPy, which compare exactly whatever their types: equal as doubles only if they are."""
    values = [None if missing else _simple(v) for v, missing in zip(column.to_numpy(), gone, strict=True)]
    present = [v for v in values if v is not None]
    if any(not isinstance(v, float) and _finite(v) and abs(v) > EXACT for v in present):
        return _text(pd.Series([None if v is None else whole_text(v) for v in values], dtype=object)), _LONG_NUMBERS
    if all(isinstance(v, int) for v in present) and not gone.any():
        return pd.Series(np.array(values, dtype=np.int64)), Extra()
    numbers = np.array([math.nan if v is None else float(v) for v in values])
    if not all(isinstance(v, float | int) for v in present) and len(set(present)) > len({float(v) for v in present}):
        return _text(pd.Series([None if v is None else whole_text(v) for v in values], dtype=object)), _LONG_NUMBERS
    return pd.Series(numbers), Extra()


def _simple(value: Any) -> Any:
    """A number as Python's int, float, Decimal or Fraction; a long double that is whole as an int."""
    if isinstance(value, np.longdouble) and np.isfinite(value) and value == np.floor(value):
        return int(value)
    if isinstance(value, bool | np.bool_ | np.integer):
        return int(value)
    return float(value) if isinstance(value, np.floating) else value


def _finite(value: Any) -> bool:
    return not isinstance(value, Decimal) or value.is_finite()


def _as_text(column: pd.Series, gone: Any) -> pd.Series:
    """Values of several kinds, each as it is written. `Unusable` where a number and a text would become one value."""
    out: list[str | None] = []
    seen: dict[str, tuple[int, bool]] = {}
    for row, (value, missing) in enumerate(zip(column.to_numpy(), gone, strict=True)):
        if missing:
            out.append(None)
            continue
        text, as_text = _written(value, row), isinstance(value, str)
        first, was_text = seen.setdefault(text, (row, as_text))
        if was_text != as_text:
            kinds = ("text", "a number") if as_text else ("a number", "text")
            raise Unusable(row, f"{text} as {kinds[0]}, which row {first + 1} holds as {kinds[1]}")
        out.append(text)
    return pd.Series(out, dtype=object)


def _written(value: Any, row: int) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise Unusable(row, "bytes that are not UTF-8 text") from None
    if isinstance(value, complex | np.complexfloating):
        raise Unusable(row, "a complex number")
    if not isinstance(value, _NAMES):
        raise Unusable(row, _kind(value))
    if isinstance(value, _NUMBERS) and not isinstance(value, bool | np.bool_):
        return whole_text(value)
    return str(value)


def _kind(value: Any) -> str:
    """What a value is that cannot stand in a cell, in words."""
    if isinstance(value, pd.Series | pd.DataFrame | dict):
        return "a table of its own"
    words = {"list": "a list", "tuple": "a list", "set": "a set", "frozenset": "a set", "ndarray": "an array"}
    name = type(value).__name__
    return words.get(name, f"an object of the type {name}")


def _text(column: pd.Series) -> pd.Series:
    """Text of pandas' own string type, with the empty string as missing. `Unusable` for what is no Unicode text."""
    blank = column == ""
    column = column.where(~blank.fillna(False).astype(bool), None) if bool(blank.any()) else column
    if not _has_str_dtype():
        return column
    try:
        return column.astype("str")
    except UnicodeEncodeError:  # half of a surrogate pair
        bad = [_broken(v) for v in column.to_numpy()]
        raise Unusable(bad.index(True), "text that is not valid Unicode") from None


def _broken(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.encode("utf-8") is None
    except UnicodeEncodeError:
        return True


def _is_str(dtype: Any) -> bool:
    """True for pandas' own string type, in which a missing value is NaN."""
    return isinstance(dtype, pd.StringDtype) and _has_str_dtype() and isinstance(dtype.na_value, float)


def _has_str_dtype() -> bool:
    return int(pd.__version__.split(".")[0]) >= 3


def _is_numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype)
