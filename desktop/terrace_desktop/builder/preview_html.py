"""A previewed model as rich text for a narrow column: estimates beside the parent's, three numbers, what to know.

Without Qt's widgets, so that it can be read in a test. Every cell has its own style, as Qt's rich text asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import isnan
from typing import TYPE_CHECKING

from terrace.report.numbers import MINUS, p_value, plain_fixed
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.postestimation.paper.beside import Beside, Line
    from terrace.session.preview import Preview
    from terrace_desktop.ui.theme import Theme

MARKS = {"good": "✓", "note": "<i>i</i>", "warning": "!"}  # which the font has
MOST = 6  # decimals
MOST_TOLD = 8  # terms that are read out


def preview_html(preview: Preview, parent: str, theme: Theme, *, muted: bool = False) -> str:
    """The page. ``muted`` is for a result that is not of the model as it stands."""
    found = preview.beside
    assert found is not None
    ink = theme.muted if muted else theme.ink
    title = parent if any(line.parent is not None for line in found.lines) else ""
    return "".join([
        _estimates(found, title, theme, ink), _space(8), _numbers(found, title, theme, ink), _space(8),
        _checks(found, theme, ink),
    ])  # fmt: skip


def preview_words(preview: Preview) -> str:
    """What is read out when the preview has come: what is new in the model, AIC, and what to know."""
    found = preview.beside
    if found is None:
        return ""
    lines = [line for line in found.lines if line.changed] or [line for line in found.lines if line.kind == "fixed"]
    told = [f"{line.label} {cell(line.now, decimals_of((line.now,)))}" for line in lines[:MOST_TOLD]]
    told.append(f"{tr('AIC')} {plain_fixed(found.aic[1], 1, MINUS, ',')}")
    return ". ".join([tr("Live preview"), *told, *(c.text.rstrip(".") for c in found.checks)]) + "."


# --- estimates ----------------------------------------------------------------------------------------------
def _estimates(found: Beside, title: str, theme: Theme, ink: str) -> str:
    heads = [title, tr("Now")] if title else [tr("Estimate")]
    rule = f"1px solid {ink}"
    style = f"border-top:{rule};border-bottom:{rule};font-weight:600;padding:5px 0 5px 8px;color:{ink};"
    term = escape(tr("Term"))
    cells = [f'<th align="left" style="{style}padding-left:4px;">{term}</th>']
    cells += [f'<th align="right" style="{style}white-space:nowrap;">{escape(h)}</th>' for h in heads]
    cells.append(f'<th align="right" style="{style}padding-right:4px;font-style:italic;">p</th>')
    last = len(found.lines) - 1
    rows = [_row(line, bool(title), theme, ink, last=k == last) for k, line in enumerate(found.lines)]
    return (
        '<table width="100%" border="0" cellspacing="0" cellpadding="0" style="border-collapse:collapse;">'
        f"<thead><tr>{''.join(cells)}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _row(line: Line, beside: bool, theme: Theme, ink: str, *, last: bool) -> str:
    decimals = decimals_of((line.parent, line.now))
    texts = [cell(line.parent, decimals), cell(line.now, decimals)] if beside else [cell(line.now, decimals)]
    texts.append("" if line.p is None else p_value(line.p))
    base = "padding:3px 0 3px 8px;" + (f"background-color:{theme.accent_soft};" if line.changed else "")
    base += f"border-bottom:1px solid {ink};" if last else ""
    colours = [theme.muted] * (len(texts) - 2) + [ink, ink]
    out = [f'<td align="left" style="{base}padding-left:4px;color:{ink};">{escape(line.label)}</td>']
    for k, (text, colour) in enumerate(zip(texts, colours)):
        right = "padding-right:4px;" if k == len(texts) - 1 else ""
        out.append(f'<td align="right" style="{base}{right}color:{colour};white-space:nowrap;">{escape(text)}</td>')
    return f"<tr>{''.join(out)}</tr>"


def decimals_of(values: Iterable[float | str | None]) -> int:
    """Two, or as many more as the smallest number of a row needs to show two figures; zero needs none."""
    sizes = [abs(v) for v in values if isinstance(v, float | int) and v and not isnan(v)]
    decimals = 2
    while sizes and min(sizes) < 10.0 ** (1 - decimals) and decimals < MOST:
        decimals += 1
    return decimals


def cell(value: float | str | None, decimals: int) -> str:
    """A number of the table, or the word in its place."""
    if value is None or isinstance(value, str):
        return value or ""
    return "" if isnan(value) else plain_fixed(value, decimals, MINUS, ",")


# --- numbers ------------------------------------------------------------------------------------------------
def _numbers(found: Beside, title: str, theme: Theme, ink: str) -> str:
    """The intraclass correlation, AIC, and the test against the parent, each over what it was."""
    cells = [_correlation(found)]
    before, now = found.aic
    cells.append((tr("AIC"), plain_fixed(now, 1, MINUS, ","), "" if before is None else _difference(now - before)))
    if found.against is not None:
        a = found.against
        p = p_value(a.p)
        value = f"<i>p</i> {escape(p) if p[0] in '<>' else f'= {p}'}"
        cells.append((tr("Against {0}").format(title), value, f"χ²({a.df}) = {a.stat:.2f}"))
    else:
        before, now = found.bic
        cells.append((tr("BIC"), plain_fixed(now, 1, MINUS, ","), "" if before is None else _difference(now - before)))
    out = []
    for name, value, under in cells:
        shown = value if value.startswith("<i>") else escape(value)
        out.append(
            f'<td width="33%" style="padding:0 4px;color:{theme.muted};">{escape(name)}<br>'
            f'<span style="color:{ink};font-weight:600;">{shown or "&nbsp;"}</span><br>{escape(under) or "&nbsp;"}</td>'
        )
    return f'<table width="100%" border="0" cellspacing="0" cellpadding="0"><tr>{"".join(out)}</tr></table>'


def _correlation(found: Beside) -> tuple[str, str, str]:
    """Of several levels that of the lowest, which is the last."""
    if not found.correlations:
        return tr("ICC"), tr("none"), tr("no random intercept")
    icc = found.correlations[-1]
    head = tr("ICC at {0}").format(icc.at) if icc.at else tr("ICC")
    if len(found.correlations) > 1:
        head = f"{head}, {icc.label}"
    was = "" if icc.parent is None else tr("was {0}").format(_share(icc.parent))
    return head, tr("not identified") if icc.now is None else _share(icc.now), was


def _share(value: float) -> str:
    """``.061``: a correlation has no zero before its point."""
    return plain_fixed(value, 3, MINUS).replace("0.", ".", 1)


def _difference(change: float) -> str:
    if abs(change) < 0.05:
        return tr("the same")
    return (tr("{0} lower") if change < 0 else tr("{0} higher")).format(plain_fixed(abs(change), 1, MINUS, ","))


# --- what to know -------------------------------------------------------------------------------------------
def _checks(found: Beside, theme: Theme, ink: str) -> str:
    colours = {"good": theme.accent, "note": theme.muted, "warning": theme.warning}
    rows = [
        f'<tr><td width="22" style="padding:2px 4px;font-weight:600;color:{colours[c.state]};">{MARKS[c.state]}</td>'
        f'<td style="padding:2px 0;color:{ink};">{escape(c.text)}</td></tr>'
        for c in found.checks
    ]
    return f'<table width="100%" border="0" cellspacing="0" cellpadding="0">{"".join(rows)}</table>' if rows else ""


def _space(px: int) -> str:
    return f'<p style="margin:0;font-size:{px}px;line-height:100%;">&nbsp;</p>'
