"""Reports as Word documents: Word's own styles, captions and equations, on pages as in `terrace.report.sheet`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
)
from terrace.report.equation_lines import equation_lines
from terrace.report.notes import Run, runs
from terrace.report.omml import equation_element
from terrace.report.sheet import (
    BELOW,
    EQUATION_INDENT,
    EQUATION_LEFT,
    EQUATION_LINE,
    EQUATION_SIZE,
    MONO,
    Role,
    grids,
    looks,
    text_height,
    text_width,
    tied,
)
from terrace.report.word_file import saved
from terrace.report.word_styles import STYLES, field, printable, set_up
from terrace.report.word_table import add_grid
from terrace.results.plot_words import figure_words

if TYPE_CHECKING:
    from docx.document import Document

_DPI = 220


def report_docx(contents: Contents) -> bytes:
    """The bytes of a .docx file with a report."""
    import docx

    document = docx.Document()
    set_up(document, contents)
    writer = _Writer(document, contents)
    writer.title()
    for placed in contents.blocks:
        writer.block(placed)
    return saved(document)


class _Writer:
    """Writes blocks one under the other."""

    def __init__(self, document: Document, contents: Contents) -> None:
        self.document, self.contents = document, contents
        self.width, self.height = text_width(contents), text_height(contents)
        self.new_page = False  # what comes next begins a page

    def title(self) -> None:
        """The title page, or the title above the text."""
        contents = self.contents
        if contents.title:
            self.words("title", [Run(contents.title)])
        for text in (contents.author, contents.affiliation, contents.date):
            if text:
                self.words("byline", [Run(text)])
        self.new_page = contents.cover
        if contents.command and not contents.cover:
            self.words("command", [Run(contents.command)])

    def block(self, placed: Placed) -> None:
        """One block."""
        block = placed.block
        if isinstance(block, Heading):
            self.words("h1" if block.level == 1 else "h2" if block.level == 2 else "h3", [Run(block.text)])
        elif isinstance(block, Paragraph):
            self._paragraph(block)
        elif isinstance(block, TableBlock):
            self._table(block)
        elif isinstance(block, FigureBlock):
            self._figure(block)
        elif isinstance(block, EquationBlock):
            self._equations(block)
        elif isinstance(block, PageBreak):
            self.new_page = len(self.document.element.body) > 1

    def words(self, role: Role, stretches: Sequence[Run]) -> Any:
        """A paragraph of this kind."""
        paragraph = self.document.add_paragraph(style=STYLES[role])
        if self.new_page:
            paragraph.paragraph_format.page_break_before, self.new_page = True, False
        for run in stretches if looks(self.contents.style)[role].mono else tied(stretches):
            address = f" ({run.href})" if run.href and run.href != run.text else ""
            piece = paragraph.add_run(printable(run.text + address))
            piece.bold, piece.italic = run.bold or None, run.italic or None
            if run.code:
                piece.font.name = MONO
        return paragraph

    def _paragraph(self, block: Paragraph) -> None:
        kinds: dict[str, Role] = {"command": "command", "listing": "listing", "advice": "advice"}
        role = kinds.get(block.kind, "body")
        self.words(role, runs(block.text) if block.kind == "note" else [Run(block.text)])

    # --- captions -----------------------------------------------------------------------------------------
    def _caption(self, kind: str, number: int, title: str, *, below: bool = False) -> None:
        """``Table 2`` with its number as a field that Word counts anew; in APA style the title has its own line."""
        from docx.shared import Pt

        apa = self.contents.style == "apa"
        paragraph = self.words("label", [Run(f"{kind} ")])
        field(paragraph, f" SEQ {kind} \\* ARABIC ", str(number))
        if below:
            form = paragraph.paragraph_format
            form.keep_with_next, form.space_before, form.space_after = False, Pt(BELOW[0]), Pt(BELOW[1])
        if not title:
            return
        if apa:
            self.words("caption", [Run(title)])
            return
        paragraph.add_run(". ")
        paragraph.add_run(printable(title)).bold = False

    def _table(self, block: TableBlock) -> None:
        notes = note_paragraphs(block.table)
        made = grids(block.table, self.width, fonts.measured)
        for k, grid in enumerate(made):
            last = k == len(made) - 1
            if k:
                self._again(block)
            else:
                self._caption("Table", block.number, block.table.title)
            add_grid(self.document, grid, self.width, noted=bool(notes) and last)
            if last:
                self._notes(notes)
            else:
                self._gap()

    def _again(self, block: TableBlock) -> None:
        """The caption above further columns of a table, which has been counted."""
        apa = self.contents.style == "apa"
        title = f"{block.table.title} (continued)"
        self.words("label", [Run(block.label if apa else f"{block.label}. ")])
        if apa:
            self.words("caption", [Run(title)])
        else:
            self.document.paragraphs[-1].add_run(printable(title)).bold = False

    def _notes(self, notes: Sequence[str], *, keep: bool = False) -> None:
        """Notes, a paragraph each; `keep` does not part the last from what follows."""
        from docx.shared import Pt

        for k, note in enumerate(notes):
            stretches = [Run("Note.", italic=True), Run(note[5:])] if note.startswith("Note.") else [Run(note)]
            paragraph = self.words("note", stretches)
            if k < len(notes) - 1:
                paragraph.paragraph_format.space_after = Pt(0)
            if keep or k < len(notes) - 1:
                paragraph.paragraph_format.keep_with_next = True
        if not notes:
            self._gap()

    def _gap(self) -> None:
        """What stands between a table without notes and what follows: Word joins tables that touch."""
        from docx.enum.text import WD_LINE_SPACING
        from docx.shared import Pt

        form = self.document.add_paragraph(style=STYLES["note"]).paragraph_format
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(12)
        form.space_before = form.space_after = Pt(0)

    # --- pictures -----------------------------------------------------------------------------------------
    def _figure(self, block: FigureBlock) -> None:
        from docx.shared import Pt

        above = self.contents.style != "ama"
        if above:
            self._caption("Figure", block.number, block.title)
        picture = self._picture(block)
        form = picture.paragraph_format
        form.line_spacing = 1.0
        form.first_line_indent = form.space_before = form.space_after = Pt(0)
        form.keep_with_next = bool(block.note) or not above
        if block.note:
            self._notes((f"Note. {block.note}",), keep=not above)
        if not above:
            self._caption("Figure", block.number, block.title, below=True)
        elif not block.note:
            self._gap()

    def _picture(self, block: FigureBlock) -> Any:
        from docx.shared import Pt

        from terrace.report.figure.figure import render

        content = render(block.plot, "png", dpi=_DPI, title=False)
        across, down = (int.from_bytes(content[k : k + 4], "big") / _DPI * 72 for k in (16, 20))  # of its IHDR
        used = sum(looks(self.contents.style)[r].line for r in ("label", "caption")) + 60
        scale = min(1.0, self.width / across, (self.height - used) / down)
        paragraph = self.words("body", [])
        inline = paragraph.add_run().add_picture(io.BytesIO(content), Pt(across * scale), Pt(down * scale))
        inline._inline.docPr.set("descr", printable(figure_words(block.plot)))
        return paragraph

    def _equations(self, block: EquationBlock) -> None:
        from docx.enum.text import WD_LINE_SPACING
        from docx.shared import Pt

        room = self.width - EQUATION_LEFT
        broken = [equation_lines(line, room, EQUATION_SIZE, EQUATION_INDENT) for line in block.lines]
        for k, line in (numbered for lines in broken for numbered in enumerate(lines)):
            paragraph = self.words("body", [])
            form = paragraph.paragraph_format
            form.first_line_indent, form.left_indent = Pt(0), Pt(EQUATION_LEFT + (EQUATION_INDENT if k else 0.0))
            form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.AT_LEAST, Pt(EQUATION_LINE)
            form.space_before = form.space_after = Pt(0)
            paragraph._p.append(equation_element(line))
