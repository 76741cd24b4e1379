"""Where the names of a sheet stand, by `header`, and what there is to tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from terrace.data.readers import header


@dataclass(frozen=True, slots=True)
class Header:
    """Names and labels of the columns, where the rows of data begin and end by position, what there is to tell, and
    in which rows of the sheet the names and labels stand (0: nowhere).
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    body: int
    end: int
    notes: tuple[str, ...] = ()
    names_row: int = 0
    labels_row: int = 0


def find_header(
    rows: Sequence[Sequence[Any]], numbers: Sequence[int], names: int | None = None, labels: int | None = None
) -> Header:
    """The header of the cells of a sheet, all rows of one width; `numbers` are those of the rows in the sheet.

    It is found where ``names`` and ``labels`` are None; otherwise they are its rows in the sheet, 0 for none.
    """
    found = header.find_header(
        rows, names_row=header.place_of(names, numbers), labels_row=header.place_of(labels, numbers)
    )
    width = len(rows[0])
    words, below = found.names, found.labels
    if not found.rows:
        words = tuple(f"v{j + 1}" for j in range(width))
    words, below = ((*texts, *[""] * (width - len(texts)))[:width] for texts in (words, below))
    told = tuple(_told(found, rows, numbers, names == 0))
    return Header(words, below, found.first, len(rows) - found.below, told, *found.lines(numbers))


def _told(
    found: header.Header, rows: Sequence[Sequence[Any]], numbers: Sequence[int], nameless: bool
) -> Iterator[str]:
    if found.above:
        words = next((str(c) for row in rows[: found.above] for c in row if c is not None), "")
        stand = _which(numbers[: found.above], "is", "are")
        are = "is" if found.above == 1 else "are"
        yield f"{stand} above the names and {are} left out: {words[:60]!r}."
    first, last = numbers[found.above], numbers[max(found.first - 1, 0)]
    if nameless:
        yield "The variables are named v1, v2, ..."
    elif not found.rows:
        yield f"Row {first} holds numbers, so it is read as data. The variables are named v1, v2, ..."
    elif found.numbers and all(header.is_value(name) for name in found.names if name):
        yield f"The names in row {first} are numbers, so they may be data."
    elif found.rows > 1 and found.joined:
        yield f"Names are in rows {first} and {last}, and are joined."
    elif found.rows > 1:
        yield f"Names are in row {first}, labels in row {last}."
    if found.below:
        stand = _which(numbers[len(rows) - found.below :], "is", "are")
        yield f"{stand} below the data and {'is' if found.below == 1 else 'are'} left out."


def _which(numbers: Sequence[int], one: str, several: str) -> str:
    return f"Row {numbers[0]} {one}" if len(numbers) == 1 else f"Rows {numbers[0]} to {numbers[-1]} {several}"
