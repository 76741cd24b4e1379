"""Spreadsheets (.xlsx, .xlsm, .xls, .xlsb, .ods): one sheet as a table with names in its first row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.data.digits import EXACT, is_number
from terrace.data.progress import Report
from terrace.data.readers import oldsheets, xlsx
from terrace.data.readers.build import RawColumn, build_dataset, places_of
from terrace.data.readers.cells import REFERENCE, Cells, SheetName, column_letters, column_number, several
from terrace.data.readers.detect import MISSING
from terrace.data.readers.header import At
from terrace.data.readers.sheet_header import find_header
from terrace.errors import DataError
from terrace.wording import others_are

_ERRORS = frozenset({"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"})
_ENDLESS = 1 << 62
_GAP = 1000  # more blank rows than that are no part of a table


@dataclass(frozen=True, slots=True)
class _Area:
    """Rows and columns from 1, both ends included."""

    top: int = 1
    left: int = 1
    bottom: int = _ENDLESS
    right: int = _ENDLESS


def read_excel(
    path: Path,
    report: Report,
    *,
    sheet: str | int | None = None,
    cells: str | None = None,
    names: At = None,
    labels: At = None,
    text: tuple[int | str, ...] = (),
) -> Dataset:
    """Read a sheet: by name, by number from 1, or the first that is shown and holds a table.

    Of the sheet all is read, or the range of `cells` (``B3:F20``; ``B3`` is where it begins). Formulas give the values
    that the file holds. `names` and `labels` are the rows of the sheet that hold names and labels of the variables, 0
    for none and a pair for the first and last of several; what is None is found. `text` are columns that are text
    whatever they hold, by name, or 0 for all. Raises `DataError` for an absent sheet or one without rows.
    """
    chosen, found, notes, _ = _table_of(path, report, sheet, cells)
    if len(found.rows) < (1 if names == 0 else 2):
        what = "is empty" if not found.rows else "has names but no rows of data"
        raise DataError(
            f"The sheet {chosen.name} of {path.name} {what}.",
            code="no-rows",
            subject=str(path),
            advice="Put the variable names in the first row and one observation in each row below.",
        )
    return _dataset(path, found, notes, (names, labels, cells is not None), text)


def read_sheet_facts(
    path: Path,
    report: Report,
    *,
    sheet: str | int | None = None,
    cells: str | None = None,
    names: At = None,
    labels: At = None,
) -> Dataset:
    """What `read_excel` finds out by itself, a row for each sheet of the workbook: ``sheet``, its name, ``chosen``, 1
    for the one that is read, and for this ``names`` and ``labels``, the rows of its header, 0 for none, and the last of
    them, ``names_to`` and ``labels_to``.
    """
    chosen, found, _, listed = _table_of(path, report, sheet, cells)
    several = len(found.rows) > 1
    header = find_header(found.rows, found.numbers, names, labels, cells is not None) if several else None
    rows = [
        (s.name, *((1, *header.names_row, *header.labels_row) if s is chosen and header is not None else (0,) * 5))
        for s in listed
    ]
    columns = ("sheet", "chosen", "names", "names_to", "labels", "labels_to")
    frame = pd.DataFrame(rows, columns=list(columns))
    return Dataset(frame, tuple(Variable(c) for c in columns), source=str(path))


def _table_of(
    path: Path, report: Report, sheet: str | int | None, cells: str | None
) -> tuple[SheetName, Cells, list[str], Sequence[SheetName]]:
    """The sheet that is wanted, its cells, notes on its choice, and all sheets."""
    report()
    area = _area(cells) if cells else _Area()
    book = _open(path)
    try:
        if not book.sheets:
            raise DataError(f"{path.name} has no sheet with data.", code="no-rows", subject=str(path))
        if sheet is None:
            chosen, found = _first_table(book, report, area)
            notes = _which(book.sheets, chosen)
        else:
            chosen = _sheet_named(path, book.sheets, sheet)
            found, notes = _cut(book.cells(chosen, report), area), []
        return chosen, found, notes, book.sheets
    finally:
        book.close()


def read_sheet_list(path: Path, report: Report) -> Dataset:
    """The sheets of a workbook, a row each, and the range of cells that each uses: ``sheet`` and ``range``."""
    found = sheets(path, report)
    frame = pd.DataFrame(found, columns=["sheet", "range"], dtype=object)
    return Dataset(frame, (Variable("sheet"), Variable("range")), source=str(path))


def sheets(path: Path, report: Report) -> tuple[tuple[str, str], ...]:
    """The sheets of a workbook with the range of cells that each uses."""
    book = _open(path)
    try:
        return tuple((s.name, _range(book.cells(s, report))) for s in book.sheets)
    finally:
        book.close()


def _open(path: Path) -> xlsx.Workbook | oldsheets.Workbook:
    return xlsx.Workbook(path) if path.suffix.lower() in (".xlsx", ".xlsm") else oldsheets.Workbook(path)


def _area(cells: str) -> _Area:
    """The rows and columns of a range such as ``B3:F20``. Raises `DataError` where it is none."""
    found = REFERENCE.fullmatch(cells.strip().upper())
    if found is None:
        raise DataError(
            f"{cells!r} is not a range of cells.", code="cell-range", subject="cellrange", advice="Write B3:F20, or B3."
        )
    area = _Area(int(found[2]), column_number(found[1]))
    if found[3]:
        area = _Area(area.top, area.left, int(found[4]), column_number(found[3]))
        if area.right < area.left or area.bottom < area.top:
            raise DataError(f"{cells} runs backwards.", code="cell-range", subject="cellrange")
    return area


def _range(cells: Cells) -> str:
    if not cells.rows:
        return "A1"
    first = f"{column_letters(cells.columns[0])}{cells.numbers[0]}"
    return f"{first}:{column_letters(cells.columns[-1])}{cells.numbers[-1]}"


def _cut(cells: Cells, area: _Area) -> Cells:
    """The cells that lie in a range; rows and columns of it without any are left out."""
    if area == _Area():
        return cells
    rows = [i for i, n in enumerate(cells.numbers) if area.top <= n <= area.bottom]
    columns = [j for j, c in enumerate(cells.columns) if area.left <= c <= area.right]
    rows = [i for i in rows if any(cells.rows[i][j] is not None for j in columns)]
    columns = [j for j in columns if any(cells.rows[i][j] is not None for i in rows)]
    cells.rows = [[cells.rows[i][j] for j in columns] for i in rows]
    cells.numbers = [cells.numbers[i] for i in rows]
    cells.columns = [cells.columns[j] for j in columns]
    cells.errors = [name for name in cells.errors if _inside(name, area)]
    cells.unstored = [name for name in cells.unstored if _inside(name, area)]
    return cells


def _inside(name: str, area: _Area) -> bool:
    found = REFERENCE.fullmatch(name.partition(" ")[0])
    assert found is not None
    return area.top <= int(found[2]) <= area.bottom and area.left <= column_number(found[1]) <= area.right


# --- which sheet ----------------------------------------------------------------------------------------------
OWN_SHEETS = ["Data", "Variables"]
"""The sheets of a workbook that was saved here: the values, and what is known of them."""


def _first_table(book: xlsx.Workbook | oldsheets.Workbook, report: Report, area: _Area) -> tuple[SheetName, Cells]:
    """The first sheet with a table, those that are shown before those that are hidden; else the first with cells."""
    if [s.name for s in book.sheets] == OWN_SHEETS:
        return book.sheets[0], _cut(book.cells(book.sheets[0], report), area)
    spare: list[tuple[int, SheetName, Cells]] = []
    for sheet in sorted(book.sheets, key=lambda s: s.hidden):
        cells = _cut(book.cells(sheet, report), area)
        fullness = _fullness(cells)
        if fullness == 2 and not sheet.hidden:
            return sheet, cells
        spare.append((fullness - 3 * sheet.hidden, sheet, cells))
    best = max(f for f, _, _ in spare)
    hidden = [entry for entry in spare if entry[1].hidden and _fullness(entry[2]) == 2]
    if best < 1 and hidden:  # nothing that is shown has a row of data
        return hidden[0][1], hidden[0][2]
    return next((s, c) for f, s, c in spare if f == best)


def _fullness(cells: Cells) -> int:
    """2 for a table, 1 for a list of texts, which may be one or a page of remarks, 0 for less than two rows.

    A table has two columns side by side in two rows, or a number below a name.
    """
    if len(cells.rows) < 2:
        return 0
    wide = sum(sum(c is not None for c in row) > 1 for row in cells.rows) > 1
    return 2 if wide or any(not isinstance(c, str) and c is not None for row in cells.rows[1:] for c in row) else 1


def _which(listed: Sequence[SheetName], chosen: SheetName) -> list[str]:
    others = [f"{s.name} (hidden)" if s.hidden else s.name for s in listed if s is not chosen]
    if not others or ([s.name for s in listed] == OWN_SHEETS and chosen is listed[0]):
        return []
    return [f"Read the sheet {chosen.name}; {others_are(others)}. Use the option sheet() to open another."]


def _sheet_named(path: Path, listed: Sequence[SheetName], sheet: str | int) -> SheetName:
    if isinstance(sheet, int) and 1 <= sheet <= len(listed):
        return listed[sheet - 1]
    for known in listed:
        if str(sheet).lower() == known.name.lower():
            return known
    if str(sheet).isdigit() and 1 <= int(sheet) <= len(listed):
        return listed[int(sheet) - 1]
    raise DataError(
        f"{path.name} has no sheet {sheet!r}.",
        code="no-such-sheet",
        subject="sheet",
        advice="Its sheets are: " + ", ".join(s.name for s in listed) + ".",
    )


# --- its columns ----------------------------------------------------------------------------------------------
def _dataset(
    path: Path,
    cells: Cells,
    notes: list[str],
    rows_of_names: tuple[At, At, bool],
    text: tuple[int | str, ...],
) -> Dataset:
    header = find_header(cells.rows, cells.numbers, *rows_of_names)
    rows, numbers = cells.rows[header.body : header.end], cells.numbers[header.body : header.end]
    if not rows:
        raise DataError(
            f"{path.name} has names but no rows of data.", code="no-rows", subject=str(path),
            advice="Put one observation in each row below the names.",
        )  # fmt: skip
    notes += header.notes
    rows, numbers, blank = _with_blank_rows(rows, numbers, len(cells.columns))
    notes += blank
    columns = []
    told = []
    names = [header.names[j] or f"v{place}" for j, place in enumerate(cells.columns)]
    as_text = places_of([t for t in text if isinstance(t, str)], names, path) if text else set()
    for j, (place, name) in enumerate(zip(cells.columns, names, strict=True)):
        held = [row[j] for row in rows]
        values, note = (_texts(held), "") if j in as_text or 0 in text else _values(held, numbers)
        if not header.names[j]:
            told.append(f"Column {column_letters(place)} has no name. It is now called {name}.")
        if place in cells.percent:
            note = " ".join(n for n in (note, "percentages are read as fractions: 50% is 0.5.") if n)
        columns.append(RawColumn(name, values, header.labels[j]))
        if note:
            told.append(f"{name}: {note}")
    notes += [*_of_cells(cells, numbers), *told]
    return build_dataset(columns, source=str(path), notes=notes)


def _with_blank_rows(
    rows: list[list[Any]], numbers: list[int], width: int
) -> tuple[list[list[Any]], list[int], list[str]]:
    """The rows of the table with those between them that are blank: a row of missing values is a row, too."""
    filled: list[list[Any]] = []
    every: list[int] = []
    notes = []
    blank = 0
    for row, number in zip(rows, numbers, strict=True):
        gap = number - every[-1] - 1 if every else 0
        if gap > _GAP:
            notes.append(f"Rows {every[-1] + 1:,} to {number - 1:,} are blank and left out.")
        elif gap:
            blank += gap
            filled += [[None] * width for _ in range(gap)]
            every += range(every[-1] + 1, number)
        filled.append(row)
        every.append(number)
    if blank:
        what = "One blank row" if blank == 1 else f"{blank:,} blank rows"
        notes.append(f"{what} between other rows {'is' if blank == 1 else 'are'} read as missing values.")
    return filled, every, notes


def _of_cells(cells: Cells, numbers: Sequence[int]) -> list[str]:
    """What the cells have that a table has not."""
    notes = list(cells.notes)
    if cells.unstored:
        many = len(cells.unstored) > 1
        notes.append(
            f"{several(cells.unstored)} {'hold formulas' if many else 'holds a formula'} without a stored result and "
            f"{'are' if many else 'is'} missing here. Open the file in a spreadsheet program and save it, to store it."
        )
    if cells.errors:
        what = "hold errors and are" if len(cells.errors) > 1 else "holds an error and is"
        notes.append(f"{several(cells.errors)} {what} missing here.")
    body = set(numbers)
    merged = [m for m in cells.merged if any(row in body for row in range(m[0], min(m[2], m[0] + 9999) + 1))]
    if merged:
        names = [f"{column_letters(l)}{t}:{column_letters(r)}{b}" for t, l, b, r in merged]
        notes.append(f"Merged cells ({several(names)}) keep their value in the first cell; the other cells are blank.")
    if cells.hidden_rows:
        notes.append(f"{cells.hidden_rows:,} hidden {'row is' if cells.hidden_rows == 1 else 'rows are'} read as well.")
    hidden = [column_letters(c) for c in cells.hidden_columns if c in set(cells.columns)]
    if hidden:
        what = "column is" if len(hidden) == 1 else "columns are"
        notes.append(f"The hidden {what} read as well: {several(hidden)}.")
    return notes


def _values(cells: list[Any], numbers: Sequence[int]) -> tuple[pd.Series, str]:
    """Numbers where every cell is a number, a blank or a sign of missing; dates and lengths of time likewise;
    otherwise text. `numbers` are those of the rows."""
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
    if kinds == {dt.timedelta}:
        return pd.Series(pd.to_timedelta(pd.Series(clean, dtype="object"))), ""
    note = ""
    if kinds & {int, float} and str in kinds:
        words = [(i, c) for i, c in enumerate(clean) if isinstance(c, str)]
        present = sum(c is not None for c in clean)
        if len(words) < 0.1 * present:
            i, word = words[0]
            what = "is text" if is_number(word.strip()) else "is not a number"
            note = f"{word!r} in row {numbers[i]} {what}, so the variable is read as text."
        note = " ".join(n for n in (note, _joined(clean, numbers)) if n)
    elif kinds & {dt.datetime, dt.date, dt.timedelta}:
        note = _mixed(clean, numbers)
    return pd.Series([None if c is None else _cell_text(c) for c in clean], dtype="object"), note


def _texts(cells: list[Any]) -> pd.Series:
    """Cells as text; signs of missing and errors are missing."""
    gone = [c is None or (isinstance(c, str) and (c.strip() in MISSING or c in _ERRORS)) for c in cells]
    return pd.Series([None if m else _cell_text(c) for c, m in zip(cells, gone, strict=True)], dtype="str")


def _mixed(cells: list[Any], numbers: Sequence[int]) -> str:
    """A note where dates or times stand among cells of another kind."""
    first = next((i, c) for i, c in enumerate(cells) if c is not None)
    dates = (dt.datetime, dt.date)

    def kind(cell: Any) -> str:
        if isinstance(cell, dates):
            return "a date"
        return "a time" if isinstance(cell, dt.timedelta) else "text" if isinstance(cell, str) else "a number"

    other = next((i, c) for i, c in enumerate(cells) if c is not None and kind(c) != kind(first[1]))
    return (f"row {numbers[first[0]]} holds {kind(first[1])} and row {numbers[other[0]]} {kind(other[1])}, "
            "so the variable is read as text.")  # fmt: skip


def _joined(cells: list[Any], rows: Sequence[int]) -> str:
    """A note where a cell of text becomes one value with a number, with the first row of each; else empty."""
    numbers: dict[str, int] = {}
    for i, c in enumerate(cells):
        if isinstance(c, int | float) and not isinstance(c, bool):
            numbers.setdefault(_cell_text(c), i)
    for i, c in enumerate(cells):
        if isinstance(c, str) and c in numbers:
            number = rows[numbers[c]]
            return f"{c!r} in row {rows[i]} is text, and row {number} holds it as a number. Both are read as one value."
    return ""


def _cell_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)
