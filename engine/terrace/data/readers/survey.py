"""One look at all bytes of a text table: whether every row has as many fields as it should, before any is read.

A parser that fills short rows up, or reads on to the next quotation mark, says nothing of it; counts do. A file that
passes is read by the fast parser, any other row by row (`rows.py`).
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.progress import Report

BLOCK = 1 << 18
_QUOTE, _LF, _CR, _PLUS, _MINUS, _DOT, _ZERO, _NINE = (ord(c) for c in '"\n\r+-.09')

ByteArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Survey:
    """What was counted in a table of text, quoted text aside.

    ``delimiters`` and ``rows`` (lines that are not empty), ``lone_cr`` (line ends that are none to all programs),
    ``nul``, ``quotes_fit`` (every quotation mark stands at the edge of a field or is doubled, and the last is closed),
    ``breaks`` and ``inner`` (line ends and delimiters inside quoted text), ``ends`` (the last line does), ``zeros`` (a
    field may begin with a zero before another digit), ``padded`` (one may have a blank at its edge, or a plus sign),
    ``marks`` (a byte order mark inside), ``empty`` (empty lines), ``blanks`` (fields without a character; None where
    quotation marks, CRs or empty lines keep them from being told), ``ascii`` (all bytes are).
    """

    delimiters: int = 0
    rows: int = 0
    lone_cr: bool = False
    nul: bool = False
    quotes_fit: bool = True
    breaks: int = 0
    inner: int = 0
    ends: bool = True
    zeros: bool = False
    padded: bool = False
    marks: bool = False
    empty: int = 0
    blanks: int | None = None
    ascii: bool = True


class FileBytes:
    """The bytes of an open file, read slice by slice as they are asked for and not kept."""

    def __init__(self, file: io.RawIOBase | io.FileIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size  # another program may go on writing

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        self._file.seek(start)
        found = self._file.read(max(0, stop - start)) or b""
        if len(found) < stop - start:
            raise EOFError("the file was cut meanwhile")
        return found


def survey(
    data: bytes | memoryview | FileBytes, begin: int, delimiter: str, report: Report, *, plain: bool = False
) -> Survey:
    """Count in ``data``, bytes of an encoding that contains ASCII, from the byte `begin` on, where a row begins.

    With `plain`, counting ends early where one is not ASCII; ``ascii`` is False then.
    """
    found = Survey()
    mark = ord(delimiter)
    edges = np.zeros(256, dtype=bool)
    edges[[_LF, _CR, mark]] = True
    size = len(data)
    scratch = _Scratch()
    inside = False  # a quoted text is open
    blanks, bare, earlier = 0, True, _LF
    for start in range(begin, size, BLOCK):
        report(start / size)
        # one byte before and one after, so that every byte has its neighbours
        low, high = max(start - 1, begin), min(start + BLOCK + 1, size)
        block = bytes(data[low:high])
        values = np.frombuffer(block, dtype=np.uint8)
        first, stop = start - low, min(start + BLOCK, size) - low
        found.nul |= b"\0" in block
        if not block.isascii():
            found.ascii = False
            if plain:
                return found
            found.marks |= b"\xef\xbb\xbf" in block
        returns = b"\r" in block
        if returns:
            pairs = block.count(b"\r\n", first, min(stop + 1, len(block)))
            found.lone_cr |= block.count(b"\r", first, stop) != pairs
        if inside or b'"' in block:
            inside = _quoted(found, values, first, stop, mark, edges, inside)
            bare = False
        else:
            here, rows, empty, delimiters = scratch.rows(values, first, stop, mark, returns)
            found.delimiters += delimiters
            found.rows, found.empty = found.rows + rows, found.empty + empty
            blanks, bare = blanks + here, bare and not returns
        found.zeros = found.zeros or scratch.zeros(values, mark, earlier) or (low == begin and _zero_first(block))
        earlier = int(values[stop - 2])
        found.padded = found.padded or scratch.padded(block, values, mark, low == begin, high == size)
    found.quotes_fit &= not inside
    found.ends = size == begin or bytes(data[size - 1 : size]) in (b"\n", b"\r")
    found.rows += not found.ends
    if bare and not found.empty:
        found.blanks = blanks + (not found.ends and bytes(data[size - 1 : size]) == delimiter.encode())
    return found


class _Scratch:
    """Arrays that every block is compared in: new ones for each would take longer than the comparing."""

    def __init__(self) -> None:
        self._part, self._found, self._pairs = (np.empty(BLOCK + 2, dtype=bool) for _ in range(3))

    def rows(
        self, values: ByteArray, first: int, stop: int, mark: int, returns: bool
    ) -> tuple[int, int, int, int]:
        """Of a block without quoted text: fields without a character, lines that end in it, not empty and empty, and
        delimiters; `returns` where there may be a CR before a line end.
        """
        own = values[:stop]
        ends, marks = np.equal(own, _LF, out=self._found[:stop]), np.equal(own, mark, out=self._part[:stop])
        n = int(np.count_nonzero(ends)) - int(ends[0]) * first
        delimiters = int(np.count_nonzero(marks)) - int(marks[0]) * first
        edges = np.logical_or(ends, marks, out=marks)
        blanks = int(np.count_nonzero(np.logical_and(edges[1:], edges[:-1], out=self._pairs[: stop - 1])))
        blanks += first == 0 and bool(edges[0])
        if not (blanks or returns):
            return 0, n, 0, delimiters
        doubled = np.logical_and(ends[1:], ends[:-1], out=self._pairs[: stop - 1]).any()
        if not (doubled or returns or (first == 0 and ends[0])):
            return blanks, n, 0, delimiters
        empty = _empty_at(values, np.flatnonzero(ends[first:]) + first)
        return blanks, n - empty, empty, delimiters

    def zeros(self, values: ByteArray, mark: int, earlier: int) -> bool:
        """True where a zero before another digit begins a number: 007, -01. Those of 2020-01, 1e-05 and 10:05 do not.

        ``earlier`` is the byte before these.
        """
        n = len(values) - 2
        if n < 1:
            return False
        before, own, after = values[:-2], values[1:-1], values[2:]
        found, part = self._found[:n], self._part[:n]
        np.less(before, _DOT, out=found)  # line ends, blanks, quotation marks, signs and the usual delimiters
        if mark >= _DOT:
            np.logical_or(found, np.equal(before, mark, out=part), out=found)
        np.logical_and(found, np.equal(own, _ZERO, out=part), out=found)
        np.logical_and(found, np.greater(after, _ZERO - 1, out=part), out=found)
        if not found.any():
            return False
        at = np.flatnonzero(found)
        sign = ((before[at] == _PLUS) | (before[at] == _MINUS)) & (before[at] != mark)
        ahead = np.where(at > 0, before[at - 1], earlier)
        letter = ahead | 32
        inside = ((letter >= ord("a")) & (letter <= ord("z"))) | ((ahead >= _ZERO) & (ahead <= _NINE))
        return bool(((after[at] <= _NINE) & ~(sign & inside)).any())

    def padded(self, block: bytes, values: ByteArray, mark: int, begins: bool, ends: bool) -> bool:
        """True where a field may have a blank at its edge, or a plus sign; the table begins or ends with this block.

        Elsewhere the first and the last byte of a block are neighbours that the block before or after looks at.
        """
        present = [sign[0] for sign in (b" ", b"+", b"\t") if sign[0] != mark and sign in block]
        if not present:
            return False
        last = len(values) - 1
        edges = np.zeros(256, dtype=bool)
        edges[[_LF, _CR, _QUOTE, mark]] = True
        for sign in present:
            at = np.flatnonzero(np.equal(values, sign, out=self._found[: last + 1]))
            if (begins and at[0] == 0) or (ends and at[-1] == last):
                return True
            if edges[values[at[at > 0] - 1]].any() or edges[values[at[at < last] + 1]].any():
                return True
        return False


def _zero_first(block: bytes) -> bool:
    return block[:1] == b"0" and block[1:2].isdigit()


def _empty_at(values: ByteArray, at: npt.NDArray[np.intp]) -> int:
    """How many of these line ends follow another line end, or the beginning of the table, at once."""
    before = at - 1
    before = np.where((before >= 0) & (values[before] == _CR), before - 1, before)
    return int(np.count_nonzero((before < 0) | (values[before] == _LF)))


def _quoted(
    found: Survey, values: ByteArray, first: int, stop: int, mark: int, edges: BoolArray, inside: bool
) -> bool:
    """Count outside of quoted text, and look at the neighbours of quotation marks; whether one is open at the end."""
    own = values[first:stop]
    quotes = own == _QUOTE
    at = np.flatnonzero(quotes)
    opens = (np.arange(len(at)) + inside) % 2 == 0
    at += first
    before = np.where(at > 0, values[at - 1], _LF)
    after = np.where(at + 1 < len(values), values[np.minimum(at + 1, len(values) - 1)], _LF)
    fits = np.where(opens, edges[before] | (before == _QUOTE), edges[after] | (after == _QUOTE))
    found.quotes_fit &= bool(fits.all())
    open_ = np.logical_xor.accumulate(quotes) != inside
    found.breaks += int(np.count_nonzero((own == _LF) & open_))
    marks = own == mark
    found.inner += int(np.count_nonzero(marks & open_))
    found.delimiters += int(np.count_nonzero(marks & ~open_))
    ends = np.flatnonzero((own == _LF) & ~open_) + first
    found.rows += len(ends) - _empty_at(values, ends)
    return bool(open_[-1])
