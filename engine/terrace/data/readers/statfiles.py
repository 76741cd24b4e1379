"""Files of SPSS, read by pyreadstat; dates stay numbers with a format (`dates.py`)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.data.dates import DATETIME, DAY, SPSS_OFFSET_DAYS
from terrace.data.progress import Report
from terrace.data.readers.binary_text import LATIN, LatinText, known_encoding
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.portable_missing import without_missing
from terrace.data.value import Value
from terrace.errors import DataError

_CELLS = 600_000  # of a part, a fraction of a second
_DICTIONARY = 1_000_000  # bytes from the beginning in which a .sav file names its encoding
_ENCODING = re.compile(rb"(?:\x07\0{3}\x14\0{3}\x01\0{3}.\0{3}|\0{3}\x07\0{3}\x14\0{3}\x01\0{3}.)([\w.:-]+)", re.DOTALL)
_PYTHON = {"BIG-5": "big5", "WINDOWS-936": "gbk", "WINDOWS-949": "cp949", "WINDOWS-932": "cp932"}
_MEASURES = {"nominal": Measure.NOMINAL, "ordinal": Measure.ORDINAL, "scale": Measure.CONTINUOUS}
_SPSS_DATE = re.compile(r"(A|E|S|J)?DATE\d*|QYR\d*|MOYR\d*|WKYR\d*")
_SPSS_DATETIME = re.compile(r"(DATETIME|YMDHMS)[\d.]*")


def read_spss(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read .sav and .zsav, keeping user-missing codes as values that are declared missing.

    Text that is not in the encoding that the file declares is read as cp1252, with a note. Raises `DataError` where
    one that was given does not fit, or the one of the file is not known.
    """
    import pyreadstat

    wanted = _declared(path) if encoding is None else known_encoding(encoding)
    frame, meta = read_in_parts(pyreadstat.read_sav, path, report, encoding=LATIN, user_missing=True)
    notes = []
    try:
        frame, meta = _decoded(frame, meta, LatinText(path, wanted))
    except DataError as error:
        if encoding is not None or error.code != "wrong-encoding":
            raise
        frame, meta = _decoded(frame, meta, LatinText(path, "cp1252"))
        notes = ["The text in it is not in the encoding it declares; read as cp1252."]
    return _finish(_spss_columns(frame, meta), meta, path, notes)


def read_portable(path: Path, report: Report) -> Dataset:
    """Read .por, keeping user-missing codes as `read_spss` does. The format keeps no measurement levels."""
    import pyreadstat

    def read(_: Path, **options: Any) -> tuple[pd.DataFrame, Any]:
        return pyreadstat.read_por(io.BytesIO(content), **options)

    content, ranges = without_missing(
        path.read_bytes(), lambda small: pyreadstat.read_por(io.BytesIO(small), disable_datetime_conversion=True)[0]
    )
    frame, meta = read_in_parts(read, path, report)
    meta.missing_ranges = {meta.column_names[k]: found for k, found in ranges.items()}
    return _finish(_spss_columns(frame, meta), meta, path, [])


def _declared(path: Path) -> str:
    """The encoding that a .sav file names, as Python calls it where Python knows it."""
    import pyreadstat

    try:
        _, meta = pyreadstat.read_sav(path, metadataonly=True)
        name = str(meta.file_encoding or "UTF-8")
    except (pyreadstat.ReadstatError, UnicodeDecodeError):  # its text is in another encoding, or this one is not known
        with open(path, "rb") as file:
            found = _ENCODING.search(file.read(_DICTIONARY))
        name = found[1].decode("ascii", "replace").strip() if found else "UTF-8"
    return _PYTHON.get(name.upper(), name)


def _decoded(frame: pd.DataFrame, meta: Any, text: LatinText) -> tuple[pd.DataFrame, Any]:
    """What was read with its text as Latin-1, with its text as it is meant."""

    def meant(value: Any) -> Any:
        if isinstance(value, str):
            return text.of(value)
        if isinstance(value, dict):
            return {meant(k): meant(v) for k, v in value.items()}
        return [meant(v) for v in value] if isinstance(value, list) else value

    columns = [
        text.column(column) if meta.readstat_variable_types.get(name) == "string" else column
        for name, (_, column) in zip(meta.column_names, frame.items(), strict=True)
    ]
    out = copy(meta)
    vars(out).update({name: meant(value) for name, value in vars(meta).items()})
    return pd.DataFrame(dict(enumerate(columns))).set_axis(out.column_names, axis=1), out


def read_in_parts(
    function: Callable[..., tuple[pd.DataFrame, Any]], path: Path, report: Report, **options: Any
) -> tuple[pd.DataFrame, Any]:
    """What a function of pyreadstat reads, in parts, to report and to stop between them."""
    options["disable_datetime_conversion"] = True
    report(0.0)
    _, meta = function(path, metadataonly=True, **options)
    rows, size = meta.number_rows, max(1, _CELLS // max(1, len(meta.column_names)))
    if rows is not None and rows <= size:
        return function(path, **options)
    parts: list[pd.DataFrame] = []
    while not parts or len(parts[-1]) == size:
        start = size * len(parts)
        part, meta = function(path, row_offset=start, row_limit=size, **options)
        parts.append(part)
        report(min(1.0, (start + size) / rows) if rows else None)
    return pd.concat(parts, ignore_index=True), meta


def _column(frame: pd.DataFrame, meta: Any, name: str, i: int, **known: Any) -> RawColumn:
    return RawColumn(
        name=name,
        values=known.pop("values", frame.iloc[:, i]),
        label=meta.column_labels[i] or "",
        measure=_MEASURES.get(meta.variable_measure.get(name, "")),
        value_labels=known.pop("value_labels", None) or meta.variable_value_labels.get(name) or {},
        **known,
    )


def _finish(columns: list[RawColumn], meta: Any, path: Path, notes: list[str]) -> Dataset:
    return build_dataset(columns, source=str(path), label=(meta.file_label or "").strip(), notes=notes,
                         documents=[n.rstrip() for n in meta.notes or []])  # fmt: skip


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
        return _milliseconds
    return None


def _milliseconds(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Milliseconds since 1960 with the decimals that seconds since 1582 have room for: two, in our time.

    What a file holds of 123 ms is 122.9993; so a moment that was saved would not equal itself.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** -np.ceil(np.log10(np.spacing(np.abs(seconds)) * 1000))
    moments: npt.NDArray[np.float64] = np.round((seconds - SPSS_OFFSET_DAYS * 86_400.0) * 1000 * unit) / unit
    return moments


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
