"""Presets of figures by the guides of those who print them: a look, and what their text, lines and files must be.

Numbers are those of the guides. *APA*: Publication Manual, 7th edition (2020), section 7.22, and apastyle.apa.org,
"Figure setup": text in the image sans serif, 8 to 14 points. *AMA*: Manual of Style, "Guidelines for Preparing and
Submitting Figures": at least 350 pixels per inch; that text has 6 points or more is what Human Kinetics asks for with
reference to section 4.2 of its 11th edition. *Nature*: research-figure-guide.nature.com, "Building and exporting figure
panels": 89 and 183 mm wide, at most 170 mm high, text of 5 to 7 points in Arial or Helvetica; "Preparing figures": at
least 300 dpi, no grid lines. *Slides*: text of 18 points or more, as guides to accessible slides ask for (University of
Pittsburgh, Digital Accessibility), on a slide of 33.9 by 19.1 cm.

A line thinner than a quarter of a point is lost in print (New York Academy of Sciences, "Electronic Artwork"). Widths
that a guide leaves open are ours: one column of two on a page, and the 6.5 inches between the margins of a letter page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from terrace.results.figure_look import PLAIN, FigureLook, over

LEAST_LINE = 0.25
"""Points of the thinnest line that prints."""
LEAST_DPI = 300
"""Dots per inch of the coarsest picture that prints well, where a guide does not ask for more."""


@dataclass(frozen=True, slots=True)
class Preset:
    """``title`` names it in menus. ``look`` is what it asks for, ``widths`` are cm of one and of two columns.

    ``text`` are the smallest and the largest letters in points, None where its guide has none, ``dpi`` the coarsest
    picture of dots ``highest`` the cm that a figure may be high, and ``demand`` says whose wish it is.
    """

    name: str
    title: str
    look: FigureLook
    widths: tuple[float, float]
    text: tuple[float | None, float | None] = (None, None)
    dpi: int = LEAST_DPI
    highest: float | None = None
    demand: str = ""

    @property
    def asks(self) -> str:
        """The beginning of a sentence on what it asks for."""
        return self.demand or f"{self.title} asks for"


_SLIDE = FigureLook(font="Arial", points=18.0, dpi=200, height=13.5, grid=False)
PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset("apa", "APA 7", FigureLook(font="Arial", points=9.0, dpi=600, grid=False), (8.5, 16.5), (8.0, 14.0)),
        Preset("ama", "AMA", FigureLook(font="Arial", points=8.0, dpi=600, grid=False), (8.5, 16.5), (6.0, None), 350),
        Preset("nature", "Nature", FigureLook(font="Arial", points=7.0, dpi=600, grid=False), (8.9, 18.3), (5.0, 7.0),
               highest=17.0),
        Preset("slide", "Slide", _SLIDE, (24.0, 24.0), (18.0, None), 96, demand="a slide needs"),
    )
}  # fmt: skip
"""By name, in the order in which menus offer them."""


def effective(own: FigureLook, style: FigureLook = PLAIN) -> FigureLook:
    """The look of a figure: its own, that of all figures, and the presets of both, each level with its own in front."""
    columns = own.columns or style.columns
    out = over(style, asked_by(style.preset, columns))
    if own.preset:
        out = over(asked_by(own.preset, columns), out)
    return over(own, out)


def asked_by(name: str, columns: int | None = None) -> FigureLook:
    """The look that a preset asks for of a figure of one column or of two; nothing for a name that is none."""
    preset = PRESETS.get(name)
    if preset is None:
        return PLAIN
    return replace(preset.look, width=preset.widths[1 if columns == 2 else 0])
