"""Files of Stata, SPSS and SAS, read by pyreadstat.

Extended missing values (.a to .z) are missing codes (`extended.py`); dates stay numbers with a format (`dates.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.data.dates import DATETIME, DAY, SPSS_OFFSET_DAYS
from terrace.data.extended import CODES
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.value import Value
from terrace.errors import DataError

_CHUNK = 200_000
_MEASURES = {"nominal": Measure.NOMINAL, "ordinal": Measure.ORDINAL, "scale": Measure.CONTINUOUS}
_SPSS_DATE = re.compile(r"(A|E|S|J)?DATE\d*|QYR\d*|MOYR\d*|WKYR\d*")
_SPSS_DATETIME = re.compile(r"(DATETIME|YMDHMS)[\d.]*")
_SAS_DATETIME = re.compile(r"(DATETIME|[EB]8601D[TNXZ]|DATEAMPM|MDYAMPM|DT\w+|NLDATM\w*)[\d.]*")
_SAS_DATE = re.compile(
    r"(DATE|DAY|DOWNAME|DDMMYY\w?|MMDDYY\w?|YYMMDD\w?|[EB]8601DA|JULIAN|JULDAY|MONYY|MONNAME|MONTH|MMYY\w?"
    r"|YYMM\w?|YYMON|YYQ\w*|QTRR?|WEEKDA\w+|WORDDAT\w|YEAR|NLDATE\w*)[\d.]*"
)


def read_stata(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read .dta of any version."""
    import pyreadstat

    _refuse_cut_stata(path)
    frame, meta, notes = _read(pyreadstat.read_dta, path, report, encoding, user_missing=True)
    names = enumerate(meta.column_names)
    columns = [_column(frame, meta, name, i, **_extended(frame, meta, name, i)) for i, name in names]
    return _finish(columns, meta, path, notes)


def _extended(frame: pd.DataFrame, meta: Any, name: str, i: int) -> dict[str, Any]:
    """Values, codes and labels of a column that has extended missing values, which come as letters among numbers."""
    labels = {
        CODES.get(k, k) if isinstance(k, str) else k: text
        for k, text in (meta.variable_value_labels.get(name) or {}).items()
    }
    named = {"label_set": (meta.variable_to_label.get(name) or "") if labels else ""}
    column = frame.iloc[:, i]
    if column.dtype != object or meta.readstat_variable_types.get(name) == "string":
        return {"value_labels": labels, **named}
    used = [c for c in CODES if bool((column == c).any())]
    values = column.replace({c: CODES[c] for c in used}).to_numpy(dtype=np.float64)
    return {"values": values, "missing_codes": tuple(CODES[c] for c in used), "value_labels": labels, **named}


