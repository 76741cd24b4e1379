"""Tables as LaTeX with booktabs rules, and whole documents that compile with any LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from terrace.report.cells import Cell, note_paragraphs, shown, tails
from terrace.report.parts import Part, number_parts, paragraphs
from terrace.results.plot import Plot
from terrace.results.table import Table

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
\usepackage{booktabs}
\usepackage{threeparttable}
\usepackage{graphicx}
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


def document_latex(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    labels: Mapping[str, str] | None = None,
    figures: Sequence[str] = (),
) -> str:
    """A document that compiles; `figures` are the file names of the plots, in their order."""
    out = [_PREAMBLE + r"\begin{document}"]
    if title:
        out += [rf"\section*{{{escape(title)}}}"]
    if command:
        out.append(_verbatim(command))
    for part, number in number_parts(parts, labels=labels):
        if isinstance(part, Table):
            out.append(table_latex(part, label=f"tab:{part.key or 'table'}-{number}"))
        elif isinstance(part, Plot):
            if number <= len(figures):
                out += [
                    r"\begin{figure}[htbp]", r"\centering",
                    rf"\includegraphics[width=\linewidth]{{{figures[number - 1]}}}",
                    rf"\caption{{{escape(part.title)}}}", rf"\label{{fig:{number}}}", r"\end{figure}", "",
                ]  # fmt: skip
        else:
            out += [_text(kind, text) for kind, text in paragraphs(part)]
    return "\n".join([*out, r"\end{document}", ""])


def _text(kind: str, text: str) -> str:
    if kind in ("command", "listing"):
        return _verbatim(text)
    if kind in ("h2", "h3"):
        return rf"\{'sub' * (kind == 'h3')}section*{{{escape(text)}}}"
    return escape(text) + "\n"


def _verbatim(text: str) -> str:
    body = text.replace(r"\end{verbatim}", r"\end {verbatim}")
    return "\\begin{verbatim}\n" + body + "\n\\end{verbatim}"
