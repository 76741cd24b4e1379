"""Where the names of a sheet stand, by `header`, and what there is to tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from terrace.data.readers import header


@dataclass(frozen=True, slots=True)
class Header:
    """Names and labels of the columns, where the rows of data begin and end by position, and what there is to tell."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    body: int
    end: int
    notes: tuple[str, ...] = ()


def find_header(rows: Sequence[Sequence[Any]], numbers: Sequence[int]) -> Header:
    """The header of the cells of a sheet, all rows of one width; `numbers` are those of the rows in the sheet."""
    found = header.find_header(rows)
    width = len(rows[0])
    names, labels = found.names, found.labels
    if not found.rows:
        names = tuple(f"v{j + 1}" for j in range(width))
    names, labels = ((*texts, *[""] * (width - len(texts)))[:width] for texts in (names, labels))
    return Header(names, labels, found.first, len(rows) - found.below, tuple(_told(found, rows, numbers)))


def _told(found: header.Header, rows: Sequence[Sequence[Any]], numbers: Sequence[int]) -> Iterator[str]:
    if found.above:
        words = next((str(c) for row in rows[: found.above] for c in row if c is not None), "")
        stand = _which(numbers[: found.above], "is", "are")
        are = "is" if found.above == 1 else "are"
        yield f"{stand} above the names and {are} left out: {words[:60]!r}."
    first, last = numbers[found.above], numbers[max(found.first - 1, 0)]
    if not found.rows:
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
