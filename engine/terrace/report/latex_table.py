"""How a table lies on a page of LaTeX: letters, columns and lines as in Word and PDF, in the fonts of LaTeX."""

from __future__ import annotations

from dataclasses import dataclass

from terrace.report import pdf_fonts as fonts
from terrace.report.cells import shown, tails
from terrace.report.sheet import Grid, breaks, grids
from terrace.results.table import Table

TABCOLSEP = 5.0
"""Points on each side of the columns of a table that was fitted to the page."""
_USUAL_SEP = 6.0
_COMMANDS = {10.0: "", 9.0: r"\small", 8.0: r"\footnotesize", 7.0: r"\scriptsize"}
_SKIPS = {10.0: 12.0, 9.0: 11.0, 8.0: 9.5, 7.0: 8.0}
"""Points from line to line in letters of these sizes (the class article at 10 points)."""
_WIDER = {10.0: 0.98, 9.0: 1.0, 8.0: 1.03, 7.0: 1.12}
"""Letters of Computer Modern are wider the smaller they are: those of Arial that are so wide are this much larger."""
_CAPITAL, _SIGN = 0.1, 0.3
"""What its capitals and its signs of mathematics are wider than those of Arial, of the size of letters."""
_POINT = 72.27 / 72.0
_HEIGHT = 480.0
"""Points of the rows on a page, which leaves room for the caption and notes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of some of the columns of a table: all of it where it fits the page.

    ``size`` is the command for its letters, ``stub`` the width of the labels in points of TeX where they break into
    lines, ``cells`` the widths of columns of text that do, None of the others. ``tight`` columns are close together.
    """

    grid: Grid
    rows: range
    size: str
    stub: float | None
    cells: tuple[float | None, ...]
    tight: bool


def pieces(table: Table, width: float) -> list[Piece]:
    """The table on pages whose text is so wide, in points. It is as LaTeX would have it where that fits."""
    plain = _plain(table, width)
    out = []
    for grid in [plain] if plain else grids(table, width, _measured, tuple(_COMMANDS)):
        wide = plain is None
        for rows in _pages(grid):
            stub = grid.stub * _POINT if wide and any(len(grid.labels[k]) > 1 for k in rows) else None
            out.append(Piece(grid, rows, _COMMANDS[grid.size], stub, _texts(grid) if wide else _none(grid), wide))
    return out


def _measured(text: str, size: float, bold: bool) -> float:
    del bold  # heads are not
    more = sum(_SIGN if c in "×−<>_" else _CAPITAL if c.isupper() else 0.0 for c in text)
    return fonts.width(text, _WIDER[size] * size) + more * size


def _plain(table: Table, width: float) -> Grid | None:
    """All of the table with each label and head in a line, where it fits in letters of the text."""
    page = shown(table)
    heads = [c.title.replace("\n", " ") for c in table.columns]
    size = 10.0
    cells = [max([_measured(h, size, False), *(_measured(x.cells[j].body + tail, size, False) for x in page.lines
                                              if j < len(x.cells))])
             for j, (h, tail) in enumerate(zip(heads, tails(page)))]  # fmt: skip
    labels = [_measured(x.label, size, False) + size * x.indent for x in page.lines if x.kind != "group"]
    groups = [_measured(x.label, size, False) + size * x.indent for x in page.lines if x.kind == "group"]
    stub = max([_measured(table.stub, size, False), *labels])
    needed = stub + sum(cells) + 2 * _USUAL_SEP * (len(cells) + 1)
    if max([needed, *groups]) > width:
        return None
    lines = tuple((x.label,) for x in page.lines)
    return Grid(page, size, stub, tuple(cells), tuple((h,) for h in (table.stub, *heads)), lines)


def _none(grid: Grid) -> tuple[None, ...]:
    return (None,) * len(grid.widths)


def _texts(grid: Grid) -> tuple[float | None, ...]:
    """The widths of columns of text in which something is wider than the column."""
    def needed(j: int) -> float:
        return max([_measured(x.cells[j].text, grid.size, False) for x in grid.content.lines if j < len(x.cells)],
                   default=0.0)  # fmt: skip

    return tuple(w * _POINT if align == "left" and needed(j) > w + 0.1 else None
                 for j, (w, align) in enumerate(zip(grid.widths, grid.content.aligns)))  # fmt: skip


def _pages(grid: Grid) -> list[range]:
    """The rows of each page: a float that is higher than a page would run off it."""
    most = _HEIGHT / _SKIPS[grid.size]
    if sum(map(len, grid.labels)) <= most:
        return [range(len(grid.labels))]
    may = breaks(grid)
    out, start, used, last = [], 0, 0, 0
    for k, label in enumerate(grid.labels):
        if may[k]:
            last = k
        if used + len(label) > most and k > start:
            end = last if last > start else k
            out.append(range(start, end))
            used, start = sum(map(len, grid.labels[end:k])), end
        used += len(label)
    return [*out, range(start, len(grid.labels))]
