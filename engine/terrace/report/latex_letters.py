"""Letters that not every LaTeX has: what a preamble needs so that a report in any script compiles.

pdfLaTeX reads Latin letters and, where it has the encoding T2A, Cyrillic ones; of others it prints the number of the
letter in a small frame, since it would stop there. XeLaTeX and LuaLaTeX take these from a font of the computer.
"""

from __future__ import annotations

_LATIN = 0x0180  # the letters of the encoding T1
_TYPED = frozenset("‘’‚“”„‹›–—…•€™‰†‡°±²³·×÷¼½¾µ¶§©®ªº¿¡«»¬¦¨¯´¸¹¢£¤¥")
_CYRILLIC = range(0x0400, 0x0460)
_WIDE = 0x2E80
_HANGUL = range(0xAC00, 0xD7B0)
_GREEK = {
    "α": "alpha", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "ι": "iota", "κ": "kappa",
    "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ς": "varsigma", "υ": "upsilon", "ψ": "psi", "ω": "omega",
    "β": "beta", "θ": "theta", "λ": "lambda", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi",
    "Ω": "Omega", "−": "-", "≥": "ge", "≤": "le", "≠": "ne", "≈": "approx", "∞": "infty", "√": "surd", "∼": "sim",
}  # fmt: skip
"""Letters that are mathematics where the fonts of a text do not have them, by the names of their commands."""
_FONTS = {
    "terraceletters": ("Noto Serif", "DejaVu Serif", "FreeSerif", "Times New Roman", "Arial Unicode MS"),
    "terracewide": ("Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Serif", "SimSun",
                    "MS Mincho", "Hiragino Mincho ProN", "AR PL UMing CN", "WenQuanYi Zen Hei", "FandolSong",
                    "Droid Sans Fallback"),
    "terracehangul": ("Noto Serif CJK KR", "Noto Sans CJK KR", "Noto Sans CJK JP", "Malgun Gothic",
                      "Apple SD Gothic Neo", "NanumMyeongjo", "UnBatang", "Droid Sans Fallback"),
}  # fmt: skip
"""Fonts of computers with letters of other scripts, and of East Asia, by the command that takes the first of them."""


def letters_preamble(body: str) -> str:
    """What the preamble needs for the letters of a document; empty where every LaTeX has them."""
    found = sorted({c for c in body if ord(c) >= _LATIN and c not in _TYPED})
    if not found:
        return ""
    cyrillic = [c for c in found if ord(c) in _CYRILLIC]
    others = [c for c in found if c not in cyrillic]
    out = ["% For letters of other scripts, compile this file with XeLaTeX or LuaLaTeX: pdfLaTeX prints their numbers."
           ] if any(c not in _GREEK for c in found) else []  # fmt: skip
    out += [r"\ifPDFTeX", *map(_declared, others)]
    if cyrillic:
        out += [r"  \IfFileExists{t2aenc.def}{\usepackage[T2A,T1]{fontenc}}{%", *map(_declared, cyrillic), "  }"]
    out += [r"\else", r"  \usepackage{newunicodechar}"]
    for command, fonts in _FONTS.items():
        own = [c for c in found if c not in _GREEK and _font_command(c) == command]
        if own:
            out.append(_first_font(command, fonts))
            out += [rf"  \newunicodechar{{{c}}}{{{{\{command} {c}}}}}" for c in own]
    out += [rf"  \newunicodechar{{{c}}}{{{_mathematics(c)}}}" for c in found if c in _GREEK]
    return "\n".join([*out, r"\fi", ""])


def _font_command(letter: str) -> str:
    code = ord(letter)
    return "terracehangul" if code in _HANGUL else "terracewide" if code >= _WIDE else "terraceletters"


def _declared(letter: str) -> str:
    shown = _mathematics(letter) if letter in _GREEK else rf"\fbox{{\tiny\ttfamily {ord(letter):04X}}}"
    return rf"  \DeclareUnicodeCharacter{{{ord(letter):04X}}}{{{shown}}}"


def _mathematics(letter: str) -> str:
    name = _GREEK[letter]
    return rf"\ensuremath{{{name if len(name) == 1 else chr(92) + name}}}"


def _first_font(command: str, fonts: tuple[str, ...]) -> str:
    """The first of these fonts that is there; the font of the text where none is."""
    out = rf"\newcommand\{command}{{}}"
    for font in reversed(fonts):
        out = rf"\IfFontExistsTF{{{font}}}{{\newfontfamily\{command}{{{font}}}}}{{{out}}}"
    return f"  {out}"
