"""What a file would be read as, before it is: `Looking` finds it again after each change of the reading.

What it gives is what the import reads, by the same functions on the same file. Of a large text file the first rows come
first, as they are by themselves; what the whole file says of types, codes and levels comes after them.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.importing.changes import Change, suspects
from terrace.data.importing.codebook import Codebook, read_codebook
from terrace.data.importing.made import Made, Matched, base, made, marks_of
from terrace.data.importing.reading import Reading
from terrace.data.progress import Cancel, Progress, Report
from terrace.data.readers.expand import set_down
from terrace.data.readers.header import at_rows
from terrace.errors import DataError

if TYPE_CHECKING:
    from terrace.data.readers.detect import Layout

FIRST = 1000
"""Rows that are shown first."""
LARGE = 4 << 20
"""Bytes of a text file from which on its first rows are read by themselves."""
_HEAD = 1 << 19  # bytes that are taken for the first rows, at least
_LINES = 8  # lines of the file that are shown as they are


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, and where in it a separator stands, as pairs (begin, end)."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file is read as.

    reading, found
        What was asked for, without what the file has no column for; the same with all that was found by itself.
    kind
        The command that reads it: ``import delimited`` or ``import excel``.
    data, whole
        The data, all rows of them or, where not ``whole``, the first; with the variables that are left out.
    columns
        The names of the variables in the file.
    changes
        What is lost or changed, over all rows that were read.
    sheets
        The sheets of a workbook.
    lines
        The first lines of a text file.
    matched
        What the codebook says something of.
    """

    reading: Reading
    found: Reading
    kind: str
    data: Dataset
    whole: bool
    columns: tuple[str, ...]
    changes: tuple[Change, ...]
    sheets: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    matched: Matched | None = None


def kind_of(path: str | Path) -> str:
    """The command that imports a file with a `Reading`; empty for files that say themselves how they are read."""
    known = formats.BY_ENDING.get(formats.ending_of(Path(path)))
    for kind in ("import delimited", "import excel"):
        if known in formats.opened_by(kind):
            return kind
    return ""


