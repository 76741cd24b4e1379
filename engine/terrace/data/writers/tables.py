"""Writing tables of plain values: delimited text and Excel; and what writers tell or refuse of such values."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset, Variable
from terrace.data.dates import is_date_format, is_datetime_format, to_datetimes
from terrace.data.extended import extended_name
from terrace.data.missing import code_text, missing_texts, range_text
from terrace.data.progress import Report
from terrace.data.readers.detect import MISSING
from terrace.data.writers.workbook import in_silence, save_workbook
from terrace.errors import DataError
from terrace.wording import enumerated

_ROWS, _COLUMNS = 1_048_575, 16_384  # of a sheet below its names
_EXCEL_BEGINS = 1900
CELL = 32_767  # characters of a text in Excel
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write_text(
    data: Dataset, path: Path, report: Report, *, delimiter: str | None = None, header: bool = True
) -> list[str]:
    """UTF-8 text with a header (or without); numbers with every digit, dates in ISO 8601, missing as nothing.

    Text stands in quotation marks, and so does its name beside numbers, so that what looks like a number is text when
    it is read (`readers/quoted.py`). Without a `delimiter` .tsv has tabs, and any other ending commas. The
    notes tell what readers may take for something else.
    """
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv

    if delimiter is None:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    notes = missing_notes(data)
    columns = {}
    for v in data.variables:
        values = without_missing(data, v)
        if data.is_text(v.name):
            texts = pa.array(values, from_pandas=True, type=pa.string())
            columns[v.name] = pa.compute.replace_substring(texts, "\0", "")  # no reader takes a file with it for text
        elif (stamps := dates_of(v, values, dt.MINYEAR, notes)) is not None:
            columns[v.name] = _dates(stamps, v.format)
        elif is_date_format(v.format) or values.dtype in (np.float32, np.float16):
            # As doubles: the digits of a float32 name another double, and so another value, when read.
            columns[v.name] = pa.array(values.to_numpy(dtype=np.float64), from_pandas=True)
        else:
            columns[v.name] = pa.array(values, from_pandas=True)
    texts = [v.name for v in data.variables if data.is_text(v.name)]
    bare = not header or len(texts) == len(columns)
    notes += _taken_for_numbers(data, texts, delimiter, bare)
    notes += formula_notes(data, texts)
    mark = texts if len(texts) < len(columns) else []
    with open(path, "wb") as file:
        if header:
            file.write((delimiter.join(f'"{n}"' if n in mark else n for n in columns) + "\n").encode("utf-8"))
        options = pyarrow.csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="needed")
        if len(columns) > 1:
            pyarrow.csv.write_csv(pa.table(columns), file, options)
        else:
            _write_single(file, pa.table(columns), options)
    return notes


def _write_single(file: BinaryIO, table: Any, options: Any) -> None:
    """One column: a value that is missing stands as "", since a line without anything would be no row."""
    import pyarrow as pa
    import pyarrow.csv

    name, column = table.column_names[0], table.column(0)
    if pa.types.is_string(column.type):
        pyarrow.csv.write_csv(pa.table({name: column.fill_null("")}), file, options)
        return
    lines = io.BytesIO()
    pyarrow.csv.write_csv(table, lines, options)
    file.write(re.sub(rb"(?m)^$(?!\Z)", b'""', lines.getvalue()))


def _taken_for_numbers(data: Dataset, texts: list[str], delimiter: str, bare: bool) -> list[str]:
    """Notes on texts that look like numbers, where quotation marks do not tell that they are none: around everything,
    as in a ``bare`` file without a column of numbers, and around what a number would need them for too ("1,5").
    """
    notes = []
    for name in texts:
        values = pd.Series(data.codes(name)[1], dtype=object)
        needed = values.astype("str").str.contains(delimiter, regex=False)
        if not bare and not bool(needed.any()):
            continue
        plain = values.mask(needed, values.astype("str").str.replace(delimiter, "", regex=False).str.strip())
        numbers = pd.to_numeric(plain.where(~values.isin(MISSING)), errors="coerce")
        if len(values) and bool(numbers.notna().any()) and bool((numbers.notna() | values.isin(MISSING)).all()):
            whole = formats.WHOLE.usual
            notes.append(f"{name}: its texts look like numbers, so they are read back as numbers. {whole} keeps them "
                         "as text.")
    return notes


_FORMULA = re.compile(r"(?![+-]?[\d.,]+(?:[eE][+-]?\d+)?\Z)[=+\-@\t\r]")  # a number with its sign is none


def formula_notes(data: Dataset, names: Sequence[str]) -> list[str]:
    """Notes on text that a spreadsheet would run as a formula; the file has the values as they are."""
    notes = []
    for name in names:
        found = data.frame[name].str.match(_FORMULA).fillna(False).to_numpy(dtype=bool)
        if found.any():
            row = int(np.argmax(found))
            text = str(data.frame[name].iloc[row])[:40]
            notes.append(f"{name}: {text!r} in row {row + 1} would run as a formula in a spreadsheet. "
                         "Import the column as text there.")  # fmt: skip
    return notes


def edge_rows_note(data: Dataset) -> list[str]:
    """A note where the first or the last rows hold nothing: the table of a sheet is what its filled rows span."""
    last = len(data)
    while last and all(_nothing(data, v, last - 1) for v in data.variables):
        last -= 1
    first = 0
    while first < last and all(_nothing(data, v, first) for v in data.variables):
        first += 1
    ends = [(first, "first"), (len(data) - last, "last")]
    which = [f"the {end} row" if n == 1 else f"the {end} {n:,} rows" for n, end in ends if n]
    if not which:
        return []
    holds = "holds" if first + len(data) - last == 1 else "hold"
    told = f"{enumerated(which)} {holds} only missing values, and such rows at the ends of a sheet are not read back."
    return [told[0].upper() + told[1:]]


def _nothing(data: Dataset, v: Variable, row: int) -> bool:
    value = data.frame[v.name].iloc[row]
    if pd.isna(value) or value == "":
        return True
    return value in v.missing_codes if data.is_text(v.name) else bool(v.stands_for_missing(np.array([float(value)]))[0])


def missing_notes(data: Dataset) -> list[str]:
    """Notes on values that are declared missing, for a format of plain values: they are written as nothing."""
    notes = []
    for v in data.variables:
        values = data.missing_values(v.name)
        texts = [code_text(c) for c in values]
        for low, high in v.missing_ranges:
            if not any(low <= float(c) <= high for c in values):
                texts.append(range_text(low, high))
        if texts:
            are = "means missing and is" if len(texts) == 1 else "mean missing and are"
            notes.append(f"{v.name}: {enumerated(texts)} {are} written as empty.")
    return notes


@in_silence()
def write_excel(data: Dataset, path: Path, report: Report) -> list[str]:
    """A sheet of the values and a sheet that describes the variables; notes on what is written as empty.

    Raises `DataError` where the data have more rows or columns than a sheet, or infinite values.
    """
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    need_room(data, "an Excel sheet")
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

    def number_cell(number: float) -> Any:
        if float(f"{number:.16g}") == number:
            return number
        cell = WriteOnlyCell(sheet)  # the library writes sixteen digits of a number, and this needs one more
        cell._value, cell.data_type = repr(number), "n"  # type: ignore[attr-defined]  # value= would round it
        return cell

    notes: list[str] = []
    columns = [_cells(data, v, text_cell, number_cell, notes) for v in data.variables]
    sheet.freeze_panes = "A2"
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
        codes = ", ".join(missing_texts(v))
        about.append([text_cell(t) for t in (v.name, v.label, v.measure.value, labels, codes, v.format)])
    save_workbook(book, path)
    return missing_notes(data) + notes + edge_rows_note(data)


def need_room(data: Dataset, sheet: str) -> None:
    """Raise `DataError` where the data have more rows or columns than a sheet."""
    if len(data) > _ROWS or len(data.names) > _COLUMNS:
        raise DataError(
            f"The data have {len(data)} rows and {len(data.names)} variables, but {sheet} can hold only {_ROWS} and "
            f"{_COLUMNS}.",
            code="too-large",
            advice="Save them as .csv or .parquet.",
        )


def infinite(name: str, holder: str, row: int | None = None) -> DataError:
    """What to raise for a variable with infinite values; with the first `row` of them where huge ones count too."""
    which = "infinite values" if row is None else f"infinite or huge values (row {row})"
    return DataError(
        f"{name} holds {which}, which {holder} cannot.",
        code="infinite-values",
        subject=name,
        advice="Replace them with missing, or save as .parquet.",
    )


def without_missing(data: Dataset, v: Variable) -> pd.Series:
    """The column without what is declared missing: a table of plain values has no codes among its values."""
    values = data.frame[v.name]
    if not v.declares_missing:
        return values
    if data.is_text(v.name):
        return values.where(~values.isin(list(v.missing_codes)))
    return pd.Series(data.numeric(v.name))


def _cells(
    data: Dataset,
    variable: Variable,
    text_cell: Callable[[str], Any],
    number_cell: Callable[[float], Any],
    notes: list[str],
) -> list[Any]:
    """The cells of a variable; `notes` gets what is to be told of them."""
    values = without_missing(data, variable)
    if data.is_text(variable.name):
        return [None if pd.isna(x) else text_cell(str(x)) for x in values.tolist()]
    numbers = values.to_numpy()
    if numbers.dtype.kind == "f" and bool(np.isinf(numbers).any()):
        raise infinite(variable.name, "an Excel workbook")
    stamps = dates_of(variable, values, _EXCEL_BEGINS, notes)
    if stamps is not None:
        only_day = not is_datetime_format(variable.format)
        return [None if pd.isna(s) else s.date() if only_day else s.to_pydatetime() for s in stamps]
    if numbers.dtype.kind != "f":
        return numbers.tolist()
    return [None if math.isnan(x) else number_cell(x) for x in numbers.astype(np.float64).tolist()]


def _clean(text: str) -> str:
    """Text that a cell can hold: no control characters, and not too many others."""
    return NOT_IN_XML.sub("", text)[:CELL]


def dates_of(v: Variable, values: pd.Series, first_year: int, notes: list[str]) -> pd.Series | None:
    """The dates of a variable, shape (n,), None for one that is not written as dates.

    Where a date lies outside of the years of a format, up to 9999, or is not a whole day, `notes` gets a note, and all
    are written as the numbers that they are: dates beside numbers would be text.
    """
    if not is_date_format(v.format):
        return None
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    stamps = to_datetimes(numbers, v.format)
    datetime = is_datetime_format(v.format)
    broken = np.zeros(len(numbers), bool) if datetime else known & (numbers != np.floor(numbers))
    outside = known & ~(stamps.dt.year >= first_year).to_numpy(dtype=bool)
    if not (broken | outside).any():
        return stamps
    row = int(np.argmax(broken | outside))
    why = "is not a whole day" if broken[row] else f"is outside of the years {first_year} to {dt.MAXYEAR}"
    unit = "milliseconds" if datetime else "days"
    notes.append(f"{v.name}: its dates are written as {unit} since 1 January 1960, since that in row {row + 1} {why}.")
    return None


def _dates(stamps: pd.Series, format: str) -> Any:
    """Dates as Arrow writes them without quotation marks, in ISO 8601."""
    import pyarrow as pa

    moments = pa.array(stamps, from_pandas=True)
    if not is_datetime_format(format):
        return moments.cast(pa.date32(), safe=False)
    for unit in ("s", "ms"):
        try:
            return moments.cast(pa.timestamp(unit))
        except pa.ArrowInvalid:  # it has fractions
            continue
    return moments
