"""Text to rows of fields, line by line: comments, quotation marks that are never closed, rows that are too short or too
long, columns that are aligned by blanks. What the fast parser gets wrong without a word is told apart here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from terrace.data.progress import Report
from terrace.data.readers.header import could_be_names

_TELLING = 50  # rows that tell whether a row above them can hold their names
_ERRORS = re.compile(r"#(N/?A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_STEP = 20_000


@dataclass(slots=True)
class Rows:
    """Rows of fields with the line of the file, from 1, in which each begins; empty lines are rows without fields.

    ``comments`` are the lines that were left out, ``stray`` those with a quotation mark that is read as it stands,
    ``open`` the line of one after which there is no other. ``long`` are quoted texts of several lines: the first and
    the last of them, and the number of delimiters that each line after the first has at least.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)
    long: list[tuple[int, int, int]] = field(default_factory=list)
    open: int = 0


def physical_lines(text: str) -> list[str]:
    """The lines with their ends: CR, LF or both, and nothing else that Unicode calls a line end."""
    return [line for line in _LINE.findall(text) if line]


def split_text(
    text: str, delimiter: str, report: Report, *, comment: str | None = None, first_line: int = 1
) -> Rows:
    """All rows of a text. ``delimiter`` is one character, ``" "`` for any blanks between fields.

    ``comment`` is what lines that are no data begin with; where it is None, these are lines with ``#``, unless the rows
    of the table begin so.
    """
    plain = _split(text, delimiter, report, first_line, escapes=False)
    if plain.stray and '\\"' in text:
        escaped = _split(text, delimiter, report, first_line, escapes=True)
        if len(escaped.stray) < len(plain.stray):
            plain = escaped
    return _without_comments(plain, delimiter, comment)


def _split(text: str, delimiter: str, report: Report, first_line: int, *, escapes: bool) -> Rows:
    out = Rows()
    at, line, size = 0, first_line, len(text)
    marks = '"' if '"' in text else ""
    while at < size:
        if len(out.rows) % _STEP == 0:
            report(at / size)
        match = _LINE.match(text, at)
        assert match is not None
        whole = match[0]
        plain = whole.rstrip("\r\n")
        out.lines.append(line)
        if not plain.strip():
            # delimiters with nothing between them are a row of missing values
            blank = delimiter == " " or delimiter not in plain
            out.rows.append([] if blank else plain.split(delimiter))
            at, line = match.end(), line + 1
            continue
        if not marks or '"' not in plain:
            out.rows.append(plain.split() if delimiter == " " else plain.split(delimiter))
            at, line = match.end(), line + 1
            continue
        fields, end, stray, least = _quoted(text, at, delimiter, escapes)
        if stray is not None:
            out.stray.append(line)
            out.open = line if text.find('"', stray + 1) < 0 else 0
        used = _breaks(text[at:end])
        if least:
            out.long.append((line, line + used - 1, least))
        out.rows.append(fields)
        at, line = end, line + used
    return out


def _breaks(text: str) -> int:
    """How many lines a piece of text takes."""
    n = text.count("\n") + text.count("\r") - text.count("\r\n")
    return n if text.endswith(("\n", "\r")) else n + 1


