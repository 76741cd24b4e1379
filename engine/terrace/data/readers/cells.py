"""What a reader of spreadsheets gives: the cells of one sheet, and what is worth telling of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from terrace.wording import enumerated

REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")
"""A cell or a range of cells in capitals: column and row of its first cell, and of its last."""
_MOST = 5  # names of cells in a note


@dataclass(frozen=True, slots=True)
class SheetName:
    """A sheet as the workbook lists it; `part` is where its reader finds it."""

    name: str
    hidden: bool = False
    part: str = ""


@dataclass(slots=True)
class Cells:
    """The cells of a sheet that hold anything: rows and columns of nothing but blanks take no memory.

    columns, numbers
        Columns and rows that hold anything, by their numbers in the sheet, from 1, ascending.
    rows
        A list for each of `numbers`, with a cell for each of `columns`; None where it is blank. Cells are int, float,
        bool, str, or a date, a time or a length of time of `datetime`.
    errors, unstored
        Cells such as #N/A by their names (``B7``), and formulas whose result the file does not hold. Both are blank
        here.
    merged
        Ranges of merged cells.
    hidden_rows, hidden_columns
        How many rows and which columns the sheet hides.
    percent
        Columns, of `columns`, with numbers that are shown as percentages.
    notes
        What else is to be told.
    """

    columns: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unstored: list[str] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: list[int] = field(default_factory=list)
    percent: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


class Gathered:
    """Takes cells in the order of the file; columns get their place when they are first met.

    So a lone cell at the far corner of a sheet costs one column and one row, not the rectangle.
    """

    def __init__(self) -> None:
        self.place: dict[int, int] = {}
        self.rows: dict[int, list[Any]] = {}
        self._number, self._row = 0, [None][:0]

    def put(self, row: int, column: int, value: Any) -> None:
        """A cell, by its numbers from 1."""
        if row != self._number:
            self._number, self._row = row, self.rows.setdefault(row, [])
        at = self.place.setdefault(column, len(self.place))
        cells = self._row
        if at == len(cells):
            cells.append(value)
            return
        if at > len(cells):
            cells.extend([None] * (at + 1 - len(cells)))
        cells[at] = value

    def finish(self, cells: Cells) -> None:
        """Rows and columns in their order, into `cells`."""
        cells.columns = sorted(self.place)
        cells.numbers = sorted(self.rows)
        order = [self.place[c] for c in cells.columns]
        width, plain = len(order), order == list(range(len(order)))
        for number in cells.numbers:
            row = self.rows.pop(number)
            row.extend([None] * (width - len(row)))
            cells.rows.append(row if plain else [row[k] for k in order])


def column_letters(number: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """1 for ``A``, 27 for ``AA``."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def several(names: Sequence[str]) -> str:
    """Names of cells as a list, the first few of many: ``B2, B3 and 7 more``."""
    return enumerated(names if len(names) <= _MOST else [*names[:_MOST], f"{len(names) - _MOST:,} more"])
