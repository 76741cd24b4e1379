"""The cells of an Office Open XML workbook (.xlsx, .xlsm), transitional or strict (ISO/IEC 29500).

Read as a stream of events, so that what other libraries pass over can be told: which cells hold errors, which formulas
have no stored result, which rows are hidden; and so that a lone cell in a far corner costs no memory.
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from terrace.data.dates import MS_PER_DAY
from terrace.data.progress import Report
from terrace.data.readers.cells import REFERENCE, Cells, Gathered, SheetName, column_letters, column_number
from terrace.errors import DataError

_CHUNK = 1 << 18
_STEP = 2000
_APART = " "  # between a namespace and a name of it
_SPACE = f"http://www.w3.org/XML/1998/namespace{_APART}space"
_TEXTS = frozenset({"v", "t"})
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Formats that every workbook has without listing them (ISO/IEC 29500-1, 18.8.30), those of East Asia included.
_BUILT_IN = {
    **dict.fromkeys((9, 10), "percent"), **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)), "date"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "time"), 46: "length",
}  # fmt: skip
# What in a format is no code of a part of the date: text, escaped signs, fillers, colours, conditions, languages.
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)


class Workbook:
    """An open workbook. Raises what `zipfile` and `expat` raise for a broken one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path)
        # Some writers put backslashes or other cases into the names of parts.
        self._parts = {n.replace("\\", "/").lstrip("/").lower(): n for n in self._zip.namelist()}
        root = self._relations("")
        books = [target for kind, target in root.values() if kind == "officeDocument"]
        self._book = books[0] if books and books[0].lower() in self._parts else "xl/workbook.xml"
        self._targets = self._relations(self._book)
        self._since_1904 = False
        self.sheets: list[SheetName] = []
        self._parse(self._book, self._in_book)
        self._strings: list[str] | None = None
        self._kinds: list[str] | None = None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def cells(self, sheet: SheetName, report: Report) -> Cells:
        """All cells of a sheet."""
        if self._strings is None or self._kinds is None:
            self._strings, self._kinds = self._shared_strings(), self._styles()
        found = _Sheet(self._strings, self._kinds, self._since_1904, report)
        self._parse(sheet.part, found.start, found.end, found.text)
        found.gathered.finish(found.cells)
        return found.cells

    # --- parts ----------------------------------------------------------------------------------------------
    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        parser = expat.ParserCreate(namespace_separator=_APART)
        parser.buffer_text = True
        parser.buffer_size = _CHUNK
        local = _Local()
        parser.StartElementHandler = lambda name, attributes: start(local[name], attributes)
        if end is not None:
            ended = end
            parser.EndElementHandler = lambda name: ended(local[name])
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _no_doctype
        with self._zip.open(self._parts[part.lower()]) as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk)
            parser.Parse(b"", True)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target of what a part refers to, by its id."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                target = attributes.get("Target", "").replace("\\", "/")
                where = target if target.startswith("/") else posixpath.join(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = kind, posixpath.normpath(where).lstrip("/")

        if listed.lower() in self._parts:
            self._parse(listed, start)
        return found

    def _part_of(self, kind: str) -> str | None:
        parts = [target for k, target in self._targets.values() if k == kind]
        return next((p for p in parts if p.lower() in self._parts), None)

    def _in_book(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self._since_1904 = attributes.get("date1904", "0") in ("1", "true", "on")
        elif name == "sheet":
            number = next((v for k, v in attributes.items() if k.rpartition(_APART)[2] == "id"), "")
            kind, part = self._targets.get(number, ("", ""))
            if kind in ("worksheet", "") and part.lower() in self._parts:
                hidden = attributes.get("state", "visible") != "visible"
                self.sheets.append(SheetName(attributes.get("name", ""), hidden, part))

    def _shared_strings(self) -> list[str]:
        part = self._part_of("sharedStrings")
        strings: list[str] = []
        pieces: list[str] = []
        piece: list[str] = []
        kept = False
        inside = {"t": False, "rPh": False}  # rPh: how it is spoken, beside Japanese text

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal kept
            if name == "si":
                pieces.clear()
            elif name in inside:
                inside[name] = True
                piece.clear()
                kept = attributes.get(_SPACE) == "preserve"

        def end(name: str) -> None:
            if name == "si":
                whole = "".join(pieces)
                strings.append(_unescaped(whole) if whole.strip() else "")
            elif name in inside:
                inside[name] = False
                if name == "t" and not inside["rPh"]:
                    text = "".join(piece)
                    pieces.append(text if kept else text.strip())  # as XML says, and Excel does

        def text(data: str) -> None:
            if inside["t"] and not inside["rPh"]:
                piece.append(data)

        if part is not None:
            self._parse(part, start, end, text)
        return strings

    def _styles(self) -> list[str]:
        """For each style of cells what its numbers are: ``date``, ``time``, ``length``, ``percent`` or nothing."""
        part = self._part_of("styles")
        formats: dict[str, str] = {}
        kinds: list[str] = []
        inside = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                formats[attributes.get("numFmtId", "")] = kind_of_format(attributes.get("formatCode", ""))
            elif name == "cellXfs":
                inside = True
            elif name == "xf" and inside:
                number = attributes.get("numFmtId", "0")
                kinds.append(formats.get(number) or _BUILT_IN.get(int(number), ""))

        def end(name: str) -> None:
            nonlocal inside
            inside = inside and name != "cellXfs"

        if part is not None:
            self._parse(part, start, end)
        return kinds


class _Local(dict[str, str]):
    """Names of a part without their namespace, which strict and transitional workbooks have different ones for.

    It is that of the outermost element. What stands in another has no name here: an extension may call its elements as
    it likes, and Excel writes a second ``workbookPr``, without the calendar of the workbook, in one of its own.
    """

    def __missing__(self, name: str) -> str:
        space, _, local = name.rpartition(_APART)
        if not self:
            self._space = space
        self[name] = local if space == self._space else ""
        return self[name]


class _Sheet:
    """Takes the events of a sheet."""

    def __init__(self, strings: list[str], kinds: list[str], since_1904: bool, report: Report) -> None:
        self.cells = Cells()
        self.gathered = Gathered()
        self._strings, self._kinds, self._since_1904, self._report = strings, kinds, since_1904, report
        self._columns: dict[str, int] = {}  # of letters
        self._row = self._column = self._seen = 0
        self._type = self._style = ""
        self._pieces: list[str] = []
        self._value: str | None = None
        self._open = self._formula = self._spoken = self._kept = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._place(attributes.get("r"))
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._value, self._formula = None, False
        elif name in _TEXTS:
            self._open, self._pieces = (name == "v") != (self._type == "inlineStr") and not self._spoken, []
            self._kept = attributes.get(_SPACE) == "preserve"
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
            self.cells.hidden_rows += attributes.get("hidden", "0") in ("1", "true")
            self._seen += 1
            if self._seen % _STEP == 0:
                self._report(None)
        elif name == "rPh":
            self._spoken = True
        elif name == "mergeCell" and (found := REFERENCE.fullmatch(attributes.get("ref", ""))) and found[3]:
            self.cells.merged.append((int(found[2]), column_number(found[1]), int(found[4]), column_number(found[3])))
        elif name == "col" and attributes.get("hidden", "0") in ("1", "true"):
            first = int(attributes.get("min", "1"))
            self.cells.hidden_columns += range(first, min(int(attributes.get("max", first)), first + 16_384) + 1)

    def end(self, name: str) -> None:
        if name == "c":
            self._finish_cell()
        elif name in _TEXTS:
            if self._open:
                text = "".join(self._pieces)
                self._value = (self._value or "") + (text if self._kept else text.strip())
            self._open = False
        elif name == "rPh":
            self._spoken = False

    def text(self, data: str) -> None:
        if self._open:
            self._pieces.append(data)

    def _place(self, reference: str | None) -> None:
        self._column += 1
        if reference:
            letters = reference.rstrip("0123456789")
            number = self._columns.get(letters)
            if number is None:
                number = self._columns[letters] = column_number(letters.replace("$", "").upper())
            self._column = number

    def _finish_cell(self) -> None:
        value = self._read_value()
        if value is not None:
            self.gathered.put(self._row, self._column, value)

    def _read_value(self) -> Any:
        text, kind = self._value, self._type
        if text is None or (text == "" and kind not in ("str", "inlineStr")):
            if self._formula:
                self.cells.unstored.append(f"{column_letters(self._column)}{self._row}")
            return None
        if kind == "n":
            return self._number(text)
        if kind == "s":
            return self._strings[int(text)] or None  # a text of nothing but blanks is blank
        if kind in ("str", "inlineStr"):
            return _unescaped(text) if text.strip() else None
        if kind == "e":
            self.cells.errors.append(f"{column_letters(self._column)}{self._row} ({text})")
            return None
        if kind == "b":
            return text.strip() in ("1", "true")
        return _iso(text) if kind == "d" else text

    def _number(self, text: str) -> Any:
        number: int | float
        try:
            number = int(text)  # whole numbers keep all their digits
        except ValueError:
            number = float(text)
        if not self._style:
            return number
        at = int(self._style)
        kind = self._kinds[at] if at < len(self._kinds) else ""
        if kind == "percent":
            self.cells.percent.add(self._column)
            return number
        return moment(number, kind, self._since_1904) if kind else number


def kind_of_format(code: str) -> str:
    """What a format such as ``yyyy-mm-dd`` makes of a number: ``date``, ``time``, ``length``, ``percent`` or ''."""
    code = _NO_CODE.sub("", code.partition(";")[0]).lower()
    if "general" in code:
        return ""
    if "[" in code:
        return "length"
    code = code.replace("am/pm", "h").replace("a/p", "h")
    if re.search(r"[ydge]", re.sub(r"e[+-]", "", code)) or (re.search("m", code) and not re.search("[hs]", code)):
        return "date"
    return "time" if re.search("[hs]", code) else "percent" if "%" in code else ""


def moment(number: float, kind: str, since_1904: bool) -> Any:
    """A number as the date, the time of day or the length of time that it is shown as, to the millisecond.

    Numbers that no calendar of Excel has, below 0 or beyond the year 9999, stay numbers.
    """
    try:
        length = dt.timedelta(milliseconds=round(number * MS_PER_DAY))
        if kind == "length" or (kind == "time" and 0 <= number < 1):
            return length
        # Excel counts a 29 February 1900 that never was; days before it stand one later than the others.
        start = dt.datetime(1904, 1, 1) if since_1904 else dt.datetime(1899, 12, 31 if number < 60 else 30)
        return start + length if number >= 0 else number
    except (OverflowError, ValueError):  # no number of days, or more than there are
        return number


def _iso(text: str) -> Any:
    text = text.strip().removesuffix("Z")
    try:
        if "-" in text:
            return dt.datetime.fromisoformat(text)
        return dt.datetime.combine(dt.date.min, dt.time.fromisoformat(text)) - dt.datetime.min
    except ValueError:
        return text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _no_doctype(*_: Any) -> None:
    raise DataError(
        "The workbook declares a document type, which no spreadsheet program writes.",
        code="unreadable-file",
        advice="Open it in the program it comes from and save it again.",
    )
