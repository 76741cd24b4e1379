"""A table as the results document shows it: caption, rules above and below, notes; every cell on one line.

Qt's rich text breaks lines inside cells at any space and knows no rule on a table, so numbers carry spaces that do not
break, and rules are borders of cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from terrace_desktop.ui import theme
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.report.cells import Cell, Shown
    from terrace.results.table import Table
    from terrace.session.document.items import Look

SYMBOLS = ("SE", "df", "t", "z", "p", "F", "n", "N", "M", "SD", "Robust SE", "Std. err.")  # APA: italic in heads
ESTIMATES = ("estimate", "interval", "bracketed")
GAP, TIGHT = 12, 5  # px between columns
SHORT = 10  # letters of a row label that stay in one line: "Model 12"
INDENT = 12
RELATION = re.compile(r" (=|&lt;|&gt;|≥|≤) ")  # of a statistic: never at the end of a line
EDGE = "padding-right:2px;"  # Qt cuts off what touches the edge of the document


def dressed(table: Table, look: Look) -> Table:
    """The table with the decimals of the look in its columns of estimates."""
    if look.decimals is None:
        return table

    def decimals(format_: str | None, own: int | None) -> int | None:
        return look.decimals if format_ in ESTIMATES else own

    columns = tuple(replace(c, decimals=decimals(c.format, c.decimals)) for c in table.columns)
    rows = tuple(replace(r, decimals=decimals(r.format, r.decimals)) for r in table.rows)
    return replace(table, columns=columns, rows=rows)


def caption(number: int, title: str, style: str = "") -> str:
    """``Table 2. Fixed effects``: the number bold, and the title italic as APA has it."""
    return _caption(tr("Table {0}.").format(number), title, style)


def figure_caption(number: int, title: str, style: str = "") -> str:
    """``Figure 1. …`` in the same way."""
    return _caption(tr("Figure {0}.").format(number), title, style)


def _caption(head: str, title: str, style: str) -> str:
    words = escape(title) if style in ("ama", "plain") else f"<i>{escape(title)}</i>"
    return f"<b>{escape(head)}</b> {words}"


def tables_html(tables: Sequence[Table], first: int, look: Look, *, narrow: bool = False, bare: bool = False) -> str:
    """Tables one under the other, numbered from `first`. `bare` leaves the caption of the first to its card.

    `narrow` ones have less room between columns, and heads that go over several lines where the page is too small.
    """
    out = []
    for i, table in enumerate(tables):
        if i:
            out.append(_space(14))
        if not (bare and i == 0):
            title = caption(first + i, table.title, look.style)
            out.append(f'<p style="margin:0;">{title}</p>{_space(5)}')
        out.append(table_html(table, look, gap=TIGHT if narrow else GAP, wrapped=narrow))
    return "".join(out)


def table_html(table: Table, look: Look, *, gap: int = GAP, wrapped: bool = False) -> str:
    """One table without its caption, in the colours of the theme."""
    from terrace.report.cells import note_paragraphs, shown, tails

    page = shown(dressed(table, look))
    split = [bool(t) for t in tails(page)]
    ink = theme.manager().theme.ink
    out = [f'<table border="0" cellspacing="0" cellpadding="0" width="100%" style="color:{ink};">']
    out.append(_head(page, split, gap, ink, look.style, wrapped))
    last = len(page.lines) - 1
    out += [_line(page, i, split, gap, ink if i == last else "") for i in range(len(page.lines))]
    out.append("</table>")
    muted, small = theme.manager().theme.muted, theme.px(theme.SMALL)
    for i, note in enumerate(note_paragraphs(table)):
        text = RELATION.sub("\u00a0\\1\u00a0", escape(note))
        text = f"<i>Note.</i>{text[5:]}" if text.startswith("Note.") else text
        out.append(f"{_space(5) if not i else ''}<p style='color:{muted};font-size:{small}px;margin:0;'>{text}</p>")
    return "".join(out)


def search_text(table: Table, look: Look) -> str:
    """What a search finds in a table: its title, labels, cells and notes."""
    from terrace.report.cells import shown

    page = shown(dressed(table, look))
    lines = [" ".join([line.label, *(c.text for c in line.cells)]) for line in page.lines]
    heads = " ".join([table.stub, *(c.title for c in table.columns)])
    return "\n".join([table.title, heads, *lines, *table.notes])


def _head(page: Shown, split: Sequence[bool], gap: int, ink: str, style: str, wrapped: bool) -> str:
    rule = f"border-top:1px solid {ink};border-bottom:1px solid {ink};"
    base = f"{rule}font-weight:600;padding-top:4px;padding-bottom:4px;"
    cells = [f'<th align="left" valign="bottom" style="{base}">{_still(escape(page.table.stub))}</th>']
    for j, (column, align, two) in enumerate(zip(page.table.columns, page.aligns, split)):
        lines = [escape(x) if wrapped else _still(escape(x)) for x in column.title.split("\n")]
        title = "<br>".join(lines)
        if style != "plain" and column.title in SYMBOLS:
            title = f"<i>{title}</i>"
        span = ' colspan="2"' if two else ""
        own = f"{base}padding-left:{gap}px;{EDGE if j == len(split) - 1 else ''}"
        cells.append(f'<th{span} align="{align}" valign="bottom" style="{own}">{title}</th>')
    return f"<tr>{''.join(cells)}</tr>"


def _line(page: Shown, i: int, split: Sequence[bool], gap: int, rule: str) -> str:
    line = page.lines[i]
    border = f"border-bottom:1px solid {rule};" if rule else ""
    if line.kind == "total" and i and page.lines[i - 1].kind != "total":
        border += f"border-top:1px solid {theme.manager().theme.line};"
    left = INDENT * line.indent
    base = f"{border}padding-top:3px;padding-bottom:4px;"
    if line.kind == "group" and not any(c.text for c in line.cells):
        span = len(line.cells) + sum(split) + 1
        style = f"{base}font-weight:normal;font-style:italic;padding-left:{left}px;"
        return f'<tr><th colspan="{span}" align="left" style="{style}">{escape(line.label)}</th></tr>'
    label = _still(escape(line.label)) if len(line.label) <= SHORT else escape(line.label)
    head = f'<th align="left" style="{base}font-weight:normal;padding-left:{left}px;">{label}</th>'
    last = len(split) - 1
    cells = [
        _cell(c, page.aligns[j], base, gap, split[j], EDGE if j == last else "") for j, c in enumerate(line.cells)
    ]
    return f"<tr>{head}{''.join(cells)}</tr>"


def _cell(cell: Cell, align: str, base: str, gap: int, two: bool, edge: str) -> str:
    """A cell, or where a column has something behind its numbers, two: the points of the numbers stay in line."""
    side = align if cell.value is None else cell.align
    quiet = isinstance(cell.value, str) and side == "right"
    colour = f"color:{theme.manager().theme.muted};font-style:italic;" if quiet else ""
    text = escape(cell.text)
    text = text if side == "left" and isinstance(cell.value, str) else _still(text)
    style = f"{base}padding-left:{gap}px;{colour}"
    if not two or isinstance(cell.value, str) or cell.value is None:
        span = ' colspan="2"' if two else ""
        return f'<td{span} align="{side}" style="{style}{edge}">{text}</td>'
    body = _still(escape(cell.body))
    tail = f'<td width="1" align="left" style="{base}{edge}">{escape(cell.tail)}</td>'
    return f'<td align="{side}" style="{style}">{body}</td>{tail}'


def _still(text: str) -> str:
    """A text that no line breaks in."""
    return text.replace(" ", "\u00a0")


def _space(px: int) -> str:
    """A gap: Qt drops the margin between a paragraph and the table after it."""
    return f'<p style="margin:0;font-size:{px}px;line-height:100%;">&nbsp;</p>'

