"""A text file made ready for the fast parser (`parser.py`).

The file is looked at as a whole first (`survey.py`). Where every row is as wide as the table, it is parsed as it is;
otherwise it is split row by row (`rows.py`), what is wrong is told or refused, and the rows that are left are parsed.
So one place makes numbers and text of fields.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from terrace.data.progress import Report
from terrace.data.readers import line_limit
from terrace.data.readers.detect import (
    SAMPLE_BYTES,
    SAMPLE_ROWS,
    Layout,
    Sample,
    Wanted,
    detect_sample,
    layout_of,
    rows_of,
    split_rows,
)
from terrace.data.readers.encoding import Encoding, check_encoding, find_encoding
from terrace.data.readers.header import footer_rows
from terrace.data.readers.line_limit import LineLimit
from terrace.data.readers.parser import TOGETHER, Parsing, quiet
from terrace.data.readers.rows import Rows, even, physical_lines, split_text
from terrace.data.readers.survey import FileBytes, Survey, survey
from terrace.errors import DataError
from terrace.wording import plural

_TAIL_ROWS = 60
_BLOCK = 1 << 20  # bytes that are taken in at a time
_NO_END = "The last line has no line end, so the file may be incomplete."


@dataclass(slots=True)
class Table:
    """A text file, ready to be parsed: all its rows have as many fields as its layout has names.

    ``source`` is the file, or its rows as UTF-8 text. ``lines`` are the lines of the file that the rows come from; None
    where they follow each other from the first row of data on. ``counts`` tells how fields are written, ``frame`` is
    what was parsed already.
    """

    path: Path
    layout: Layout
    source: Path | bytes
    counts: Survey
    lines: list[int] | None = None
    notes: list[str] = field(default_factory=list)
    frame: pd.DataFrame | None = None

    def numbered(self, values: pd.Series) -> pd.Series:
        """A column of the table, shape (n,), with the lines of the file as its index."""
        if self.lines is None:
            return values.set_axis(pd.RangeIndex(self.layout.before + 1, self.layout.before + 1 + len(values)))
        return values.set_axis(self.lines[: len(values)])


def open_table(path: Path, report: Report, wanted: Wanted) -> Table:
    """Find out how a file is to be read. Raises `DataError` where it is no table, or where a row is not certain.

    A table that need not be split and is not very large is parsed at the same time.
    """
    with quiet():
        begun = _begun(path, wanted, report) if wanted.encoding is None else None
        if begun is not None and (table := _as_begun(path, begun, report)) is not None:
            return table
        try:
            return _open_table(path, report, wanted, begun)
        except DataError:
            if begun is not None:
                begun.parsing.settle()  # while its warnings are kept quiet
            raise


def _as_begun(path: Path, begun: _Begun, report: Report) -> Table | None:
    """A table of ASCII without quirks, which is counted without being taken into memory; None for any other file."""
    layout = begun.sample.layout
    with open(path, "rb", buffering=0) as file:
        data = FileBytes(file)
        try:
            counts = survey(data, begun.begin, layout.delimiter, report, plain=True)
            if not counts.ascii or not _regular(counts, layout) or data[:SAMPLE_BYTES] != begun.head:
                return None
            if _footed(begun.sample, data):
                return None
        except EOFError:
            return None
    frame = _at_once(path, path, layout, report, begun)
    return Table(path, layout, path, counts, None, _notes(layout, counts), frame)


def _open_table(path: Path, report: Report, wanted: Wanted, begun: _Begun | None) -> Table:
    data = _taken_in(path, report)
    encoding = check_encoding(data, path, wanted.encoding) if wanted.encoding else find_encoding(data, path)
    report(0.0)
    if encoding.name in ("utf-8", "utf-8-sig", "ascii") and encoding.confidence == 1.0:
        return _opened(path, data, path, encoding, wanted, report, begun)
    text = str(data, encoding.name, "replace").encode("utf-8", "replace")
    report(0.0)
    return _opened(path, text, text, encoding, wanted, report)


def _taken_in(path: Path, report: Report) -> memoryview:
    """The bytes of a file. They are not mapped: a file that another program cuts meanwhile would end the process."""
    limit, done = LineLimit(path), 0
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size  # another program may go on writing
        content = bytearray(size)  # and no growing, which copies what is there again and again
        with memoryview(content) as view:
            while n := file.readinto(view[done : min(size, done + _BLOCK)]):
                limit(content, done, done + n)
                done += n
                report(0.0)
    return memoryview(content).toreadonly()[:done]


def _opened(
    path: Path,
    data: memoryview | bytes,
    source: Path | bytes,
    encoding: Encoding,
    wanted: Wanted,
    report: Report,
    begun: _Begun | None = None,
) -> Table:
    head = bytes(data[:SAMPLE_BYTES])
    if begun is not None and (encoding.name, head) != ("utf-8", begun.head):
        begun = None  # it is read as something else than its beginning promised, or was changed meanwhile
    if begun is not None:
        sample = begun.sample
    else:
        sample = detect_sample(path, str(head, "utf-8", "replace"), len(data) <= len(head), wanted, encoding.name)
    layout = sample.layout
    begin = _begin(sample, head)
    certain = encoding.confidence == 1.0 or not isinstance(data, bytes) or b"\xef\xbf\xbd" not in data
    if begin is not None and not wanted.part and certain and not _footed(sample, data):
        frame = None
        with ThreadPoolExecutor(1) as pool:
            counting = pool.submit(survey, data, begin, layout.delimiter, report)
            if len(data) <= TOGETHER:
                frame = _at_once(path, source, layout, report, begun)
            counts = counting.result()
        if _regular(counts, layout):
            return Table(path, layout, source, counts, None, _notes(layout, counts, encoding), frame)
    return _by_rows(path, str(data, "utf-8", "replace"), sample, encoding, wanted, report)


def open_unsplit(path: Path, report: Report) -> Table | None:
    """A file that can be read in parts, without any of it in memory; None where it has to be split row by row."""
    with open(path, "rb", buffering=0) as file:
        data = FileBytes(file)  # and not mapped, as in `_taken_in`
        limit = LineLimit(path)
        for start in range(0, len(data), _BLOCK):
            limit(data[start : start + _BLOCK])
        encoding = find_encoding(data, path)
        wide = encoding.name.startswith(("utf-16", "utf-32"))
        if encoding.name not in ("utf-8", "utf-8-sig") and not wide:
            certain = check_encoding(data, path, encoding.name).confidence == 1.0
        else:
            certain = encoding.confidence == 1.0
        head = data[: SAMPLE_BYTES if not wide else SAMPLE_BYTES * 2]
        whole = len(data) <= len(head)
        decoder = codecs.getincrementaldecoder(encoding.name)("replace")
        text = decoder.decode(head, whole)
        sample = detect_sample(path, text, whole, Wanted(), encoding.name)
        begin = _begin(sample, text.encode("utf-8") if wide else head)
        if begin is None or not certain:
            return None
        layout = sample.layout
        if wide:  # its bytes cannot be counted as they are
            counts = Survey(zeros=True, padded=True)
        else:
            counts = survey(data, begin, layout.delimiter, report)
            if _footed(sample, data) or not _regular(counts, layout):
                return None
        return Table(path, layout, path, counts, None, _notes(layout, counts, encoding))


def _notes(layout: Layout, counts: Survey, encoding: Encoding | None = None) -> list[str]:
    """What is told of a table that need not be split."""
    guessed = [] if encoding is None or not encoding.note else [encoding.note]
    return [*guessed, *layout.notes, *([] if counts.ends else [_NO_END])]


def _regular(counts: Survey, layout: Layout) -> bool:
    """True where every row has the fields that it should have, and every quoted text ends where it should."""
    if counts.nul or counts.lone_cr or counts.marks or not counts.quotes_fit or (counts.breaks and counts.inner):
        return False
    if len(layout.names) == 1 and counts.empty:
        return False  # an empty line may be a missing value there, which is told
    return counts.rows > 0 and counts.delimiters == counts.rows * (len(layout.names) - 1)


def _begin(sample: Sample, head: bytes) -> int | None:
    """The byte where the data begin; None where the file has to be split row by row."""
    layout, rows = sample.layout, sample.rows
    if layout.delimiter == " " or not layout.delimiter.isascii() or layout.begins or sample.found.below:
        return None
    if rows.comments or rows.stray or rows.long or len(layout.names) < 1:
        return None
    at = 0
    for _ in range(layout.before):
        at = head.find(b"\n", at) + 1
        if not at:
            return None
    return at


def _footed(sample: Sample, data: memoryview | bytes | FileBytes) -> bool:
    """True where the last rows of a large file seem to be no data, although they have all delimiters."""
    if len(data) <= SAMPLE_BYTES:
        return False
    tail = str(data[-SAMPLE_BYTES // 8 :], "utf-8", "replace").partition("\n")[2]
    rows = split_text(tail, sample.layout.delimiter, Report(""), comment="").rows[-_TAIL_ROWS:]
    return bool(rows) and footer_rows(rows, len(sample.layout.names)) > 0


@dataclass(frozen=True, slots=True)
class _Begun:
    """A file that is parsed already while it is taken in and counted, by what its ``head`` says of it: its data begin
    at the byte ``begin``.
    """

    head: bytes
    sample: Sample
    begin: int
    parsing: Parsing


def _begun(path: Path, wanted: Wanted, report: Report) -> _Begun | None:
    """Begin to parse a large file of plain text; None where that would be in vain as far as its beginning tells.

    It is parsed as UTF-8. What comes of it is used where all of the file turns out to be that, and a regular table.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(SAMPLE_BYTES)
    if not 8 * SAMPLE_BYTES < size <= min(TOGETHER, line_limit.LONGEST):
        return None
    if wanted.part or not head.isascii() or b"\0" in head:
        return None
    try:
        sample = detect_sample(path, head.decode("ascii"), False, wanted, "utf-8")
    except DataError:
        return None  # it is said when all of the file is known
    begin = _begin(sample, head)
    if begin is None:
        return None
    return _Begun(head, sample, begin, Parsing(path, path, sample.layout, report))


