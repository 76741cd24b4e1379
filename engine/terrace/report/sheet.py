"""How a page of a report looks, the same in Word and PDF: sizes, fonts, spacing, and the columns of tables.

Lines have an exact height, so that neither the fonts of a machine nor a letter of another script moves what stands
below, and pages end at the same words in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from terrace.report.cells import Shown, shown, tails
from terrace.report.contents import PAPER_SIZES, Contents, Style
from terrace.report.notes import Run
from terrace.results.table import Table

FONT, MONO = "Arial", "Courier New"
"""Fonts of documents; others of the same widths stand in where they are not there."""
MARGIN = 72.0
"""Points on each side (APA 7, section 2.22)."""
HEAD_AT = 36.0
"""Points from the upper edge of the paper to the running head."""
_NUMBER = 36.0
"""Points of the number of a page with the space before it."""
INDENT = 11.5
"""Points a step of a row label."""
EDGE = 2.0
"""Points between the end of a rule and the letters of a table."""
GAP = 10.0
"""Points between columns at least."""
KEPT_WHOLE = 34
"""Rows of a table that is not divided between pages."""
EQUATION_SIZE = 11.0
"""Points of the letters of equations."""
EQUATION_LINE = 22.0
"""Points of a line of an equation."""
EQUATION_LEFT, EQUATION_INDENT = 36.0, 18.0
"""Points to the left of an equation, and more of that where it is continued in further lines."""
SYMBOLS = ("SE", "SD", "M", "df", "t", "z", "p", "P", "F", "n", "N")
"""Symbols of statistics, in italics wherever they stand alone (APA 7, section 6.44)."""
_RELATION = re.compile(r" (=|<|>|≥|≤) ")
_SIZES = (10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5)
_LEAST_STUB = 72.0
_WELL_READ = 8.0
"""Points of letters below which a table goes only where it does not fit."""

Role = Literal[
    "title", "byline", "body", "h1", "h2", "h3", "label", "caption", "note", "listing", "command", "advice", "running"
]
Align = Literal["left", "center"]


@dataclass(frozen=True, slots=True)
class Look:
    """A kind of paragraph, in points: letters, the exact height of a line, the indent of the first one, the space
    before and after; ``keep`` does not part it from what follows."""

    size: float = 11.0
    line: float = 17.0
    bold: bool = False
    italic: bool = False
    align: Align = "left"
    first: float = 0.0
    before: float = 0.0
    after: float = 0.0
    keep: bool = False
    mono: bool = False


_PLAIN: dict[Role, Look] = {
    "title": Look(18, 23, bold=True, after=6, keep=True),
    "byline": Look(11, 15, after=2),
    "body": Look(10.5, 15, after=7),
    "h1": Look(14, 19, bold=True, before=14, after=5, keep=True),
    "h2": Look(12, 16, bold=True, before=11, after=4, keep=True),
    "h3": Look(10.5, 15, bold=True, italic=True, before=9, after=3, keep=True),
    "label": Look(10, 14, bold=True, before=12, after=4, keep=True),
    "caption": Look(10, 14, before=4, after=12),
    "note": Look(9, 12, before=4, after=12),
    "listing": Look(8.5, 11, mono=True, after=6),
    "command": Look(8.5, 11, mono=True, after=4, keep=True),
    "advice": Look(9.5, 13, italic=True, after=6),
    "running": Look(9, 12),
}
# APA 7, sections 2.19 to 2.27 and 7.8 to 7.28; lines are a half apart rather than two, as in what is read on screen.
_APA: dict[Role, Look] = {
    **_PLAIN,
    "title": Look(14, 21, bold=True, align="center", before=150, after=17),
    "byline": Look(11, 17, align="center", after=2),
    "body": Look(11, 17, first=36),
    "h1": Look(11, 17, bold=True, align="center", before=12, after=4, keep=True),
    "h2": Look(11, 17, bold=True, before=10, after=3, keep=True),
    "h3": Look(11, 17, bold=True, italic=True, before=8, after=2, keep=True),
    "label": Look(10.5, 15, bold=True, before=14, keep=True),
    "caption": Look(10.5, 15, italic=True, after=5, keep=True),
    "note": Look(9, 12.5, before=4, after=14),
}


def looks(style: Style) -> dict[Role, Look]:
    """The kinds of paragraphs of a style."""
    return _APA if style == "apa" else _PLAIN


def page_size(contents: Contents) -> tuple[float, float]:
    """Width and height of a page, in points."""
    return PAPER_SIZES[contents.paper]


def text_width(contents: Contents) -> float:
    """The width of lines, in points."""
    return page_size(contents)[0] - 2 * MARGIN


def text_height(contents: Contents) -> float:
    """The height of what stands between the margins, in points."""
    return page_size(contents)[1] - 2 * MARGIN


# --- tables -------------------------------------------------------------------------------------------------
Measure = Callable[[str, float, bool], float]
"""The width of a text in points, of its size and whether it is bold."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table measured, in points: letters, the height of a line, the columns, ``stub`` that of the labels.

    ``heads`` are the lines of each head, that of the labels first, ``labels`` those of the label of each row.
    """

    content: Shown
    size: float
    stub: float
    widths: tuple[float, ...]
    heads: tuple[tuple[str, ...], ...]
    labels: tuple[tuple[str, ...], ...]

    @property
    def line(self) -> float:
        """The height of a line."""
        return round(self.size * 1.55 * 2) / 2

    @property
    def head_line(self) -> float:
        """The height of a line of a head that has several."""
        return round(self.size * 1.25 * 2) / 2

    @property
    def head(self) -> float:
        """The height of the head."""
        lines = max(map(len, self.heads))
        return self.head_line * lines + HEAD_SPACE

    def row(self, k: int) -> float:
        """The height of a row."""
        return self.line * len(self.labels[k])

    @property
    def height(self) -> float:
        """The height of the table without caption and notes."""
        return self.head + sum(self.row(k) for k in range(len(self.labels))) + CLOSING


BELOW = (6.0, 14.0)
"""Points above and below a caption that stands below its figure."""
CLOSING = 1.0
"""Points of the rule below the last row."""
HEAD_SPACE = 5.0
"""Points above and below the heads together."""


def grids(table: Table, width: float, measure: Measure, sizes: tuple[float, ...] = _SIZES) -> list[Grid]:
    """The table in columns that fit the width, in letters of one of these sizes; several, each with some of the
    columns, where none is small enough."""
    found = _grid(table, width, measure, sizes)
    if found is not None:
        return [found]
    most = len(table.columns)
    while most > 1:
        most -= 1
        pieces = [range(a, min(a + most, len(table.columns))) for a in range(0, len(table.columns), most)]
        made = [_grid(_columns(table, p), width, measure, sizes[len(sizes) // 2 :]) for p in pieces]
        if all(m is not None for m in made):
            return [m for m in made if m is not None]
    return [_forced(table, width, measure, sizes[-1])]


def _columns(table: Table, keep: range) -> Table:
    """Some of the columns, with the rows that have something in them."""
    rows = tuple(
        replace(r, values=tuple(r.values[j] for j in keep) if r.values else (), marks=tuple(r.marks[j] for j in keep)
                if r.marks else ())
        for r in table.rows
        if not r.values or any(r.values[j] is not None for j in keep)
    )  # fmt: skip
    return replace(table, columns=tuple(table.columns[j] for j in keep), rows=rows)


def _grid(table: Table, width: float, measure: Measure, sizes: tuple[float, ...]) -> Grid | None:
    """The table in the largest letters in which it fits; heads break before labels do, and these before letters shrink
    below what is read well. Where labels break, letters are smaller if many lines are saved.

    None where it does not fit.
    """
    page = shown(table)
    titles = [c.title.replace("\n", " ") for c in table.columns]
    behind = tails(page)
    found: list[Grid] = []
    for size in sizes:
        if found and size < _WELL_READ:
            break
        cells = [
            max([measure(x.cells[j].body + tail, size, False) for x in page.lines if j < len(x.cells)], default=8.0)
            for j, tail in enumerate(behind)
        ]
        whole = [max(c, measure(t, size, True)) for c, t in zip(cells, titles)]
        broken = [max([c, *(measure(w, size, True) for w in _breakable(t).split())]) for c, t in zip(cells, titles)]
        labels = [measure(x.label, size, False) + INDENT * x.indent for x in page.lines if x.kind != "group"]
        stub = max([measure(table.stub, size, True), *labels, 36.0]) + 1
        room = width - 2 * EDGE - GAP * len(titles)
        for widths in (whole, broken):
            if stub + sum(widths) <= room:
                return min([*found, _filled(page, titles, size, stub, widths, room, measure)], key=_cost)
        if min(stub, _LEAST_STUB) + sum(broken) <= room:
            found.append(_filled(page, titles, size, stub, broken, room, measure))
    return min(found, key=_cost, default=None)


def _cost(grid: Grid) -> float:
    """What broken labels cost: letters are smaller where that saves more in lines than it takes from the letters."""
    return sum(map(len, grid.labels)) / grid.size


def _forced(table: Table, width: float, measure: Measure, size: float) -> Grid:
    """One column that is wider than the page is cut to it."""
    page = shown(table)
    titles = [c.title.replace("\n", " ") for c in table.columns]
    room = width - 2 * EDGE - GAP * len(titles)
    return _filled(page, titles, size, _LEAST_STUB, [max(room - _LEAST_STUB, 40.0) / max(len(titles), 1)]
                   * len(titles), room, measure)  # fmt: skip


def _filled(
    page: Shown, titles: list[str], size: float, stub: float, widths: list[float], room: float, measure: Measure
) -> Grid:
    """The columns over the whole width: what is left goes to all of them alike."""
    spare = room - sum(widths)
    more = max(spare - stub, 0.0) / (len(widths) + 1)
    first = max(min(stub, spare), 36.0) + more
    wide = [w + more for w in widths]
    labels = []
    for x in page.lines:
        space = room + GAP * len(widths) if x.kind == "group" else first
        labels.append(tuple(broken_lines(x.label, size, max(space - INDENT * x.indent, 30.0), measure)))
    heads = [tuple(broken_lines(_breakable(t), size, w + 0.01, measure, bold=True)) if measure(t, size, True) > w
             else (t,) for t, w in zip([page.table.stub, *titles], [first, *wide])]  # fmt: skip
    heads = [tuple(x.replace("- ", "-") for x in h) for h in heads]
    return Grid(page, size, first, tuple(wide), tuple(heads), tuple(labels))


def _breakable(title: str) -> str:
    return title.replace("-", "- ")


def broken_lines(text: str, size: float, width: float, measure: Measure, *, bold: bool = False) -> list[str]:
    """The text in lines of at most this width; a word that is longer is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if line and measure(joined, size, bold) > width:
            lines.append(line)
            joined = word
        while measure(joined, size, bold) > width and len(joined) > 1:
            cut = max(1, int(len(joined) * width / measure(joined, size, bold)))
            while cut > 1 and measure(joined[:cut], size, bold) > width:
                cut -= 1
            lines.append(joined[:cut])
            joined = joined[cut:]
        line = joined
    return [*lines, line]


