"""Writing tables of plain values: delimited text and Excel."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.data.dates import date_text, is_date_format, is_datetime_format, to_datetimes
from terrace.data.extended import extended_name
from terrace.data.progress import Report
from terrace.data.writers.workbook import in_silence
from terrace.errors import DataError

_EXCEL_ROWS, _EXCEL_COLUMNS = 1_048_575, 16_384
_NOT_IN_EXCEL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write_text(
    data: Dataset, path: Path, report: Report, *, delimiter: str | None = None, header: bool = True
) -> list[str]:
    """UTF-8 text with a header (or without); numbers with every digit, dates in ISO 8601, missing as nothing.

    Without a `delimiter` .tsv has tabs, and any other ending commas. No notes.
    """
    import pyarrow as pa
    import pyarrow.csv

    if delimiter is None:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    columns = {}
    for v in data.variables:
        values = _without_extended(data, v)
        if is_date_format(v.format) and not data.is_text(v.name):
            columns[v.name] = pa.array(_dates(values, v.format), type=pa.string())
        elif values.dtype in (np.float32, np.float16):
            # As doubles: the digits of a float32 name another double, and so another value, when read.
            columns[v.name] = pa.array(values.to_numpy(dtype=np.float64), from_pandas=True)
        else:
            columns[v.name] = pa.array(values, from_pandas=True)
    options = pyarrow.csv.WriteOptions(include_header=header, delimiter=delimiter, quoting_style="needed")
    pyarrow.csv.write_csv(pa.table(columns), path, options)
    return []


@in_silence()
def write_excel(data: Dataset, path: Path, report: Report) -> list[str]:
    """A sheet of the values and a sheet that describes the variables. No notes.

    Raises `DataError` where the data have more rows or columns than a sheet, or infinite values.
    """
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    if len(data) > _EXCEL_ROWS or len(data.names) > _EXCEL_COLUMNS:
        raise DataError(
            f"The data have {len(data)} rows and {len(data.names)} variables; an Excel sheet holds "
            f"{_EXCEL_ROWS} and {_EXCEL_COLUMNS}.",
            code="too-large",
            advice="Write them as .csv or .parquet.",
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Data")

    def heading(text: str) -> Any:
        cell = WriteOnlyCell(sheet, value=text)
        cell.font = Font(bold=True)
        return cell

    def text_cell(text: str) -> Any:
        text = _clean(text)
        if not text.startswith("="):
            return text
        cell = WriteOnlyCell(sheet, value=text)
        cell.data_type = "s"  # text that begins with = is text, not a formula
        return cell

    sheet.freeze_panes = "A2"
    def number_cell(number: float) -> Any:
        if float(f"{number:.16g}") == number:
            return number
        cell = WriteOnlyCell(sheet)  # the library writes sixteen digits of a number, and this needs one more
        cell._value, cell.data_type = repr(number), "n"  # type: ignore[attr-defined]  # value= would round it
        return cell

    columns = [_cells(data, v, text_cell, number_cell) for v in data.variables]
    sheet.append([heading(n) for n in data.names])
    n = max(1, len(data))
    for i, row in enumerate(zip(*columns, strict=True)):
        if i % 2000 == 0:
            try:
                report(i / n)
            except BaseException:
                sheet.close()  # otherwise the half-written stream complains when it is collected
                raise
        sheet.append(row)
    about = book.create_sheet("Variables")
    titles = ("Name", "Label", "Measure", "Value labels", "Missing codes", "Format")
    about.append([heading(t) for t in titles])
    for v in data.variables:
        labels = "; ".join(f"{extended_name(k) or k} = {t}" for k, t in v.value_labels.items())
        codes = ", ".join(extended_name(c) or str(c) for c in v.missing_codes)
        about.append([text_cell(t) for t in (v.name, v.label, v.measure.value, labels, codes, v.format)])
    book.save(path)
    return []


def _without_extended(data: Dataset, v: Variable) -> pd.Series:
    """The column with .a to .z as missing: a table of plain values has no letters among its numbers."""
    values = data.frame[v.name]
    codes = [c for c in v.missing_codes if extended_name(c)]
    return values.where(~values.isin(codes)) if codes else values


def _cells(
    data: Dataset, variable: Variable, text_cell: Callable[[str], Any], number_cell: Callable[[float], Any]
) -> list[Any]:
    values = _without_extended(data, variable)
    if data.is_text(variable.name):
        return [None if pd.isna(x) else text_cell(str(x)) for x in values.tolist()]
    numbers = values.to_numpy()
    if numbers.dtype.kind == "f" and bool(np.isinf(numbers).any()):
        raise DataError(
            f"{variable.name} holds infinite values, which an Excel workbook cannot.",
            code="infinite-values",
            subject=variable.name,
            advice="Replace them by missing, or write .parquet.",
        )
    if is_date_format(variable.format):
        stamps = to_datetimes(numbers, variable.format)
        only_day = not is_datetime_format(variable.format)
        return [None if pd.isna(s) else s.date() if only_day else s.to_pydatetime() for s in stamps]
    if numbers.dtype.kind != "f":
        return numbers.tolist()
    return [None if math.isnan(x) else number_cell(x) for x in numbers.astype(np.float64).tolist()]


def _clean(text: str) -> str:
    """Text that a cell can hold: no control characters, at most 32,767 characters."""
    return _NOT_IN_EXCEL.sub("", text)[:32767]


def _dates(values: pd.Series, format: str) -> list[str | None]:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    unique, inverse = np.unique(numbers, return_inverse=True)
    texts = np.array([date_text(float(u), format) or None for u in unique], dtype=object)
    return list(texts[inverse])
