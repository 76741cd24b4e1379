"""What stands on the clipboard as cells for the data: from this program, a spreadsheet, or any text. No widgets."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from terrace_desktop.grid.block import Block, Cells, new_names

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset
    from terrace.data.transforms.typed import Decimal

_DATE_LIKE = re.compile(r"\d[-/:]\d|\d\.\d+\.\d|[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Clip:
    """Lines of cells, all of one length.

    `header` says that names stand apart in `names`; None where the first line may be one. `exact` are the same cells as
    stored values, with which columns hold `text`; `values` says that numbers have a decimal point whatever is usual.
    """

    lines: Sequence[Sequence[str]]
    names: tuple[str, ...] = ()
    header: bool | None = None
    exact: Sequence[Sequence[str]] = ()
    text: tuple[bool, ...] = ()
    values: bool = False

    @property
    def width(self) -> int:
        """Cells in a line."""
        return len(self.lines[0])


def clip_of(text: str, page: str = "", own: str = "") -> Clip | None:
    """The cells on the clipboard; None where there are none."""
    if own:
        return _own(json.loads(own))
    table = _Table.read(page) if page else None
    if table is not None and (table.valued or not text.strip()):
        lines = _even(table.lines)
        return Clip(lines, values=table.valued) if lines else None
    lines = _even(_lines(text))
    return Clip(lines) if lines else None


def _own(held: dict[str, Any]) -> Clip:
    lines = list(zip(*held["shown"]))
    exact = list(zip(*held["exact"]))
    return Clip(lines, tuple(held["names"]), bool(held["header"]), exact, tuple(held["text"]))


def _lines(text: str) -> list[list[str]]:
    """Tab-separated lines; a cell with line ends or tabs stands in quotation marks, as spreadsheets have it."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip("\n"):
        return []
    if text.endswith("\n"):
        text = text[:-1]
    if '"' not in text or text.count('"') % 2:
        return [line.split("\t") for line in text.split("\n")]
    return [line or [""] for line in csv.reader(io.StringIO(text), delimiter="\t")]


def _even(lines: list[list[str]]) -> list[list[str]]:
    width = max(map(len, lines), default=0)
    return [[*line, *[""] * (width - len(line))] for line in lines] if width else []


class _Table(HTMLParser):
    """The first table of a page; numbers by the value that the spreadsheet gives beside what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = []
        self.valued = False
        self._cell: list[str] | None = None
        self._value = ""
        self._span = 1
        self._done = False

    @classmethod
    def read(cls, page: str) -> _Table | None:
        out = cls()
        out.feed(page)
        out.close()
        out._end_cell()
        return out if out.lines else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._done:
            return
        given = dict(attrs)
        if tag == "tr":
            self._end_cell()
            self.lines.append([])
        elif tag in ("td", "th") and self.lines:
            self._end_cell()
            self._cell = []
            self._value = given.get("sdval") or given.get("x:num") or ""
            span = given.get("colspan") or "1"
            self._span = int(span) if span.isdigit() else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        self._done = self._done or tag == "table"

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        text = re.sub(r"[ \t\r\n]+", " ", "".join(self._cell)).strip(" ")
        if self._value and not _DATE_LIKE.search(text):
            text, self.valued = self._value, True
        self.lines[-1] += [text, *[""] * (self._span - 1)]
        self._cell = None


def looks_like_names(lines: Sequence[Sequence[str]]) -> bool:
    """True where the first line has words only, and numbers stand under some of them."""
    from terrace.data.transforms.typed import is_missing_text, like_number

    if len(lines) < 2 or any(is_missing_text(t) or like_number(t) for t in lines[0]):
        return False
    return any(like_number(line[k]) for line in lines[1:] for k in range(len(line)))


def place(
    dataset: Dataset, clip: Clip, at: tuple[int, int], block: Block | None, whole: bool, shown: int,
    usual: Decimal,
) -> tuple[Cells, np.ndarray]:  # fmt: skip
    """Where the cells go: from the cell `at` on, or repeated over the selected block where that is a multiple of them.

    `whole` says that the block is of whole columns, and `shown` how many rows are. The rows of the result are those of
    the screen, to which the caller knows those of the data, and come as the second member too.
    """
    import numpy as np

    from terrace.data.names import legal_names
    from terrace.data.transforms.typed import decimal_of

    lines, exact, names = list(clip.lines), list(clip.exact), clip.names if clip.header else ()
    known = len(dataset.names)
    top, left = at
    fresh = left >= known and (top == 0 or whole)
    if clip.header is None and (whole or fresh) and looks_like_names(lines):
        names, lines = tuple(lines[0]), lines[1:]
    height, width = len(lines), clip.width
    if block is not None and block.cells > 1 and not block.height % height and not len(block.columns) % width:
        columns, rows = list(block.columns), block.rows()
    elif block is not None and block.cells > 1:
        left = block.columns[0]
        columns, rows = list(range(left, left + width)), np.arange(block.spans[0][0], block.spans[0][0] + height)
    else:
        columns, rows = list(range(left, left + width)), np.arange(top, top + height)
    beyond = sum(c >= known for c in columns)
    new: tuple[str, ...] = new_names(dataset, beyond)
    if names and beyond == len(columns) == len(names):
        made, _ = legal_names([*dataset.names, *names])
        new = tuple(made[known:])
    chosen = (*(dataset.names[c] for c in columns if c < known), *new)
    if exact:
        texts = [dataset.is_text(n) if n in dataset else clip.text[k % width] for k, n in enumerate(chosen)]
        if len(chosen) == width or len(set(texts)) == 1:
            cells = [[lines[i][j] if texts[j] else exact[i][j] for j in range(width)] for i in range(height)]
            return Cells(chosen, rows, cells, exact=True), rows
    decimal = "." if clip.values else decimal_of([t.strip() for line in lines for t in line], usual)
    return Cells(chosen, rows, lines, decimal=decimal), rows
