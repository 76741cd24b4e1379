"""Reports as PDF: pages by ReportLab, with bookmarks and running heads; figures and equations are vectors.

The pages are those of the Word document (`terrace.report.sheet` has what both go by), so that they are also what is
shown before a report is saved.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from terrace.report import pdf_fonts as fonts
from terrace.report.cells import note_paragraphs
from terrace.report.contents import (
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    Paragraph,
    Placed,
    TableBlock,
    contents_of,
)
from terrace.report.notes import Run, runs
from terrace.report.parts import Part
from terrace.report.pdf_flow import Gap, GridFlow, Landed, Picture, Record, Text, paragraph_style
from terrace.report.pdf_pictures import equation_pictures, figure_picture, stamped
from terrace.report.sheet import (
    BELOW,
    EQUATION_LEFT,
    HEAD_AT,
    KEPT_WHOLE,
    MARGIN,
    Grid,
    Role,
    breaks,
    grids,
    looks,
    page_size,
    running_head,
    text_height,
    text_width,
    tied,
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
        displayDocTitle=True,  # what readers aloud name a window by, in place of the name of the file
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
    for name, text in fonts.pieces(running_head(contents, fonts.measured), fonts.font()):
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
        self.below, self.begins = 0.0, True  # the space below what came last; whether a page begins here

    def made(self) -> list[Any]:
        """All of it."""
        self._title()
        groups = [group for placed in self.contents.blocks for group in self._block(placed)]
        for k, group in enumerate(groups):
            if group.page:
                self._page()
                continue
            above = max(self.below, group.pieces[0].above) if group.pieces else 0.0
            self._need(above + self._together(groups, k))
            self._add(group.pieces)
        if not self.out:
            self._add([self._words("body", [Run("")], "")])
        return self.out

    def _add(self, pieces: list[_Piece]) -> None:
        """Pieces with the space above them: the larger one of that below what came before and their own.

        At the top of a page there is none, as in word processors; but behind a page break that was asked for there is.
        """
        for piece in pieces:
            above = max(self.below, piece.above)
            if self.begins and above:
                self.out.append(Gap(above))
            else:
                piece.flowable.spaceBefore = above
            self.out.append(piece.flowable)
            self.below, self.begins = piece.below, False

    # --- what stays together ------------------------------------------------------------------------------
    def _together(self, groups: list[_Group], k: int) -> float:
        """The height that has to be free for a group to begin here: a heading takes the beginning of what follows."""
        group = groups[k]
        least = _spaced(group.pieces)
        if group.keeps and k + 1 < len(groups) and groups[k + 1].pieces:
            between = max(group.pieces[-1].below, groups[k + 1].pieces[0].above)
            return least + between + self._together(groups, k + 1)
        return least

    def _need(self, height: float) -> None:
        from reportlab.platypus import CondPageBreak

        if height > 0:
            self.out.append(CondPageBreak(min(height, self.height)))

    def _page(self) -> None:
        from reportlab.platypus import PageBreak as NewPage

        if self.out:
            self.out.append(NewPage())
            self.below, self.begins = 0.0, True

    # --- blocks -------------------------------------------------------------------------------------------
    def _title(self) -> None:
        contents = self.contents
        if contents.title:
            outline = None if contents.cover else (contents.title, 0)
            self._add([self._words("title", [Run(contents.title)], "", outline)])
        for text in (contents.author, contents.affiliation, contents.date):
            if text:
                self._add([self._words("byline", [Run(text)], "")])
        if contents.cover:
            self._page()
        elif contents.command:
            self._add([self._words("command", [Run(contents.command)], "")])

    def _block(self, placed: Placed) -> list[_Group]:
        block, part = placed.block, placed.part
        if isinstance(block, Heading):
            role: Role = "h1" if block.level == 1 else "h2" if block.level == 2 else "h3"
            return [_Group([self._words(role, [Run(block.text)], part, (block.text, block.level - 1))], keeps=True)]
        if isinstance(block, Paragraph):
            return [_Group([self._paragraph(block, part)], keeps=block.kind == "command")]
        if isinstance(block, TableBlock):
            return list(self._table(block, part))
        if isinstance(block, FigureBlock):
            return [_Group(self._figure(block, part))]
        if isinstance(block, EquationBlock):
            return [_Group([x]) for x in self._equations(block, part)]
        return [_Group([], page=True)]

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

    def _table(self, block: TableBlock, part: str) -> Iterator[_Group]:
        made = grids(block.table, self.width, fonts.measured)
        for k, grid in enumerate(made):
            title = block.table.title if not k else f"{block.table.title} (continued)"
            head = self._caption(block.label, title, part)
            flow = GridFlow(grid, self.width, self.record, part)
            notes = self._notes(note_paragraphs(block.table), part) if k == len(made) - 1 else [self._space(12)]
            above = _spaced(head) + head[-1].below
            kept = len(grid.labels) <= KEPT_WHOLE and grid.height + above < self.height
            least = grid.height if kept else _beginning(grid)
            table = _Piece(flow, grid.height, least)
            yield _Group([*head, table, *(n if kept else replace(n, least=0.0) for n in notes)])

    def _notes(self, notes: Sequence[str], part: str) -> list[_Piece]:
        if not notes:
            return [self._space(12)]
        out = []
        for k, note in enumerate(notes):
            words = [Run("Note.", italic=True), Run(note[5:])] if note.startswith("Note.") else [Run(note)]
            out.append(self._words("note", words, part, tight=k < len(notes) - 1))
        return out

    def _figure(self, block: FigureBlock, part: str) -> list[_Piece]:
        caption = self._caption(block.label, block.title, part)
        used = sum(p.height for p in caption) + 60
        content, width, height = figure_picture(block.plot, self.width, self.height - used)
        picture = _Piece(Picture(content, width, height, self.record, part), height, height)
        after = self._notes((f"Note. {block.note}",) if block.note else (), part)
        above = self.contents.style != "ama"
        if above:
            return [*caption, picture, *after]
        kept = [replace(n, least=n.height) for n in after if block.note]
        return [picture, *kept, *(replace(c, above=BELOW[0], below=BELOW[1]) for c in caption)]

    def _equations(self, block: EquationBlock, part: str) -> list[_Piece]:
        return [
            _Piece(Picture(content, width, height, self.record, part, left=EQUATION_LEFT), height, height)
            for content, width, height in equation_pictures(block.lines, self.width - EQUATION_LEFT)
        ]

    # --- words --------------------------------------------------------------------------------------------
    def _words(
        self, role: Role, words: list[Run], part: str, outline: tuple[str, int] | None = None, *, tight: bool = False
    ) -> _Piece:
        """A paragraph; `tight` leaves no space below it. Between two the larger space counts, as in Word."""
        look = self.looks[role]
        own = role == "label" and self.contents.style != "apa"  # which is bold in parts
        if not look.mono:
            words = tied(words)
        markup = fonts.marked_up(words, bold=look.bold and not own, italic=look.italic, mono=look.mono)
        text = Text.of(markup, paragraph_style(look), look, self.record, part, outline)
        _, height = text.wrap(self.width, 1e6)
        whole = look.keep or height < 3.5 * look.line  # of three lines none stands alone
        least = height if whole else 2 * look.line
        return _Piece(text, height, least, look.before, 0.0 if tight else look.after)

    def _space(self, height: float) -> _Piece:
        return _Piece(Gap(height), height, 0.0)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A flowable with its height, how much of it has to stand on the page on which it begins, and the space around."""

    flowable: Any
    height: float
    least: float
    above: float = 0.0
    below: float = 0.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Pieces of which the beginning of each stands on one page. ``keeps`` does not part them from the next group,
    and ``page`` stands for the beginning of a page."""

    pieces: list[_Piece]
    keeps: bool = False
    page: bool = False


def _spaced(pieces: Sequence[_Piece]) -> float:
    """The height that the beginnings of pieces take with the space between them; nothing for what may stand behind."""
    out = 0.0
    for k, piece in enumerate(pieces):
        if piece.least:
            out += piece.least + (max(pieces[k - 1].below, piece.above) if k else 0.0)
    return out


def _beginning(grid: Grid) -> float:
    """The head of a table with the rows that do not part from it."""
    may = breaks(grid)
    end = next((k for k in range(3, len(may)) if may[k]), len(may))
    return grid.head + sum(grid.row(k) for k in range(end))


def _stiff(line: str) -> str:
    """A line of a listing, whose blanks at the beginning and in a row stay."""
    return line.replace("  ", "\u00a0 ").replace("  ", " \u00a0")
