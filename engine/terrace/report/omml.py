"""Equations as Word has them: Office Math (ECMA-376 part 1, section 22.1) of the tokens of `terrace.spec.equations`."""

from __future__ import annotations

from typing import Any

from terrace.spec.equations import Line, Token

_SIGNS = {"~": "∼", "-": "−"}
"""The signs of mathematics for those of a keyboard."""
_PAIRS = {(True, False): "sSub", (False, True): "sSup", (True, True): "sSubSup"}


def equation_element(line: Line) -> Any:
    """One equation as an ``m:oMath`` element, to be put into a paragraph."""
    from docx.oxml import OxmlElement

    out = OxmlElement("m:oMath")
    for k, token in enumerate(line):
        before = line[k - 1] if k else None
        if before is not None and _apart(before, token):
            out.append(_run(" ", plain=True))  # a coefficient and its variable are two letters of a product
        out.append(_element(token))
    return out


def _apart(before: Token, token: Token) -> bool:
    kinds = ("symbol", "variable")
    return before.kind in kinds and token.kind in kinds


def _element(token: Token) -> Any:
    from docx.oxml import OxmlElement

    base = _run(_SIGNS.get(token.text, token.text), plain=token.kind == "text")
    kind = _PAIRS.get((bool(token.sub), bool(token.sup)))
    if kind is None:
        return base
    out = OxmlElement(f"m:{kind}")
    inner = OxmlElement("m:e")
    inner.append(base)
    out.append(inner)
    for name, text in (("sub", token.sub), ("sup", token.sup)):
        if text:
            script = OxmlElement(f"m:{name}")
            script.append(_run(text, plain=len(text) > 4))
            out.append(script)
    return out


def _run(text: str, *, plain: bool = False) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    out = OxmlElement("m:r")
    if plain:
        properties = OxmlElement("m:rPr")
        properties.append(OxmlElement("m:nor"))  # words, whose blanks count
        out.append(properties)
    look = OxmlElement("w:rPr")
    fonts = OxmlElement("w:rFonts")
    for script in ("ascii", "hAnsi"):
        fonts.set(qn(f"w:{script}"), "Cambria Math")
    look.append(fonts)
    out.append(look)
    words = OxmlElement("m:t")
    words.text = text
    words.set(qn("xml:space"), "preserve")
    out.append(words)
    return out
