"""Files of office programs, written byte by byte for tests: what no library at hand writes."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def ole(path: Path, streams: Mapping[str, bytes]) -> Path:
    """A compound file ([MS-CFB], version 3) with these streams, each padded to the size that needs no mini stream."""
    padded = {name: content.ljust(4096, b"\0") for name, content in streams.items()}
    sectors: list[bytes] = []
    chain: list[int] = [_FAT, _END]  # sector 0 is the table, 1 the directory
    starts = {}
    for name, content in padded.items():
        starts[name] = len(chain)
        count = -(-len(content) // _SECTOR)
        chain += [len(chain) + k + 1 for k in range(count - 1)] + [_END]
        sectors += [content[k * _SECTOR : (k + 1) * _SECTOR].ljust(_SECTOR, b"\0") for k in range(count)]
    assert len(chain) <= 128 and len(padded) <= 3

    def entry(name: str, kind: int, child: int, start: int, size: int, right: int = _FREE) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
        return head + struct.pack("<III", _FREE, right, child) + bytes(36) + struct.pack("<IQ", start, size)

    names = [*padded]
    directory = entry("Root Entry", 5, 1, _END, 0)
    for k, name in enumerate(names):
        follows = k + 2 if k + 1 < len(names) else _FREE
        directory += entry(name, 2, _FREE, starts[name], len(padded[name]), follows)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    table = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    path.write_bytes(header + table + directory.ljust(_SECTOR, b"\0") + b"".join(sectors))
    return path


@dataclass(frozen=True)
class Error:
    """A cell with an error, by its number (0x2A is #N/A), typed in or what a formula gave."""

    code: int
    formula: bool = False


Cell = float | str | Error | None


def xls(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    """A workbook of BIFF8 ([MS-XLS]) with one sheet of numbers, texts and errors; a chart stands within it."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    chart = record(0x809, struct.pack("<HHHHII", 0x600, 0x20, 0, 0, 0, 0))
    chart += record(0x205, struct.pack("<HHHBB", 0, 0, 0, 0x2A, 1)) + record(0x0A, b"")
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + chart
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            place = struct.pack("<HHH", i, j, 0)
            if isinstance(cell, str):
                text = cell.encode("latin-1")
                sheet += record(0x204, place + struct.pack("<HB", len(text), 0) + text)
            elif isinstance(cell, Error) and cell.formula:
                result = bytes([2, 0, cell.code, 0, 0, 0, 0xFF, 0xFF])
                sheet += record(0x06, place + result + struct.pack("<HIH", 0, 0, 2) + bytes([0x1C, cell.code]))
            elif isinstance(cell, Error):
                sheet += record(0x205, place + bytes([cell.code, 1]))
            elif cell is not None:
                sheet += record(0x203, place + struct.pack("<d", cell))
    sheet += record(0x0A, b"")
    start = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    name = b"Old"
    at = len(start) + 4 + 8 + len(name) + 4
    listed = record(0x85, struct.pack("<IHBB", at, 0, len(name), 0) + name)
    return ole(path, {"Workbook": start + listed + record(0x0A, b"") + sheet})


def xlsb(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    """A binary workbook ([MS-XLSB]) of two sheets: a hidden one with an error in it, and one with these cells."""

    def record(kind: int, content: bytes = b"") -> bytes:
        size = b""
        left = len(content)
        while left > 0x7F:
            size += bytes([left & 0x7F | 0x80])
            left >>= 7
        named = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return named + size + bytes([left]) + content

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def sheet(table: Sequence[Sequence[Cell]]) -> bytes:
        size = struct.pack("<IIII", 0, len(table) - 1, 0, max(map(len, table)) - 1)
        out = record(129) + record(148, size) + record(145)
        for i, row in enumerate(table):
            out += record(0, struct.pack("<IIHBBBI", i, 0, 300, 0, 0, 0, 0))
            for j, cell in enumerate(row):
                place = struct.pack("<II", j, 0)
                if isinstance(cell, str):
                    out += record(6, place + wide(cell))
                elif isinstance(cell, Error) and cell.formula:
                    formula = struct.pack("<HI", 0, 2) + bytes([0x1C, cell.code]) + struct.pack("<I", 0)
                    out += record(11, place + bytes([cell.code]) + formula)
                elif isinstance(cell, Error):
                    out += record(3, place + bytes([cell.code]))
                elif cell is not None:
                    out += record(5, place + struct.pack("<d", cell))
        return out + record(146) + record(130)

    listed = record(156, struct.pack("<II", 1, 1) + wide("rId7") + wide("Aside"))
    listed += record(156, struct.pack("<II", 0, 2) + wide("rId5") + wide("Binary"))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    relations = "".join(
        f'<Relationship Id="{k}" Type="{kind}" Target="worksheets/{t}"/>'
        for k, t in (("rId5", "sheet2.bin"), ("rId7", "sheet1.bin"))
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", "<Types/>")
        out.writestr("xl/workbook.bin", record(131) + record(143) + listed + record(144) + record(132))
        out.writestr("xl/_rels/workbook.bin.rels", f"<Relationships>{relations}</Relationships>")
        out.writestr("xl/worksheets/sheet1.bin", sheet([["z"], [Error(0x07)]]))
        out.writestr("xl/worksheets/sheet2.bin", sheet(rows))
    return path


def ods(path: Path, rows: Sequence[Sequence[str]], *, locked: bool = False) -> Path:
    """An OpenDocument spreadsheet of one sheet; `rows` hold the elements of their cells."""
    spaces = " ".join(
        f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for p, n in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    encrypted = "<manifest:encryption-data/>" if locked else ""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry'
            f' manifest:full-path="content.xml" manifest:media-type="text/xml">{encrypted}</manifest:file-entry>'
            "</manifest:manifest>",
        )
        out.writestr(
            "content.xml",
            f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="One">{body}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return path


def ods_text(text: str) -> str:
    """A cell of text."""
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def ods_number(number: float) -> str:
    """A cell with a number."""
    return f'<table:table-cell office:value-type="float" office:value="{number}"/>'


def edited(path: Path, part: str, changes: Mapping[str, str], away: Sequence[str] = ()) -> Path:
    """The workbook with texts in the XML of a part replaced, all of which have to occur, and parts taken away."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist() if name not in away}
    text = parts[part].decode()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    parts[part] = text.encode()
    with zipfile.ZipFile(path, "w") as out:
        for name, content in parts.items():
            out.writestr(name, content)
    return path


def workbook(path: Path, *sheets: tuple[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()) -> Path:
    """A workbook of openpyxl with these sheets."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.active = next(i for i, (name, _) in enumerate(sheets) if name not in hidden or len(hidden) == len(sheets))
    book.save(path)
    return path
