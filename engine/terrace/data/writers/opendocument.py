"""Writing OpenDocument spreadsheets, .ods: one sheet of typed cells (OpenDocument 1.3, part 3).

A document is a zip archive of XML. It is written row by row here: the libraries that there are keep a tree of all
cells in memory, or are not kept up.
"""

from __future__ import annotations

import datetime as dt
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.data.dates import is_datetime_format
from terrace.data.progress import Report
from terrace.data.writers.tables import (
    NOT_IN_XML,
    dates_of,
    edge_rows_note,
    infinite,
    missing_notes,
    need_room,
    without_missing,
)
from terrace.sealed import zip_entry

_STEP = 2000  # rows written at a time
_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def write_ods(data: Dataset, path: Path, report: Report) -> list[str]:
    """A sheet of the values under their names; notes on what is written as empty.

    Raises `DataError` where the data have more rows or columns than a sheet, or infinite values.
    """
    need_room(data, "a sheet")
    notes: list[str] = []
    columns = [_cells(data, v, notes) for v in data.variables]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), _TYPE)  # first, and as it is: that is how such a file is known
        archive.writestr(zip_entry("META-INF/manifest.xml"), _MANIFEST)
        with archive.open(zip_entry("content.xml"), "w", force_zip64=True) as file:
            _write(cast(BinaryIO, file), data, columns, report)
    return missing_notes(data) + notes + edge_rows_note(data) + _breaks_note(data)


def _breaks_note(data: Dataset) -> list[str]:
    """A note on tabs and carriage returns, which the format holds and few readers, ours among them, take from it."""
    texts = [v.name for v in data.variables if data.is_text(v.name)]
    names = [name for name in texts if bool(data.frame[name].str.contains("[\t\r]").fillna(False).any())]
    told = f"Tabs and carriage returns in text may be lost when the file is read: {', '.join(names)}."
    return [told] * bool(names)


def _write(file: BinaryIO, data: Dataset, columns: list[Callable[[int], str]], report: Report) -> None:
    head = "".join(map(_text, data.names))
    file.write(
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.3"><office:body>'
        f'<office:spreadsheet><table:table table:name="Data"><table:table-column table:number-columns-repeated='
        f'"{max(1, len(columns))}"/><table:table-row>{head}</table:table-row>'.encode()
    )
    for start in range(0, len(data), _STEP):
        report(start / len(data))
        stop = min(start + _STEP, len(data))
        rows = ("".join(c(i) for c in columns) for i in range(start, stop))
        file.write("".join(f"<table:table-row>{row}</table:table-row>" for row in rows).encode("utf-8"))
    file.write(b"</table:table></office:spreadsheet></office:body></office:document-content>")


def _text(text: str) -> str:
    """A cell of text, its blanks and line ends kept."""
    lines = escape(NOT_IN_XML.sub("", text)).replace("\t", "<text:tab/>").replace("\r\n", "\n").replace("\r", "\n")
    if "  " in lines or lines != lines.strip(" "):
        lines = lines.replace(" ", "<text:s/>")
    paragraphs = "".join(f"<text:p>{line}</text:p>" for line in lines.split("\n"))
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'


def _cells(data: Dataset, v: Variable, notes: list[str]) -> Callable[[int], str]:
    """A function from row to cell; `notes` gets what is to be told of the variable."""
    values = without_missing(data, v)
    empty = "<table:table-cell/>"
    if data.is_text(v.name):
        texts: list[Any] = values.to_numpy(dtype=object).tolist()
        return lambda i: empty if pd.isna(texts[i]) else _text(str(texts[i]))
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if bool(np.isinf(numbers).any()):
        raise infinite(v.name, "a spreadsheet")
    dates = dates_of(v, values, dt.MINYEAR, notes)
    if dates is not None:
        stamps = dates.tolist()
        only_day = not is_datetime_format(v.format)

        def date(i: int) -> str:
            if pd.isna(stamps[i]):
                return empty
            iso = stamps[i].date().isoformat() if only_day else stamps[i].isoformat()
            return (f'<table:table-cell office:value-type="date" office:date-value="{iso}"><text:p>{iso}</text:p>'
                    "</table:table-cell>")  # fmt: skip

        return date
    plain = numbers.tolist()

    def number(i: int) -> str:
        x = plain[i]
        if math.isnan(x):
            return empty
        shown = repr(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)
        return (f'<table:table-cell office:value-type="float" office:value="{shown}"><text:p>{shown}</text:p>'
                "</table:table-cell>")  # fmt: skip

    return number
