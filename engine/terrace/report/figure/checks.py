"""Whether a figure is ready to print, one thing after the other, with what to do where it is not.

What is looked at is the figure as paper has it: its letters, lines and colours are read from what was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from terrace.report.figure import vision
from terrace.report.figure.figure import CM, dots_across, dots_per_inch, draw
from terrace.report.figure.legend import entries_of
from terrace.report.figure.letters import as_wide, stands_in
from terrace.results.figure_presets import LEAST_DPI, LEAST_LINE, PRESETS, Preset
from terrace.results.plot import Plot
from terrace.wording import enumerated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

APART = 15.0
"""Steps of CIELAB that colours beside each other must be apart to be told apart in thin lines and small marks."""
LIGHTER = 20.0
"""Steps of lightness that two greys must be apart."""
_LEAST_TEXT = 6.0  # points that are read at arm's length, where no preset asks for more
_PATTERNS = {"-": "solid", "--": "dashed", ":": "dotted", "-.": "dash-dot"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its key, whether it is as it should be, that in words, and how to mend it.

    ``option`` names the option of ``figure`` that mends it.
    """

    key: str
    ok: bool
    text: str
    advice: str = ""
    option: str = ""


@dataclass(frozen=True, slots=True)
class _Sign:
    """How one entry of the legend is told from others."""

    label: str
    color: str
    pattern: str = ""
    marker: str = ""
    dash: object = None


def checks(plot: Plot) -> tuple[Check, ...]:
    """What there is to say of a figure that was dressed, in the order in which it is read."""
    figure = draw(plot, "print", title=True)
    preset = PRESETS.get(plot.look.preset)
    signs = _signs(figure, plot)
    found = [
        _text(figure, preset), _font(plot), _grey(signs), _colours(signs, plot), _dots(figure, plot, preset),
        _size(figure, plot, preset), _titles(plot), _lines(figure), _legend(figure), _raster(figure, plot, preset),
    ]  # fmt: skip
    return tuple(c for c in found if c is not None)


# --- letters ------------------------------------------------------------------------------------------------
def _text(figure: Figure, preset: Preset | None) -> Check:
    sizes = sorted({round(t.get_fontsize(), 2) for t in _texts(figure)})
    if not sizes:
        return Check("text", True, "There is no text")
    least, most = preset.text if preset is not None else (_LEAST_TEXT, None)
    said = f"Text is {_span(sizes[0], sizes[-1])} pt"
    asks = f"{preset.asks} {_range(least, most)}" if preset is not None and (least or most) else ""
    if least is not None and sizes[0] < least:
        return Check("text", False, "; ".join(t for t in (said, asks) if t),
                     f"Make the text {least:g} pt or larger.", "points")  # fmt: skip
    if most is not None and sizes[-1] > most:
        return Check("text", False, f"{said}; {asks}", f"Make the text {most:g} pt or smaller.", "points")
    return Check("text", True, "; ".join(t for t in (said, asks) if t), option="points")


