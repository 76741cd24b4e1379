"""A `Table` with its cells as text: all renderers start here, so that all show the same digits."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

from terrace.report import numbers
from terrace.report.numbers import MINUS, number
from terrace.results.table import CellValue, Column, Format, Row, RowKind, Single, Table
from terrace.wording import true_minus

Align = Literal["left", "right"]

# In a listing these formats become others, with these decimals: numbers are not brought to those of their column.
_LISTED: dict[Format, tuple[Format, int | None]] = {
    "estimate": ("general", None),
    "interval": ("general", None),
    "bracketed": ("bracketed", None),
    "p": ("fixed", 3),
    "share": ("fixed", 3),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as shown. ``pair`` holds both bounds of an interval; ``decimals`` None where it has none.

    ``around`` is what stands in ``text`` before and after the number: parentheses, stars.
    """

    text: str
    value: CellValue = None
    align: Align = "right"
    format: Format = "text"
    decimals: int | None = None
    pair: tuple[str, str] | None = None
    around: tuple[str, str] = ("", "")
    quiet: bool = False
    """True of a word among numbers, such as "reference" or "omitted"."""

    @property
    def tail(self) -> str:
        """What stands behind the number in ``text``: a parenthesis, stars."""
        return self.around[1] if self.text else ""

    @property
    def body(self) -> str:
        """``text`` without its tail: what is brought to one decimal point in a column."""
        return self.text.removesuffix(self.tail)


