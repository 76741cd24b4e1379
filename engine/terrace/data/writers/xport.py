"""Writing SAS transport files, .xpt: of version 5 where that holds the data, else of version 8."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, FloatArray, Variable
from terrace.data.dates import DATETIME, DAY, MS_PER_DAY, is_date_format, is_datetime_format, to_sas
from terrace.data.progress import Report
from terrace.data.writers import names
from terrace.data.writers.statfiles import cut, cut_notes, refuse_long
from terrace.data.writers.tables import infinite, missing_notes, without_missing
from terrace.errors import DataError

_MOST, _LEAST = 7.237005577332262e75, 5.397605346934028e-79  # what IBM's floating-point numbers reach
_LABEL = {5: 40, 8: 256}
_TEXT = 200  # bytes of a text in version 5
_FIXED = re.compile(r"%(\d+)\.(\d+)f(c?)")
_NUMBER = re.compile(r"(F|BEST|COMMA|DOLLAR|PERCENT|E|TIME|DATE|DATETIME|DDMMYY|MMDDYY|YYMMDD)\d+(\.\d*)?")


def write_xport(data: Dataset, path: Path, report: Report) -> list[str]:
    """Write one member, DATASET; return what it could not hold.

    Numbers keep all digits: IBM's have 56 bits, a double 53. Raises `DataError` for numbers that are infinite or
    beyond 7e75, which these do not reach, for text longer than 32,767 bytes and for a blank row at the end.
    """
    import pyreadstat

    report()
    _refuse_blank_end(data)
    version: Literal[5, 8] = 5 if _fits_version_5(data) else 8
    notes = []
    if version == 8:
        notes.append("Written in version 8 of the SAS transport format: version 5 cannot hold all names, labels or "
                     "texts.")  # fmt: skip
    notes += missing_notes(data)
    data, renamed = names.named(data, names.XPORT)
    notes += renamed + cut_notes(data, label=_LABEL[version], labels=_LABEL[version], value_labels=10**9)
    frame = {}
    for v in data.variables:
        values = without_missing(data, v)
        if data.is_text(v.name):
            frame[v.name] = values.where(values.notna(), "").astype("object")
            refuse_long(v.name, frame[v.name], "a SAS transport file")
        else:
            frame[v.name] = pd.Series(_numbers(v, values.to_numpy(dtype=np.float64, na_value=np.nan), notes))
    formatted = [v for v in data.variables if not data.is_text(v.name) and v.format not in ("", DAY, DATETIME)]
    unsaid = [f"{v.name} {v.format}" for v in formatted if not _FIXED.fullmatch(v.format)]
    if unsaid:
        notes.append(f"SAS does not have these display formats, so they are left out: {', '.join(unsaid)}.")
    pyreadstat.write_xport(
        pd.DataFrame(frame),
        path,
        file_label=cut(data.label, _LABEL[version]),
        column_labels={v.name: cut(v.label, _LABEL[version]) for v in data.variables if v.label},
        table_name="DATASET",
        file_format_version=version,
        variable_format={v.name: f for v in data.variables if not data.is_text(v.name) and (f := _format(v))},
    )
    return notes


def _refuse_blank_end(data: Dataset) -> None:
    """`DataError` for a last row of blank texts and nothing else: the format fills its end up with blanks."""
    if len(data) and all(data.is_text(n) and _is_blank(data.frame[n].iloc[-1]) for n in data.names):
        raise DataError(
            f"Row {len(data)} contains only blanks, which the end of a SAS transport file cannot hold.",
            code="blank-row", advice=f"Leave the row out (drop in {len(data)}), or write .parquet.",
        )  # fmt: skip


def _is_blank(value: object) -> bool:
    return not isinstance(value, str) or not value.strip(" ")


def _fits_version_5(data: Dataset) -> bool:
    labels = [data.label, *(v.label for v in data.variables)]
    texts = (data.frame[n] for n in data.names if data.is_text(n))
    return (
        names.allows(data.names, names.XPORT_5)
        and all(len(t.encode("utf-8")) <= _LABEL[5] for t in labels)
        and not any(bool((t.dropna().map(lambda x: len(str(x).encode("utf-8"))) > _TEXT).any()) for t in texts)
    )


def _numbers(v: Variable, values: FloatArray, notes: list[str]) -> FloatArray:
    """Dates in days or seconds since 1960, other numbers as they are."""
    beyond = np.abs(values) >= _MOST
    if bool(beyond.any()):
        raise infinite(v.name, "a SAS transport file", int(np.argmax(beyond)) + 1)
    tiny = (values != 0) & (np.abs(values) < _LEAST)
    if bool(tiny.any()):
        notes.append(f"{v.name}: numbers below 5e-79 (the first in row {int(np.argmax(tiny)) + 1}) are written as 0.")
    if is_datetime_format(v.format):
        return to_sas(values, MS_PER_DAY) / 1000
    return to_sas(values) if is_date_format(v.format) else values


def _format(v: Variable) -> str:
    if is_datetime_format(v.format):
        return "DATETIME22.3"
    if is_date_format(v.format):
        return "DATE9"
    native = v.native_format.upper()
    fixed = _FIXED.fullmatch(v.format)
    if fixed:
        return f"{'COMMA' if fixed[3] else 'F'}{fixed[1]}.{fixed[2]}"
    return native if not v.format and _NUMBER.fullmatch(native) and not native.startswith("DATE") else ""
