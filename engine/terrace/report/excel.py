"""Reports as Excel workbooks: numbers stay numbers, at full precision, shown as in the journal table."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from terrace.data.writers.workbook import in_silence, save_workbook
from terrace.report.cells import Cell, Shown, display_width, has_pairs, note_paragraphs, shown, wrap
from terrace.report.contents import (
    Block,
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    Paragraph,
    TableBlock,
    contents_of,
)
from terrace.report.notes import plain
from terrace.report.parts import Part
from terrace.results.table import CellValue, Table
from terrace.spec.equations_render import line_text

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_P_FORMAT = '[<0.001]"< .001";[>0.9995]"> .999";.000'
_WIDEST = 60


def workbook_xlsx(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    layout: Literal["sheets", "stacked"] = "sheets",
    labels: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of an .xlsx file.

    ``"sheets"`` gives every table and plot a sheet, with the texts and a list of them on the first;
    ``"stacked"`` puts all on one, in order.
    """
    return report_xlsx(contents_of(title, parts, command=command, labels=labels), layout=layout)


@in_silence()
def report_xlsx(contents: Contents, *, layout: Literal["sheets", "stacked"] = "sheets") -> bytes:
    """The bytes of an .xlsx file with a report; the contents on the first sheet lead to the others."""
    import openpyxl

    book = openpyxl.Workbook()
    first: Any = book.active
    first.title = "Report"
    title = contents.title
    at = _texts(first, 1, [("h1", title)] if title else [])
    by = [("text", x) for x in (contents.author, contents.affiliation, contents.date) if x]
    at = _texts(first, at, [*by, *([("command", contents.command)] if contents.command else [])])
    for placed in contents.blocks:
        block = placed.block
        if not isinstance(block, TableBlock | FigureBlock):
            at = _texts(first, at, _words(block))
            continue
        about = block.table.title if isinstance(block, TableBlock) else block.title
        caption = f"{block.label}. {about}"
        if layout == "stacked":
            sheet, row = first, at + (1 if at > 1 else 0)
        else:
            sheet, row = book.create_sheet(_sheet_name(f"{block.label} {about}")), 1
            _link(first, at, caption, sheet.title)
            at += 1
        if isinstance(block, TableBlock):
            end = _write_table(sheet, block.table, caption, row)
        else:
            end = _write_figure(sheet, block, caption, row)
        if layout == "stacked":
            at = end
    if layout == "sheets" and at == 1:
        book.remove(first)
    elif layout == "sheets":
        first.column_dimensions["A"].width = _TEXT
        first.print_area = f"A1:A{max(at - 1, 1)}"  # a line that runs on over the cell makes no page wider
    for sheet in book.worksheets:
        _for_print(sheet)
    book.properties.title, book.properties.creator = title, contents.author or "Terrace"
    out = io.BytesIO()
    save_workbook(book, out)
    return out.getvalue()


_TEXT, _UPRIGHT = 76, 110
"""Letters across the sheet of contents, whose one column no program makes smaller to fit a page, and across a page that
stands."""


def _words(block: Block) -> list[tuple[str, str]]:
    """The text of a block with its kind; an equation as plain text."""
    if isinstance(block, Heading):
        return [("h2" if block.level == 1 else "h3", block.text)]
    if isinstance(block, EquationBlock):
        return [("text", line_text(x)) for x in block.lines]
    if not isinstance(block, Paragraph):
        return []
    return [("text", plain(block.text)) if block.kind == "note" else (block.kind, block.text)]


def _sheet_name(title: str) -> str:
    """At most 31 characters, none of those that Excel refuses."""
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "Table"


