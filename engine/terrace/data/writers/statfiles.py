"""Writing files of Stata and SPSS, with as much of the description as each format holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.dates import MS_PER_DAY, SPSS_OFFSET_DAYS, is_date_format, is_datetime_format
from terrace.data.extended import LEAST, extended_name
from terrace.data.progress import Report
from terrace.data.value import Value
from terrace.errors import DataError

_LONG = 2_147_483_620
"""The largest whole number of Stata's long; beyond it are the codes of missing values."""
_DOUBLE = 8.988465674311579e307
_SPSS_MEASURES = {
    Measure.NOMINAL: "nominal",
    Measure.IDENTIFIER: "nominal",
    Measure.ORDINAL: "ordinal",
    Measure.CONTINUOUS: "scale",
}


def write_stata(data: Dataset, path: Path, report: Report) -> list[str]:
    """Write .dta (version 118, Stata 14 and later); return what it could not hold.

    Missing codes other than .a to .z become missing: Stata has none that keep their number. Raises `DataError` for
    values beyond the range of a Stata double.
    """
    import pyreadstat

    notes: list[str] = []
    labels: dict[str, dict[int | str, str]] = {}
    extended: dict[str, list[str]] = {}
    frame = {}
    for v in data.variables:
        if data.is_text(v.name):
            frame[v.name] = _text(data, v)
            if v.value_labels:
                notes.append(f"{v.name}: Stata has no value labels for text; they are left out.")
            continue
        frame[v.name] = _stata_numbers(data, v)
        letters = _letters(data, v)
        if letters is not None:
            frame[v.name], extended[v.name] = letters
        if any(not extended_name(c) for c in v.missing_codes):
            notes.append(f"{v.name}: the missing codes are written as missing.")
        whole: dict[int | str, str] = {
            int(k): t for k, t in v.value_labels.items() if float(k).is_integer() and abs(float(k)) <= _LONG
        }
        whole |= {extended_name(k)[1:]: t for k, t in v.value_labels.items() if extended_name(k)}
        if whole:
            labels[v.name] = {k: _cut(t, 32000) for k, t in whole.items() if t}
        if len(whole) < len(v.value_labels):
            notes.append(f"{v.name}: Stata labels whole numbers only; the other value labels are left out.")
    cut = [v.name for v in data.variables if len(v.label) > 80]
    if cut:
        notes.append(f"Labels longer than 80 characters are cut: {', '.join(cut)}.")
    pyreadstat.write_dta(
        pd.DataFrame(frame),
        path,
        file_label=data.label[:80],
        column_labels={v.name: v.label[:80] for v in data.variables if v.label},
        variable_value_labels=labels,  # type: ignore[arg-type]  # a letter is an extended missing value
        missing_user_values=extended or None,
        variable_format={v.name: v.format for v in data.variables if _stata_format(v.format)},
    )
    return notes


def _letters(data: Dataset, v: Variable) -> tuple[pd.Series, list[str]] | None:
    """The values with letters for extended missing values, and which letters; None where there are none."""
    raw = data.frame[v.name].to_numpy()
    used = {c: extended_name(c)[1:] for c in v.missing_codes if extended_name(c) and bool((raw == c).any())}
    if not used:
        return None
    values = data.numeric(v.name).astype(object)
    for code, letter in used.items():
        values[raw == code] = letter
    return pd.Series(values, dtype=object), sorted(used.values())