def read_spss(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read .sav and .zsav, keeping user-missing codes as values that are declared missing."""
    import pyreadstat

    frame, meta, notes = _read(pyreadstat.read_sav, path, report, encoding, user_missing=True)
    return _finish(_spss_columns(frame, meta), meta, path, notes)


def read_portable(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read .por. The format keeps neither measurement levels nor, here, user-missing codes."""
    import pyreadstat

    report()
    frame, meta = pyreadstat.read_por(path, disable_datetime_conversion=True)
    return _finish(_spss_columns(frame, meta), meta, path, [])


def read_sas(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read .sas7bdat; value labels come from a catalog of the same name (.sas7bcat) beside it."""
    import pyreadstat

    frame, meta, notes = _read(pyreadstat.read_sas7bdat, path, report, encoding)
    catalog = path.with_suffix(".sas7bcat")
    formats: dict[str, dict[Any, str]] = {}
    if catalog.is_file():
        _, described = pyreadstat.read_sas7bcat(catalog)
        formats = {k.strip("$").upper(): v for k, v in described.value_labels.items()}
        notes.append(f"Value labels are from {catalog.name}.")
    return _finish(_sas_columns(frame, meta, formats), meta, path, notes)


def read_xport(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read a SAS transport file, .xpt."""
    import pyreadstat

    if os.path.getsize(path) % 80:
        raise DataError(
            f"{path.name} is cut off: the last record of the SAS transport file is short.",
            code="truncated-file",
            subject=str(path),
            advice="Copy or download the file again.",
        )
    report()
    options: dict[str, Any] = {} if encoding is None else {"encoding": encoding}
    frame, meta = pyreadstat.read_xport(path, disable_datetime_conversion=True, **options)
    return _finish(_sas_columns(frame, meta, {}), meta, path, [])


def _read(
    function: Callable[..., tuple[pd.DataFrame, Any]],
    path: Path,
    report: Report,
    encoding: str | None,
    **options: Any,
) -> tuple[pd.DataFrame, Any, list[str]]:
    """Read in chunks, to report and stop; a file that lies about its encoding is read as cp1252."""
    from pyreadstat import ReadstatError

    def attempt(encoding: str | None) -> tuple[pd.DataFrame, Any]:
        given = dict(options, disable_datetime_conversion=True)
        if encoding is not None:
            given["encoding"] = encoding
        report(0.0)
        _, meta = function(path, metadataonly=True, **given)
        rows = meta.number_rows
        if not rows or rows <= _CHUNK:
            frame, meta = function(path, **given)
            return frame, meta
        parts = []
        for start in range(0, rows, _CHUNK):
            part, meta = function(path, row_offset=start, row_limit=_CHUNK, **given)
            parts.append(part)
            if len(part) < min(_CHUNK, rows - start):
                break  # a damaged header announces more rows than there are
            report(min(1.0, (start + _CHUNK) / rows))
        return pd.concat(parts, ignore_index=True), meta

    if encoding is not None:
        return (*attempt(encoding), [])
    try:
        return (*attempt(None), [])
    except (UnicodeDecodeError, ReadstatError) as error:
        if isinstance(error, ReadstatError) and "encoding" not in str(error):
            raise
        note = "The text in it is not in the encoding it declares; read as cp1252."
        return (*attempt("WINDOWS-1252"), [note])


def _column(frame: pd.DataFrame, meta: Any, name: str, i: int, **known: Any) -> RawColumn:
    format_ = known.pop("format", None)
    if format_ is None:
        format_ = _plain_format(meta.original_variable_types.get(name) or "")
    return RawColumn(
        name=name,
        values=known.pop("values", frame.iloc[:, i]),
        label=meta.column_labels[i] or "",
        measure=_MEASURES.get(meta.variable_measure.get(name, "")),
        value_labels=known.pop("value_labels", None)
        or _number_keys(meta.variable_value_labels.get(name) or {}),
        format=format_,
        **known,
    )


def _finish(columns: list[RawColumn], meta: Any, path: Path, notes: list[str]) -> Dataset:
    return build_dataset(columns, source=str(path), label=(meta.file_label or "").strip(), notes=notes,
                         documents=[n.rstrip() for n in meta.notes or []])  # fmt: skip


def _number_keys(labels: dict[Value, str]) -> dict[Value, str]:
    """Without labels of SAS's special missing values, which pyreadstat gives as letters among numbers."""
    numbers: dict[Value, str] = {k: v for k, v in labels.items() if isinstance(k, int | float)}
    return numbers or labels


def _plain_format(format: str) -> str:
    """A Stata display format, empty for the general ones that say nothing."""
    if re.fullmatch(r"%-?\d+s|%-?\d+(\.0)?g|", format):
        return ""
    return format


def _spss_columns(frame: pd.DataFrame, meta: Any) -> list[RawColumn]:
    columns = []
    for i, name in enumerate(meta.column_names):
        kind = (meta.original_variable_types.get(name) or "").upper()
        values = frame.iloc[:, i]
        known: dict[str, Any] = {"format": "", "width": _width(meta, name)}
        if pd.api.types.is_numeric_dtype(values.dtype):
            known["native_format"] = kind
        codes = _missing_codes(values, meta.missing_ranges.get(name) or [])
        ranges = tuple(
            (float(r["lo"]), float(r["hi"]))
            for r in meta.missing_ranges.get(name) or []
            if isinstance(r, dict) and r["lo"] != r["hi"]
        )
        convert = _from_seconds(kind)
        if convert is not None:  # codes and labels are in the units of the file too
            known |= {"format": DATETIME if _SPSS_DATETIME.fullmatch(kind) else DAY}
            known["values"] = convert(values.to_numpy(dtype=np.float64))
            codes = tuple(convert(np.array(codes, dtype=np.float64)).tolist())
            ranges = tuple((low, high) for low, high in convert(np.array(ranges).reshape(-1, 2)).tolist())
            labels = meta.variable_value_labels.get(name) or {}
            keys = convert(np.array(list(labels), dtype=np.float64)).tolist()
            known["value_labels"] = dict(zip(keys, labels.values()))
        columns.append(_column(frame, meta, name, i, missing_codes=codes, missing_ranges=ranges, **known))
    return columns


def _width(meta: Any, name: str) -> int:
    """The width of the column on the screen; 0 for the 8 characters that SPSS gives every one."""
    width = int(meta.variable_display_width.get(name) or 0)
    return 0 if width == 8 else width


def _from_seconds(kind: str) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None:
    """What makes dates of the seconds of SPSS; None for a format of plain numbers."""
    if _SPSS_DATE.fullmatch(kind):
        return lambda seconds: seconds / 86_400 - SPSS_OFFSET_DAYS
    if _SPSS_DATETIME.fullmatch(kind):
        return lambda seconds: (seconds - SPSS_OFFSET_DAYS * 86_400.0) * 1000
    return None


def _missing_codes(values: pd.Series, ranges: list[Any]) -> tuple[Value, ...]:
    """Single codes as they are; of a range, the values that occur in it."""
    codes: list[Value] = []
    for item in ranges:
        low, high = (item["lo"], item["hi"]) if isinstance(item, dict) else (item, item)
        if low == high:
            codes.append(low)
        else:
            inside = values[(values >= low) & (values <= high)]
            codes += sorted(pd.unique(inside).tolist())
    return tuple(dict.fromkeys(codes))


def _sas_columns(frame: pd.DataFrame, meta: Any, formats: dict[str, dict[Value, str]]) -> list[RawColumn]:
    columns = []
    for i, name in enumerate(meta.column_names):
        kind = (meta.original_variable_types.get(name) or "").upper()
        values = frame.iloc[:, i]
        known: dict[str, Any] = {"format": ""}
        if pd.api.types.is_numeric_dtype(values.dtype):
            known["native_format"] = kind
            if _SAS_DATETIME.fullmatch(kind):
                known = {"format": DATETIME, "values": values.to_numpy(dtype=np.float64) * 1000}
            elif _SAS_DATE.fullmatch(kind):
                known["format"] = DAY
        known["value_labels"] = formats.get(re.sub(r"[\d.]*$", "", kind).strip("$"))
        columns.append(_column(frame, meta, name, i, **known))
    return columns


def _refuse_cut_stata(path: Path) -> None:
    """A .dta since version 117 closes with a tag; without it, value labels would be lost unseen."""
    with open(path, "rb") as file:
        if file.read(11) != b"<stata_dta>":
            return
        file.seek(-min(64, os.path.getsize(path)), os.SEEK_END)
        if b"</stata_dta>" in file.read():
            return
    raise DataError(
        f"{path.name} is cut off: the end of the Stata file is missing.",
        code="truncated-file",
        subject=str(path),
        advice="Copy or download the file again.",
    )
