"""Reports as PDF: pages by ReportLab, with bookmarks and running heads; figures and equations are vectors.

The pages are those of the Word document (`terrace.report.sheet` has what both go by), so that they are also what is
shown before a report is saved.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from terrace.report import pdf_fonts as fonts
from terrace.report.cells import note_paragraphs
from terrace.report.contents import (
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    PageBreak,
    Paragraph,
    Placed,
    TableBlock,
    contents_of,
)
from terrace.report.notes import Run, runs
from terrace.report.parts import Part
from terrace.report.pdf_flow import GridFlow, Landed, Picture, Record, Text, paragraph_style
from terrace.report.pdf_pictures import equation_pictures, figure_picture, stamped
from terrace.report.sheet import (
    HEAD_AT,
    KEPT_WHOLE,
    MARGIN,
    Grid,
    Role,
    breaks,
    grids,
    looks,
    page_size,
    text_height,
    text_width,
)


@dataclass(frozen=True, slots=True)
class Pages:
    """The bytes of a PDF file, its pages' sizes in points, and where the parts landed."""

    pdf: bytes
    sizes: tuple[tuple[float, float], ...]
    landed: tuple[Landed, ...]


def document_pdf(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    labels: Mapping[str, str] | None = None,
    generated: str = "",
) -> bytes:
    """The bytes of a PDF file of parts in order; a table that runs over a page repeats its head."""
    return pages_pdf(contents_of(title, parts, command=command, labels=labels, date=generated)).pdf


def pages_pdf(contents: Contents) -> Pages:
    """The pages of a report."""
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    out, record = io.BytesIO(), Record()
    size = page_size(contents)
    frame = Frame(MARGIN, MARGIN, text_width(contents), text_height(contents), 0, 0, 0, 0)
    document = BaseDocTemplate(
        out, pagesize=size, title=contents.title or "Report", author=contents.author, creator="Terrace",
        lang=contents.language, invariant=1,
    )  # fmt: skip
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=lambda canvas, _: _running(canvas, contents)))
    document.build(_Story(contents, record).made())
    pdf = stamped(out.getvalue(), record)
    pages = max(document.page, 1)
    return Pages(pdf, (size,) * pages, tuple(record.landed))


def _running(canvas: Any, contents: Contents) -> None:
    """The running head at the left, the number of the page at the right."""
    look = looks(contents.style)["running"]
    width, height = page_size(contents)
    y = height - HEAD_AT - look.size
    number = str(canvas.getPageNumber())
    x = MARGIN
    for name, text in fonts.pieces(contents.head, fonts.font()):
        canvas.setFont(name, look.size)
        canvas.drawString(x, y, text)
        x += canvas.stringWidth(text, name, look.size)
    canvas.setFont(fonts.font(), look.size)
    canvas.drawRightString(width - MARGIN, y, number)


