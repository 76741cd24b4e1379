"""A whole HTML page: one file with its style, tables and figures inside, to open anywhere and to print."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape

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
from terrace.report.html.table import table_html
from terrace.report.notes import Run, runs
from terrace.report.parts import Part
from terrace.results.plot_words import figure_words
from terrace.spec.equations_render import line_html

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 "Inter", "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1d2530;
  background: #ffffff; max-width: 52rem; margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h3, h4 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.by, .when { color: #5d6978; margin: 0; }
.equation { font: italic 16px/1.6 "Cambria Math", "STIX Two Math", "Times New Roman", serif; margin: 0 0 0 2.5rem; }
.note { color: #5d6978; font-size: 90%; margin: .375rem 0 0; }
.when { color: #5d6978; margin: 0 0 1.5rem; }
.command, pre { font: 13px/1.5 "DejaVu Sans Mono", Consolas, Menlo, monospace; background: #f6f7f9;
  border: 1px solid #dfe3e8; border-radius: 4px; padding: .5rem .75rem; overflow-x: auto; }
.command { white-space: pre-wrap; color: #5d6978; }
.part { margin: 1.5rem 0; overflow-x: auto; }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; height: auto; }
figcaption { font-weight: 600; margin: 0 0 .375rem; }
.advice { color: #7a4600; background: #fff4e0; border-radius: 4px; padding: .5rem .75rem; margin: .5rem 0; }
@page { margin: 20mm 18mm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10.5pt; }
  .part, figure { break-inside: avoid; overflow: visible; }
  tr { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
}
"""


def document_html(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    generated: date | datetime | str | None = None,
    labels: Mapping[str, str] | None = None,
    theme: str = "light",
) -> str:
    """A standalone page of tables, plots, fits and texts, in their order; tables and figures are numbered.

    `command` is shown under the title; `generated` only where it is given, so that the same input gives the
    same page. For the meaning of texts see `terrace.report.parts`.
    """
    when = generated.isoformat() if isinstance(generated, date) else generated or ""
    return report_html(contents_of(title, parts, command=command, labels=labels, date=when), theme=theme)


def report_html(contents: Contents, *, theme: str = "light") -> str:
    """A standalone page of a report."""
    title = contents.title
    body = [f"<h1>{escape(title)}</h1>"]
    body += [f'<p class="by">{escape(x)}</p>' for x in (contents.author, contents.affiliation) if x]
    if contents.date:
        body.append(f'<p class="when">{escape(contents.date)}</p>')
    if contents.command:
        body.append(f'<div class="command">{escape(contents.command)}</div>')
    body += [found for placed in contents.blocks if (found := _block(placed.block, contents, theme))]
    language = contents.language.partition("-")[0] if contents.language == "en-US" else contents.language
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="Terrace">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _block(block: Block, contents: Contents, theme: str) -> str:
    if isinstance(block, TableBlock):
        if contents.style != "apa":
            return f'<div class="part">\n{table_html(block.table, theme, number=block.number)}\n</div>'
        head = _caption(block.label, block.table.title, apa=True)
        return f'<div class="part">\n<p>{head}</p>\n{table_html(block.table, theme, title=False)}\n</div>'
    if isinstance(block, FigureBlock):
        from terrace.report.figure.figure import svg_text

        data = base64.b64encode(svg_text(block.plot, theme=theme, title=False).encode()).decode()
        caption = f"<figcaption>{_caption(block.label, block.title, apa=contents.style == 'apa')}</figcaption>"
        picture = f'<img alt="{escape(figure_words(block.plot))}" src="data:image/svg+xml;base64,{data}">'
        note = f'<p class="note"><i>Note.</i> {escape(block.note)}</p>' if block.note else ""
        inside = [picture, note, caption] if contents.style == "ama" else [caption, picture, note]
        return "<figure>\n" + "\n".join(x for x in inside if x) + "\n</figure>"
    if isinstance(block, EquationBlock):
        return "\n".join(f'<p class="equation">{line_html(line)}</p>' for line in block.lines)
    if isinstance(block, Heading):
        return f"<h{block.level + 1}>{escape(block.text)}</h{block.level + 1}>"
    return _paragraph(block) if isinstance(block, Paragraph) else ""


def _caption(label: str, title: str, *, apa: bool) -> str:
    """``Table 2`` above its title in italics, or ``Table 2. Title``."""
    if apa:
        return f"<b>{escape(label)}</b><br><i>{escape(title)}</i>"
    return escape(f"{label}. {title}".rstrip(" ."))


def _paragraph(block: Paragraph) -> str:
    text = escape(block.text)
    if block.kind == "advice":
        return f'<p class="advice">{text}</p>'
    if block.kind == "command":
        return f'<div class="command">{text}</div>'
    if block.kind == "listing":
        return f"<pre>{text}</pre>"
    return f"<p>{''.join(map(_run, runs(block.text))) if block.kind == 'note' else text}</p>"


def _run(run: Run) -> str:
    """A stretch of a note."""
    out = escape(run.text)
    for on, tag in ((run.code, "code"), (run.italic, "em"), (run.bold, "strong")):
        out = f"<{tag}>{out}</{tag}>" if on else out
    safe = run.href.lower().startswith(("http://", "https://", "mailto:"))
    return f'<a href="{escape(run.href)}">{out}</a>' if safe else out