@lru_cache(maxsize=32)
def _patterns(delimiter: str, escapes: bool) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A quoted field, one without quotes, and what ends a field."""
    inner = r'"((?:[^"\\]|\\.|"")*+)"' if escapes else r'"((?:[^"]|"")*+)"'
    if delimiter == " ":
        return re.compile(rf"[ \t]*{inner}(?=[ \t\r\n]|\Z)", re.DOTALL), re.compile(r"[ \t]*([^ \t\r\n]*)"), re.compile(
            r"[ \t]*(\r\n|\r|\n|\Z)|[ \t]+")  # fmt: skip
    mark = re.escape(delimiter)
    blank = " " if delimiter == "\t" else r" \t"
    return (
        re.compile(rf"[{blank}]*{inner}[{blank}]*(?={mark}|[\r\n]|\Z)", re.DOTALL),
        re.compile(rf"([^{mark}\r\n]*)"),
        re.compile(rf"{mark}|(\r\n|\r|\n|\Z)"),
    )


def _quoted(text: str, at: int, delimiter: str, escapes: bool) -> tuple[list[str], int, int | None, int]:
    """The fields of a row with quotation marks, where it ends, where a mark is stray, and the fewest delimiters that a
    line of quoted text has after its first.
    """
    quoted, bare, end = _patterns(delimiter, escapes)
    fields: list[str] = []
    stray, least = None, 0
    while True:
        found = quoted.match(text, at)
        if found:
            value = found[1]
            inside = physical_lines(value)
            if len(inside) > 1:
                least = max(least, min(line.count(delimiter) for line in inside[1:]))
            value = value.replace('""', '"')
            fields.append(re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) if escapes else value)
        else:
            found = bare.match(text, at)
            assert found is not None
            value = found[1]
            if stray is None and value.lstrip().startswith('"'):
                stray = found.start(1) + value.index('"')
            fields.append(value)
        stop = end.match(text, found.end())
        assert stop is not None
        at = stop.end()
        if stop[1] is not None:
            return fields, at, stray, least


def _without_comments(rows: Rows, delimiter: str, comment: str | None) -> Rows:
    sign = "#" if comment is None else comment
    if not sign:
        return rows
    begin = [k for k, row in enumerate(rows.rows) if row and delimiter.join(row).lstrip().startswith(sign)]
    if not begin:
        return rows
    if comment is None:
        begin = _comments(rows.rows, begin)
    gone = set(begin)
    keep = [k for k in range(len(rows.rows)) if k not in gone]
    comments = {rows.lines[k]: None for k in begin}
    return Rows(
        [rows.rows[k] for k in keep], [rows.lines[k] for k in keep], list(comments),
        [n for n in rows.stray if n not in comments], rows.long, rows.open,
    )  # fmt: skip


def _comments(rows: Sequence[Sequence[str]], begin: list[int]) -> list[int]:
    """Which of the rows that begin with # are comments: no names, nor rows of a first column in which # is a letter."""
    filled = sum(bool(row) for row in rows)
    if 2 * len(begin) > filled and len(begin) > 3:
        return []
    width = Counter(len(row) for row in rows if row).most_common(1)[0][0]
    known = set(begin)
    others = [row[0].strip() for k, row in enumerate(rows) if row and k not in known]
    names = others[0] if others else ""
    numbers = [_is_number(v) for v in others[1:] if v]
    # before this row stand nothing but comments and empty lines
    first = next((k for k, row in enumerate(rows) if k not in known and any(row)), len(rows))
    out = []
    for k in begin:
        text = rows[k][0].strip()
        if _ERRORS.match(text):
            continue
        full = len(rows[k]) == width and width > 1
        if full and k < first and _is_number(names):
            behind = [rows[k][0].lstrip().removeprefix("#"), *rows[k][1:]]
            if could_be_names(behind, rows[first : first + _TELLING]):
                continue  # above numbers: names behind a #
        if full and k > first and not (numbers and all(numbers)):
            continue
        out.append(k)
    return out


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


# --- columns aligned by blanks --------------------------------------------------------------------------------------
def aligned(lines: Sequence[str]) -> list[int]:
    """Where columns begin in lines that are aligned by blanks, as positions from 0; empty where they are not.

    A column begins where every line has a blank before, and one line at least a character.
    """
    filled = [line.rstrip() for line in lines if line.strip()]
    if len(filled) < 3 or any("\t" in line for line in filled) or not any("  " in line.strip() for line in filled):
        return []
    width = max(map(len, filled))
    blank = [all(k >= len(line) or line[k] == " " for line in filled) for k in range(width)]
    begins = [k for k in range(width) if not blank[k] and (k == 0 or blank[k - 1])]
    if len(begins) < 2:
        return []
    # lines that are not aligned share some blanks by accident: every column has to be filled in most lines
    cuts = [*begins, width + 1]
    for a, b in pairwise(cuts):
        if sum(bool(line[a:b].strip()) for line in filled) < 0.5 * len(filled):
            return []
    return begins


def cut(line: str, begins: Sequence[int]) -> list[str]:
    """The fields of a line whose columns begin at these positions."""
    ends = [*begins[1:], len(line)]
    return [line[a:b].strip() for a, b in zip(begins, ends, strict=True)]


# --- rows of one width ----------------------------------------------------------------------------------------------
def even(rows: Sequence[list[str]], width: int) -> Iterator[tuple[int, str]]:
    """Bring rows to `width` fields in place; gives the place of each that had others, and ``short`` or ``long``.

    Empty fields beyond the width are no data and go without a word.
    """
    for k, row in enumerate(rows):
        n = len(row)
        if n == width:
            continue
        if n < width:
            if n:
                yield k, "short"
            row.extend([""] * (width - n))
        elif all(not f.strip() for f in row[width:]):
            del row[width:]
        else:
            yield k, "long"
