"""Columns of delimited text that are text because all of their values stand in quotation marks: "007", "NA".

Programs that put quotation marks around text and not around numbers (R, databases, Terrace) tell by them what is what.
The sign is that the name of such a column is quoted too, and something else in the file is not. Where only the values
are quoted, numbers stay numbers, but what is no column of numbers is text as it stands. Where every field of a file has
quotation marks they say nothing, nor where a number needs them, as "1,234" does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_QUOTE, _NEWLINE = ord('"'), ord("\n")
_DATE = re.compile(rb'"\d{4}-\d{2}-\d{2}')
_NUMBER = re.compile(rb'"[\s\d.,;+\-%eE$]*"')

QUOTED = "its values are in quotation marks, so it is read as text. Use destring to convert it to numbers."


@dataclass(frozen=True, slots=True)
class Quoted:
    """Columns, counted from 0: those whose values all stand in quotation marks, and of these those whose name does."""

    values: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()


def text_by_quotes(
    source: Path | bytes, delimiter: str, encoding: str, columns: int, heads: int, most: int = -1
) -> Quoted:
    """The columns whose values all stand in quotation marks that they do not need.

    The first lines, as many as `heads`, hold titles and then names. Lines with another number of fields than `columns`
    are passed over, and so is what follows the first `most` bytes. A column of dates, or without values, is none of
    them. None is found where every field of the file is quoted, the names included, or where quotation marks stand
    inside fields without them.
    """
    if len(delimiter) != 1 or delimiter == " " or not delimiter.isascii():
        return Quoted()
    if isinstance(source, bytes):
        raw = source if most < 0 else source[:most]
        cut = len(raw) < len(source)
    else:
        with open(source, "rb") as file:
            raw = file.read(most)
            cut = bool(file.read(1))
    if encoding.startswith(("utf-16", "utf-32")):
        raw = raw.decode(encoding, errors="replace").encode("utf-8")
    if b'"' not in raw:
        return Quoted()
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _found(raw if cut or raw.endswith(b"\n") else raw + b"\n", ord(delimiter), columns, heads)


def _found(raw: bytes, delimiter: int, columns: int, heads: int) -> Quoted:
    values = np.frombuffer(raw, dtype=np.uint8)
    quotes = values == _QUOTE
    inside: npt.NDArray[np.bool_] = np.logical_xor.accumulate(quotes)
    lines = np.flatnonzero((values == _NEWLINE) & ~inside)
    if not len(lines):
        return Quoted()
    stop = int(lines[-1]) + 1
    values, quotes, inside = values[:stop], quotes[:stop], inside[:stop]
    ends = np.flatnonzero(((values == delimiter) | (values == _NEWLINE)) & ~inside)
    starts = np.concatenate([[0], ends[:-1] + 1])
    line = np.concatenate([[0], np.cumsum(values[ends] == _NEWLINE)[:-1]])
    quoted = quotes[starts] & (ends > starts)
    marks = np.searchsorted(ends, np.flatnonzero(quotes))
    if not bool(quoted[marks].all()):
        return Quoted()
    empty = ends - starts <= 2 * quoted
    regular = np.bincount(line)[line] == columns
    if not bool((regular & ~quoted & ~empty).any()):
        return Quoted()
    body = np.flatnonzero(regular & (line >= heads))
    if not len(body):
        return Quoted()
    grid = body.reshape(-1, columns)
    full = ~empty[grid]
    candidates = np.flatnonzero(full.any(axis=0) & (quoted[grid] | ~full).all(axis=0))
    firsts = {int(k): grid[int(np.argmax(full[:, k])), k] for k in candidates}
    dates = {k for k, field in firsts.items() if _DATE.match(raw, int(starts[field]))}
    needed = np.unique(np.searchsorted(ends, np.flatnonzero((values == delimiter) & inside)))
    numbers = {
        _column(grid, field)
        for field in needed.tolist()
        if _NUMBER.fullmatch(raw, int(starts[field]), int(ends[field]))
    }
    out = frozenset(firsts) - dates - numbers
    head = np.flatnonzero(regular & (line == heads - 1))
    return Quoted(out, frozenset(k for k in out if len(head) and quoted[head[k]]))


def _column(grid: npt.NDArray[np.intp], field: int) -> int:
    """The column of a field; -1 for one that stands in none."""
    row = int(np.searchsorted(grid[:, -1], field))
    return int(field - grid[row, 0]) if row < len(grid) and field >= grid[row, 0] else -1
