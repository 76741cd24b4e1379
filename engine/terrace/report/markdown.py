"""Tables and reports as Markdown with pipe tables, for notebooks, wikis and repositories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from terrace.report.cells import note_paragraphs, pad, shown
from terrace.report.parts import Part, number_parts, paragraphs
from terrace.results.plot import Plot
from terrace.results.table import Table


def escape(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>|~$^])", r"\\\1", text.replace("\n", " "))


def table_markdown(table: Table, *, number: int | None = None) -> str:
    """A pipe table under its title, with the notes below; columns are aligned in the source too."""
    page = shown(table)
    head = [escape(table.stub), *(escape(c.title) for c in table.columns)]
    body = []
    for line in page.lines:
        label = escape(line.label)
        if line.kind == "group":
            label = f"*{label}*"
        body.append(["&emsp;" * line.indent + label, *(escape(c.text) for c in line.cells)])
    aligns = ["left", *page.aligns]
    widths = [max(3, *(len(row[j]) for row in [head, *body])) for j in range(len(head))]
    rule = ["-" * w if a == "left" else "-" * (w - 1) + ":" for w, a in zip(widths, aligns)]
    rows = [head, rule, *body]
    lines = ["| " + " | ".join(_padded(c, w, a) for c, w, a in zip(r, widths, aligns)) + " |" for r in rows]
    prefix = "" if number is None else f"Table {number}. "
    out = [f"**{escape(prefix + table.title)}**", "", *lines]
    for note in note_paragraphs(table):
        text = escape(note)
        out += ["", f"*Note.*{text[5:]}" if text.startswith("Note.") else text]
    return "\n".join(out) + "\n"


def _padded(text: str, width: int, align: str) -> str:
    return pad(text, width, "right" if align == "right" else "left")


def document_markdown(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    labels: Mapping[str, str] | None = None,
    figures: Sequence[str] = (),
) -> str:
    """The parts in order; `figures` are the file names of the plots, in their order."""
    out = [f"# {escape(title)}"] if title else []
    if command:
        out.append(_fenced(command))
    for part, number in number_parts(parts, labels=labels):
        if isinstance(part, Table):
            out.append(table_markdown(part, number=number).rstrip("\n"))
        elif isinstance(part, Plot):
            caption = f"Figure {number}. {escape(part.title)}"
            if number <= len(figures):
                out.append(f"![{caption}](<{figures[number - 1]}>)")
            out.append(f"**{caption}**")
        else:
            out += [_text(kind, text) for kind, text in paragraphs(part, rich=True)]
    return "\n\n".join(out) + "\n"


def _text(kind: str, text: str) -> str:
    if kind in ("command", "listing"):
        return _fenced(text)
    if kind == "advice":
        return f"> {escape(text)}"
    if kind == "note":
        return re.sub("^• ", "- ", text)  # it is Markdown
    return {"h2": "## ", "h3": "### "}.get(kind, "") + escape(text)


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