@dataclass(frozen=True, slots=True)
class Line:
    """One row as shown; ``indent`` as in `Row`."""

    label: str
    kind: RowKind
    indent: int
    cells: tuple[Cell, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as shown: ``lines`` in order, ``decimals`` and ``aligns`` one a column."""

    table: Table
    lines: tuple[Line, ...]
    aligns: tuple[Align, ...]
    decimals: tuple[int | None, ...]


def tails(page: Shown) -> tuple[str, ...]:
    """The longest tail of each column, empty where numbers stand alone: room for it keeps decimal points in line."""
    return tuple(
        max((line.cells[j].tail for line in page.lines if j < len(line.cells)), key=display_width, default="")
        for j in range(len(page.aligns))
    )


def shown(table: Table, minus: str = MINUS, listing: bool = False) -> Shown:
    """The cells of a table as text. `minus` is the sign before a negative number.

    `listing` is how programs print results: a number that no decimals are asked of keeps seven digits of its own,
    and a p value its leading zero.
    """
    shared = _shared_decimals(table)
    decimals = _column_decimals(table, shared)
    lines = []
    for row in table.rows:
        cells = []
        for j, column in enumerate(table.columns):
            value = row.values[j] if j < len(row.values) else None
            form = row.format or column.format
            places = decimals[j] if row.format is None else _row_decimals(row, shared[j])
            asked = column.decimals if row.format is None else row.decimals
            if listing and form in _LISTED and (asked is None or form in ("p", "share")):
                form, places = _LISTED[form]
                places = places if asked is None else asked
            display = row.display or (column.display if row.format is None else "")
            if row.display and row.format is None and column.format == "count":
                display = ""  # the format of a variable is not that of how many there are
            if display:
                cell = _by_display(value, form, display, minus)
            else:
                cell = _cell(value, form, places, minus, "" if listing else ",")
            cells.append(_dressed(cell, row, j))
        label = row.label if minus == "-" else true_minus(row.label)
        lines.append(Line(label, row.kind, row.indent, tuple(cells), row.code))
    aligns: tuple[Align, ...] = tuple("left" if c.format == "text" else "right" for c in table.columns)
    return Shown(table, _with_quiet(lines, len(table.columns)), aligns, decimals)


def _with_quiet(lines: Sequence[Line], columns: int) -> tuple[Line, ...]:
    """The lines with the words marked that stand among numbers: a column of texts alone, as of a listing, has none."""
    def word(cell: Cell) -> bool:
        return isinstance(cell.value, str) and cell.align == "right"

    mixed = [any(x.cells[j].value is not None and not isinstance(x.cells[j].value, str) for x in lines)
             for j in range(columns)]  # fmt: skip
    return tuple(
        replace(x, cells=tuple(replace(c, quiet=True) if among and word(c) else c for c, among in zip(x.cells, mixed)))
        if any(map(word, x.cells)) else x
        for x in lines
    )  # fmt: skip


_SHARED = ("estimate", "bracketed", "interval")
"""Formats of numbers that have the decimals of their column."""


def _shared_decimals(table: Table) -> tuple[int, ...]:
    """The decimals of the estimates of each column; a column of intervals follows that of the estimates before it."""
    found: list[int] = []
    of_estimates = None
    for j, column in enumerate(table.columns):
        estimates: list[CellValue] = []
        errors: list[CellValue] = []
        for row in table.rows:
            form = row.format or column.format
            asked = column.decimals if row.format is None else row.decimals
            value = row.values[j] if j < len(row.values) else None
            if form == "bracketed" or (form == "estimate" and column.key == "se"):
                errors.append(value)
            elif form == "estimate" and asked is None:
                estimates.append(value)
        own = numbers.shared_decimals(estimates, errors)
        if column.format == "interval" and of_estimates is not None:
            own = max(own, of_estimates)
        elif estimates:
            of_estimates = own
        found.append(own)
    return (max(found, default=0),) * len(found) if table.alike else tuple(found)


def _column_decimals(table: Table, shared: Sequence[int]) -> tuple[int | None, ...]:
    """The decimals of each column: its own where they are asked for."""
    found: list[int | None] = []
    for j, column in enumerate(table.columns):
        values = [r.values[j] for r in table.rows if j < len(r.values) and r.format is None]
        found.append(_decimals(column.format, values, shared[j]) if column.decimals is None else column.decimals)
    return tuple(found)


def _row_decimals(row: Row, shared: int) -> int | None:
    if row.format is None or row.decimals is not None:
        return row.decimals
    return _decimals(row.format, row.values, shared)


def _decimals(form: Format, values: Sequence[CellValue], shared: int) -> int | None:
    if form in _SHARED:
        return shared
    if form == "df":
        return numbers.df_decimals(values)
    return {"statistic": 2, "p": 3, "share": 3, "percent": 1, "fixed": 2}.get(form)


def _is_pair(value: CellValue) -> TypeGuard[tuple[Single, Single]]:
    return isinstance(value, tuple | list) and len(value) == 2


def _cell(value: CellValue, form: Format, decimals: int | None, minus: str, thousands: str) -> Cell:
    if isinstance(value, str):
        return Cell(value, value, "left" if form == "text" else "right")
    if isinstance(value, bool):
        return Cell("yes" if value else "no", value)
    if _is_pair(value):
        each: Format = "general" if form == "general" else "fixed"
        low, high = (_number_text(b, each, decimals, minus, thousands) for b in value)
        if low == high and value[0] != value[1]:  # decimals that fit the column but not this row
            low, high = (_number_text(b, "estimate", decimals, minus, thousands) for b in value)
        return Cell(f"[{low}, {high}]", value, "right", "interval", decimals, (low, high))
    if value is None:
        return Cell("", None, "right", form, decimals, ("", "") if form == "interval" else None)
    return Cell(_number_text(value, form, decimals, minus, thousands), value, "right", form, decimals)


def _dressed(cell: Cell, row: Row, j: int) -> Cell:
    """The cell with what its row puts around numbers, and with its mark."""
    if number(cell.value) is None and cell.pair is None:
        return cell
    before, after = ("(", ")") if cell.format == "bracketed" else row.around
    after += row.marks[j] if j < len(row.marks) else ""
    if cell.format == "bracketed":
        return replace(cell, text=cell.text + after[1:], around=(before, after))
    return replace(cell, text=before + cell.text + after, around=(before, after)) if before or after else cell


def _by_display(value: CellValue, form: Format, display: str, minus: str) -> Cell:
    """A cell whose numbers look as a display format says."""
    if value is None or isinstance(value, str | bool):
        return _cell(value, form, None, minus, "")
    _, _, _, decimals, kind, _ = numbers.parse_format(display)
    places = decimals if kind == "f" else None
    if _is_pair(value):
        low, high = (b if isinstance(b, str) else numbers.formatted(b, display, minus) for b in value)
        return Cell(f"[{low}, {high}]", value, "right", "interval", places, (low, high))
    text = numbers.formatted(number(value), display, minus)
    if form == "bracketed":
        return Cell(f"({text})", value, "right", form, places)
    return Cell(text, value, "right", "general" if places is None else "fixed", places)


def _number_text(value: CellValue, form: Format, decimals: int | None, minus: str, thousands: str) -> str:
    if isinstance(value, str):
        return value  # an end of an interval that is no number: ∞
    x = number(value)
    if x is None:
        return "."
    if form in ("general", "text"):
        return numbers.general(x, minus=minus)
    if form == "count":
        return numbers.count(x).replace("-", minus)
    if form == "p":
        return numbers.p_value(x, 3 if decimals is None else decimals)
    if form == "share":
        return numbers.share(x, 3 if decimals is None else decimals, minus)
    if form == "percent":
        return numbers.plain_fixed(100 * x, 1 if decimals is None else decimals, minus) + "%"
    if form == "bracketed" and decimals is None:
        return f"({numbers.general(x, minus=minus)})"
    places = 2 if decimals is None else decimals
    if form == "bracketed":
        return f"({numbers.fixed(x, places, minus, thousands)})"
    if form == "df":
        thousands = ""  # degrees of freedom go without, by the rule of journals
    return (numbers.fixed if form == "estimate" else numbers.plain_fixed)(x, places, minus, thousands)


def has_pairs(column: Column) -> bool:
    """True for a column that prints as two: a confidence interval."""
    return column.format == "interval"


def display_width(text: str) -> int:
    """The places that `text` takes in a terminal: two for East Asian wide characters, none for accents."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def pad(text: str, width: int, align: Align = "left") -> str:
    """`text` filled with blanks to `width` places."""
    blanks = " " * max(0, width - display_width(text))
    return text + blanks if align == "left" else blanks + text


def wrap(text: str, width: int, words: bool = True) -> list[str]:
    """`text` in lines of at most `width` places, broken at blanks (`words`) or anywhere."""
    lines: list[str] = []
    line = ""
    for piece in text.split(" ") if words else list(text):
        joined = f"{line} {piece}" if words and line else line + piece
        if line and display_width(joined) > width:
            lines.append(line)
            joined = piece
        while display_width(joined) > width > 0:
            cut = _cut(joined, width)
            lines.append(joined[:cut])
            joined = joined[cut:]
        line = joined
    return [*lines, line] if line or not lines else lines


def _cut(text: str, width: int) -> int:
    """How many characters of `text` fit `width` places; at least one."""
    taken = 0
    for i, c in enumerate(text):
        taken += display_width(c)
        if taken > width:
            return max(i, 1)
    return len(text)


def note_paragraphs(table: Table) -> tuple[str, ...]:
    """The notes as printed: one paragraph that opens with "Note.", and one for every note on a mark (†)."""
    paragraphs: list[str] = []
    for note in table.notes:
        marked = not note[:1].isalnum()
        if marked or not paragraphs:
            opening = "" if marked or note.lower().startswith("note") else "Note. "
            paragraphs.append(opening + note)
        else:
            paragraphs[-1] += " " + note
    return tuple(paragraphs)