def write_spss(data: Dataset, path: Path, report: Report) -> list[str]:
    """Write .sav, or compressed .zsav where the path ends so; return what it could not hold."""
    import pyreadstat

    notes: list[str] = []
    frame, formats, missing = {}, {}, {}
    for v in data.variables:
        if data.is_text(v.name):
            frame[v.name] = _text(data, v)
        else:
            frame[v.name], format_ = _spss_numbers(data, v, notes)
            if format_:
                formats[v.name] = format_
        codes = _spss_missing(data, v, notes)
        if codes:
            missing[v.name] = codes
    pyreadstat.write_sav(
        pd.DataFrame(frame),
        path,
        file_label=_cut(data.label, 64),
        compress=path.suffix.lower() == ".zsav",
        column_labels={v.name: _cut(v.label, 255) for v in data.variables if v.label},
        variable_value_labels={v.name: _spss_labels(data, v) for v in data.variables if v.value_labels},  # type: ignore[misc]  # text has labels too
        missing_ranges=missing,
        variable_measure={v.name: _SPSS_MEASURES[v.measure] for v in data.variables},
        variable_format=formats,
    )
    return notes


def _text(data: Dataset, v: Variable) -> pd.Series:
    column = data.frame[v.name]
    return column.where(column.notna(), "").astype("object")


def _stata_numbers(data: Dataset, v: Variable) -> pd.Series:
    column = data.frame[v.name]
    integers = column.dtype.kind in "iub" and not v.missing_codes
    if integers and (not len(column) or (column.max() <= _LONG and column.min() >= -_LONG)):
        return column.astype(np.int32)
    values = data.numeric(v.name)
    beyond = np.abs(values) > _DOUBLE
    if bool(beyond.any()):
        raise DataError(
            f"{v.name} holds infinite or huge values (row {int(np.argmax(beyond)) + 1}), which Stata cannot.",
            code="infinite-values",
            subject=v.name,
            advice="Replace them by missing, or write .parquet.",
        )
    return pd.Series(values)


def _spss_numbers(data: Dataset, v: Variable, notes: list[str]) -> tuple[pd.Series, str]:
    values = data.frame[v.name].to_numpy(dtype=np.float64, na_value=np.nan)
    if any(map(extended_name, v.missing_codes)):
        values = np.where(values >= LEAST, np.nan, values)
        notes.append(f"{v.name}: SPSS has no .a to .z; they are written as missing.")
    if is_datetime_format(v.format):
        return pd.Series(values / 1000 + SPSS_OFFSET_DAYS * 86_400.0), "DATETIME23.2"
    if is_date_format(v.format):
        return pd.Series((values + SPSS_OFFSET_DAYS) * (MS_PER_DAY / 1000)), "DATE11"
    fixed = re.fullmatch(r"%(\d+)\.(\d+)f", v.format)
    if fixed:
        return pd.Series(values), f"F{fixed[1]}.{fixed[2]}"
    present = values[np.isfinite(values)]
    if not present.size or bool((present == np.floor(present)).all()):
        return pd.Series(values), "F8.0"
    return pd.Series(values), ""


def _spss_missing(data: Dataset, v: Variable, notes: list[str]) -> list[Any]:
    """At most three codes, or else one range where no valid value lies between them."""
    codes = sorted(c for c in v.missing_codes if not extended_name(c))
    if not codes or is_date_format(v.format):
        return []
    if len(codes) <= 3:
        return list(codes)
    if not data.is_text(v.name):
        valid = data.numeric(v.name)
        if not bool(((valid >= float(codes[0])) & (valid <= float(codes[-1]))).any()):
            return [{"lo": codes[0], "hi": codes[-1]}]
    notes.append(f"{v.name}: SPSS holds three missing codes; the first three of {len(codes)} are kept.")
    return list(codes[:3])


def _spss_labels(data: Dataset, v: Variable) -> dict[Value, str]:
    convert: type[str] | type[float] = str if data.is_text(v.name) else float
    return {convert(k): _cut(t, 120) for k, t in v.value_labels.items() if t and not extended_name(k)}


def _stata_format(format: str) -> bool:
    return bool(re.fullmatch(r"%-?0?\d+\.\d+[efg]c?|%-?t[a-zA-Z].*", format))


def _cut(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8, never half a character."""
    return text.encode("utf-8")[:size].decode("utf-8", errors="ignore")
