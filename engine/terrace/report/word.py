"""Reports as Word documents: real tables with the rules of a journal, captions that Word can renumber."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from terrace.report.cells import Shown, display_width, note_paragraphs, shown, tails
from terrace.report.notes import runs
from terrace.report.parts import Part, number_parts, paragraphs
from terrace.results.plot import Plot
from terrace.results.plot_words import figure_words
from terrace.results.table import Table
from terrace.sealed import Archive

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell

_RULE = "8"  # eighths of a point
_HAIRLINE = "4"
_KEEP_WHOLE = 34  # a table of at most so many rows is not divided between pages
_INDENT = 0.16  # inches a step
_ROOMY, _NARROW = 0.64, 0.54  # width of a letter over its height: of a wide font, of the font asked for
_TEXT_WIDTH = 451.0  # points between the margins of an A4 page


def document_docx(
    title: str, parts: Sequence[Part], *, command: str = "", labels: Mapping[str, str] | None = None
) -> bytes:
    """The bytes of a .docx file with the parts in their order; tables and figures have numbered captions."""
    import docx

    document = docx.Document()
    _styles(document)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    if title:
        document.add_heading(title, level=0)
    if command:
        document.add_paragraph(command, style="Terrace Listing")
    for part, number in number_parts(parts, labels=labels):
        if isinstance(part, Table):
            add_table(document, part, number)
        elif isinstance(part, Plot):
            _add_plot(document, part, number)
        else:
            _add_text(document, part)
    return _saved(document)


class _Members:
    """What writes the parts of a document, for the library."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def write(self, name: Any, content: bytes | str) -> None:
        """Add a part under its name in the package."""
        self._archive.writestr(name.membername, content)


def _saved(document: Document) -> bytes:
    """As `Document.save`, which fails in a year that archives cannot name."""
    from docx.opc.pkgwriter import PackageWriter

    package, out = document.part.package, io.BytesIO()
    assert package is not None
    for part in package.parts:
        part.before_marshal()
    writer: Any = PackageWriter  # which would make an archive of its own
    with Archive(out, "w", zipfile.ZIP_DEFLATED) as archive:
        members = _Members(archive)
        writer._write_content_types_stream(members, package.parts)
        writer._write_pkg_rels(members, package.rels)
        writer._write_parts(members, package.parts)
    return out.getvalue()


def _styles(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Inches, Mm, Pt, RGBColor

    black = RGBColor(0, 0, 0)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Inches(1))
    sizes = {"Normal": 10.5, "Title": 18, "Heading 1": 14, "Heading 2": 12, "Caption": 10.5}
    for name, size in sizes.items():
        style: Any = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), black
        _all_scripts(style.element, "Calibri")
    for name in ("Title", "Heading 1", "Heading 2", "Caption"):
        heading: Any = document.styles[name]
        heading.font.bold, heading.font.italic = True, False
        heading.paragraph_format.keep_with_next = True
    _without_rule(document.styles["Title"])
    caption: Any = document.styles["Caption"]
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(14), Pt(4)
    for name, size, font in (("Terrace Note", 9, "Calibri"), ("Terrace Listing", 8.5, "Consolas")):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.font.size, style.font.name = Pt(size), font
        _all_scripts(style.element, font)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(4), Pt(6)


def _all_scripts(style: Any, font: str) -> None:
    """Name the font for every script, since the template's theme would win over the Latin one alone."""
    from docx.oxml.ns import qn

    fonts = style.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), font)


def _without_rule(style: Any) -> None:
    from docx.oxml.ns import qn

    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def add_table(document: Document, table: Table, number: int) -> None:
    """A caption, a table with three rules, and its notes."""
    from docx.shared import Inches, Pt

    page = shown(table)
    _caption(document, "Table", number, table.title)
    grid = document.add_table(rows=1 + len(page.lines), cols=1 + len(table.columns))
    heads = [table.stub, *(c.title.replace("\n", " ") for c in table.columns)]
    size = _widths(grid, page, heads)
    last = len(page.lines)
    for j, head in enumerate(heads):
        align = "left" if j == 0 else page.aligns[j - 1]
        cell = grid.cell(0, j)
        _fill(cell, head, align, size, bold=True)
        _borders(cell, top=_RULE, bottom=_RULE)
        cell.paragraphs[0].paragraph_format.keep_with_next = True  # a head does not part from its first row
    _repeat_head(grid.rows[0])
    for row in grid.rows:
        _whole(row)
    for i, line in enumerate(page.lines, 1):
        heading = line.kind == "group" and not any(c.text for c in line.cells)
        cells = grid.rows[i].cells
        if heading:
            cells = (cells[0].merge(cells[-1]),)
        _fill(cells[0], line.label, "left", size, italic=heading)
        cells[0].paragraphs[0].paragraph_format.left_indent = Inches(_INDENT * line.indent)
        for cell, content, tail in zip(cells[1:], line.cells, tails(page)):
            quiet = isinstance(content.value, str) and content.align == "right"
            _fill(cell, content.text, content.align, size, italic=quiet)
            if tail and content.value is not None and not isinstance(content.value, str):
                # room for the longest tail of the column, so that decimal points stay in line
                missing = size * (_width(tail) - _width(content.tail))
                cell.paragraphs[0].paragraph_format.right_indent = Pt(round(missing, 1))
            _no_wrap(cell, content.align == "right")
        ruled = line.kind == "total" and i > 1 and page.lines[i - 2].kind != "total"
        for cell in cells:
            _borders(cell, top=_HAIRLINE if ruled else "", bottom=_RULE if i == last else "")
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = i < last <= _KEEP_WHOLE
    for note in note_paragraphs(table):
        paragraph = document.add_paragraph(style="Terrace Note")
        if note.startswith("Note."):
            paragraph.add_run("Note.").italic = True
            note = note[5:]
        paragraph.add_run(note)
    if not table.notes:
        document.add_paragraph().paragraph_format.space_after = Pt(2)