def _texts(sheet: Worksheet, at: int, texts: Sequence[tuple[str, str]]) -> int:
    from openpyxl.styles import Alignment, Font

    fonts = {
        "h1": Font(bold=True, size=14),
        "h2": Font(bold=True, size=12),
        "h3": Font(bold=True),
        "command": Font(name="Consolas", size=10),
        "listing": Font(name="Consolas", size=10),
    }
    for kind, text in texts:
        for line in text.split("\n"):
            cell = _put(sheet, at, 1, line)
            if kind in fonts:
                cell.font = fonts[kind]
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if (lines := len(wrap(line, _TEXT))) > 1:
                sheet.row_dimensions[at].height = 15 * lines + 2
            at += 1
    return at


def _link(sheet: Worksheet, at: int, text: str, target: str) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    cell = _put(sheet, at, 1, text)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{target}'!A1")
    cell.font = Font(color="0B7A75", underline="single")


def _put(sheet: Worksheet, row: int, column: int, value: CellValue) -> Any:
    """A cell; text stays text, also where it begins with "=" or looks like a date."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
    elif value is not None and not isinstance(value, tuple):
        x = float(value)
        cell.value = None if x != x else int(x) if x.is_integer() and abs(x) < 1e15 else x  # noqa: PLR0124
    return cell


def _write_table(sheet: Worksheet, table: Table, caption: str, at: int) -> int:
    """The table from row `at`; returns the next free row, one line below it."""
    from openpyxl.styles import Alignment, Border, Font, Side

    page = shown(table, minus="-")
    spans = [2 if has_pairs(c) else 1 for c in table.columns]
    width = 1 + sum(spans)
    _put(sheet, at, 1, caption).font = Font(bold=True)
    head = at + 1
    _put(sheet, head, 1, table.stub)
    column = 2
    for span, c, align in zip(spans, table.columns, page.aligns):
        _put(sheet, head, column, c.title.replace("\n", " ")).alignment = Alignment(
            horizontal="center" if span == 2 else align, wrap_text=False
        )
        if span == 2:
            sheet.merge_cells(start_row=head, end_row=head, start_column=column, end_column=column + 1)
        column += span
    rule, hairline = Side("thin", color="000000"), Side("hair", color="000000")
    for j in range(1, width + 1):
        sheet.cell(head, j).font = Font(bold=True)
        sheet.cell(head, j).border = Border(top=rule, bottom=rule)
    row = head
    for i, line in enumerate(page.lines):
        row += 1
        label = _put(sheet, row, 1, line.label)
        label.alignment = Alignment(indent=line.indent)
        if line.kind == "group":
            label.font = Font(italic=True)
        column = 2
        for span, content in zip(spans, line.cells):
            _write_cell(sheet, row, column, content, span)
            column += span
        starts = line.kind == "total" and i and page.lines[i - 1].kind != "total"
        ends = i == len(page.lines) - 1
        if starts or ends:
            border = Border(top=hairline if starts else None, bottom=rule if ends else None)
            for j in range(1, width + 1):
                sheet.cell(row, j).border = border
    for note in note_paragraphs(table):
        row += 1
        _write_note(sheet, row, note)
    _widths(sheet, page, spans)
    _wrap_notes(sheet, row - len(note_paragraphs(table)) + 1, row, width)
    if at == 1:
        sheet.freeze_panes = sheet.cell(head + 1, 2).coordinate
        sheet.print_title_rows = f"{at}:{head}"  # on each page that a long table runs over
    return row + 2


def _write_note(sheet: Worksheet, row: int, text: str) -> None:
    from openpyxl.styles import Font

    _put(sheet, row, 1, text).font = Font(italic=False, size=9, color="5D6978")


def _wrap_notes(sheet: Worksheet, first: int, last: int, width: int) -> None:
    """Notes run over all columns of their table, in as many lines as they take; nothing in a sheet does that alone."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    letters = sum(sheet.column_dimensions[get_column_letter(j)].width for j in range(1, width + 1)) * 1.1
    for row in range(first, last + 1):
        text = str(sheet.cell(row, 1).value)
        sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[row].height = 12.5 * len(wrap(text, max(int(letters), 20))) + 2
        if width > 1:
            sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)


