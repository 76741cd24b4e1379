"""A table as aligned plain text, for terminals, logs and text files.

Only ASCII is added to what the table holds, so that a page survives any code page; alignment counts places,
not characters, so that wide and combining letters stay in their columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from terrace.report.cells import Align, Cell, Line, display_width, has_pairs, note_paragraphs, pad, shown, wrap
from terrace.results.table import Table
from terrace.results.tables_rows import BOUNDARY_MARK

_GAP = 2
_STUB_MIN = 16  # labels wrap down to this before a table is continued in a second panel
_STUB_SHARE = 0.45
_TEXT_MIN = 24  # a column of text wraps down to this


@dataclass(frozen=True)
class TextColumn:
    """A column as printed: the lines of its heading, and one text a row."""

    heading: tuple[str, ...]
    texts: tuple[str, ...]
    align: Align = "right"

    @cached_property
    def width(self) -> int:
        """Places of the widest line of a cell or of the heading."""
        return max((display_width(x) for t in (*self.heading, *self.texts) for x in t.split("\n")), default=0)


def table_text(table: Table, width: int = 80, journal: bool = False) -> str:
    """A table in at most `width` places: title, rules, aligned columns, notes; without a final newline.

    Labels wrap; columns that do not fit beside each other continue in further panels. Numbers keep seven digits;
    `journal` rounds them as the tables for a paper do.
    """
    page = shown(table, minus="-", listing=not journal)
    columns = [_text_column(table, j, [x.cells[j] for x in page.lines]) for j in range(len(table.columns))]
    labels = ["  " * line.indent + plain(line.label) for line in page.lines]
    # a heading runs on over the columns, so it widens no labels
    rows = [label for line, label in zip(page.lines, labels) if any(cell.text for cell in line.cells)]
    stub = max(display_width(x) for x in [table.stub, *(rows or labels)])
    columns = _narrowed(columns, width - stub)
    needed = sum(c.width + _GAP for c in columns)
    if stub + needed > width:
        room = width - needed
        stub = min(stub, room if room >= _STUB_MIN else int(width * _STUB_SHARE))
    panels = _panels(columns, width - stub)
    out = [line for title in wrap(table.title, width) for line in [title] if line]
    for i, panel in enumerate(panels):
        if i:
            out += ["", "(continued)"]
        out += _panel(table, page.lines, labels, stub, panel)
    for note in note_paragraphs(table):
        out += wrap(plain(note), width)
    return "\n".join(line.rstrip() for line in out)


def _narrowed(columns: list[TextColumn], room: int) -> list[TextColumn]:
    """The columns with the widest text among them wrapped, where that makes all fit beside each other."""
    texts = [c for c in columns if c.align == "left"]
    excess = sum(c.width + _GAP for c in columns) - room
    if excess <= 0 or not texts:
        return columns
    widest = max(texts, key=lambda c: c.width)
    target = widest.width - excess
    if target < _TEXT_MIN:
        return columns
    wrapped = tuple("\n".join(wrap(t, target)) for t in widest.texts)
    return [TextColumn(c.heading, wrapped, c.align) if c is widest else c for c in columns]


def plain(text: str) -> str:
    """Text with typographic dashes as hyphens, and the mark of a boundary as "(b)"."""
    return text.replace("−", "-").replace("–", "-").replace(BOUNDARY_MARK, "(b)")


def _text_column(table: Table, j: int, cells: list[Cell]) -> TextColumn:
    column = table.columns[j]
    if not has_pairs(column):
        align: Align = "left" if column.format == "text" else "right"
        # digits stand below digits, whatever is put behind them
        behind = max((display_width(c.around[1]) for c in cells), default=0)
        texts = (c.text + " " * (behind - display_width(c.around[1])) if c.text else "" for c in cells)
        return TextColumn(tuple(column.title.split("\n")), tuple(texts), align)
    # an interval prints as two numbers under one heading
    pairs = [c.pair if c.pair is not None else ("", c.text) for c in cells]
    low, high = (max((display_width(p[k]) for p in pairs), default=0) for k in (0, 1))
    both = [f"{pad(a, low, 'right')}{' ' * _GAP}{pad(b, high, 'right')}" for a, b in pairs]
    width = max((display_width(x) for x in both), default=0)
    return TextColumn(tuple(_centred(x, width) for x in column.title.split("\n")), tuple(both))


def _centred(text: str, width: int) -> str:
    return text + " " * max(0, (width - display_width(text)) // 2)


def _panels(columns: list[TextColumn], room: int) -> list[list[TextColumn]]:
    panels: list[list[TextColumn]] = [[]]
    used = 0
    for column in columns:
        if panels[-1] and used + column.width + _GAP > room:
            panels.append([])
            used = 0
        panels[-1].append(column)
        used += column.width + _GAP
    return panels


def _panel(table: Table, lines: tuple[Line, ...], labels: list[str], stub: int, panel: list[TextColumn]) -> list[str]:
    total = stub + sum(c.width + _GAP for c in panel)
    rule = "-" * total
    own = wrap(plain(table.stub), stub) if stub else []
    height = max([1, len(own), *(len(c.heading) for c in panel)])
    head = []
    for k in range(height):
        at = k - (height - len(own))
        heading = pad(own[at] if at >= 0 else "", stub)
        for c in panel:
            at = k - (height - len(c.heading))
            heading += " " * _GAP + pad(c.heading[at] if at >= 0 else "", c.width, c.align)
        head.append(heading)
    out = [rule, *head, rule]
    for i, line in enumerate(lines):
        if line.kind == "total" and i and lines[i - 1].kind != "total":
            out.append(rule)
        cells = [c.texts[i].split("\n") for c in panel]
        indent = "  " * line.indent
        if not any(c.texts[i].strip() for c in panel):
            if any(cell.text for cell in line.cells):  # the row has its numbers in another panel
                continue
            out += [indent + x for x in wrap(plain(line.label), total - len(indent))]
            continue
        wrapped = [indent + x for x in wrap(plain(line.label), stub - len(indent))]
        for k in range(max(len(wrapped), *map(len, cells))):
            body = "".join(
                " " * _GAP + pad(text[k] if k < len(text) else "", c.width, c.align) for c, text in zip(panel, cells)
            )
            out.append(pad(wrapped[k] if k < len(wrapped) else "", stub) + body)
    return [*out, rule]
