"""What stands on PDF pages: paragraphs, tables, and places for pictures. Each notes where it has been drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reportlab.platypus import Flowable, Paragraph

from terrace.report import pdf_fonts as fonts
from terrace.report.cells import tails
from terrace.report.sheet import CLOSING, EDGE, GAP, INDENT, Grid, Look, breaks, is_symbol

_RULE, _HAIRLINE = 0.9, 0.4
_BASE, _ASCENT = 0.82, 0.905  # where the base line is in a line, and the letters above it, of the height of both


@dataclass(frozen=True, slots=True)
class Landed:
    """Where something was drawn: its part, the page from 0, and its box in points from the lower left corner."""

    part: str
    page: int
    left: float
    bottom: float
    width: float
    height: float


@dataclass(slots=True)
class Record:
    """What has been drawn, and the pictures that have yet to be put onto their places: (place, PDF of one page).

    ``level`` is that of the last bookmark, -1 before the first: none may be more than a level below the one before.
    """

    landed: list[Landed] = field(default_factory=list)
    pictures: list[tuple[Landed, bytes]] = field(default_factory=list)
    level: int = -1

    def note(self, part: str, flowable: Any, x: float, y: float, width: float, height: float) -> Landed:
        """Keep where a flowable is drawn now."""
        found = Landed(part, flowable.canv.getPageNumber() - 1, x, y, width, height)
        if part:
            self.landed.append(found)
        return found


class Text(Paragraph):  # type: ignore[misc]  # ReportLab has no types
    """A paragraph of a part. ``outline`` is its entry among the bookmarks: words and level from 0."""

    record: Record
    look: Look
    part = ""
    outline: tuple[str, int] | None = None

    @classmethod
    def of(
        cls, markup: str, style: Any, look: Look, record: Record, part: str = "",
        outline: tuple[str, int] | None = None,
    ) -> Text:  # fmt: skip
        """A paragraph of marked-up text. Its pieces on several pages are made by the class itself."""
        found = cls(markup, style)
        found.look, found.record, found.part, found.outline = look, record, part, outline
        return found

    def split(self, availWidth: float, availHeight: float) -> list[Any]:
        out: list[Any] = super().split(availWidth, availHeight)
        for piece in out:
            piece.look, piece.record, piece.part, piece.outline = self.look, self.record, self.part, None
        if out:
            out[0].outline, out[0].spaceBefore = self.outline, self.getSpaceBefore()
        return out

    def drawOn(self, canvas: Any, x: float, y: float, _sW: float = 0) -> None:
        # a word processor puts what a line has more than its letters above them
        lower = _BASE * self.look.line - _ASCENT * self.look.size
        super().drawOn(canvas, x, y - lower, _sW)
        self.canv = canvas
        self.record.note(self.part, self, x, y, self.width, self.height)
        if self.outline is not None:
            words, level = self.outline
            key = f"h{len(self.record.landed)}-{canvas.getPageNumber()}-{round(y)}"
            canvas.bookmarkHorizontal(key, 0, y + self.height)
            self.record.level = min(level, self.record.level + 1)
            canvas.addOutlineEntry(words, key, self.record.level)


class Gap(Flowable):  # type: ignore[misc]  # ReportLab has no types
    """Space, which stays at the top of a page."""

    def __init__(self, height: float):
        super().__init__()
        self.down = height

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        self.width, self.height = 0.0, self.down
        return 0.0, self.down

    def draw(self) -> None:
        """Nothing."""


class GridFlow(Flowable):  # type: ignore[misc]  # ReportLab has no types
    """Rows ``first`` to ``last`` of a table under its head; it breaks between pages where `breaks` allows it."""

    def __init__(self, grid: Grid, width: float, record: Record, part: str, first: int = 0, last: int | None = None):
        super().__init__()
        self.grid, self.across, self.record, self.part = grid, width, record, part
        self.first, self.last = first, len(grid.labels) if last is None else last

    @property
    def down(self) -> float:
        """The height of the rows with the head."""
        return self.grid.head + sum(self.grid.row(k) for k in range(self.first, self.last)) + CLOSING

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        self.width, self.height = self.across, self.down
        return self.across, self.down

    def split(self, availWidth: float, availHeight: float) -> list[Any]:
        may = breaks(self.grid)
        used, at = self.grid.head + CLOSING, self.first
        best = self.first
        while at < self.last and used + self.grid.row(at) <= availHeight + 0.01:
            used += self.grid.row(at)
            at += 1
            if at < self.last and may[at]:
                best = at
        if best == self.first:
            return []
        return [
            GridFlow(self.grid, self.across, self.record, self.part, self.first, best),
            GridFlow(self.grid, self.across, self.record, self.part, best, self.last),
        ]

    def draw(self) -> None:
        grid, y = self.grid, self.down
        self.record.note(self.part, self, *self._absolute(), self.across, self.down)
        self._rule(y, _RULE)
        top = y - HEAD_ABOVE
        y -= grid.head
        aligns = ("left", *grid.content.aligns)
        for heads, (x, w), align in zip(grid.heads, self._columns(), aligns):
            base = top - grid.head_line * (max(map(len, grid.heads)) - len(heads))  # heads stand on the rule
            for k, words in enumerate(heads):
                down = grid.head_line * (k + 0.76)
                self._put(x, w, words, base - down, align, bold=True, italic=is_symbol(words))
        self._rule(y, _RULE)
        behind = [fonts.width(t, grid.size) if t else 0.0 for t in tails(grid.content)]
        for k in range(self.first, self.last):
            self._row(k, y, behind)
            y -= grid.row(k)
        self._rule(y, _RULE)

    def _absolute(self) -> tuple[float, float]:
        x, y = self.canv.absolutePosition(0, 0)
        return float(x), float(y)

    def _columns(self) -> list[tuple[float, float]]:
        """The left edge and the width of each column, that of the labels first."""
        out, x = [(EDGE, self.grid.stub)], EDGE + self.grid.stub
        for w in self.grid.widths:
            out.append((x + GAP, w))
            x += GAP + w
        return out

    def _row(self, k: int, y: float, behind: list[float]) -> None:
        """A row from `y` down; `behind` is the width of what stands behind the numbers of each column."""
        grid = self.grid
        line = grid.content.lines[k]
        if line.kind == "total" and k > self.first and grid.content.lines[k - 1].kind != "total":
            self._rule(y, _HAIRLINE)
        base = y - grid.line * 0.5 - grid.size * 0.35
        heading = line.kind == "group" or is_symbol(line.label)
        for i, words in enumerate(grid.labels[k]):
            self._put(EDGE + INDENT * line.indent, 0, words, base - grid.line * i, "left", italic=heading)
        for cell, (x, w), tail in zip(line.cells, self._columns()[1:], behind):
            number = cell.value is not None and not isinstance(cell.value, str)
            if tail and number and cell.align == "right":
                self._put(x, w - tail, cell.body, base, "right")
                self._put(x + w - tail, 0, cell.tail, base, "left")
            else:
                self._put(x, w, cell.text, base, cell.align, italic=cell.quiet)

    def _put(self, x: float, w: float, words: str, y: float, align: str, bold: bool = False,
             italic: bool = False) -> None:  # fmt: skip
        if not words:
            return
        size = self.grid.size
        if align == "right":
            x += w - fonts.width(words, size, bold, italic)
        for name, text in fonts.pieces(words, fonts.font(bold, italic)):
            self.canv.setFont(name, size)
            self.canv.drawString(x, y, text)
            x += self.canv.stringWidth(text, name, size)

    def _rule(self, y: float, thickness: float) -> None:
        self.canv.setLineWidth(thickness)
        self.canv.line(0, y, self.across, y)


HEAD_ABOVE = 2.5
"""Points between the first rule and the heads."""


class Picture(Flowable):  # type: ignore[misc]  # ReportLab has no types
    """A place for a picture, a PDF of one page, which is put onto the finished pages as vectors."""

    def __init__(self, content: bytes, width: float, height: float, record: Record, part: str, left: float = 0.0):
        super().__init__()
        self.content, self.across, self.down, self.left = content, width, height, left
        self.record, self.part = record, part

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        self.width, self.height = self.across, self.down
        return self.across, self.down

    def draw(self) -> None:
        x, y = self.canv.absolutePosition(self.left, 0)
        landed = self.record.note(self.part, self, float(x), float(y), self.across, self.down)
        self.record.pictures.append((landed, self.content))


def paragraph_style(look: Look) -> Any:
    """The style of ReportLab's paragraphs for a look."""
    from reportlab.lib.enums import TA_CENTER, TA_LEFT
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(
        "x", fontName=fonts.font(look.bold, look.italic, look.mono), fontSize=look.size, leading=look.line,
        firstLineIndent=look.first, alignment=TA_CENTER if look.align == "center" else TA_LEFT,
        allowWidows=0, allowOrphans=0, splitLongWords=1, spaceShrinkage=0, embeddedHyphenation=1,
    )  # fmt: skip