def _at_once(
    path: Path, source: Path | bytes, layout: Layout, report: Report, begun: _Begun | None
) -> pd.DataFrame | None:
    try:
        return (begun.parsing if begun is not None else Parsing(path, source, layout, report)).frame()
    except (DataError, ValueError, OverflowError):
        return None  # what is wrong is found row by row


def parse_table(
    table: Table,
    report: Report,
    rows: int | None = None,
    types: Mapping[int, str] | None = None,
    only: Sequence[int] | None = None,
    *,
    missing: bool = True,
) -> pd.DataFrame:
    """The fields of a table, or of some columns and the first rows, as pandas takes them; see `Parsing`."""
    if table.frame is not None and not types and rows is None and only is None and missing:
        return table.frame
    layout = table.layout
    if table.lines is not None:  # the source is what `_by_rows` wrote
        layout = replace(layout, delimiter="\t", before=0)
    with quiet():
        return Parsing(table.path, table.source, layout, report, rows, types, only, missing=missing).frame()


# --- row by row -----------------------------------------------------------------------------------------------------
def _by_rows(path: Path, text: str, sample: Sample, encoding: Encoding, wanted: Wanted, report: Report) -> Table:
    layout = sample.layout
    notes = list(filter(None, [encoding.note]))
    ends = not text or text.endswith(("\n", "\r"))
    text = text.removeprefix("\ufeff")
    if encoding.confidence < 1.0 and "\ufffd" in text:
        lines = _lines_with(text, "\ufffd")
        what = "bytes that are not characters" if text.count("\ufffd") > 1 else "a byte that is not a character"
        notes.append(f"{rows_of(lines)} with {what} of {encoding.name}, read as \ufffd; all others are as they were.")
    for sign, what in (("\0", "zero bytes"), ("\ufeff", "byte order marks inside the text")):
        if sign in text:
            notes.append(f"{rows_of(_lines_with(text, sign))} with {what}, which are left out.")
            text = text.replace(sign, "")
    if sample.skip:
        text = "".join(physical_lines(text)[sample.skip :])
    rows = split_rows(text, layout.delimiter, wanted, layout.begins, sample.skip + 1, report)
    if rows.open and len(rows.stray) == 1:  # of several, the marks are part of the text everywhere
        raise DataError(
            f"A quotation mark opened in row {rows.open} of {path.name} is not closed, so the file may be incomplete.",
            code="truncated-file",
            subject=str(path),
            advice="Close it, or copy the file again.",
        )
    head = Rows(rows.rows[:SAMPLE_ROWS], rows.lines[:SAMPLE_ROWS])
    whole = len(rows.rows) <= SAMPLE_ROWS
    layout, found = layout_of(
        path, head, whole, wanted, layout.encoding, layout.delimiter, layout.begins, sample.named
    )
    below = found.below if whole else footer_rows(rows.rows[-_TAIL_ROWS:], len(layout.names))
    if below and not whole:
        cut = [n for row, n in zip(rows.rows[-below:], rows.lines[-below:], strict=True) if any(row)]
        notes.append(f"{rows_of(cut)} below the data left out.")
    stop = len(rows.rows) - below
    low, high = wanted.rows[0] or 1, wanted.rows[1] or rows.lines[-1]
    places = [k for k in range(found.first, stop) if rows.rows[k] and low <= rows.lines[k] <= high]
    kept, lines = [rows.rows[k] for k in places], [rows.lines[k] for k in places]
    notes += _row_notes(path, rows, layout, kept, lines, wanted, ends)
    first, last = (wanted.columns[0] or 1) - 1, wanted.columns[1] or len(layout.names)
    if not layout.names[first:last]:
        raise DataError(
            f"{path.name} has {plural(len(layout.names), 'column')}.", code="bad-option-value", subject="colrange",
            advice="Choose some of them.",
        )  # fmt: skip
    if first or last < len(layout.names):
        kept = [row[first:last] for row in kept]
    notes += layout.notes
    layout = replace(layout, names=layout.names[first:last], labels=layout.labels[first:last])
    out = io.StringIO()
    # with this end of lines a text with either of its letters is put into quotation marks
    csv.writer(out, delimiter="\t", lineterminator="\r\n").writerows(kept)
    content = out.getvalue().encode("utf-8", "replace")
    table = Table(path, layout, content, survey(content, 0, "\t", report), lines, notes)
    if kept:
        table.frame = parse_table(table, report)
    return table


