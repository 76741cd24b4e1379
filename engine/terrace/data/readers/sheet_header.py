"""Where the names of a sheet stand, by `header`, and what there is to tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from terrace.data.readers import header


@dataclass(frozen=True, slots=True)
class Header:
    """Names and labels of the columns, where the rows of data begin and end by position, what there is to tell, and
    in which rows of the sheet, first and last, the names and labels stand (0: nowhere).
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    body: int
    end: int
    notes: tuple[str, ...] = ()
    names_row: tuple[int, int] = (0, 0)
    labels_row: tuple[int, int] = (0, 0)


def find_header(
    rows: Sequence[Sequence[Any]],
    numbers: Sequence[int],
    names: header.At = None,
    labels: header.At = None,
    from_top: bool = False,
) -> Header:
    """The header of the cells of a sheet, all rows of one width; `numbers` are those of the rows in the sheet.

    It is found where ``names`` and ``labels`` are None; otherwise they are its rows in the sheet, 0 for none. Without
    names the data are what stands below titles, or all ``from_top`` on.
    """
    found = header.find_header(
        rows, names_row=header.place_of(names, numbers), labels_row=header.place_of(labels, numbers), from_top=from_top
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
    first = numbers[found.above]
    (_, joined), (label, last) = found.lines(numbers)
    if nameless:
        yield "The variables are named v1, v2, ..."
    elif not found.rows:
        yield f"Row {first} holds numbers, so it is read as data. The variables are named v1, v2, ..."
    elif found.numbers and all(header.is_value(name) for name in found.names if name):
        yield f"The names in row {first} are numbers, so they may be data."
    elif found.joined > 1:
        yield f"Names are in rows {first} {'and' if found.joined == 2 else 'to'} {joined}, and are joined."
    elif found.labelled > 1:
        yield f"Names are in row {first}, labels in rows {label} {'and' if found.labelled == 2 else 'to'} {last}."
    elif found.labelled:
        yield f"Names are in row {first}, labels in row {last}."
    if found.below:
        stand = _which(numbers[len(rows) - found.below :], "is", "are")
        yield f"{stand} below the data and {'is' if found.below == 1 else 'are'} left out."


def _which(numbers: Sequence[int], one: str, several: str) -> str:
    return f"Row {numbers[0]} {one}" if len(numbers) == 1 else f"Rows {numbers[0]} to {numbers[-1]} {several}"
