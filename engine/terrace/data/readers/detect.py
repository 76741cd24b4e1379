"""What a text file does not say of itself: delimiter, decimal mark, where its names and its data begin."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from terrace.data.progress import Report
from terrace.data.readers import header
from terrace.data.readers.rows import Rows, aligned, cut, physical_lines, split_text
from terrace.errors import DataError
from terrace.wording import enumerated

SAMPLE_BYTES = 1 << 17
"""How much of a file is looked at to detect what it is."""
SAMPLE_ROWS = 300
"""How many of its rows."""
_CANDIDATES = ("\t", ";", "|", ",")
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "space": " "}

MISSING = header.MISSING
"""What stands for a missing value in a text file."""

_WORD = re.compile(r'"[^"]*"|\S+')
_DOT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+,\d*|\d*,\d+)([eE][+-]?\d+)?")
_DOT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller says of a text file; what is None or empty is detected, or all of the file.

    ``rows`` and ``columns`` are the first and last to read, counted in the file from 1, None for the beginning or the
    end; ``names`` is the row of the names, 0 where there is none, or the first and the last of several that are joined;
    ``skip`` lines at the beginning are passed over; lines that begin with ``comment`` are no data. ``text`` are columns
    to read as text, by number or name; a 0 among them means all. ``labels`` is the row of the labels of the variables,
    likewise. Where ``thousands`` is empty, no mark stands between them.
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    rows: tuple[int | None, int | None] = (None, None)
    columns: tuple[int | None, int | None] = (None, None)
    names: header.At = None
    skip: int = 0
    comment: str | None = None
    text: tuple[int | str, ...] = ()
    labels: header.At = None

    @property
    def part(self) -> bool:
        """True where some of the file is to be left out, besides what stands above its names."""
        part = self.rows != (None, None) or self.columns != (None, None)
        return part or bool(self.skip) or self.comment is not None


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a text file.

    ``names`` are as written, one for each field of a row, empty where there is none; ``labels`` likewise. ``header``
    tells whether the file holds names; ``before`` lines come before the first row of data. ``notes`` say what is not
    read, or not read as it stands. ``begins`` are the positions of columns of fixed width; ``names_row`` and
    ``labels_row`` the first and last lines of the names and of the labels, zeros where there are none.
    """

    encoding: str
    delimiter: str
    decimal: str
    thousands: str | None
    header: bool
    names: tuple[str, ...]
    labels: tuple[str, ...]
    before: int
    notes: tuple[str, ...] = ()
    begins: tuple[int, ...] = ()
    names_row: tuple[int, int] = (0, 0)
    labels_row: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a file, after ``skip`` lines that are passed over, their header and the layout by them."""

    skip: int
    rows: Rows
    found: header.Header
    layout: Layout
    named: bool


def detect_sample(path: Path, text: str, whole: bool, wanted: Wanted, encoding: str) -> Sample:
    """The layout by the beginning of a text, or by all of it. Raises `DataError` where it is not a table."""
    text = text.removeprefix("\ufeff")
    lines = physical_lines(text)
    if not whole and len(lines) > 1:
        lines.pop()  # the last may be cut
        lines = lines[: wanted.skip + max(map(_last, (wanted.names, wanted.labels))) + 2 * SAMPLE_ROWS]
    skip = min(wanted.skip, len(lines))
    blank = "\r\n \t\ufeff\0" + ("".join(_CANDIDATES) if whole else "")  # delimiters alone are an empty sheet
    if not any(line.strip(blank) for line in lines[skip:]):
        raise DataError(f"{path.name} contains only blanks.", code="empty-file", subject=str(path))
    first = next(k for k in range(skip, len(lines)) if lines[k].strip())
    delimiter = wanted.delimiter
    declared = re.fullmatch(r'"?sep=(.)"?', lines[first].strip("\r\n"))
    if declared:  # written by Excel for Excel
        skip = first + 1
        delimiter = delimiter or declared.group(1)
    sign = "#" if wanted.comment is None else wanted.comment
    plain = [line for line in lines[skip:] if line.strip() and not (sign and line.startswith(sign))]
    plain = plain or [line for line in lines[skip:] if line.strip()]
    if not plain:
        raise DataError(f"{path.name} contains only blanks.", code="empty-file", subject=str(path))
    if wanted.decimal is not None and wanted.decimal not in (".", ","):
        raise DataError(f"{wanted.decimal!r} is not a decimal mark. Use . or ,.", code="bad-decimal", subject="decimal")
    delimiter = _checked_delimiter(delimiter) if delimiter else _detect_delimiter(_below_titles(lines[skip:], plain))
    begins: tuple[int, ...] = ()
    if delimiter == " " and not _even_words(plain):
        begins = tuple(aligned(plain))
    rows = split_rows("".join(lines[skip:]), delimiter, wanted, begins, skip + 1, Report(""))
    if not whole:
        rows.rows, rows.lines = rows.rows[:SAMPLE_ROWS], rows.lines[:SAMPLE_ROWS]
    named = _quoted_names(plain, delimiter)
    layout, found = layout_of(path, rows, whole, wanted, encoding, delimiter, begins, named)
    return Sample(skip, rows, found, layout, named)


def layout_of(
    path: Path,
    rows: Rows,
    whole: bool,
    wanted: Wanted,
    encoding: str,
    delimiter: str,
    begins: tuple[int, ...],
    named: bool,
) -> tuple[Layout, header.Header]:
    """How these rows are to be read, and their header."""
    place, below = (header.place_of(number, rows.lines) for number in (wanted.names, wanted.labels))
    row = header.first_row(place) if place is not None else 0
    if wanted.names and (row < 0 or not any(rows.rows[row])):
        raise DataError(
            f"Row {header.first_row(wanted.names)} of {path.name} contains no names.",
            code="bad-option-value", subject="varnames",
            advice="Give the number of the row with the names, counted from 1, or write varnames(nonames).",
        )  # fmt: skip
    from_top = wanted.rows[0] is not None
    found = header.find_header(
        rows.rows, whole=whole, named=named, names_row=place, labels_row=below, from_top=from_top
    )
    body = [row for row in rows.rows[found.first : len(rows.rows) - found.below] if row]
    widths = Counter(len(row) for row in body)
    usual = widths.most_common(1)[0][0] if widths else 0
    names, labels = list(found.names), list(found.labels)
    first = rows.rows[found.above] if found.rows else []
    one_fewer = len(first) == usual - 1 and len(widths) == 1 and all(first)
    if found.rows == 1 and one_fewer and any(row[-1].strip() for row in body):
        names, labels = ["row", *names[: len(first)]], ["", *labels[: len(first)]]  # as R writes row names
    elif found.rows == 1 and wanted.names is None and len(first) < usual:
        _more_than_named(path, rows, found, len(first))
    wide = max(len(names), usual)
    names += [""] * (wide - len(names))
    labels += [""] * (wide - len(labels))
    dec, thousands = _detect_decimal(body, delimiter)
    decimal = wanted.decimal or dec
    thousands = (thousands if thousands != decimal else None) if wanted.thousands is None else wanted.thousands or None
    at = found.first
    before = rows.lines[at] - 1 if at < len(rows.lines) else (rows.lines[-1] if rows.lines else 0)
    layout = Layout(
        encoding, delimiter, decimal, thousands, found.rows > 0, tuple(n.lstrip("\ufeff") for n in names),
        tuple(labels), before, tuple(_header_notes(rows, found)), begins,
        *found.lines(rows.lines),
    )  # fmt: skip
    return layout, found


def _last(at: header.At) -> int:
    return (at[1] if isinstance(at, tuple) else at) or 0


def _more_than_named(path: Path, rows: Rows, found: header.Header, width: int) -> None:
    """Raises `DataError` where a row has something in more fields than the header has names."""
    for k in range(found.first, len(rows.rows) - found.below):
        if any(f.strip() for f in rows.rows[k][width:]):
            raise DataError(
                f"Row {rows.lines[k]} of {path.name} has more fields than the header has names ({width}).",
                code="ragged-file",
                subject=str(path),
                advice="Check the delimiter, and put text that contains it in quotation marks.",
            )


def split_rows(
    text: str, delimiter: str, wanted: Wanted, begins: tuple[int, ...], first_line: int, report: Report
) -> Rows:
    """The rows of a text, by its delimiter or its columns of fixed width."""
    if begins:
        lines = physical_lines(text)
        fixed = [cut(line.rstrip("\r\n"), begins) if line.strip() else [] for line in lines]
        return Rows(fixed, [first_line + k for k in range(len(lines))])
    return split_text(text, delimiter, report, comment=wanted.comment, first_line=first_line)


def _quoted_names(lines: list[str], delimiter: str) -> bool:
    """True where the first row is in quotation marks, numbers too, and the numbers below are not."""
    if len(lines) < 2 or delimiter == " ":
        return False
    first, second = ([f.strip() for f in line.strip("\r\n").split(delimiter)] for line in lines[:2])
    if len(first) != len(second) or not all(re.fullmatch(r'"[^"]*"', f) for f in first):
        return False
    return any(_is_number(f) for f in second)


def _header_notes(rows: Rows, found: header.Header) -> list[str]:
    notes = []
    titles = [k for k in range(found.above) if any(f.strip() for f in rows.rows[k])]
    if titles:
        words = " ".join(f.strip() for f in rows.rows[titles[0]] if f.strip())
        notes.append(f"{rows_of([rows.lines[k] for k in titles])} above the names left out: {shown(words)}.")
    if found.joined > 1:
        lines = [rows.lines[found.above + k] for k in range(found.joined)]
        notes.append(f"The names come from rows {lines[0]} to {lines[-1]}. Use varnames(#) to take them from one row.")
    if found.labelled:
        lines = [rows.lines[found.first - k] for k in range(found.labelled, 0, -1)]
        notes.append(f"{rows_of(lines)} below the names read as labels of the variables.")
    if found.numbers and found.rows:
        notes.append(
            f"Row {rows.lines[found.above]}, with numbers, is read as names. Use varnames(nonames) to read it as data."
        )
    below = [k for k in range(len(rows.rows) - found.below, len(rows.rows)) if any(f.strip() for f in rows.rows[k])]
    if below:
        words = " ".join(f.strip() for f in rows.rows[below[0]] if f.strip())
        notes.append(f"{rows_of([rows.lines[k] for k in below])} below the data left out: {shown(words)}.")
    return notes


def rows_of(lines: Sequence[int]) -> str:
    """``Row 3`` or ``Rows 3, 5 and 9``, with the first ten where there are more."""
    first = [str(n) for n in lines[:10]]
    if len(lines) > 10:
        return f"{len(lines):,} rows, the first of them {enumerated(first, 'and')},"
    return f"Row{'s' if len(lines) > 1 else ''} {enumerated(first, 'and')}"


def shown(text: str) -> str:
    """A text for a note, not too long."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def split(lines: list[str], delimiter: str) -> list[list[str]]:
    """The fields of the first rows, blanks at their ends removed; blank lines left out."""
    if delimiter == " ":
        rows = [line.split() for line in lines]
    else:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            rows = [line.rstrip("\r\n").split(delimiter) for line in lines]
    return [[f.strip() for f in row] for row in rows if any(f.strip() for f in row)][:SAMPLE_ROWS]


