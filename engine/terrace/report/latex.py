"""Tables as LaTeX with booktabs rules, and whole documents that compile with any LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence

from terrace.report.cells import Cell, note_paragraphs, shown, tails
from terrace.report.contents import (
    Block,
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    PageBreak,
    TableBlock,
)
from terrace.report.equation_lines import equation_lines, left_side
from terrace.report.latex_letters import letters_preamble
from terrace.report.notes import Run, runs
from terrace.results.table import Table
from terrace.spec.equations import Line
from terrace.spec.equations_render import continued, line_latex

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "[": "{[}", "]": "{]}",
}  # fmt: skip
# pdfLaTeX reads accented letters, but not these
_SYMBOLS = {
    "−": "$-$", "×": r"$\times$", "χ": r"$\chi$", "ρ": r"$\rho$", "φ": r"$\varphi$", "θ": r"$\theta$",
    "σ": r"$\sigma$", "β": r"$\beta$", "τ": r"$\tau$", "λ": r"$\lambda$", "²": r"$^2$", "³": r"$^3$",
    "†": r"$\dagger$", "≥": r"$\ge$", "≤": r"$\le$", "∞": r"$\infty$", "–": "--", "·": r"$\cdot$",
    "\u00a0": "~", **{c: f"$_{i}$" for i, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}  # fmt: skip
_PREAMBLE = r"""\documentclass{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
\else
  \usepackage{fontspec}
\fi
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage{threeparttable}
\usepackage{graphicx}
"""
_EQUATION_SIZE = 11.0
_EQUATION_WIDTH = 16.0 / 2.54 * 72.27
"""Points of the letters, one more than they have since those of Computer Modern are wide, and of the text of an A4 page
with these margins."""
_APA_CAPTIONS = r"""\usepackage{caption}
\captionsetup{labelfont=bf, textfont=it, labelsep=newline, justification=raggedright, singlelinecheck=off}
"""


def escape(text: str) -> str:
    """Text with every character that LaTeX would take as a command, and symbols as mathematics."""
    plain = "".join(_ESCAPES.get(c) or _SYMBOLS.get(c, c) for c in text)
    return re.sub(r"(?<!\\)\$\$", "", plain)  # two formulas side by side are one


def table_latex(table: Table, *, label: str = "") -> str:
    """A table as a ``table`` environment; needs the packages booktabs and threeparttable.

    `label` is the key for references; none is set where it is empty.
    """
    page = shown(table)
    # what stands behind a number is a column of its own, so that decimal points stay in line
    split = [bool(tail) for tail in tails(page)]
    kinds = ["l", *("l" if a == "left" else "r@{}l" if two else "r" for a, two in zip(page.aligns, split))]
    columns = "".join(kinds)
    count = len(kinds) + sum(split)
    heads = [table.stub, *(c.title.replace("\n", " ") for c in table.columns)]
    aligned = [
        escape(h) if k == "l" else rf"\multicolumn{{{k.count('l') + 1}}}{{r}}{{{escape(h)}}}"
        for h, k in zip(heads, kinds)
    ]
    out = [r"\begin{table}[htbp]", r"\centering", r"\begin{threeparttable}"]
    out.append(rf"\caption{{{escape(table.title)}}}")
    if label:
        out.append(rf"\label{{{label}}}")
    out += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(aligned) + r" \\", r"\midrule"]
    for i, line in enumerate(page.lines):
        if line.kind == "total" and i and page.lines[i - 1].kind != "total":
            out.append(r"\midrule")
        indent = r"\quad " * line.indent
        if line.kind == "group" and not any(c.text for c in line.cells):
            out.append(rf"{indent}\multicolumn{{{count}}}{{l}}{{\textit{{{escape(line.label)}}}}} \\")
            continue
        out.append(" & ".join([indent + escape(line.label), *map(_cell, line.cells, split)]) + r" \\")
    out += [r"\bottomrule", r"\end{tabular}"]
    notes = note_paragraphs(table)
    if notes:
        out += [r"\begin{tablenotes}[flushleft]", r"\footnotesize"]
        for note in notes:
            text = escape(note)
            if text.startswith("Note."):
                text = r"\textit{Note.}" + text[5:]
            out.append(rf"\item[] {text}")
        out.append(r"\end{tablenotes}")
    return "\n".join([*out, r"\end{threeparttable}", r"\end{table}", ""])


def _cell(cell: Cell, two: bool) -> str:
    text = escape((cell.body if two else cell.text).replace("−", "-"))
    if isinstance(cell.value, str):
        text = rf"\textit{{{text}}}" if cell.align == "right" else text
        return rf"\multicolumn{{2}}{{r}}{{{text}}}" if two else text
    return _with_formulas(text) + (" & " + escape(cell.tail) if two else "")


def _with_formulas(text: str) -> str:
    return re.sub(r"-?[\d.,]*\d(?:e-?\d+)?", lambda m: _number(m[0]), text)


def _number(text: str) -> str:
    """A number as a formula where it has a sign, separators or a power; otherwise as it is."""
    mantissa, _, power = text.partition("e")
    if not power and "-" not in mantissa and "," not in mantissa:
        return mantissa
    times = rf"\times 10^{{{int(power)}}}" if power else ""
    return f"${mantissa.replace(',', '{,}')}{times}$"


def report_latex(contents: Contents, *, figures: Sequence[str] = ()) -> str:
    """A report that compiles; `figures` are the file names of the plots, in their order."""
    out = _title(contents)
    if contents.command:
        out.append(_verbatim(contents.command))
    for placed in contents.blocks:
        out += _block(placed.block, figures, contents.style == "ama")
    running = _running(contents)
    body = "\n".join([*out, r"\end{document}", ""])
    preamble = _PREAMBLE + letters_preamble(running + body)
    return preamble + (_APA_CAPTIONS if contents.style == "apa" else "") + running + "\\begin{document}\n" + body


def _running(contents: Contents) -> str:
    if not contents.head:
        return ""
    return "\n".join([
        r"\usepackage{fancyhdr}", r"\pagestyle{fancy}", r"\fancyhf{}", rf"\lhead{{{escape(contents.head)}}}",
        r"\rhead{\thepage}", r"\renewcommand{\headrulewidth}{0pt}", r"\setlength{\headheight}{14pt}", "",
    ])  # fmt: skip


def _title(contents: Contents) -> list[str]:
    by = [x for x in (contents.author, contents.affiliation) if x]
    if not (by or contents.date or contents.cover):
        return [rf"\section*{{{escape(contents.title)}}}"] if contents.title else []
    author = r" \\ ".join(map(escape, by))
    out = [
        rf"\title{{{escape(contents.title)}}}", rf"\author{{{author}}}", rf"\date{{{escape(contents.date)}}}",
        r"\maketitle",
    ]  # fmt: skip
    return [*out, r"\thispagestyle{fancy}\clearpage" if contents.head else r"\clearpage"] if contents.cover else out


def _block(block: Block, figures: Sequence[str], below: bool) -> list[str]:
    if isinstance(block, TableBlock):
        return [table_latex(block.table, label=f"tab:{block.table.key or 'table'}-{block.number}")]
    if isinstance(block, FigureBlock):
        return _figure(block, figures, below)
    if isinstance(block, EquationBlock):
        lines = [_equation(part, k) for parts in _broken(block.lines) for k, part in enumerate(parts)]
        return ["\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"]
    if isinstance(block, Heading):
        return [rf"\{'sub' * (block.level - 1)}section*{{{escape(block.text)}}}"]
    if isinstance(block, PageBreak):
        return [r"\clearpage"]
    if block.kind in ("command", "listing"):
        return [_verbatim(block.text)]
    return [("".join(map(_run, runs(block.text))) if block.kind == "note" else escape(block.text)) + "\n"]


def _broken(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """The equations in lines that fit the page, where all are aligned behind the widest left side."""
    sides = [left_side(line, _EQUATION_SIZE) for line in lines]
    return [equation_lines(line, _EQUATION_WIDTH - (max(sides) - own), _EQUATION_SIZE, own + 2 * _EQUATION_SIZE)
            for line, own in zip(lines, sides)]  # fmt: skip


def _equation(line: Line, k: int) -> str:
    """A line of an equation, aligned at its first relation; those from the second on are continued."""
    latex = line_latex(line)
    if k:
        return rf"&\quad {continued(latex, line)}"
    return latex.replace(" = ", " &= ", 1).replace(r" \sim ", r" &\sim ", 0 if "=" in latex else 1)


def _figure(block: FigureBlock, figures: Sequence[str], below: bool) -> list[str]:
    if block.number > len(figures):
        return []
    picture = rf"\includegraphics[width=\linewidth]{{{figures[block.number - 1]}}}"
    caption = [rf"\caption{{{escape(block.title)}}}", rf"\label{{fig:{block.number}}}"]
    note = [rf"\par\smallskip\raggedright\footnotesize\textit{{Note.}} {escape(block.note)}"] if block.note else []
    inside = [picture, *note, *caption] if below else [*caption, picture, *note]
    return [r"\begin{figure}[htbp]", r"\centering", *inside, r"\end{figure}", ""]


def _run(run: Run) -> str:
    out = escape(run.text)
    for on, command in ((run.code, "texttt"), (run.italic, "textit"), (run.bold, "textbf")):
        out = rf"\{command}{{{out}}}" if on else out
    return out + (f" ({escape(run.href)})" if run.href and run.href != run.text else "")


def _verbatim(text: str) -> str:
    body = text.replace(r"\end{verbatim}", r"\end {verbatim}")
    return "\\begin{verbatim}\n" + body + "\n\\end{verbatim}"
