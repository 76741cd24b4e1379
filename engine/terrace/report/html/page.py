"""A whole HTML page: one file with its style, tables and figures inside, to open anywhere and to print."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape

from terrace.report.html.table import table_html
from terrace.report.notes import Run, runs
from terrace.report.parts import Part, number_parts, paragraphs
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.results.plot_words import figure_words
from terrace.results.table import Table

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 "Inter", "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1d2530;
  background: #ffffff; max-width: 52rem; margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
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
  h2, h3 { break-after: avoid; }
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
    body = [f"<h1>{escape(title)}</h1>"]
    if when:
        body.append(f'<p class="when">{escape(when)}</p>')
    if command:
        body.append(f'<div class="command">{escape(command)}</div>')
    for part, number in number_parts(parts, labels=labels):
        body.append(_part(part, number, theme))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="Terrace">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _part(part: Part, number: int, theme: str) -> str:
    if isinstance(part, Table):
        return f'<div class="part">\n{table_html(part, theme, number=number)}\n</div>'
    if isinstance(part, Plot):
        from terrace.report.figure.figure import svg_text

        data = base64.b64encode(svg_text(part, theme=theme, title=False).encode()).decode()
        caption = escape(f"Figure {number}. {part.title}".rstrip(" ."))
        return (
            f'<figure>\n<figcaption>{caption}</figcaption>\n'
            f'<img alt="{escape(figure_words(part))}" src="data:image/svg+xml;base64,{data}">\n</figure>'
        )
    assert not isinstance(part, FitResult)
    out = []
    for kind, text in paragraphs(part, rich=True):
        if kind == "advice":
            out.append(f'<p class="advice">{escape(text)}</p>')
        elif kind == "command":
            out.append(f'<div class="command">{escape(text)}</div>')
        elif kind == "listing":
            out.append(f"<pre>{escape(text)}</pre>")
        elif kind == "text":
            out.append(f"<p>{escape(text)}</p>")
        elif kind == "note":
            out.append(f"<p>{''.join(map(_run, runs(text)))}</p>")
        else:
            out.append(f"<{kind}>{escape(text)}</{kind}>")
    return "\n".join(out)


def _run(run: Run) -> str:
    """A stretch of a note."""
    out = escape(run.text)
    for on, tag in ((run.code, "code"), (run.italic, "em"), (run.bold, "strong")):
        out = f"<{tag}>{out}</{tag}>" if on else out
    safe = run.href.lower().startswith(("http://", "https://", "mailto:"))
    return f'<a href="{escape(run.href)}">{out}</a>' if safe else out
