"""Excel workbooks, .xlsx: one sheet as a table with names in its first row."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pandas as pd

from terrace.data.archives import refuse_bomb
from terrace.data.dataset import Dataset
from terrace.data.digits import EXACT, is_number
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.detect import MISSING
from terrace.errors import DataError

_ERRORS = frozenset({"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"})
_STEP = 2000
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")


def read_excel(
    path: Path, report: Report, *, sheet: str | int | None = None, cells: str | None = None
) -> Dataset:
    """Read a sheet: by name, by number from 1, or the first that holds anything.

    Of the sheet all is read, or the range of `cells` (``B3:F20``; ``B3`` is where it begins). Formulas give the values
    that Excel stored. Raises `DataError` for an absent sheet or one without rows.
    """
    import openpyxl

    report()
    area = _area(cells) if cells else {}
    # Read-only mode streams: a large sheet never becomes a tree of cells in memory.
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        names = [ws.title for ws in book.worksheets]
        if not names:
            raise DataError(f"{path.name} has no sheet with cells.", code="no-rows", subject=str(path))
        notes = []
        if sheet is None:
            rows: list[tuple[Any, ...]] = []
            for name in names:
                rows = _rows(book[name], report, area)
                if rows:
                    break
            if len(names) > 1:
                others = ", ".join(n for n in names if n != name)
                notes.append(f"Read the sheet {name}; the others are {others}.")
        else:
            name = _sheet_name(path, names, sheet)
            rows = _rows(book[name], report, area)
    finally:
        book.close()
    if len(rows) < 2:
        what = "is empty" if not rows else "has names but no rows of data"
        raise DataError(
            f"The sheet {name} of {path.name} {what}.",
            code="no-rows",
            subject=str(path),
            advice="Put the variable names in the first row and one observation in each row below.",
        )
    return _dataset(path, rows, notes)


def _area(cells: str) -> dict[str, int]:
    """The rows and columns of a range such as ``B3:F20``. Raises `DataError` where it is none."""
    from openpyxl.utils import column_index_from_string

    found = _RANGE.fullmatch(cells.strip().upper())
    if found is None:
        raise DataError(
            f"{cells!r} is no range of cells.", code="cell-range", subject="cellrange", advice="Write B3:F20, or B3."
        )
    area = {"min_col": column_index_from_string(found[1]), "min_row": int(found[2])}
    if found[3]:
        area |= {"max_col": column_index_from_string(found[3]), "max_row": int(found[4])}
        if area["max_col"] < area["min_col"] or area["max_row"] < area["min_row"]:
            raise DataError(f"{cells} runs backwards.", code="cell-range", subject="cellrange")
    return area


def sheets(path: Path) -> tuple[tuple[str, str], ...]:
    """The sheets of a workbook with the range of cells that each uses; `DataError` where there is no such file."""
    import openpyxl

    if not path.is_file():
        raise DataError(f"There is no file {path}.", code="no-such-file", subject=str(path))
    refuse_bomb(path)
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return tuple(
            # the types have the sheets of a workbook that is written
            (ws.title, str(ws.calculate_dimension(force=True)))  # type: ignore[call-arg]
            for ws in book.worksheets
        )
    finally:
        book.close()


def sheet_names(path: Path) -> tuple[str, ...]:
    """The sheets of a workbook, in order."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return tuple(ws.title for ws in book.worksheets)
    finally:
        book.close()


def _sheet_name(path: Path, names: list[str], sheet: str | int) -> str:
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return names[sheet - 1]
    for name in names:
        if str(sheet).lower() == name.lower():
            return name
    if str(sheet).isdigit() and 1 <= int(sheet) <= len(names):
        return names[int(sheet) - 1]
    raise DataError(
        f"{path.name} has no sheet {sheet!r}.",
        code="no-such-sheet",
        subject="sheet",
        advice="Its sheets are: " + ", ".join(names) + ".",
    )


def _rows(worksheet: Any, report: Report, area: dict[str, int]) -> list[tuple[Any, ...]]:
    """The rows from the first to the last with anything in it: a row of missing values between others is one too."""
    # Some writers store a wrong size; without it, read-only mode takes the rows as they come.
    total = worksheet.max_row
    worksheet.reset_dimensions()
    rows: list[tuple[Any, ...]] = []
    blank: list[tuple[Any, ...]] = []
    for i, row in enumerate(worksheet.iter_rows(values_only=True, **area)):
        if i % _STEP == 0:
            report(min(1.0, i / total) if total else None)
        if any(cell is not None and cell != "" for cell in row):
            rows += [*blank, row]
            blank = []
        elif rows:
            blank.append(row)
    return rows


def _dataset(path: Path, rows: list[tuple[Any, ...]], notes: list[str]) -> Dataset:
    header, body = rows[0], rows[1:]
    width = max(len(row) for row in rows)
    columns = []
    for j in range(width):
        name = _name(header[j]) if j < len(header) else ""
        cells = [row[j] if j < len(row) else None for row in body]
        values, note = _values(cells)
        if not name and values.isna().all():
            continue
        columns.append(RawColumn(name, values))
        if note:
            notes.append(f"{name or f'column {j + 1}'}: {note}")
    return build_dataset(columns, source=str(path), notes=notes)


def _name(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _values(cells: list[Any]) -> tuple[pd.Series, str]:
    """Numbers where every cell is a number, a blank or a sign of missing; dates likewise; otherwise text."""
    clean = [None if isinstance(c, str) and (c.strip() in MISSING or c in _ERRORS) else c for c in cells]
    kinds = {type(c) for c in clean if c is not None}
    if not kinds or kinds <= {int, float, bool}:
        if kinds == {bool}:
            return pd.Series(clean, dtype="boolean"), ""
        if int in kinds and any(isinstance(c, int) and abs(c) > EXACT for c in clean):
            return pd.Series(clean, dtype="object"), ""
        return pd.Series([float("nan") if c is None else float(c) for c in clean], dtype="float64"), ""
    if kinds <= {dt.datetime, dt.date}:
        try:
            return pd.Series(pd.to_datetime(pd.Series(clean, dtype="object"))), ""
        except (ValueError, OverflowError):
            pass
    note = ""
    if kinds & {int, float} and str in kinds:
        words = [(i, c) for i, c in enumerate(clean) if isinstance(c, str)]
        present = sum(c is not None for c in clean)
        if len(words) < 0.1 * present:
            i, word = words[0]
            what = "is text" if is_number(word.strip()) else "is no number"
            note = f"{word!r} in row {i + 2} {what}, so the variable is text."
        note = " ".join(n for n in (note, _joined(clean)) if n)
    return pd.Series([None if c is None else _cell_text(c) for c in clean], dtype="object"), note


def _joined(cells: list[Any]) -> str:
    """A note where a cell of text becomes one value with a number, with the first row of each; else empty."""
    numbers: dict[str, int] = {}
    for i, c in enumerate(cells):
        if isinstance(c, int | float) and not isinstance(c, bool):
            numbers.setdefault(_cell_text(c), i)
    for i, c in enumerate(cells):
        if isinstance(c, str) and c in numbers:
            return f"{c!r} in row {i + 2} is text and row {numbers[c] + 2} holds it as a number; both are one value."
    return ""


def _cell_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)
