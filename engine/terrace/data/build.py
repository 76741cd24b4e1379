"""From a file's columns to a `Dataset`: legal names, plain types, a guess at what the file does not say.

Every reader ends here, so that a variable is treated alike whatever file it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.dates import from_datetimes
from terrace.data.measure import guess_measure
from terrace.data.names import legal_names

EXACT = 2**53
"""Integers beyond this are not all distinct as double precision numbers."""


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column as the file gives it. `measure` None means that the file does not say."""

    name: str
    values: Any
    label: str = ""
    measure: Measure | None = None
    value_labels: Mapping[Any, str] = field(default_factory=dict)
    missing_codes: tuple[Any, ...] = ()
    format: str = ""


def frame_columns(frame: pd.DataFrame) -> list[RawColumn]:
    """The columns of a plain frame (names may repeat), described by nothing but their names."""
    return [RawColumn(str(name), frame.iloc[:, i]) for i, name in enumerate(frame.columns)]


def build_dataset(
    columns: Sequence[RawColumn], *, source: str = "", label: str = "", notes: Sequence[str] = ()
) -> Dataset:
    """A Dataset of these columns, all of one length.

    Names become legal (the file's name goes into an empty label), dates become numbers with a format,
    truth values 0/1, text missing values NaN. What was changed is told in the notes.
    """
    all_notes = list(notes)
    names, renamed = legal_names([c.name for c in columns])
    all_notes += renamed
    series: dict[str, pd.Series] = {}
    variables: list[Variable] = []
    for column, name in zip(columns, names, strict=True):
        values, extra = plain_values(column.values)
        labels = {_tidy(k): str(v) for k, v in (column.value_labels or extra.value_labels).items()}
        label_text = column.label.strip()
        if not label_text and column.name.strip() not in ("", name):
            label_text = column.name.strip()
        if extra.note:
            all_notes.append(f"{name}: {extra.note}")
        measure = column.measure or extra.measure
        format_ = column.format or extra.format
        if format_.startswith("%t"):
            measure = Measure.CONTINUOUS  # a date, however few dates there are
        elif measure in (None, Measure.CONTINUOUS):
            known = values.where(~values.isin(column.missing_codes)) if column.missing_codes else values
            guess = guess_measure(name, known, labelled=bool(labels))
            if measure is None or guess is Measure.IDENTIFIER or _is_text(values):
                measure = guess
        assert measure is not None
        series[name] = values
        variables.append(
            Variable(
                name,
                label=label_text,
                measure=measure,
                value_labels=labels,
                missing_codes=tuple(_tidy(c) for c in column.missing_codes),
                format=format_,
            )
        )
    rows = len(columns[0].values) if columns else 0
    frame = pd.DataFrame(series, index=pd.RangeIndex(rows), copy=False)
    return Dataset(frame, tuple(variables), label=label, source=source, notes=tuple(all_notes))


def from_frame(frame: pd.DataFrame, *, label: str = "") -> Dataset:
    """A Dataset from a pandas DataFrame: legal names, plain types, guessed measures; the frame stays as it is."""
    return build_dataset(frame_columns(frame), source="frame", label=label)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a column's type tells besides its values."""

    format: str = ""
    measure: Measure | None = None
    value_labels: Mapping[Any, str] = field(default_factory=dict)
    note: str = ""


def plain_values(values: Any) -> tuple[pd.Series, Extra]:
    """A column of a NumPy numeric type or of text, whatever type it had, with what that type told."""
    column = pd.Series(values).reset_index(drop=True)
    column.name = None
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        if dtype.ordered:
            labels = {i + 1: str(c) for i, c in enumerate(dtype.categories)}
            codes = column.cat.codes.to_numpy().astype(np.float64) + 1
            codes[codes == 0] = np.nan
            return pd.Series(codes), Extra(measure=Measure.ORDINAL, value_labels=labels)
        return plain_values(column.astype(dtype.categories.dtype))
    if pd.api.types.is_bool_dtype(dtype):
        return _truth(column)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        numbers, format_ = from_datetimes(column)
        return pd.Series(numbers), Extra(format=format_)
    if pd.api.types.is_timedelta64_dtype(dtype):
        seconds = column.dt.total_seconds().to_numpy(dtype=np.float64)
        return pd.Series(seconds), Extra(note="times are in seconds.")
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return _number(column)
    return _object(column)


def _truth(column: pd.Series) -> tuple[pd.Series, Extra]:
    extra = Extra(measure=Measure.NOMINAL, value_labels={0: "false", 1: "true"})
    if column.isna().any():
        return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan)), extra
    return pd.Series(column.to_numpy(dtype=np.int8)), extra


def _number(column: Any) -> tuple[pd.Series, Extra]:
    dtype = column.dtype
    if pd.api.types.is_integer_dtype(dtype):
        if dtype.itemsize == 8 and len(column):
            biggest = max(abs(int(column.max())), abs(int(column.min()))) if column.notna().any() else 0
            if biggest > EXACT:
                text = _text(column.astype("object").map(str, na_action="ignore"))
                note = "its numbers have more digits than a number can hold, so it is text."
                return text, Extra(measure=Measure.IDENTIFIER, note=note)
        if column.isna().any():
            return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan)), Extra()
        return pd.Series(column.to_numpy(dtype=np.dtype(getattr(dtype, "numpy_dtype", dtype)))), Extra()
    if dtype in (np.float32, np.float64):
        return column, Extra()
    return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan)), Extra()


def _object(column: pd.Series) -> tuple[pd.Series, Extra]:
    if isinstance(column.dtype, pd.StringDtype):
        return _text(column), Extra()
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "empty":
        return pd.Series(np.full(len(column), np.nan)), Extra()
    if kind == "boolean":
        return _truth(column.astype("boolean"))
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return plain_values(pd.to_numeric(column.where(column.notna(), None).astype("object")))
    if kind in ("date", "datetime", "datetime64"):
        stamps = pd.to_datetime(column, errors="coerce", utc=False)
        if pd.api.types.is_datetime64_any_dtype(stamps.dtype):
            return plain_values(stamps)
    if kind == "string":
        return _text(column), Extra()
    return _text(column.map(_string, na_action="ignore")), Extra()


def _text(column: pd.Series) -> pd.Series:
    """Text of pandas' own string type, with the empty string as missing."""
    blank = column == ""
    column = column.where(~blank.fillna(False).astype(bool), None) if bool(blank.any()) else column
    return column.astype("str") if _has_str_dtype() else column


def _has_str_dtype() -> bool:
    return int(pd.__version__.split(".")[0]) >= 3


def _string(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _tidy(value: Any) -> Any:
    """A key of value labels: whole numbers as int, NumPy scalars as Python's."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value