class Looking:
    """Previews of one file. What the last one read is kept, so that a change of labels or codes reads nothing again."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.kind = kind_of(path)
        self._held: tuple[Any, tuple[Dataset, Layout | None]] | None = None
        self._book: tuple[Any, Codebook] | None = None
        self._facts: tuple[Any, Mapping[str, Any]] | None = None

    def large(self) -> bool:
        """Whether the first rows should be shown before the whole file is read."""
        return self.kind == "import delimited" and self.path.stat().st_size > LARGE

    def first(self, reading: Reading, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Preview:
        """The first rows of a text file by themselves, as they are read where the file ends with them."""
        with tempfile.TemporaryDirectory(prefix="terrace-") as folder:
            head = _head(self.path)
            file = Path(folder, self.path.name)
            set_down(io.BytesIO(head), file, Report("", progress, cancel), most=len(head), name=self.path.name)
            found = Looking(file).whole(reading, progress=progress, cancel=cancel)
        return replace(found, data=replace(_rows(found.data, FIRST), source=str(self.path)), whole=False)

    def whole(self, reading: Reading, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Preview:
        """The whole file. Raises as `read_as` does, but drops what the reading says of columns that are not there."""
        reading, (data, layout) = self._base(reading, progress, cancel)
        book = self._codebook(reading.codebook, progress, cancel)
        while True:
            try:
                out = made(data, reading, marks_of(layout), book)
                break
            except DataError as error:
                reading = _pruned(reading, error)
        sheets, found = self._found(reading, layout, progress, cancel)
        return self._preview(reading, found, out, layout, sheets)

    def lines(self, reading: Reading) -> tuple[Line, ...]:
        """The first lines of a text file, whether it can be read or not; separators are marked where one is given."""
        if self.kind != "import delimited":
            return ()
        try:
            return tuple(_lines(self.path, reading.encoding or "utf-8", reading.delimiter or ""))
        except (OSError, LookupError):  # it is gone, or the encoding is none
            return ()

    def _preview(
        self, reading: Reading, found: Reading, out: Made, layout: Layout | None, sheets: tuple[str, ...]
    ) -> Preview:
        lines = () if layout is None else tuple(_lines(self.path, layout.encoding, layout.delimiter))
        kept = out.data.select([name for name in out.data.names if name not in reading.left_out])
        changes = (*out.changes, *suspects(kept))
        columns = tuple(map(reading.written, out.data.names))
        return Preview(reading, found, self.kind, out.data, True, columns, changes, sheets, lines, out.matched)

    def _base(
        self, reading: Reading, progress: Progress | None, cancel: Cancel | None
    ) -> tuple[Reading, tuple[Dataset, Layout | None]]:
        while True:
            key = (_stamp(self.path), reading.layout(), dict(reading.types))
            if self._held is not None and self._held[0] == key:
                return reading, self._held[1]
            try:
                read = base(self.path, reading, progress=progress, cancel=cancel)
            except DataError as error:
                reading = _pruned(reading, error)
                continue
            self._held = (key, read)
            return reading, read

    def _codebook(self, path: str, progress: Progress | None, cancel: Cancel | None) -> Codebook | None:
        if not path:
            return None
        key = (path, _stamp(Path(path)))
        if self._book is None or self._book[0] != key:
            self._book = (key, read_codebook(path, progress=progress, cancel=cancel))
        return self._book[1]

    def _found(
        self, reading: Reading, layout: Layout | None, progress: Progress | None, cancel: Cancel | None
    ) -> tuple[tuple[str, ...], Reading]:
        if layout is not None:
            return (), replace(
                reading, delimiter=layout.delimiter, decimal=layout.decimal, thousands=layout.thousands or "",
                encoding=layout.encoding, names=at_rows(*layout.names_row), labels=at_rows(*layout.labels_row),
            )  # fmt: skip
        key = (_stamp(self.path), reading.sheet, reading.cells, reading.names, reading.labels)
        if self._facts is None or self._facts[0] != key:
            from terrace.data.read import sheet_facts

            found = sheet_facts(
                self.path, sheet=reading.sheet, cells=reading.cells, names=reading.names, labels=reading.labels,
                progress=progress, cancel=cancel,
            )  # fmt: skip
            self._facts = (key, {name: found.frame[name].tolist() for name in found.names})
        facts = self._facts[1]
        at = facts["chosen"].index(1) if 1 in facts["chosen"] else 0
        names, labels = (at_rows(int(facts[r][at]), int(facts[f"{r}_to"][at])) for r in ("names", "labels"))
        return tuple(facts["sheet"]), replace(reading, sheet=facts["sheet"][at], names=names, labels=labels)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return (0, 0)  # its reader says what is wrong
    return (state.st_mtime_ns, state.st_size)


def _pruned(reading: Reading, error: DataError) -> Reading:
    """The reading without a column that is not there; any other error is raised."""
    name = error.subject
    if error.code != "no-such-column" or not name:
        raise error
    return reading.without(name)


def _rows(data: Dataset, most: int) -> Dataset:
    import numpy as np

    return data if len(data) <= most else data.rows(np.arange(most))


def _head(path: Path) -> bytes:
    """The first lines of a file: more than `FIRST`, and none that is cut inside quotation marks."""
    with open(path, "rb") as file:
        block = file.read(_HEAD)
        while block.count(b"\n") <= FIRST + _LINES and (more := file.read(_HEAD)):
            block += more
    end = block.rfind(b"\n")
    while end > 0 and block.count(b'"', 0, end) % 2:
        end = block.rfind(b"\n", 0, end)
    return block[: end + 1] if end > 0 else block


def _lines(path: Path, encoding: str, delimiter: str) -> list[Line]:
    with open(path, "rb") as file:
        block = file.read(1 << 16)
    text = block.decode(encoding, "replace").removeprefix("\ufeff")
    return [Line(line, _separators(line, delimiter)) for line in text.splitlines()[:_LINES]]


def _separators(line: str, delimiter: str) -> tuple[tuple[int, int], ...]:
    """Where separators stand outside of quotation marks."""
    out, quoted, k = [], False, 0
    while delimiter and k < len(line):
        if line[k] == '"':
            quoted = not quoted
        elif not quoted and line[k] == delimiter:
            end = k + 1
            while delimiter == " " and end < len(line) and line[end] == " ":
                end += 1
            out.append((k, end))
            k = end
            continue
        k += 1
    return tuple(out)