def _for_print(sheet: Worksheet) -> None:
    """A sheet is as wide as a page, which lies where it would be small on one that stands, and shows the rules of its
    table only."""
    from openpyxl.worksheet.properties import PageSetupProperties

    width = sum(d.width for d in sheet.column_dimensions.values())
    sheet.page_setup.orientation = "landscape" if width > _UPRIGHT else "portrait"
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4


def _write_cell(sheet: Worksheet, row: int, column: int, content: Cell, span: int) -> None:
    from openpyxl.styles import Alignment

    if span == 2 and isinstance(content.value, tuple) and content.pair is not None:
        for k, (bound, text) in enumerate(zip(content.value, content.pair)):
            _put(sheet, row, column + k, bound).number_format = _number_format(content, text)
        return
    if isinstance(content.value, tuple):  # an interval that has one cell
        _put(sheet, row, column, content.text).alignment = Alignment(horizontal=content.align)
        return
    cell = _put(sheet, row, column, content.value)
    if isinstance(content.value, str):
        cell.alignment = Alignment(horizontal=content.align)
    elif content.value is not None:
        cell.number_format = _number_format(content, content.text)


def _number_format(cell: Cell, text: str) -> str:
    """The Excel format that shows what the journal table shows, with what stands around the number."""
    before, after = (f'"{x}"' if x else "" for x in cell.around)
    return before + _plain_format(cell, text) + after if cell.pair is None else _plain_format(cell, text)


def _plain_format(cell: Cell, text: str) -> str:
    zeros = "0" if not cell.decimals else "0." + "0" * cell.decimals
    if "," in text and cell.format != "general":
        zeros = "#,##" + zeros
    if "e" in text and cell.format in ("estimate", "interval", "bracketed"):
        zeros = "0.00E+00"
    if cell.format == "bracketed":
        return zeros
    if cell.format == "count":
        return "#,##0" if "." not in text else "#,##0.00"
    if cell.format == "percent":
        return zeros + "%"
    if cell.format == "share":
        return zeros.removeprefix("0")
    return {"p": _P_FORMAT, "general": "General", "text": "General"}.get(cell.format, zeros)


def _widths(sheet: Worksheet, page: Shown, spans: list[int]) -> None:
    from openpyxl.utils import get_column_letter

    stub = math.ceil(1.15 * display_width(page.table.stub))  # heads are bold
    found = {1: max([stub, *(display_width(x.label) + 2 * x.indent for x in page.lines)])}
    column = 2
    for j, span in enumerate(spans):
        texts = [line.cells[j] for line in page.lines]
        title = math.ceil(1.15 * display_width(page.table.columns[j].title))
        for k in range(span):
            shown_texts = [c.pair[k] if span == 2 and c.pair else c.text for c in texts]
            found[column + k] = max([title // span, *map(display_width, shown_texts)], default=8)
        column += span
    for j, width in found.items():
        dimension = sheet.column_dimensions[get_column_letter(j)]
        dimension.width = max(dimension.width if dimension.customWidth else 9, min(width + 2, _WIDEST))


def _write_figure(sheet: Worksheet, block: FigureBlock, caption: str, at: int) -> int:
    """The picture with its caption above and its note below; returns the next free row, one line below it."""
    from openpyxl.drawing.image import Image
    from openpyxl.styles import Font

    from terrace.report.figure.figure import render

    _put(sheet, at, 1, caption).font = Font(bold=True)
    picture = Image(io.BytesIO(render(block.plot, "png", dpi=192, title=False)))
    picture.width, picture.height = picture.width // 2, picture.height // 2  # 96 dots an inch on the sheet
    sheet.add_image(picture, sheet.cell(at + 1, 1).coordinate)
    below = at + 2 + int(picture.height / 20)
    if block.note:
        _write_note(sheet, below, f"Note. {block.note}")
        below += 1
    return below + 1