def _checked_delimiter(delimiter: str) -> str:
    delimiter = _WORDS.get(delimiter, delimiter)
    if len(delimiter) != 1:
        raise DataError(
            f"{delimiter!r} is not a delimiter. Use one character, or comma, semicolon, tab or space.",
            code="bad-delimiter",
            subject="delimiter",
        )
    return delimiter


def _detect_delimiter(lines: list[str]) -> str:
    """The candidate that gives every row, the header included, the same number of fields, at least two."""
    best: tuple[tuple[bool, float], str] | None = None
    for candidate in _CANDIDATES:
        rows = split(lines[: 2 * SAMPLE_ROWS], candidate)
        if not rows:
            return candidate  # it is all that these lines hold
        counts = Counter(len(row) for row in rows)
        usual, times = max(counts.items(), key=lambda item: (item[1], item[0]))
        if usual < 2:
            continue
        if candidate == "," and usual == 2 and len(rows[0]) == 1 and all(map(_one_number, rows[1:])):
            continue  # one name above, numbers below: the comma is a decimal mark
        score = (len(rows[0]) == usual, round(times / len(rows), 1))
        if best is None or score > best[0]:
            best = (score, candidate)
    if best is not None and best[0][1] >= 0.5:
        return best[1]
    if _even_words(lines) or aligned(lines[:SAMPLE_ROWS]):
        return " "
    return ";" if best is None else best[1]


