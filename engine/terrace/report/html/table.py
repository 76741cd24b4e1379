"""Tables as HTML that a browser, Qt's rich text, Word and Excel all render alike.

Qt knows no `nth-child`, no border on a table and little of style sheets, and what is pasted into Word loses
its sheet; so every cell carries its own style, and the three rules of a journal table are borders of cells. None of
them aligns numbers on the decimal point: what stands behind a number (stars, a parenthesis) is a cell of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from terrace.report.cells import Cell, Line, Shown, note_paragraphs, shown
from terrace.report.numbers import MINUS
from terrace.report.themes import Theme, theme_of
from terrace.results.advice_words import advice_in_words
from terrace.results.fit import FitResult
from terrace.results.table import Table

_INDENT = 16  # pixels a step


def table_html(
    table: Table,
    theme: str = "light",
    *,
    number: int | None = None,
    full_width: bool = True,
    title: bool = True,
    space: int = 0,
) -> str:
    """A table as a fragment of HTML: title, rules above and below the head and below the last row, notes.

    `theme` is ``"light"``, ``"dark"``, ``"print"`` or ``"inherit"`` (the colours of the surroundings);
    `number` makes the title ``Table 3. Fixed effects``; `space` is left above it, in pixels.
    """
    return _fragment(
        table, theme_of(theme), MINUS, number=number, full_width=full_width, title=title, space=space
    )


def _fragment(
    table: Table,
    theme: Theme,
    minus: str,
    *,
    number: int | None = None,
    full_width: bool = True,
    title: bool = True,
    space: int = 0,
    office: bool = False,
) -> str:
    page = shown(table, minus)
    split = tuple(
        any(_tail(line.cells[j], office) for line in page.lines if j < len(line.cells)) for j in range(len(page.aligns))
    )
    ink = f"color:{theme.ink};" if theme.ink else ""
    out = []
    if title and table.title:
        prefix = "" if number is None else f"Table {number}. "
        style = f"{ink}font-weight:600;margin:{space}px 0 6px 0;"
        out.append(f'<p style="{style}">{escape(prefix + table.title)}</p>')
    width = ' width="100%"' if full_width else ""
    out.append(
        f'<table border="0" cellspacing="0" cellpadding="0"{width} '
        f'style="border-collapse:collapse;font-variant-numeric:tabular-nums;{ink}">'
    )
    out.append("<thead>" + _head(page, theme, split) + "</thead>")
    out.append("<tbody>")
    out += [_row(page, i, theme, office, split) for i in range(len(page.lines))]
    out.append("</tbody></table>")
    muted = f"color:{theme.muted};" if theme.muted else ""
    for i, note in enumerate(note_paragraphs(table)):
        text = escape(note)
        if text.startswith("Note."):
            text = "<i>Note.</i>" + text[5:]
        top = 6 if i == 0 else 2
        out.append(f'<p style="{muted}font-size:90%;margin:{top}px 0 0 0;">{text}</p>')
    return "\n".join(out)


def _head(page: Shown, theme: Theme, split: tuple[bool, ...]) -> str:
    rule = f"1px solid{' ' + theme.ink if theme.ink else ''}"
    style = f"border-top:{rule};border-bottom:{rule};font-weight:600;padding:5px 10px;"
    cells = [f'<th scope="col" align="left" style="{style}text-align:left;">{escape(page.table.stub)}</th>']
    for column, align, two in zip(page.table.columns, page.aligns, split):
        title = "<br>".join(escape(x) for x in column.title.split("\n"))
        own = f"{style}text-align:{align};white-space:nowrap;"
        cells.append(f'<th scope="col"{_span(two)} align="{align}" style="{own}">{title}</th>')
    return "<tr>" + "".join(cells) + "</tr>"


def _row(page: Shown, i: int, theme: Theme, office: bool, split: tuple[bool, ...]) -> str:
    line = page.lines[i]
    border = _borders(page.lines, i, theme)
    if line.kind == "group" and not any(c.text for c in line.cells):
        left = 10 + _INDENT * line.indent
        style = f"{border}font-weight:normal;font-style:italic;padding:5px 10px 3px {left}px;text-align:left;"
        span = len(line.cells) + sum(split) + 1
        return f'<tr><th colspan="{span}" align="left" style="{style}">{escape(line.label)}</th></tr>'
    label = (
        f'<th scope="row" align="left" style="{border}font-weight:normal;text-align:left;'
        f'padding:3px 10px 3px {10 + _INDENT * line.indent}px;{_as_text(office)}">{escape(line.label)}</th>'
    )
    cells = [_cell(c, align, border, theme, office, two) for c, align, two in zip(line.cells, page.aligns, split)]
    return "<tr>" + label + "".join(cells) + "</tr>"


def _borders(lines: tuple[Line, ...], i: int, theme: Theme) -> str:
    out = ""
    if lines[i].kind == "total" and i and lines[i - 1].kind != "total":
        out += f"border-top:1px solid {theme.line or '#999999'};"
    if i == len(lines) - 1:
        out += f"border-bottom:1px solid{' ' + theme.ink if theme.ink else ''};"
    return out


def _tail(cell: Cell, office: bool) -> str:
    """What stands behind a number in a cell of its own; for spreadsheets ``(0.12)`` stays one."""
    return cell.tail.removeprefix(")") if office else cell.tail


def _span(two: bool) -> str:
    return ' colspan="2"' if two else ""


def _cell(cell: Cell, align: str, border: str, theme: Theme, office: bool, two: bool) -> str:
    """A cell, or where the column is ``two`` the number and what stands behind it."""
    side = align if cell.value is None else cell.align
    color = f"color:{theme.muted};font-style:italic;" if cell.quiet and theme.muted else ""
    is_text = isinstance(cell.value, str) or cell.pair is not None or cell.format in ("bracketed", "p")
    # a long text may wrap, a number may not
    wrap = "" if side == "left" else "white-space:nowrap;"
    own = f"{wrap}{color}{_as_text(office and is_text)}"
    if not two or isinstance(cell.value, str) or cell.value is None:
        style = f"{border}padding:3px 10px;text-align:{side};{own}"
        return f'<td{_span(two)} align="{side}" style="{style}">{escape(cell.text)}</td>'
    tail = _tail(cell, office)
    words = escape(tail if office else tail.replace(" ", "\u00a0"))  # a blank at the beginning of a cell is dropped
    return (
        f'<td align="{side}" style="{border}padding:3px 0 3px 10px;text-align:{side};{own}">'
        f"{escape(cell.text.removesuffix(tail))}</td>"
        f'<td width="1" align="left" style="{border}padding:3px 10px 3px 0;text-align:left;{wrap}">{words}</td>'
    )


def _as_text(office: bool) -> str:
    """Keeps Excel from reading ``(0.12)`` as -0.12 and ``1-2`` as a date."""
    return r"mso-number-format:'\@';" if office else ""


def fit_html(
    fit: FitResult,
    theme: str = "inherit",
    *,
    labels: Mapping[str, str] | None = None,
    number: int | None = None,
) -> str:
    """A fit as a fragment of HTML: name, command, tables, warnings. Notebooks show it.

    `number` is the number of the first table; without it the tables are not numbered.
    """
    colours = theme_of(theme)
    muted = f"color:{colours.muted};" if colours.muted else ""
    ink = f"color:{colours.ink};" if colours.ink else ""
    name = f"{fit.name} · {fit.outcome}" if fit.name else fit.outcome
    state = {"converged": "", "boundary": " · on the boundary", "failed": " · did not converge"}[fit.state]
    out = [
        "<div>",
        f'<p style="{ink}margin:0 0 2px 0;"><b>{escape(name)}</b>{escape(state)}</p>',
        f'<p style="{muted}margin:0;"><code>{escape(fit.command)}</code></p>',
    ]
    for i, table in enumerate(fit.tables(labels=labels, warnings=False)):
        at = None if number is None else number + i
        out.append(table_html(table, theme, number=at, space=18))
    out += [warnings_html(fit, theme, labels), "</div>"]
    return "\n".join(x for x in out if x)


def warnings_html(fit: FitResult, theme: str = "inherit", labels: Mapping[str, str] | None = None) -> str:
    """The advice that came with a fit in the words of a page, one paragraph each; empty where there is none."""
    colours = theme_of(theme)
    color = f"color:{colours.warning};background-color:{colours.warning_ground};" if colours.warning else ""
    return "\n".join(
        f'<p style="{color}margin:4px 0;padding:4px 10px;"><b>{escape(w.message)}</b> {escape(w.advice)}</p>'
        for w in advice_in_words(fit, labels)
    )


def clipboard(table: Table) -> dict[str, str]:
    """What copying a table puts on the clipboard: ``html``, ``tsv`` with full precision, ``text``.

    The HTML has the hyphen for minus, since spreadsheets do not read U+2212 as a sign.
    """
    from terrace.report.csv import table_tsv
    from terrace.report.text.table import table_text

    fragment = _fragment(table, theme_of("print"), "-", full_width=False, office=True)
    return {"html": fragment, "tsv": table_tsv(table), "text": table_text(table, journal=True)}
