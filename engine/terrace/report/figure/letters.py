"""The letters of a figure on paper: how large they are, and the families that have them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from terrace.results.figure_look import FigureLook

_FONTS = ("Arial", "Liberation Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans")
_WIDE_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Microsoft YaHei", "Yu Gothic", "Arial Unicode MS")
# Families whose letters are as wide, so that nothing moves where one stands in for the other
_AS_WIDE = (
    ("Arial", "Helvetica", "Liberation Sans", "Arimo", "Nimbus Sans"),
    ("Times New Roman", "Times", "Liberation Serif", "Tinos", "Nimbus Roman"),
)
USUAL = 9.5
"""Points of the title of an axis where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Sizes in points. ``asked`` tells that a look asks for one size, which all text then has."""

    axis: float = USUAL
    tick: float = 8.5
    legend: float = 8.5
    title: float = 11.0
    subtitle: float = USUAL
    note: float = 8.0
    asked: bool = False

    @property
    def scale(self) -> float:
        """How large they are in comparison with the usual ones."""
        return self.axis / USUAL


def letters_of(look: FigureLook) -> Letters:
    """The letters that a look asks for."""
    p = look.points
    return Letters() if p is None else Letters(p, p, p, p, p, p, asked=True)


def families(font: str = "") -> tuple[str, ...]:
    """Families in order of preference: the one that was asked for, those that stand in for it, and the usual ones.

    Installed ones only; TrueType, which a PDF can embed as type 42.
    """
    there = _installed()
    wanted = [font, *(f for group in _AS_WIDE if font in group for f in group)] if font else []
    usual = [f for f in (*_FONTS, *_WIDE_FONTS) if f in there]
    return tuple(dict.fromkeys([*(f for f in wanted if f in there), *(usual or ["DejaVu Sans"])]))


def as_wide(font: str, other: str) -> bool:
    """True where the letters of two families have the same widths."""
    return any(font in group and other in group for group in _AS_WIDE)


def stands_in(font: str) -> str:
    """The family that is drawn in place of one that is not installed; "" where it is."""
    return "" if not font or font in _installed() else families(font)[0]


@lru_cache(maxsize=1)
def _installed() -> frozenset[str]:
    from matplotlib import font_manager

    return frozenset(f.name for f in font_manager.fontManager.ttflist if f.fname.lower().endswith(".ttf"))


def named_families(font: str) -> tuple[str, ...]:
    """The families as a file names them that keeps letters as letters: with the one asked for, installed or not."""
    return tuple(dict.fromkeys([*([font] if font else []), *families(font), "sans-serif"]))


def wrapped(text: str, inches: float, points: float, *, bold: bool = False, most: int | None = None) -> str:
    """A text in lines that are no wider than `inches`, by the widths of its letters; its own line breaks stay.

    Where there would be more than `most` lines the last one ends in dots. A word that is too wide stands alone.
    """
    lines: list[str] = []
    for own in text.splitlines():
        line = ""
        for word in own.split():
            longer = f"{line} {word}".strip()
            if line and _width(longer, points, bold) > inches:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    if most is not None and len(lines) > most:
        last = lines[most - 1]
        while last and _width(f"{last}…", points, bold) > inches:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return "\n".join(lines)


def _width(text: str, points: float, bold: bool) -> float:
    """Inches of a line in the family that is set."""
    return 1.02 * _measured(text, _family(), bold) * points / 72  # a renderer may round each letter


def _family() -> tuple[str, ...]:
    import matplotlib

    return tuple(matplotlib.rcParams["font.family"])


@lru_cache(maxsize=4000)
def _measured(text: str, family: tuple[str, ...], bold: bool) -> float:
    """The width of a line in units of the size of its letters."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    letters = FontProperties(family=list(family), size=100.0, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, letters, ismath=False)
    return float(width) / 100.0


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """matplotlib does not tell the log of families that it does not find: another is named behind each."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