def _lines_with(text: str, sign: str) -> list[int]:
    return [k for k, line in enumerate(physical_lines(text), 1) if sign in line]


def _row_notes(
    path: Path, rows: Rows, layout: Layout, kept: list[list[str]], lines: Sequence[int], wanted: Wanted, ends: bool
) -> list[str]:
    """Bring all rows to one width, and tell what was done; `DataError` for a row that has too many fields."""
    width = len(layout.names)
    notes = []
    if rows.comments:
        sign = wanted.comment or "#"
        verb = "begins" if len(rows.comments) == 1 else "begin"
        notes.append(f"{rows_of(rows.comments)} left out, which {verb} with {sign}.")
    if rows.stray:
        notes.append(f"{rows_of(rows.stray)} with a quotation mark that is not closed. It is read as part of the text.")
    for first, last, least in rows.long:
        if least >= max(1, width - 2):
            notes.append(f"The quoted text that begins in row {first} runs to row {last} and may have swallowed rows.")
    before = [len(row) for row in kept]
    odd = list(even(kept, width))
    for k, how in odd:
        if how == "long":
            raise DataError(
                f"Line {lines[k]} of {path.name} has {plural(before[k], 'field')} where {width} are expected.",
                code="ragged-file",
                subject=str(path),
                advice="Check the delimiter, and put text that contains it in quotation marks.",
            )
    short = [k for k, how in odd if how == "short"]
    if not ends and short and short[-1] == len(kept) - 1:
        k = short.pop()
        notes.append(f"The last line has {before[k]} of {width} fields, so the file may be incomplete.")
    elif not ends:
        notes.append(_NO_END)
    if len(short) == len(kept) and short and len({before[k] for k in short}) == 1:
        notes.append(
            f"The header has {plural(width, 'name')} and the rows {plural(before[0], 'field')}; the last names have no "
            "values."
        )
    elif short:
        notes.append(f"{rows_of([lines[k] for k in short])} with fewer than {width} fields; the last ones are missing.")
    if width == 1:
        blank = [n for n, row in zip(rows.lines[1:-1], rows.rows[1:-1], strict=False) if not row]
        if blank:
            notes.append(f"{rows_of(blank)} empty and left out.")
    return notes
