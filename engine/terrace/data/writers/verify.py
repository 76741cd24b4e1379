"""Reading back what was written, before it takes the place of the file from before.

A library that writes a file does not always tell what failed: ReadStat takes a write that the system refuses for one
that went well. So a file has to end where its format says, have as many rows as the data, and its last row has to be
theirs. Only numbers are compared: formats cut texts and count dates from other days.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.dates import is_date_format
from terrace.data.formats import DataFormat
from terrace.data.progress import Report
from terrace.wording import plural

Options = Mapping[str, Any]
_CHUNK = 1 << 22  # bytes
_NEAR = 1e-6  # a format may hold numbers of four bytes


def read_back(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """Raise whatever comes, where the file at `path` does not hold the rows of `data`.

    `options` are those that the writer of the format was given. A format without a check of its own is read whole.
    """
    _CHECKS.get(kind.key, _whole)(data, kind, path, options)


def _need(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)


def _spss(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """The number of rows and variables, and the last row."""
    import pyreadstat

    read = pyreadstat.read_sav
    plainly: Any = {"disable_datetime_conversion": True, "apply_value_formats": False}
    about = read(path, metadataonly=True)[1]
    _need(about.number_rows == len(data), f"{plural(about.number_rows or 0, 'row')} of {len(data)}")
    names = len(about.column_names)
    _need(names == len(data.names), f"{plural(names, 'variable')} of {len(data.names)}")
    if len(data):
        frame = read(path, row_offset=len(data) - 1, row_limit=1, **plainly)[0]
        _need(len(frame) == 1, "the last row is missing")
        for v, name in zip(data.variables, frame.columns):
            _same(data, v.name, frame[name].iloc[0])


def _same(data: Dataset, name: str, now: Any) -> None:
    """The last value of a variable, where it is a number, is `now`."""
    v, then = data.variable(name), data.frame[name].iloc[-1]
    if data.is_text(name) or is_date_format(v.format) or pd.isna(then):
        return
    if v.stands_for_missing(np.array([float(then)]))[0]:
        return
    _need(not isinstance(now, str) and abs(float(now) - float(then)) <= _NEAR * abs(float(then)), f"{name} is {now}")


def _stata(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """The map has, last, the place where the file ends; the file is written by ourselves, in one go."""
    with open(path, "rb") as file:
        head = file.read(1024)
        at = head.find(b"<map>")
        _need(at > 0, "there is no map")
        end = struct.unpack_from("<14Q", head, at + len("<map>"))[13]
        _need(file.seek(0, 2) == end, "the end is missing")


def _text(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """At least a line for every row, the last with its end: texts may hold further ones."""
    lines, end = 0, b""
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            lines, end = lines + chunk.count(b"\n"), chunk[-4:]
    least = len(data) + bool(options.get("header", True))
    _need(lines >= least, f"{plural(lines, 'line')} for {least}")
    _need(not least or b"\n" in end, "the last line has no end")


def _workbook(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """The checksums of all parts of the file."""
    with zipfile.ZipFile(path) as book:
        _need(book.testzip() is None, "a part of the workbook is damaged")


def _parquet(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """The footer, which stands at the end and has the number of rows, and the last rows of the last variable."""
    from terrace.data.parquet import opened_parquet

    with opened_parquet(path) as file:
        count, groups = file.metadata.num_rows, file.metadata.num_row_groups
        _need(count == len(data), f"{plural(count, 'row')} of {len(data)}")
        if groups and data.names and len(data):
            column = file.read_row_group(groups - 1, columns=[data.names[-1]]).column(0)
            _same(data, data.names[-1], column[-1].as_py())


def _whole(data: Dataset, kind: DataFormat, path: Path, options: Options) -> None:
    """The file read by the reader of its format."""
    found = formats.reader_of(kind)(path, Report("", None, None))
    _need(len(found) == len(data), f"{plural(len(found), 'row')} of {len(data)}")
    _need(len(found.names) == len(data.names), f"{plural(len(found.names), 'variable')} of {len(data.names)}")


_CHECKS: dict[str, Callable[[Dataset, DataFormat, Path, Options], None]] = {
    "stata": _stata,
    "spss": _spss,
    "text": _text,
    "excel": _workbook,
    "ods": _workbook,
    "parquet": _parquet,
}
