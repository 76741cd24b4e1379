"""What a text file does not say of itself: encoding, delimiter, decimal mark, header."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from terrace.data.readers import header
from terrace.errors import DataError

_SAMPLE_BYTES = 1 << 17
_SAMPLE_ROWS = 300
_CANDIDATES = ("\t", ";", "|", ",")
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "space": " "}

MISSING = header.MISSING
"""What stands for a missing value in a text file."""

_DOT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+,\d*|\d*,\d+)([eE][+-]?\d+)?")
_DOT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a text file. `names` are as written; `header` says whether the first row holds them."""

    encoding: str
    delimiter: str
    decimal: str
    thousands: str | None
    header: bool
    names: tuple[str, ...]
    skip: int


def detect(path: Path, *, delimiter: str | None, decimal: str | None, encoding: str | None) -> Layout:
    """Find out what the caller does not give. Raises `DataError` for a file that is not a table of text."""
    encoding = check_encoding(path, encoding) if encoding else detect_encoding(path)
    with open(path, "rb") as file:
        head = file.read(_SAMPLE_BYTES)
        whole = not file.read(1)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head, final=whole)
    lines = text.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines.pop()  # the last may be cut
    skip = 0
    while lines and not lines[0].strip():
        lines.pop(0)
        skip += 1
    if not lines:
        raise DataError(f"{path.name} holds nothing but blanks.", code="empty-file", subject=str(path))
    declared = re.fullmatch(r"sep=(.)", lines[0].strip("\r\n"))
    if declared:  # written by Excel for Excel
        lines.pop(0)
        skip += 1
        delimiter = delimiter or declared.group(1)
    delimiter = _checked_delimiter(delimiter) if delimiter else _detect_delimiter(lines)
    rows = split(lines, delimiter)
    header = _has_header(rows)
    body = rows[1:] if header else rows
    if decimal is not None and decimal not in (".", ","):
        raise DataError(f"{decimal!r} is no decimal mark; use . or ,.", code="bad-decimal", subject="decimal")
    found, thousands = _detect_decimal(body, delimiter)
    names = _all_names(path, tuple(rows[0]) if header else (), rows, skip)
    return Layout(encoding, delimiter, decimal or found, thousands, header, names, skip)


def split(lines: list[str], delimiter: str) -> list[list[str]]:
    """The fields of the first rows, blanks at their ends removed; blank lines left out."""
    if delimiter == " ":
        rows = [line.split() for line in lines]
    else:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            rows = [line.rstrip("\r\n").split(delimiter) for line in lines]
    return [[f.strip() for f in row] for row in rows if any(f.strip() for f in row)][:_SAMPLE_ROWS]