def breaks(grid: Grid) -> list[bool]:
    """For each row whether a page may end above it: never between a coefficient and its standard error, nor behind a
    heading, nor above the last row."""
    lines, rows = grid.content.lines, grid.content.table.rows
    out = []
    for k in range(len(lines)):
        bound = k == 0 or lines[k - 1].kind == "group" or rows[k].format == "bracketed" or not lines[k].label
        out.append(not bound and k < len(lines) - 1)
    return out


def running_head(contents: Contents, measure: Measure) -> str:
    """The running head, as much of it as there is room for beside the number of the page."""
    room = text_width(contents) - _NUMBER
    return broken_lines(contents.head, looks(contents.style)["running"].size, room, measure)[0]


def tied(stretches: Sequence[Run]) -> list[Run]:
    """Stretches with the signs of relations tied to both their sides: no line ends within ``p = .032``.

    Neighbours of one look are joined before, since an escaped ``<`` comes as a stretch of its own.
    """
    out: list[Run] = []
    for run in stretches:
        if out and not run.href and replace(out[-1], text=run.text) == run:
            run = replace(run, text=out.pop().text + run.text)
        out.append(run)
    return [replace(run, text=_RELATION.sub("\u00a0\\1\u00a0", run.text)) for run in out]


def is_symbol(text: str) -> bool:
    """True for a head or a label that is a symbol of a statistic."""
    return text in SYMBOLS
