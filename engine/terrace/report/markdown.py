"""Tables and reports as Markdown with pipe tables, for notebooks, wikis and repositories."""

from __future__ import annotations

import re
from collections.abc import Sequence

from terrace.report.cells import note_paragraphs, pad, shown
from terrace.report.contents import (
    Block,
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    Paragraph,
    TableBlock,
)
from terrace.results.table import Table
from terrace.spec.equations_render import line_latex


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


def report_markdown(contents: Contents, *, figures: Sequence[str] = ()) -> str:
    """A report; `figures` are the file names of the plots, in their order."""
    out = [f"# {escape(contents.title)}"] if contents.title else []
    out += [escape(x) for x in (contents.author, contents.affiliation, contents.date) if x]
    if contents.command:
        out.append(_fenced(contents.command))
    for placed in contents.blocks:
        out += _block(placed.block, figures)
    return "\n\n".join(out) + "\n"


def _block(block: Block, figures: Sequence[str]) -> list[str]:
    if isinstance(block, TableBlock):
        return [table_markdown(block.table, number=block.number).rstrip("\n")]
    if isinstance(block, FigureBlock):
        caption = f"{block.label}. {escape(block.title)}"
        picture = [f"![{caption}](<{figures[block.number - 1]}>)"] if block.number <= len(figures) else []
        return [*picture, f"**{caption}**", *([f"*Note.* {escape(block.note)}"] if block.note else [])]
    if isinstance(block, EquationBlock):
        return [f"$${line_latex(line)}$$" for line in block.lines]
    if isinstance(block, Heading):
        return [f"{'#' * (block.level + 1)} {escape(block.text)}"]
    return [_text(block)] if isinstance(block, Paragraph) else []


def _text(block: Paragraph) -> str:
    if block.kind in ("command", "listing"):
        return _fenced(block.text)
    if block.kind == "advice":
        return f"> {escape(block.text)}"
    return re.sub("^• ", "- ", block.text) if block.kind == "note" else escape(block.text)  # a note is Markdown


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
