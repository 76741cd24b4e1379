"""Tables of Word documents: three rules, heads that repeat, rows that stay whole and with what they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrace.report import pdf_fonts as fonts
from terrace.report.cells import tails
from terrace.report.sheet import EDGE, FONT, GAP, HEAD_SPACE, INDENT, KEPT_WHOLE, Grid, breaks, is_symbol
from terrace.report.word_styles import printable

if TYPE_CHECKING:
    from docx.document import Document

_RULE, _HAIRLINE = "8", "4"  # eighths of a point
_THICK, _THIN = 1.0, 0.5  # the same in points, which come to the height of a row


def add_grid(document: Document, grid: Grid, width: float, *, noted: bool) -> None:
    """The table as measured; `noted` says that its notes follow, which do not part from it."""
    from docx.shared import Pt

    page = grid.content
    table = document.add_table(rows=1 + len(page.lines), cols=1 + len(page.table.columns))
    table.autofit = False
    # the text of a cell ends an edge before it does
    _lay_out(table, [2 * EDGE + grid.stub, *(GAP + w for w in grid.widths)], width)
    whole = len(page.lines) <= KEPT_WHOLE
    may = breaks(grid)
    last = len(page.lines)
    rows = list(table.rows)
    _head(rows[0], grid)
    behind = tails(page)
    for i, line in enumerate(page.lines, 1):
        row = rows[i]
        ruled = line.kind == "total" and i > 1 and page.lines[i - 2].kind != "total"
        _height(row, grid.row(i - 1) - (_THIN if ruled else 0.0))
        keep = noted if i == last else whole or not may[i]
        cells: list[Any] = list(row.cells)
        heading = line.kind == "group" and not any(c.text for c in line.cells)
        if heading:
            cells = [cells[0].merge(cells[-1])]
        slanted = line.kind == "group" or is_symbol(line.label)
        label = _fill(cells[0], line.label, "left", grid, italic=slanted, keep=keep)
        label.paragraph_format.left_indent = Pt(EDGE + INDENT * line.indent)
        for cell, content, tail in zip(cells[1:], line.cells, behind):
            paragraph = _fill(cell, content.text, content.align, grid, italic=content.quiet, keep=keep)
            if content.align == "left":
                paragraph.paragraph_format.left_indent = Pt(GAP)
            if tail and content.value is not None and not isinstance(content.value, str):
                # room for the longest tail of the column, so that decimal points stay in line
                missing = fonts.width(tail, grid.size) - fonts.width(content.tail, grid.size)
                paragraph.paragraph_format.right_indent = Pt(round(missing, 1))
        for cell in cells:
            _borders(cell, top=_HAIRLINE if ruled else "", bottom=_RULE if i == last else "")


def _head(row: Any, grid: Grid) -> None:
    from docx.enum.table import WD_ALIGN_VERTICAL
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    _height(row, grid.head - 2 * _THICK)
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    aligns = ("left", *grid.content.aligns)
    heads = [grid.content.table.stub, *(c.title.replace("\n", " ") for c in grid.content.table.columns)]
    for j, (cell, head, align) in enumerate(zip(row.cells, heads, aligns)):
        paragraph = _fill(cell, head, align, grid, bold=True, italic=is_symbol(head), keep=True)
        paragraph.paragraph_format.line_spacing = Pt(grid.head_line)
        paragraph.paragraph_format.left_indent = Pt(EDGE if j == 0 else GAP if align == "left" else 0)
        cell.vertical_alignment = WD_ALIGN_VERTICAL.BOTTOM
        paragraph.paragraph_format.space_after = Pt(HEAD_SPACE / 2)
        _borders(cell, top=_RULE, bottom=_RULE)


def _fill(cell: Any, text: str, align: str, grid: Grid, *, bold: bool = False, italic: bool = False,
          keep: bool = False) -> Any:  # fmt: skip
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if align == "right" else WD_ALIGN_PARAGRAPH.LEFT
    form = paragraph.paragraph_format
    form.space_before, form.space_after, form.keep_with_next = Pt(0), Pt(0), keep
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(grid.line)
    run = paragraph.add_run(printable(text))
    run.bold, run.italic, run.font.size, run.font.name = bold or None, italic or None, Pt(grid.size), FONT
    return paragraph


def _lay_out(table: Any, widths: list[float], whole: float) -> None:
    """Fixed columns over the whole width, without margins beside the text of cells."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    widths = [*widths[:-1], max(whole - sum(widths[:-1]), 10.0)]
    for column, width in zip(table.columns, widths):
        column.width = Pt(width)
        for cell in column.cells:
            cell.width = Pt(width)
    properties = table._tbl.tblPr
    total = properties.find(qn("w:tblW"))
    total.set(qn("w:type"), "dxa")
    total.set(qn("w:w"), str(round(20 * whole)))
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", 0), ("left", 0), ("bottom", 0), ("right", round(20 * EDGE))):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(width))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    look = properties.find(qn("w:tblLook"))
    if look is None:
        properties.append(margins)
    else:
        look.addprevious(margins)


def _height(row: Any, points: float) -> None:
    """A row of this height, which stays on one page."""
    from docx.enum.table import WD_ROW_HEIGHT_RULE
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
    row.height, row.height_rule = Pt(points), WD_ROW_HEIGHT_RULE.AT_LEAST


def _borders(cell: Any, **sides: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    if not any(sides.values()):
        return
    borders = OxmlElement("w:tcBorders")
    for side, width in sides.items():  # top before bottom, as the schema wants
        if width:
            border = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", width), ("space", "0"), ("color", "000000")):
                border.set(qn(f"w:{key}"), value)
            borders.append(border)
    properties = cell._tc.get_or_add_tcPr()
    late = next((e for e in properties if e.tag in (qn("w:noWrap"), qn("w:vAlign"))), None)
    if late is None:
        properties.append(borders)
    else:
        late.addprevious(borders)  # where the schema wants them