class _Story:
    """The flowables of a report, and what of them has to stay on one page."""

    def __init__(self, contents: Contents, record: Record) -> None:
        self.contents, self.record = contents, record
        self.looks = looks(contents.style)
        self.width, self.height = text_width(contents), text_height(contents)
        self.out: list[Any] = []

    def made(self) -> list[Any]:
        """All of it."""
        self._title()
        blocks = self.contents.blocks
        groups = [self._block(placed) for placed in blocks]
        for k, group in enumerate(groups):
            if isinstance(blocks[k].block, PageBreak):
                self._page()
                continue
            self._need(self._together(groups, blocks, k))
            self.out += [f for piece in group for f in piece.flowables]
        if not self.out:
            self._text("body", "", "")
        return self.out

    # --- what stays together ------------------------------------------------------------------------------
    def _together(self, groups: list[list[_Piece]], blocks: Sequence[Placed], k: int) -> float:
        """The height that has to be free for a block to begin here: a heading takes the beginning of what follows."""
        if not groups[k]:
            return 0.0
        least = sum(p.least for p in groups[k])
        block = blocks[k].block
        keeps = isinstance(block, Heading) or (isinstance(block, Paragraph) and block.kind == "command")
        if keeps and k + 1 < len(groups) and not isinstance(blocks[k + 1].block, PageBreak):
            whole = sum(p.height for p in groups[k])
            return whole + self._together(groups, blocks, k + 1)
        return least

    def _need(self, height: float) -> None:
        from reportlab.platypus import CondPageBreak

        if height > 0:
            self.out.append(CondPageBreak(min(height, self.height)))

    def _page(self) -> None:
        from reportlab.platypus import PageBreak as NewPage

        if self.out:
            self.out.append(NewPage())

    # --- blocks -------------------------------------------------------------------------------------------
    def _title(self) -> None:
        contents = self.contents
        if contents.title or contents.cover:
            outline = (contents.title, 0) if contents.title and not contents.cover else None
            self.out += self._words("title", [Run(contents.title)], "", outline).flowables
        for text in (contents.author, contents.affiliation, contents.date):
            if text:
                self.out += self._words("byline", [Run(text)], "").flowables
        if contents.cover:
            self._page()
        elif contents.command:
            self.out += self._words("command", [Run(contents.command)], "").flowables

    def _block(self, placed: Placed) -> list[_Piece]:
        block, part = placed.block, placed.part
        if isinstance(block, Heading):
            role: Role = "h1" if block.level == 1 else "h2" if block.level == 2 else "h3"
            return [self._words(role, [Run(block.text)], part, (block.text, block.level - 1))]
        if isinstance(block, Paragraph):
            return [self._paragraph(block, part)]
        if isinstance(block, TableBlock):
            return self._table(block, part)
        if isinstance(block, FigureBlock):
            return self._figure(block, part)
        if isinstance(block, EquationBlock):
            return self._equations(block, part)
        return []

    def _paragraph(self, block: Paragraph, part: str) -> _Piece:
        kinds: dict[str, Role] = {"command": "command", "listing": "listing", "advice": "advice"}
        role = kinds.get(block.kind, "body")
        if block.kind == "note":
            return self._words(role, runs(block.text), part)
        text = block.text
        if role in ("command", "listing"):  # blanks and line ends are as they stand
            text = "\n".join(_stiff(x) for x in text.split("\n"))
        return self._words(role, [Run(text)], part)

    def _caption(self, label: str, title: str, part: str) -> list[_Piece]:
        if self.contents.style == "apa":
            found = [self._words("label", [Run(label)], part)]
            return [*found, self._words("caption", [Run(title)], part)] if title else found
        return [self._words("label", [Run(f"{label}. ", bold=True), Run(title, bold=False)], part)]

    def _table(self, block: TableBlock, part: str) -> list[_Piece]:
        made = grids(block.table, self.width, fonts.measured)
        out: list[_Piece] = []
        for k, grid in enumerate(made):
            title = block.table.title if not k else f"{block.table.title} (continued)"
            head = self._caption(block.label, title, part)
            flow = GridFlow(grid, self.width, self.record, part)
            whole = len(grid.labels) <= KEPT_WHOLE
            notes = self._notes(note_paragraphs(block.table), part) if k == len(made) - 1 else [self._space(12)]
            above = sum(p.height for p in head)
            out += head
            least = grid.height if whole and grid.height + above < self.height else _beginning(grid)
            out += [_Piece([flow], grid.height, least), *(_Piece(n.flowables, n.height, 0.0) for n in notes)]
            if k < len(made) - 1:
                out.append(_Piece([_break(min(self.height, made[k + 1].height + 60))], 0.0, 0.0))
        return out

    def _notes(self, notes: Sequence[str], part: str) -> list[_Piece]:
        if not notes:
            return [self._space(12)]
        out = []
        for k, note in enumerate(notes):
            words = [Run("Note.", italic=True), Run(note[5:])] if note.startswith("Note.") else [Run(note)]
            piece = self._words("note", words, part)
            if k < len(notes) - 1:
                piece.flowables.pop()  # the space behind is that of the last
            out.append(piece)
        return out

    def _figure(self, block: FigureBlock, part: str) -> list[_Piece]:
        caption = self._caption(block.label, block.title, part)
        used = sum(p.height for p in caption) + 40
        content, width, height = figure_picture(block.plot, self.width, self.height - used)
        picture = _Piece([Picture(content, width, height, self.record, part)], height, height)
        after = self._notes((f"Note. {block.note}",) if block.note else (), part)
        above = self.contents.style != "ama"
        return [*caption, picture, *after] if above else [picture, *after[:-1], self._space(4), *caption, self._space(8)]

    def _equations(self, block: EquationBlock, part: str) -> list[_Piece]:
        out = [self._space(4)]
        for content, width, height in equation_pictures(block.lines, self.width - 36):
            out.append(_Piece([Picture(content, width, height, self.record, part, left=36)], height, height))
        return [*out, self._space(8)]

    # --- words --------------------------------------------------------------------------------------------
    def _words(self, role: Role, words: list[Run], part: str, outline: tuple[str, int] | None = None) -> _Piece:
        from reportlab.platypus import Spacer

        look = self.looks[role]
        markup = fonts.marked_up(words, bold=look.bold and role != "label", italic=look.italic, mono=look.mono)
        if role == "label":
            plain = self.contents.style != "apa"
            markup = fonts.marked_up(words, bold=not plain)
        text = Text.of(markup, paragraph_style(look), self.record, part, outline)
        _, height = text.wrap(self.width, 1e6)
        flowables: list[Any] = [text]
        if look.before:
            flowables.insert(0, Spacer(1, look.before))
        flowables.append(Spacer(1, look.after))
        whole = height + look.before + look.after
        least = whole if look.keep else look.before + min(height, 2 * look.line)
        return _Piece(flowables, whole, least)

    def _text(self, role: Role, text: str, part: str) -> None:
        self.out += self._words(role, [Run(text)], part).flowables

    def _space(self, height: float) -> _Piece:
        from reportlab.platypus import Spacer

        return _Piece([Spacer(1, height)], height, 0.0)


@dataclass(slots=True)
class _Piece:
    """Flowables with their height, and how much of it has to stand on the page on which they begin."""

    flowables: list[Any]
    height: float
    least: float


def _beginning(grid: Grid) -> float:
    """The head of a table with the rows that do not part from it."""
    may = breaks(grid)
    end = next((k for k in range(3, len(may)) if may[k]), len(may))
    return grid.head + sum(grid.row(k) for k in range(end))


def _break(height: float) -> Any:
    from reportlab.platypus import CondPageBreak

    return CondPageBreak(height)


def _stiff(line: str) -> str:
    """A line of a listing, whose blanks at the beginning and in a row stay."""
    return line.replace("  ", "\u00a0 ").replace("  ", " \u00a0")
