"""Presets of figures by the guides of those who print them: a look, and what their text, lines and files must be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from terrace.results.figure_look import FigureLook, over


@dataclass(frozen=True, slots=True)
class Preset:
    """``title`` names it in menus. ``look`` is what it asks for, ``widths`` are cm of one and of two columns.

    ``text`` are the smallest and the largest letters in points, None where its guide has none; ``line`` is the
    thinnest line in points, ``dpi`` the coarsest picture of dots. ``source`` is the guide that says so.
    """

    name: str
    title: str
    look: FigureLook
    widths: tuple[float, float]
    text: tuple[float | None, float | None] = (None, None)
    line: float | None = None
    dpi: int | None = None
    source: str = ""


PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset("apa", "APA 7", FigureLook(font="Arial", points=9.0, dpi=600), (8.5, 17.0), (8.0, 14.0)),
        Preset("ama", "AMA", FigureLook(font="Arial", points=8.0, dpi=600), (8.5, 17.0)),
        Preset("nature", "Nature", FigureLook(font="Arial", points=7.0, dpi=600), (8.9, 18.3), (5.0, 7.0)),
        Preset("slide", "Slide", FigureLook(font="Arial", points=18.0, dpi=200), (25.4, 25.4), (18.0, None)),
    )
}
"""By name, in the order in which menus offer them."""


def effective(own: FigureLook, style: FigureLook | None = None) -> FigureLook:
    """The look of a figure: its own, that of all figures, and the presets of both, each level with its own in front."""
    levels = [own]
    if own.preset:
        levels.append(_asked(own))
    if style is not None:
        levels.append(style)
        if style.preset and not own.preset:
            levels.append(_asked(style))
    out = FigureLook()
    for level in reversed(levels):
        out = over(level, out)
    return with_width(out)


def _asked(look: FigureLook) -> FigureLook:
    preset = PRESETS.get(look.preset)
    return FigureLook() if preset is None else preset.look


def with_width(look: FigureLook) -> FigureLook:
    """The look with the width of its columns in cm, where it has a preset and no width of its own."""
    preset = PRESETS.get(look.preset)
    if preset is None or look.width is not None:
        return look
    return replace(look, width=preset.widths[1 if look.columns == 2 else 0])
