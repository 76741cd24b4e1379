"""Tables as LaTeX with booktabs rules, and whole documents that compile with any LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap

from terrace.report.cells import Cell, note_paragraphs, tails
from terrace.report.contents import (
    PAPER_SIZES,
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
from terrace.report.latex_table import TABCOLSEP, Piece, pieces
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
_PREAMBLE = r"""\documentclass[PAPERpaper]{article}
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
% A figure has its size, or less where the page is smaller.
\makeatletter
\newcommand\figurewidth{\ifdim\Gin@nat@width>\linewidth\linewidth\else\Gin@nat@width\fi}
\newcommand\figureheight{\ifdim\Gin@nat@height>0.75\textheight 0.75\textheight\else\Gin@nat@height\fi}
\makeatother
"""
_EQUATION_SIZE = 11.0
"""Points of the letters, one more than they have since those of Computer Modern are wide."""
_MARGINS = 2 * 2.5 / 2.54 * 72
_TEXT_WIDTH = PAPER_SIZES["a4"][0] - _MARGINS
"""Points of the margins on both sides, and of the text of an A4 page between these."""
_TYPED = 5.27
"""Points of a letter of a listing."""
_APA_CAPTIONS = r"""\usepackage{caption}
\captionsetup{labelfont=bf, textfont=it, labelsep=newline, justification=raggedright, singlelinecheck=off}
"""


def escape(text: str) -> str:
    """Text with every character that LaTeX would take as a command, and symbols as mathematics."""
    plain = "".join(_ESCAPES.get(c) or _SYMBOLS.get(c, c) for c in text)
    return re.sub(r"(?<!\\)\$\$", "", plain)  # two formulas side by side are one


def table_latex(table: Table, *, label: str = "", width: float = _TEXT_WIDTH) -> str:
    """A table as a ``table`` environment; needs the packages booktabs and threeparttable.

    `label` is the key for references; none is set where it is empty. `width` is that of the text, in points: a table
    that is wider has labels and heads in several lines and then smaller letters, and what fits no page is divided.
    """
    made = pieces(table, width)
    return "\n".join(_piece(table, p, k, k == len(made) - 1, label) for k, p in enumerate(made))


def _piece(table: Table, piece: Piece, number: int, ends: bool, label: str) -> str:
    page = piece.grid.content
    # what stands behind a number is a column of its own, so that decimal points stay in line
    split = [bool(tail) for tail in tails(page)]
    kinds = [_paragraphs(piece.stub) if piece.stub else "l"]
    kinds += [_paragraphs(w) if w else "l" if a == "left" else "r@{}l" if two else "r"
              for a, two, w in zip(page.aligns, split, piece.cells)]  # fmt: skip
    columns = "@{}" + "".join(kinds) + "@{}" if piece.tight else "".join(kinds)
    spans = [1, *(1 + two for two in split)]
    out = [r"\begin{table}[htbp]", *([r"\addtocounter{table}{-1}"] if number else []), r"\centering"]
    out += [*([piece.size] if piece.size else []),
            *([rf"\setlength{{\tabcolsep}}{{{TABCOLSEP:g}pt}}"] if piece.tight else [])]  # fmt: skip
    out += [r"\begin{threeparttable}", rf"\caption{{{escape(table.title + (' (continued)' if number else ''))}}}"]
    if label and not number:
        out.append(rf"\label{{{label}}}")
    out += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    heads = [_head(lines, kind, span) for lines, kind, span in zip(piece.grid.heads, kinds, spans)]
    out += [" & ".join(heads) + r" \\", r"\midrule"]
    for i in piece.rows:
        line, words = page.lines[i], piece.grid.labels[i]
        if line.kind == "total" and i and page.lines[i - 1].kind != "total":
            out.append(r"\midrule")
        indent = r"\quad " * line.indent
        if line.kind == "group" and not any(c.text for c in line.cells):
            across = rf"\multicolumn{{{sum(spans)}}}{{{'@{}' if piece.tight else ''}l}}"
            out += [rf"{across}{{{indent}\textit{{{escape(x)}}}}} \\" for x in words]
            continue
        # a break of lines swallows a blank that is not starred
        further = rf" \newline\hspace*{{{line.indent}em}}" if line.indent else r" \newline "
        first = further.join(map(escape, words))
        cells = [rf"{{\raggedright {text}\par}}" if w and text else text
                 for text, w in zip(map(_cell, line.cells, split), piece.cells)]  # fmt: skip
        out.append(" & ".join([indent + first, *cells]) + r" \\")
    out += [r"\bottomrule", r"\end{tabular}"]
    notes = note_paragraphs(table) if ends else []
    if notes:
        out += [r"\begin{tablenotes}[flushleft]", r"\footnotesize"]
        for note in notes:
            text = escape(note)
            if text.startswith("Note."):
                text = r"\textit{Note.}" + text[5:]
            out.append(rf"\item[] {text}")
        out.append(r"\end{tablenotes}")
    return "\n".join([*out, r"\end{threeparttable}", r"\end{table}", ""])


def _paragraphs(width: float) -> str:
    return rf"p{{{width:.1f}pt}}"


def _head(lines: Sequence[str], kind: str, span: int) -> str:
    """The head of a column; several lines stand on the rule."""
    text, side = escape(lines[0]), "r" if kind.startswith("r") else "l"
    if len(lines) > 1:
        rows = r" \\ ".join(map(escape, lines))
        text = rf"\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{rows}\end{{tabular}}"
    return text if side == "l" else rf"\multicolumn{{{span}}}{{r}}{{{text}}}"


def _cell(cell: Cell, two: bool) -> str:
    text = escape((cell.body if two else cell.text).replace("−", "-"))
    if isinstance(cell.value, str):
        text = rf"\textit{{{text}}}" if cell.quiet else text
        return rf"\multicolumn{{2}}{{r}}{{{text}}}" if two else text
    return _with_formulas(text) + (" & " + _stiff(escape(cell.tail)) if two else "")


def _stiff(tail: str) -> str:
    """What stands behind a number: LaTeX drops the blank with which it begins a cell."""
    return "~" + tail.lstrip(" ") if tail.startswith(" ") else tail


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
    out, width = _title(contents), PAPER_SIZES[contents.paper][0] - _MARGINS
    if contents.command:
        out.append(_verbatim(contents.command, width))
    for placed in contents.blocks:
        out += _block(placed.block, figures, contents.style == "ama", width)
    running = _running(contents)
    body = "\n".join([*out, r"\end{document}", ""])
    preamble = _PREAMBLE.replace("PAPER", contents.paper) + letters_preamble(running + body)
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


def _block(block: Block, figures: Sequence[str], below: bool, width: float) -> list[str]:
    if isinstance(block, TableBlock):
        return [table_latex(block.table, label=f"tab:{block.table.key or 'table'}-{block.number}", width=width)]
    if isinstance(block, FigureBlock):
        return _figure(block, figures, below)
    if isinstance(block, EquationBlock):
        lines = [_equation(part, k) for parts in _broken(block.lines, width) for k, part in enumerate(parts)]
        return ["\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"]
    if isinstance(block, Heading):
        return [rf"\{'sub' * (block.level - 1)}section*{{{escape(block.text)}}}"]
    if isinstance(block, PageBreak):
        return [r"\clearpage"]
    if block.kind in ("command", "listing"):
        return [_verbatim(block.text, width)]
    return [("".join(map(_run, runs(block.text))) if block.kind == "note" else escape(block.text)) + "\n"]


def _broken(lines: Sequence[Line], width: float) -> list[tuple[Line, ...]]:
    """The equations in lines that fit the page, where all are aligned behind the widest left side."""
    sides = [left_side(line, _EQUATION_SIZE) for line in lines]
    return [equation_lines(line, width - (max(sides) - own), _EQUATION_SIZE, own + 2 * _EQUATION_SIZE)
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
    size = r"width=\figurewidth,height=\figureheight,keepaspectratio"
    picture = rf"\includegraphics[{size}]{{{figures[block.number - 1]}}}"
    caption = [rf"\caption{{{escape(block.title)}}}", rf"\label{{fig:{block.number}}}"]
    note = [rf"\par\smallskip\raggedright\footnotesize\textit{{Note.}} {escape(block.note)}"] if block.note else []
    inside = [picture, *note, *caption] if below else [*caption, picture, *note]
    return [r"\begin{figure}[htbp]", r"\centering", *inside, r"\end{figure}", ""]


def _run(run: Run) -> str:
    out = escape(run.text)
    for on, command in ((run.code, "texttt"), (run.italic, "textit"), (run.bold, "textbf")):
        out = rf"\{command}{{{out}}}" if on else out
    return out + (f" ({escape(run.href)})" if run.href and run.href != run.text else "")


def _verbatim(text: str, width: float) -> str:
    """A listing in lines that fit the page; what goes on in the next is indented."""
    most = int(width / _TYPED)
    lines = [part for line in text.split("\n") for part in _parted(line, most)]
    body = "\n".join(lines).replace(r"\end{verbatim}", r"\end {verbatim}")
    return "\\begin{verbatim}\n" + body + "\n\\end{verbatim}"


def _parted(line: str, most: int) -> list[str]:
    most -= 2 * line.count("…")  # which is as wide as three letters
    if len(line) <= most:
        return [line]
    further = " " * (len(line) - len(line.lstrip()) + 4)
    return wrap(line, most, subsequent_indent=further, break_on_hyphens=False)
