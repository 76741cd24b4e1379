"""The cells of .xls and .xlsb files that hold errors such as #N/A, which calamine gives as blanks.

Of each file only the records of such cells are looked at. Sources: [MS-XLS] 2.4.24 BoolErr, 2.4.127 Formula, 2.5.10
BErr; [MS-CFB] for the container; [MS-XLSB] 2.1.4 for the form of records, 2.4.308 BrtCellError, 2.4.672 BrtFmlaError.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from terrace.data.progress import Report
from terrace.data.readers.cells import column_letters
from terrace.data.readers.compound import stream_of

_TEXTS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
_OFTEN = 100_000  # records between two reports
_FORMULA, _BOOLEAN_OR_ERROR, _SHEET, _BEGIN, _END = 0x06, 0x205, 0x85, 0x809, 0x0A
_ROW, _ERROR, _FORMULA_ERROR, _BUNDLE = 0, 3, 11, 156
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""\b(Id|Target)\s*=\s*["']([^"']*)["']""")


def error_cells(path: Path, sheet: int, report: Report) -> list[str]:
    """The cells of one sheet with an error, as ``B7 (#N/A)``; `sheet` is its place among all sheets of the workbook.

    Raises `ValueError`, `LookupError`, `OSError` or what `struct`, `zlib` and `zipfile` raise where the file is not as
    it should be.
    """
    found = _of_xlsb(path, sheet, report) if path.suffix.lower() == ".xlsb" else _of_xls(path, sheet, report)
    return [f"{column_letters(column + 1)}{row + 1} ({_TEXTS.get(code, 'an error')})" for row, column, code in found]


# --- .xls -----------------------------------------------------------------------------------------------------
def _of_xls(path: Path, sheet: int, report: Report) -> Iterator[tuple[int, int, int]]:
    """Row and column from 0, and the number of the error."""
    book = stream_of(path, ("Workbook", "Book"))
    starts = [struct.unpack_from("<I", book, at)[0] for kind, at, _ in _biff(book, 0) if kind == _SHEET]
    for k, (kind, at, size) in enumerate(_biff(book, starts[sheet])):
        if k % _OFTEN == 0:
            report()
        if kind == _BOOLEAN_OR_ERROR and size >= 8 and book[at + 7]:
            yield *struct.unpack_from("<HH", book, at), book[at + 6]
        # a result that is not a number ends with two bytes of ones, and begins with what it is
        elif kind == _FORMULA and size >= 14 and book[at + 12 : at + 14] == b"\xff\xff" and book[at + 6] == 2:
            yield *struct.unpack_from("<HH", book, at), book[at + 8]


def _biff(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of the records from here to the end of this part; charts inside it are passed over."""
    depth = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        if kind == _END:
            depth -= 1
            if depth <= 0:
                return
        elif kind == _BEGIN:
            depth += 1
        elif depth == 1:
            yield kind, at + 4, size
        at += 4 + size
    raise ValueError("a part of the workbook has no end")


# --- .xlsb ----------------------------------------------------------------------------------------------------
def _of_xlsb(path: Path, sheet: int, report: Report) -> Iterator[tuple[int, int, int]]:
    with zipfile.ZipFile(path) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        book = next((name for name in names.values() if name.lower().endswith("workbook.bin")), "")
        folder, name = posixpath.split(book)
        relations = archive.read(names[posixpath.join(folder, "_rels", f"{name}.rels").lower()])
        content = archive.read(book)
        wanted = [_relation(content, at) for kind, at, _ in _records(content) if kind == _BUNDLE][sheet]
        target = posixpath.normpath(posixpath.join("/" + folder, _targets(relations)[wanted])).lstrip("/")
        part = archive.read(names[target.lower()])
    row = -1
    for k, (kind, at, size) in enumerate(_records(part)):
        if k % _OFTEN == 0:
            report()
        if kind == _ROW:
            (row,) = struct.unpack_from("<I", part, at)
        elif kind in (_ERROR, _FORMULA_ERROR) and size >= 9:
            yield row, struct.unpack_from("<I", part, at)[0], part[at + 8]


def _relation(book: bytes, at: int) -> str:
    """The id of the part that a sheet of the book is in: after its state and number, counted in characters."""
    (count,) = struct.unpack_from("<I", book, at + 8)
    return book[at + 12 : at + 12 + 2 * count].decode("utf-16-le")


def _targets(relations: bytes) -> dict[str, str]:
    found = (dict(_ATTRIBUTE.findall(tag)) for tag in _RELATION.findall(relations))
    return {f[b"Id"].decode(): f[b"Target"].decode() for f in found if len(f) == 2}


def _records(part: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of all records: kinds take a byte or two, sizes up to four, of seven bits each."""
    at, end = 0, len(part)
    while at < end:
        kind = part[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (part[at] & 0x7F) << 7
            at += 1
        size = part[at] & 0x7F
        shift = 7
        while part[at] & 0x80 and shift < 28:
            at += 1
            size |= (part[at] & 0x7F) << shift
            shift += 7
        at += 1
        yield kind, at, size
        at += size
