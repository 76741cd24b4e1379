"""Where the names of a sheet stand: under a title, in two rows, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from terrace.data.readers.detect import MISSING

_LOOK = 200  # rows that are looked at


@dataclass(frozen=True, slots=True)
class Header:
    """Names and labels of the columns, the positions where the data begin and end, and what there is to tell."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    body: int
    end: int
    notes: tuple[str, ...] = ()


def find_header(rows: Sequence[Sequence[Any]], numbers: Sequence[int]) -> Header:
    """The header of a table of typed cells, blanks None; `numbers` are those of the rows in the sheet.

    Rows of one or few cells above a full row of texts are a title. A second row of texts above columns of numbers has
    the rest of the names, where the first leaves some blank, or else labels.
    """
    width = len(rows[0])
    top = _under_title(rows)
    notes = []
    if top:
        words = next(str(c) for c in rows[0] if c is not None)
        where = f"Row {numbers[0]} stands" if top == 1 else f"Rows {numbers[0]} to {numbers[top - 1]} stand"
        notes.append(f"{where} above the names and is left out: {words[:60]!r}." if top == 1 else
                     f"{where} above the names and are left out; the first is {words[:60]!r}.")  # fmt: skip
    first = rows[top]
    present = [c for c in first if c is not None]
    if all(isinstance(c, int | float) and not isinstance(c, bool) for c in present) and _numbers_below(rows, top):
        notes.append(f"Row {numbers[top]} holds numbers, so it is taken for data; the variables are called v1, v2, ...")
        return Header(tuple(f"v{j + 1}" for j in range(width)), ("",) * width, top, len(rows), tuple(notes))
    names = [_name(c) for c in first]
    labels = [""] * width
    body = top + 1
    second = _second_row(rows, body)
    if any(below and not name for name, below in zip(names, second, strict=True)) or _repeated(names, second):
        names, body = _both(names, second), body + 1
        notes.append(f"Names are in rows {numbers[top]} and {numbers[top + 1]}, and are joined.")
    elif any(second) and _labels_numbers(rows, top + 1):
        labels, body = second, body + 1
        notes.append(f"Names are in row {numbers[top]}, labels in row {numbers[top + 1]}.")
    return Header(tuple(names), tuple(labels), body, len(rows), tuple(notes))


def _under_title(rows: Sequence[Sequence[Any]]) -> int:
    """The row of the names: the first, or the first full row of texts below rows of few cells."""
    filled = [sum(c is not None for c in row) for row in rows[:_LOOK]]
    full = max(filled)
    if full < 2:
        return 0
    top = next(i for i, n in enumerate(filled) if n >= max(2, (full + 1) // 2))
    texts = all(isinstance(c, str) for c in rows[top] if c is not None)
    return top if texts and top + 1 < len(rows) else 0


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _numbers_below(rows: Sequence[Sequence[Any]], top: int) -> bool:
    """Whether most of what stands below the first row are numbers, so that nothing tells it apart from data."""
    below = [c for row in rows[top + 1 : top + _LOOK] for c in row if c is not None]
    return sum(map(_is_number, below)) > 0.5 * len(below)


def _second_row(rows: Sequence[Sequence[Any]], at: int) -> list[str]:
    """The texts of a row that holds nothing else, some of them above columns of numbers; else blanks."""
    none = [""] * len(rows[0])
    if at + 1 >= len(rows) or not any(_texts_above_numbers(rows, at)):
        return none
    return [_name(c) for c in rows[at]] if all(c is None or isinstance(c, str) for c in rows[at]) else none


def _texts_above_numbers(rows: Sequence[Sequence[Any]], at: int) -> list[bool | None]:
    """For each column of numbers whether a text stands at the row; None for other columns."""
    found: list[bool | None] = []
    for j, cell in enumerate(rows[at]):
        below = [c for row in rows[at + 1 : at + _LOOK] if (c := row[j]) is not None and not _is_missing(c)]
        numeric = bool(below) and all(map(_is_number, below))
        found.append(isinstance(cell, str) and not _is_missing(cell) if numeric else None)
    return found


def _labels_numbers(rows: Sequence[Sequence[Any]], at: int) -> bool:
    """Whether a row names each of several columns of numbers: a text in one alone is a slip of the pen."""
    found = [f for f in _texts_above_numbers(rows, at) if f is not None]
    return len(found) > 1 and all(found)


def _repeated(names: Sequence[str], second: Sequence[str]) -> bool:
    """Whether names that stand twice are told apart by the row below."""
    return any(second) and len({*names}) < len(names) == len({*zip(names, second, strict=True)})


def _is_missing(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip() in MISSING


def _both(names: Sequence[str], second: Sequence[str]) -> list[str]:
    """Names of two rows, where the upper one stands in the first of the columns that it is for."""
    joined, upper = [], ""
    for name, below in zip(names, second, strict=True):
        upper = name or (upper if below else "")
        joined.append(" ".join(part for part in (upper, below) if part))
    return joined


def _name(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