def _texts(figure: Figure) -> list[Any]:
    from matplotlib.text import Text

    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _range(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    return f"{least:g} or more" if least is not None else f"at most {most:g}"


def _font(plot: Plot) -> Check | None:
    font = plot.look.font
    other = stands_in(font)
    if not other:
        return None
    if as_wide(font, other):
        return Check("font", True, f"{other} is used in place of {font}, with letters as wide", option="font")
    return Check("font", False, f"{font} is not on this computer; {other} is used in its place",
                 "Choose another font, or install it.", "font")  # fmt: skip


# --- what tells series apart --------------------------------------------------------------------------------
def _signs(figure: Figure, plot: Plot) -> list[_Sign]:
    return [_sign(label, handle) for label, handle in entries_of(figure, plot)]


def _sign(label: str, handle: Any) -> _Sign:
    from matplotlib.colors import to_hex

    artists = handle if isinstance(handle, tuple) else (handle,)
    line = next((a for a in artists if hasattr(a, "get_xydata")), None)
    if line is not None:
        pattern = "" if line.get_linestyle() == "None" else _PATTERNS.get(line.get_linestyle(), "dashed")
        marker = str(line.get_marker())
        dash = str(line._dash_pattern) if pattern else None
        return _Sign(label, to_hex(line.get_color()), pattern, "" if marker == "None" else marker, dash)
    first = artists[0]
    color = first.get_facecolor() if hasattr(first, "get_facecolor") else first.get_color()
    color = color[0] if getattr(color, "ndim", 1) == 2 and len(color) else color
    return _Sign(label, to_hex(color))


def _shapes_differ(a: _Sign, b: _Sign) -> bool:
    return (a.dash, a.marker) != (b.dash, b.marker)


def _grey(signs: list[_Sign]) -> Check:
    if len(signs) < 2:
        return Check("grey", True, "Nothing needs colour to be told apart")
    for a, b in combinations(signs, 2):
        if not _shapes_differ(a, b) and abs(vision.lightness(a.color) - vision.lightness(b.color)) < LIGHTER:
            return Check("grey", False, f"{a.label} and {b.label} look alike in grey",
                         "Give them other patterns or markers, or colours of other lightness.", "patterns")  # fmt: skip
    patterns = list(dict.fromkeys(s.pattern for s in signs if s.pattern))
    if len(patterns) > 1:
        return Check("grey", True, f"Lines differ in grey: {enumerated(patterns, 'and')}")
    return Check("grey", True, "Series differ in grey")


def _colours(signs: list[_Sign], plot: Plot) -> Check:
    if plot.look.grey:
        return Check("colours", True, "No colours are used")
    if len(signs) < 2:
        return Check("colours", True, "Colours carry no meaning")
    alike = [(a, b) for a, b in combinations(signs, 2) if vision.apart(a.color, b.color) < APART]
    for a, b in alike:
        if not _shapes_differ(a, b):
            return Check("colours", False, f"{a.label} and {b.label} look alike to colour-blind readers",
                         "Use the safe palette, or other colours.", "palette")  # fmt: skip
    if alike:
        return Check("colours", True, "Patterns and markers tell apart what colour-blind readers cannot")
    return Check("colours", True, "Colours differ for colour-blind readers")


# --- size and file ------------------------------------------------------------------------------------------
def _dots(figure: Figure, plot: Plot, preset: Preset | None) -> Check:
    dpi = dots_per_inch(plot)
    width, height = figure.get_size_inches()
    said = f"{dpi:,} dpi at {width * CM:.3g} cm: {dots_across(width, dpi):,} × {dots_across(height, dpi):,} pixels"
    least = preset.dpi if preset is not None else LEAST_DPI
    if dpi < least:
        return Check("dpi", False, said, f"Set the resolution to {least} dpi or more.", "dpi")
    return Check("dpi", True, said, option="dpi")


def _size(figure: Figure, plot: Plot, preset: Preset | None) -> Check | None:
    if preset is None:
        return None
    width, height = (float(v) * CM for v in figure.get_size_inches())
    most = preset.widths[1 if plot.look.columns == 2 else 0]
    columns = "two columns" if plot.look.columns == 2 else "one column"
    if width > most + 0.01:
        return Check("size", False, f"The figure is {width:.3g} cm wide; {columns} of {preset.title} have {most:g}",
                     f"Make it {most:g} cm wide or less.", "size")  # fmt: skip
    if preset.highest is not None and height > preset.highest + 0.01:
        return Check("size", False, f"The figure is {height:.3g} cm high; {preset.title} takes {preset.highest:g}",
                     f"Make it {preset.highest:g} cm high or less.", "size")  # fmt: skip
    return Check("size", True, f"{width:.3g} × {height:.3g} cm fits {columns}", option="size")


def _titles(plot: Plot) -> Check:
    for which, titles in (("x", [p.x.title for p in plot.panels]), ("y", [p.y.title for p in plot.panels])):
        if not any(t.strip() for t in titles):
            return Check("titles", False, f"The {which} axis has no title", "Give it a title.", f"{which}title")
    return Check("titles", True, "Both axes have a title")


def _lines(figure: Figure) -> Check:
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    lines: list[Any] = figure.findobj(Line2D)
    bundles: list[Any] = figure.findobj(LineCollection)
    widths = [float(x.get_linewidth()) for x in lines
              if x.get_visible() and x.get_linestyle() != "None" and len(x.get_xdata())]  # fmt: skip
    widths += [float(w) for c in bundles for w in c.get_linewidth()]
    thinnest = min((w for w in widths if w > 0), default=LEAST_LINE)
    if thinnest < LEAST_LINE:
        return Check("lines", False, f"The thinnest line is {thinnest:.2g} pt", f"Make lines {LEAST_LINE:g} pt or "
                     "wider.", "lwidth")  # fmt: skip
    return Check("lines", True, f"The thinnest line is {thinnest:.2g} pt", option="lwidth")


def _legend(figure: Figure) -> Check | None:
    if not any(box.get_frame_on() for box in figure.legends):
        return None
    return Check("legend", False, "The legend covers part of the figure", "Put it right of the panels or above.",
                 "legend")  # fmt: skip


def _raster(figure: Figure, plot: Plot, preset: Preset | None) -> Check:
    pictures = [x for axes in figure.axes for x in axes.get_children() if x.get_rasterized()]
    if not pictures:
        return Check("vector", True, "SVG and PDF are sharp at any size")
    dpi, least = dots_per_inch(plot), preset.dpi if preset is not None else LEAST_DPI
    return Check("vector", dpi >= least, f"So many marks are a picture of {dpi:,} dpi inside SVG and PDF",
                 "" if dpi >= least else "Set a higher resolution, or show fewer points.", "dpi")  # fmt: skip