def _even_words(lines: list[str]) -> bool:
    """True where all lines have as many words, at least two, as the others; the first may have one fewer."""
    counts = [len(_WORD.findall(line)) for line in lines[:SAMPLE_ROWS] if line.strip()]
    words = Counter(counts)
    usual, times = max(words.items(), key=lambda item: (item[1], item[0]))
    if usual >= 2 and counts[0] == usual - 1 and set(counts[1:]) == {usual}:
        return True
    return usual >= 2 and times >= 0.95 * len(counts) and len(words) <= 2


def _below_titles(lines: list[str], plain: list[str]) -> list[str]:
    """The lines below the first empty one, where that is near the top: a title says nothing of the delimiter."""
    blank = next((k for k, line in enumerate(lines[:10]) if not line.strip()), None)
    known = set(plain)
    below = [line for line in lines[blank:] if line in known] if blank else []
    return below if len(below) >= 2 else plain


def _one_number(row: list[str]) -> bool:
    return len(row) == 1 or bool(len(row) == 2 and _COMMA.fullmatch(",".join(row)))


def _is_number(field: str) -> bool:
    return bool(_DOT.fullmatch(field) or _COMMA.fullmatch(field) or _DOT_THOUSANDS.fullmatch(field))


def _detect_decimal(rows: list[list[str]], delimiter: str) -> tuple[str, str | None]:
    commas = grouped_dots = grouped_commas = ambiguous = 0
    dots = False
    for row in rows:
        for field in row:
            if "," in field:
                field = field.strip()
                if _COMMA_THOUSANDS.fullmatch(field):
                    grouped_commas += 1
                elif _DOT_THOUSANDS.fullmatch(field):
                    if "." in field or field.count(",") > 1:
                        grouped_dots += 1
                    else:
                        ambiguous += 1
                elif _COMMA.fullmatch(field):
                    commas += 1
            elif not dots and "." in field:
                dots = _DOT.fullmatch(field.strip()) is not None
    if grouped_commas and not grouped_dots:
        return ",", "."
    if commas and not dots and not grouped_dots:
        return ",", None
    if grouped_dots or (ambiguous and (dots or delimiter == ",")):
        return ".", ","
    if ambiguous:  # 5,876 between semicolons: a decimal comma is far likelier than 5876
        return ",", None
    return ".", None
