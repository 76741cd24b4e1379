"""Equations as HTML, as plain text and as LaTeX."""

from __future__ import annotations

from html import escape

from terrace.spec.equations import Equations, Line, Token

_LATEX = {
    "β": r"\beta", "γ": r"\gamma", "π": r"\pi", "ψ": r"\psi", "τ": r"\tau", "σ": r"\sigma",
    "×": r"\times", "~": r"\sim", "²": "^2", "…": r"\dots",
}  # fmt: skip
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def line_html(line: Line) -> str:
    """One equation as HTML with sub- and superscripts, without block elements."""
    out = ""
    for t in line:
        piece = _token_html(t)
        # a coefficient and its variable stand apart; brackets and commas stand close
        apart = out and t.kind in ("symbol", "variable") and not out.endswith((" ", "("))
        out += (" " if apart else "") + piece
    return out


def line_text(line: Line) -> str:
    """One equation as plain text: ``mathach_ij = β_0j + β_1j ses_ij + e_ij``."""
    out = ""
    for t in line:
        piece = t.text + (t.sup.translate(_SUPERSCRIPT) if t.sup else "") + (f"_{t.sub}" if t.sub else "")
        out += _spaced(out, piece, t)
    return out


def line_latex(line: Line) -> str:
    """One equation as LaTeX mathematics, without delimiters."""
    out = ""
    before: Token | None = None
    for t in line:
        if t.kind == "variable":
            piece = rf"\mathit{{{_escaped(t.text)}}}"
        elif t.kind == "text":
            piece = rf"\text{{{_escaped(t.text)}}}"
        else:
            piece = _LATEX.get(t.text, t.text)
        if t.sub:
            short = t.sub.isalnum() and len(t.sub) <= 4
            piece += f"_{{{t.sub}}}" if short else rf"_{{\mathrm{{{_escaped(t.sub)}}}}}"
        if t.sup:
            piece += f"^{{{t.sup}}}"
        if before is not None and {before.kind, t.kind} <= {"symbol", "variable"}:
            piece = rf"\,{piece}"  # a coefficient stands apart from its variable
        out += _spaced(out, piece, t)
        before = t
    return out


def continued(latex: str, line: Line) -> str:
    """The LaTeX of a line that goes on from the one above: a sign at its beginning is one between two terms."""
    return f"{{}} {latex.lstrip()}" if line and line[0].kind == "operator" else latex


def equations_html(equations: Equations, muted: str = "#5d6978") -> str:
    """The level-wise equations as HTML for a text browser; `muted` is the colour of titles and laws."""
    out = []
    for block in equations.levels:
        out.append(f'<p style="color:{muted}; font-size:12px; margin:8px 0 2px 0">{escape(block.title)}</p>')
        out += [f'<p style="margin:4px 0 6px 0; font-size:15px">{line_html(x)}</p>' for x in block.lines]
    for n, x in enumerate(equations.distributions):
        top = 14 if n == 0 else 4
        out.append(f'<p style="color:{muted}; margin:{top}px 0 2px 0">{line_html(x)}</p>')
    return "".join(out)


def combined_html(equations: Equations, muted: str = "#5d6978") -> str:
    """The combined equation with the distributions, as HTML."""
    out = [f'<p style="margin:8px 0 6px 0; font-size:15px; line-height:150%">{line_html(equations.combined)}</p>']
    out += [f'<p style="color:{muted}; margin:4px 0 2px 0">{line_html(x)}</p>' for x in equations.distributions]
    return "".join(out)


def equations_text(equations: Equations) -> str:
    """The level-wise equations as plain text."""
    out = []
    for block in equations.levels:
        out += [block.title, *("  " + line_text(x) for x in block.lines)]
    return "\n".join([*out, *(line_text(x) for x in equations.distributions)])


def equations_latex(equations: Equations) -> str:
    """The level-wise equations as a LaTeX ``align*`` environment."""
    lines = [line_latex(x).replace(" = ", " &= ", 1) for b in equations.levels for x in b.lines]
    lines += [line_latex(x).replace(r" \sim ", r" &\sim ", 1) for x in equations.distributions]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def combined_text(equations: Equations) -> str:
    """The combined equation with the distributions as plain text."""
    return "\n".join(line_text(x) for x in (equations.combined, *equations.distributions))


def combined_latex(equations: Equations) -> str:
    """The combined equation with the distributions as a LaTeX ``align*`` environment."""
    lines = [line_latex(equations.combined).replace(" = ", " &= ", 1)]
    lines += [line_latex(x).replace(r" \sim ", r" &\sim ", 1) for x in equations.distributions]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _token_html(t: Token) -> str:
    text = escape(t.text)
    if t.kind == "operator":
        return f" {text} "
    if t.kind in ("text", "math"):
        return text
    if t.kind == "variable":
        text = f"<i>{text}</i>"
    sup = f"<sup>{escape(t.sup)}</sup>" if t.sup else ""
    sub = escape(t.sub)
    if sub:
        sub = f"<sub><i>{sub}</i></sub>" if t.kind == "variable" else f"<sub>{sub}</sub>"
    return f"{text}{sup}{sub}"


def _spaced(before: str, piece: str, t: Token) -> str:
    if not before or t.kind in ("text", "math") or before[-1] in " (":
        return piece + (" " if t.kind == "operator" else "")
    return f" {piece} " if t.kind == "operator" else f" {piece}"


def _escaped(text: str) -> str:
    out = text.replace("\\", r"\backslash ").replace("_", r"\_")
    for c in "&%$#{}":
        out = out.replace(c, "\\" + c)
    return out.replace("…", r"\dots ")