def _width(tail: str) -> float:
    """The width of what stands behind a number, in parts of the letter size, as in the usual fonts of documents."""
    return sum(0.333 if c in "()[]" else 0.5 for c in tail)


def _fill(
    cell: _Cell, text: str, align: str, size: float, *, bold: bool = False, italic: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if align == "right" else WD_ALIGN_PARAGRAPH.LEFT
    form = paragraph.paragraph_format
    form.space_before, form.space_after, form.line_spacing = Pt(2), Pt(2), 1.0
    run = paragraph.add_run(_printable(text))
    run.bold, run.italic, run.font.size = bold or None, italic or None, Pt(size)


def _borders(cell: _Cell, **sides: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = cell._tc.get_or_add_tcPr()
    borders = OxmlElement("w:tcBorders")
    for side, width in sides.items():  # top before bottom, as the schema wants
        if width:
            border = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", width), ("space", "0"), ("color", "000000")):
                border.set(qn(f"w:{key}"), value)
            borders.append(border)
    if len(borders):
        # the schema wants borders before noWrap, which may already be there
        late = properties.find(qn("w:noWrap"))
        if late is None:
            properties.append(borders)
        else:
            late.addprevious(borders)


def _no_wrap(cell: _Cell, wanted: bool) -> None:
    from docx.oxml import OxmlElement

    if wanted:
        cell._tc.get_or_add_tcPr().append(OxmlElement("w:noWrap"))


def _widths(grid: Any, page: Shown, heads: list[str]) -> float:
    """Give the columns the width of their contents and the labels the rest; returns the letter size.

    Heads break at blanks, and letters shrink from 10 points, where the columns leave too little for the labels. A
    digit of the font is half as wide as it is high; one of a font that stands in for it may be wider.
    """
    from docx.oxml.ns import qn
    from docx.shared import Pt

    wide = [
        max(
            *map(display_width, re.split("[ -]", head)),
            *(display_width(line.cells[j].body + tail) for line in page.lines),
        )
        for j, (head, tail) in enumerate(zip(heads[1:], tails(page)))
    ]
    whole = [max(w, display_width(head)) for w, head in zip(wide, heads[1:])]
    labels = [display_width(x.label) + 2 * x.indent for x in page.lines if x.kind != "group"]
    wanted = max([display_width(heads[0]), *labels])
    choices = [(10.0, whole, _ROOMY), (10.0, wide, _ROOMY), (9.0, wide, _ROOMY)]
    choices += [(size, wide, _NARROW) for size in (9.0, 8.0, 7.0)]
    for size, counts, factor in choices:
        columns = [factor * size * w + 11 for w in counts]  # points; 11 for the margins of a cell
        room = _TEXT_WIDTH - sum(columns)
        if room >= min(factor * size * wanted + 11, 95):
            break
    # what is left goes to all columns alike
    more = max(room - (factor * size * wanted + 11), 0.0) / (len(columns) + 1)
    columns = [c + more for c in columns]
    first = max(room - more * len(columns), 60.0)
    grid.autofit = False
    for column, width in zip(grid.columns, [first, *columns]):
        column.width = Pt(width)
        for cell in column.cells:
            cell.width = Pt(width)
    total = grid._tbl.tblPr.find(qn("w:tblW"))
    total.set(qn("w:type"), "dxa")
    total.set(qn("w:w"), str(round(20 * (first + sum(columns)))))
    return size


def _whole(row: Any) -> None:
    """A row stays on one page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))


def _repeat_head(row: Any) -> None:
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _caption(document: Document, kind: str, number: int, title: str) -> None:
    """``Table 2. Title`` with the number as a field, so that Word can count anew."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.add_paragraph(style="Caption")
    paragraph.add_run(f"{kind} ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), f" SEQ {kind} \\* ARABIC ")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = str(number)
    run.append(text)
    field.append(run)
    paragraph._p.append(field)
    paragraph.add_run(_printable(f". {title}"))


def _add_plot(document: Document, plot: Plot, number: int) -> None:
    from docx.shared import Inches

    from terrace.report.figure.figure import render

    _caption(document, "Figure", number, plot.title)
    picture = document.add_picture(io.BytesIO(render(plot, "png", dpi=220, title=False)))
    if picture.width > Inches(6.2):
        picture.height = int(picture.height * Inches(6.2) / picture.width)
        picture.width = Inches(6.2)
    about = picture._inline.docPr
    about.set("descr", _printable(figure_words(plot)))


def _add_text(document: Document, text: str) -> None:
    for kind, paragraph in paragraphs(text, rich=True):
        clean = _printable(paragraph)
        if kind == "h2":
            document.add_heading(clean, level=1)
        elif kind == "h3":
            document.add_heading(clean, level=2)
        elif kind in ("command", "listing"):
            added = document.add_paragraph(clean, style="Terrace Listing")
            added.paragraph_format.keep_with_next = kind == "command"
        elif kind == "note":
            _add_note(document, paragraph)
        else:
            document.add_paragraph(clean)


def _add_note(document: Document, paragraph: str) -> None:
    added = document.add_paragraph()
    for run in runs(paragraph):
        address = f" ({run.href})" if run.href and run.href != run.text else ""
        piece = added.add_run(_printable(run.text + address))
        piece.bold, piece.italic = run.bold or None, run.italic or None
        if run.code:
            piece.font.name = "Consolas"


def _printable(text: str) -> str:
    """Text without the control characters that XML forbids."""
    return "".join(c for c in text if c in "\t\n" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF))
