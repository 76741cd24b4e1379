"""The cells of .xls, .xlsb and .ods files, by calamine."""

from __future__ import annotations

import datetime as dt
import logging
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from terrace.data.foreign import LOCKED
from terrace.data.progress import Report
from terrace.data.readers.cells import Cells, Gathered, SheetName
from terrace.data.readers.sheet_errors import error_cells
from terrace.data.regular_file import openable
from terrace.errors import DataError

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

T = TypeVar("T")
log = logging.getLogger(__name__)
_ODD = (
    ValueError, LookupError, RuntimeError, EOFError, OSError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
_STEP = 2000
_FORMULA = re.compile(rb"<table:table-cell\b[^>]*\btable:formula=[^>]*>")


class Workbook:
    """An open workbook. Raises `DataError` for one that is locked, and what calamine raises for a broken one."""

    def __init__(self, path: Path) -> None:
        import python_calamine as calamine

        self.path = path
        with ExitStack() as stack:
            source = stack.enter_context(openable(path))
            try:
                self._book: CalamineWorkbook = calm(lambda: calamine.CalamineWorkbook.from_object(source))
            except calamine.PasswordError:
                raise DataError(
                    f"{path.name} is {LOCKED.article}.", code=LOCKED.code, subject=str(path), advice=LOCKED.advice
                ) from None
            self._file = stack.pop_all()
        sheets = calamine.SheetTypeEnum.WorkSheet
        visible = calamine.SheetVisibleEnum.Visible
        self._places = {m.name: k for k, m in enumerate(self._book.sheets_metadata)}
        self.sheets = [SheetName(m.name, m.visible != visible) for m in self._book.sheets_metadata if m.typ == sheets]

    def close(self) -> None:
        """Close the file."""
        self._book.close()
        self._file.close()

    def cells(self, sheet: SheetName, report: Report) -> Cells:
        """All cells of a sheet. calamine gives errors as blanks; they are found apart."""
        import python_calamine as calamine

        try:
            found = calm(lambda: self._book.get_sheet_by_name(sheet.name))
        except calamine.CalamineError as error:
            if "limit exceeded" not in str(error):
                raise
            raise DataError(
                f"The sheet {sheet.name} of {self.path.name} has cells too far from each other to be read.",
                code="too-large", subject=str(self.path),
                advice="Delete the rows and columns beside the table in the program that it comes from, and save it.",
            ) from error  # fmt: skip
        cells, gathered = Cells(), Gathered()
        if found.start is not None:
            top, left = found.start
            for i, row in enumerate(found.to_python(skip_empty_area=True)):
                if i % _STEP == 0:
                    report(min(1.0, i / max(1, found.height)))
                for j, cell in enumerate(row):
                    if cell != "" and not (isinstance(cell, str) and cell.isspace()):
                        gathered.put(top + i + 1, left + j + 1, _plain(cell))
        gathered.finish(cells)
        ranges = found.merged_cell_ranges or []
        cells.merged = [(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in ranges]
        cells.notes = [*self._notes]
        if self.path.suffix.lower() != ".ods":
            self._find_errors(sheet, cells, report)
        return cells

    def _find_errors(self, sheet: SheetName, cells: Cells, report: Report) -> None:
        try:
            cells.errors = error_cells(self.path, self._places[sheet.name], report)
        # What calamine reads all the same; where errors are is all that is not known then.
        except _ODD as why:
            log.info("error cells are not found: %s", why)
            cells.notes.append("Cells with errors, should there be some, are missing here and are not named.")

    @cached_property
    def _notes(self) -> list[str]:
        """What is to be told of the sheets together."""
        return _formulas(self.path) if self.path.suffix.lower() == ".ods" else []


def calm(work: Callable[[], T]) -> T:
    """What `work` gives; a panic of Rust, which a damaged file can cause and `except Exception` lets pass, is an error.
    """
    try:
        return work()
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError(str(error)) from None
        raise


def _plain(cell: Any) -> Any:
    """A cell as `Cells` has it: a time of day is a length of time since midnight."""
    if isinstance(cell, dt.time):
        return dt.timedelta(
            hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond
        )
    return cell


def _formulas(path: Path) -> list[str]:
    """A note where formulas of an OpenDocument file have no result, which calamine gives as blanks."""
    with zipfile.ZipFile(path) as book:
        content = book.read("content.xml")
    bare = sum(b"value-type=" not in cell for cell in _FORMULA.findall(content))
    errors = content.count(b'calcext:value-type="error"')
    notes = []
    if bare:
        what = "A formula has" if bare == 1 else f"{bare:,} formulas have"
        notes.append(f"{what} no stored result, which is missing here. Open the file in LibreOffice and save it.")
    if errors:
        what = "A cell holds an error" if errors == 1 else f"{errors:,} cells hold errors"
        notes.append(f"{what}, which is missing here.")
    return notes
