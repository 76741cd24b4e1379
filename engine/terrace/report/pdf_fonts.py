"""The fonts of PDF pages: one like Arial, one of fixed width, and others for letters that these do not have."""

from __future__ import annotations

import threading
from functools import lru_cache
from html import escape
from typing import Any

from terrace.report.notes import Run

_SANS = ("Arial", "Liberation Sans", "Arimo", "DejaVu Sans")
_FIXED = ("Courier New", "Liberation Mono", "Cousine", "DejaVu Sans Mono")
_OTHERS = ("DejaVu Sans", "Noto Sans CJK JP", "Microsoft YaHei", "Yu Gothic", "PingFang SC", "Arial Unicode MS",
           "WenQuanYi Zen Hei", "Droid Sans Fallback")  # fmt: skip
_ASIAN = ((0xAC00, 0xD7A3, "HYGothic-Medium"), (0x3040, 0x30FF, "HeiseiKakuGo-W5"), (0x2E80, 0x9FFF, "STSong-Light"),
          (0xF900, 0xFAFF, "STSong-Light"), (0xFF00, 0xFFEF, "STSong-Light"))  # fmt: skip
"""Fonts that every reader of PDF has of its own, by the first and the last letter that they are for."""
_LOCK = threading.RLock()


@lru_cache(maxsize=16)
def font(bold: bool = False, italic: bool = False, mono: bool = False) -> str:
    """The name by which pages know a font, registered when it is first asked for."""
    name = f"Terrace{'Mono' if mono else ''}{'-Bold' if bold else ''}{'-Italic' if italic else ''}"
    path = next(p for p in (_path(f, bold, italic) for f in (_FIXED if mono else _SANS)) if p)
    _register(name, path)
    return name


@lru_cache(maxsize=64)
def _path(family: str, bold: bool = False, italic: bool = False) -> str:
    """The file of a font; empty where it is not there. The last of each list comes with matplotlib."""
    from matplotlib.font_manager import FontProperties, findfont

    weight = "bold" if bold else "normal"
    properties = FontProperties(family=family, weight=weight, style="italic" if italic else "normal")
    try:
        return str(findfont(properties, fallback_to_default=False))
    except ValueError:
        return ""


def _register(name: str, path: str) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    with _LOCK:
        pdfmetrics.registerFont(TTFont(name, path))


@lru_cache(maxsize=1)
def _fallbacks() -> tuple[str, ...]:
    """Fonts with the letters of other scripts, those that are there and can be embedded."""
    from reportlab.pdfbase.ttfonts import TTFError

    out = []
    for k, family in enumerate(_OTHERS):
        if path := _path(family):
            try:
                _register(f"TerraceOther{k}", path)
            except TTFError:
                continue  # its letters are of a kind that cannot be embedded
            out.append(f"TerraceOther{k}")
    return tuple(out)


@lru_cache(maxsize=4096)
def _font_of(letter: str, name: str) -> str:
    """The font for a letter: the one wanted, or the first that has it."""
    from reportlab.pdfbase import pdfmetrics

    code = ord(letter)
    for candidate in (name, *_fallbacks()):
        face: Any = pdfmetrics.getFont(candidate).face
        if code in face.charToGlyph:
            return candidate
    for first, last, asian in _ASIAN:
        if first <= code <= last:
            from reportlab.pdfbase.cidfonts import UnicodeCIDFont

            with _LOCK:
                pdfmetrics.registerFont(UnicodeCIDFont(asian))
            return asian
    return name


def pieces(text: str, name: str) -> list[tuple[str, str]]:
    """The text in stretches of one font each: (font, text)."""
    if text.isascii():
        return [(name, text)] if text else []
    out: list[tuple[str, str]] = []
    for letter in text:
        own = _font_of(letter, name)
        if out and out[-1][0] == own:
            out[-1] = (own, out[-1][1] + letter)
        else:
            out.append((own, letter))
    return out


@lru_cache(maxsize=50_000)
def width(text: str, size: float, bold: bool = False, italic: bool = False, mono: bool = False) -> float:
    """The width of a text in points."""
    from reportlab.pdfbase import pdfmetrics

    name = font(bold, italic, mono)
    return float(sum(pdfmetrics.stringWidth(t, f, size) for f, t in pieces(text, name)))


def measured(text: str, size: float, bold: bool) -> float:
    """`width` as `terrace.report.sheet` asks for it."""
    return width(text, size, bold)


def marked_up(runs: list[Run], *, bold: bool = False, italic: bool = False, mono: bool = False) -> str:
    """Stretches of text in the mark-up of paragraphs of pages."""
    out = []
    for run in runs:
        name = font(bold or run.bold, italic ^ run.italic, mono or run.code)
        for own, text in pieces(run.text, name):
            words = escape(text, quote=False).replace("\n", "<br/>")
            out.append(f'<font name="{own}">{words}</font>')
        if run.href and run.href != run.text:
            out.append(f" ({escape(run.href, quote=False)})")
    return "".join(out)