def detect_encoding(path: Path) -> str:
    """UTF-8, UTF-16 or UTF-32 by their marks or by being valid, otherwise a Western single-byte encoding.

    The whole file is looked at: a name with an accent may stand in the last row.
    """
    with open(path, "rb") as file:
        head = file.read(4096)
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF32_LE, "utf-32"),
            (codecs.BOM_UTF32_BE, "utf-32"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if head.startswith(mark):
                return name
        if b"\0" in head:
            even, odd = head[0::2].count(0), head[1::2].count(0)
            if odd > 0.3 * len(head) / 2 and even == 0:
                return "utf-16-le"
            if even > 0.3 * len(head) / 2 and odd == 0:
                return "utf-16-be"
            raise DataError(
                f"{path.name} is not a text file.",
                code="not-text",
                subject=str(path),
                advice="Check what program wrote it, and export it from there as .csv or .xlsx.",
            )
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        single_byte = "cp1252"
        utf8 = True
        while block := file.read(1 << 20):
            if block.isascii():
                if utf8 and decoder.getstate()[0]:
                    utf8 = False
                continue
            if utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    utf8 = False
            if any(c in block for c in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")):
                single_byte = "latin-1"
        if utf8 and not decoder.getstate()[0]:
            return "utf-8"
        return single_byte


def check_encoding(path: Path, encoding: str) -> str:
    """`encoding` where it exists and fits the file; otherwise `DataError` naming the place."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise DataError(
            f"There is no encoding {encoding!r}.",
            code="no-such-encoding",
            subject="encoding",
            advice="Examples: utf-8, latin-1, cp1252, utf-16.",
        ) from None
    offset = 0
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
                offset += len(block)
            decoder.decode(b"", final=True)
    except UnicodeError as error:
        place = offset + getattr(error, "start", 0)
        raise DataError(
            f"{path.name} is not {encoding} text (byte {place + 1}).",
            code="wrong-encoding",
            subject="encoding",
            advice="Leave the encoding to be detected, or name another, such as latin-1.",
        ) from None
    return encoding


def _checked_delimiter(delimiter: str) -> str:
    delimiter = _WORDS.get(delimiter, delimiter)
    if len(delimiter) != 1:
        raise DataError(
            f"{delimiter!r} is no delimiter: it must be one character, or comma, semicolon, tab, space.",
            code="bad-delimiter",
            subject="delimiter",
        )
    return delimiter


def _detect_delimiter(lines: list[str]) -> str:
    """The candidate that gives every row, the header included, the same number of fields, at least two."""
    best: tuple[tuple[bool, float], str] | None = None
    for candidate in _CANDIDATES:
        rows = split(lines, candidate)
        counts = Counter(len(row) for row in rows)
        usual, times = max(counts.items(), key=lambda item: (item[1], item[0]))
        if usual < 2:
            continue
        if candidate == "," and len(rows[0]) == 1:
            continue  # one name above, two fields below: the comma is a decimal mark
        score = (len(rows[0]) == usual, round(times / len(rows), 1))
        if best is None or score > best[0]:
            best = (score, candidate)
    if best is not None and best[0][1] >= 0.5:
        return best[1]
    words = Counter(len(line.split()) for line in lines[:_SAMPLE_ROWS] if line.strip())
    usual, times = words.most_common(1)[0]
    if usual >= 2 and times >= 0.95 * sum(words.values()) and len(words) <= 2:
        return " "
    return ";" if best is None else best[1]


def _is_number(field: str) -> bool:
    return bool(_DOT.fullmatch(field) or _COMMA.fullmatch(field) or _DOT_THOUSANDS.fullmatch(field))


def _has_header(rows: list[list[str]]) -> bool:
    """False only where numbers other than years stand in the first row, and no name above a number."""
    first = rows[0]
    if len(rows) == 1:
        return not any(_is_number(f) for f in first)
    named = numeric = 0
    for i, field in enumerate(first):
        below = [row[i] for row in rows[1:] if i < len(row) and row[i] not in MISSING]
        numbers = bool(below) and all(_is_number(f) for f in below)
        if _is_number(field) or field in MISSING:
            numeric += field != ""
        elif numbers:
            named += 1
    if named or numeric == 0:
        return True
    years = [f for f in first if re.fullmatch(r"(19|20)\d\d", f)]
    return len(years) == numeric >= 2 and len(set(years)) == numeric < len(first)


def _detect_decimal(rows: list[list[str]], delimiter: str) -> tuple[str, str | None]:
    dots = commas = grouped_dots = grouped_commas = ambiguous = 0
    for row in rows:
        for field in row:
            if "," in field:
                if _COMMA_THOUSANDS.fullmatch(field):
                    grouped_commas += 1
                elif _DOT_THOUSANDS.fullmatch(field):
                    if "." in field or field.count(",") > 1:
                        grouped_dots += 1
                    else:
                        ambiguous += 1
                elif _COMMA.fullmatch(field):
                    commas += 1
            elif "." in field and _DOT.fullmatch(field):
                dots += 1
    if grouped_commas and not grouped_dots:
        return ",", "."
    if commas and not dots and not grouped_dots:
        return ",", None
    if grouped_dots or (ambiguous and (dots or delimiter == ",")):
        return ".", ","
    if ambiguous:  # 5,876 between semicolons: a decimal comma is far likelier than 5876
        return ",", None
    return ".", None


def _all_names(path: Path, names: tuple[str, ...], rows: list[list[str]], skip: int) -> tuple[str, ...]:
    """As many names as fields: R leaves the name of the row names out; other surplus fields are an error."""
    width = len(rows[0])
    body = rows[1:] if names else rows
    filled = [max((i + 1 for i, f in enumerate(row) if f), default=0) for row in body]
    widest = max(filled, default=width)
    if not names:
        return ("",) * max(width, widest)
    if widest <= width:
        return names
    if all(len(row) == width + 1 for row in body):
        return ("row", *names)
    line = filled.index(next(f for f in filled if f > width)) + 2 + skip
    raise DataError(
        f"Row {line} of {path.name} has more fields than the header has names ({width}).",
        code="ragged-file",
        subject=str(path),
        advice="Check the delimiter, and put text that contains it between quotation marks.",
    )
