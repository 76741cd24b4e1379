"""How a figure looks, as its user wants it: titles, axes, legend, layers, size, letters and colours.

A `FigureLook` says what a figure is to look like and nothing else: whatever is None or empty is left to the next
level. What counts is the figure's own look, then the style that all figures of a project share, then the preset of a
journal or of slides, then the program; a level that names a preset stands with it in front of the levels behind, so
that a figure for a slide in a project in the style of a journal is one for a slide.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

LegendPlace = Literal["", "above", "inside", "right", "below", "lines", "none"]
LEGENDS: tuple[LegendPlace, ...] = ("above", "inside", "right", "below", "lines", "none")
PALETTES = ("program", "safe")
FONTS = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans", "Times New Roman", "Liberation Serif", "DejaVu Serif")
"""Families that a menu offers; any other that the system has can be named."""


@dataclass(frozen=True, slots=True)
class LayerLook:
    """How the layers of one key look, see `terrace.results.layers`; None leaves it to the figure.

    ``shown`` switches it. ``sample`` is how many points are drawn at most, ``level`` that of intervals in percent,
    ``width`` of lines and ``size`` of markers in points, ``opacity`` in percent.
    """

    key: str
    shown: bool | None = None
    sample: int | None = None
    level: float | None = None
    width: float | None = None
    size: float | None = None
    opacity: float | None = None


@dataclass(frozen=True, slots=True)
class FigureLook:
    """What is asked of one figure, or of all.

    ``preset`` is a name in `terrace.results.figure_presets.PRESETS`. Titles and ``note`` are as they are without one
    (None), left out (the empty text) or these words. ``x_from``, ``x_to`` and ``x_step`` are in units of the axis, as
    those of y. ``legend`` is one of `LEGENDS`. ``width`` and ``height`` are in cm, and ``columns`` how many columns of
    the page the figure takes, 1 or 2, where a preset knows their width; ``grid`` draws faint lines at the ticks.
    ``font`` is a family, ``points`` the size of text, ``line_width`` of lines and ``marker_size`` of markers, all in
    points; ``dpi`` is that of pictures of dots.
    ``palette`` is one of `PALETTES`, ``grey`` does without colour. ``colors`` (``#rrggbb``), ``patterns`` and
    ``markers`` (see `terrace.results.plot.Style`) and ``labels`` are by series, in the order of
    `terrace.results.layers.series_of`, "" for as it is. ``order`` has the numbers of series, from 1, in the order in
    which they are to stand, ``panels`` those of panels. ``layer_order`` has keys of layers, the lowest first.
    """

    preset: str = ""
    grey: bool | None = None
    palette: str = ""
    title: str | None = None
    subtitle: str | None = None
    x_title: str | None = None
    y_title: str | None = None
    note: str | None = None
    legend: LegendPlace = ""
    x_from: float | None = None
    x_to: float | None = None
    x_step: float | None = None
    y_from: float | None = None
    y_to: float | None = None
    y_step: float | None = None
    width: float | None = None
    height: float | None = None
    columns: int | None = None
    grid: bool | None = None
    font: str = ""
    points: float | None = None
    dpi: int | None = None
    line_width: float | None = None
    marker_size: float | None = None
    colors: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    panels: tuple[int, ...] = ()
    layer_order: tuple[str, ...] = ()
    layers: tuple[LayerLook, ...] = ()

    def layer(self, key: str) -> LayerLook:
        """What is asked of the layers of a key."""
        return next((x for x in self.layers if x.key == key), LayerLook(key))

    def with_layer(self, layer: LayerLook) -> FigureLook:
        """The look with this of the layers of its key; what asks for nothing is left out."""
        others = {x.key: x for x in self.layers}
        others[layer.key] = layer
        kept = (x for _, x in sorted(others.items()) if x != LayerLook(x.key))
        return replace(self, layers=tuple(kept))


PLAIN = FigureLook()
"""The look that asks for nothing."""
OF_ONE = (
    *("title", "subtitle", "x_title", "y_title", "note", "labels", "order", "panels", "layer_order", "layers"),
    *("x_from", "x_to", "x_step", "y_from", "y_to", "y_step"),
)
"""What belongs to one figure alone; all else can be the style of a project."""
STYLE = tuple(f.name for f in fields(FigureLook) if f.name not in OF_ONE)
"""What the figures of a project can have in common."""


def over(upper: FigureLook, lower: FigureLook) -> FigureLook:
    """What `upper` asks for, and where it says nothing what `lower` does."""
    own = {f.name: getattr(upper, f.name) for f in fields(upper)}
    said = {name: value for name, value in own.items() if value not in (None, "", ()) or _is_text(name, value)}
    layers = lower.layers
    if "layers" in said and layers:
        mixed = lower
        for layer in upper.layers:
            mixed = mixed.with_layer(_layer_over(layer, mixed.layer(layer.key)))
        said["layers"] = mixed.layers
    return replace(lower, **said)


def _is_text(name: str, value: object) -> bool:
    """True for the empty text where that says that there is to be none."""
    return value == "" and name in ("title", "subtitle", "x_title", "y_title", "note")


def _layer_over(upper: LayerLook, lower: LayerLook) -> LayerLook:
    own = {f.name: getattr(upper, f.name) for f in fields(upper)}
    return replace(lower, **{name: value for name, value in own.items() if value is not None})


def style_part(look: FigureLook) -> FigureLook:
    """What of a look all figures of a project can have."""
    return replace(FigureLook(), **{name: getattr(look, name) for name in STYLE})


def own_part(look: FigureLook) -> FigureLook:
    """What of a look belongs to its figure alone."""
    return replace(FigureLook(), **{name: getattr(look, name) for name in OF_ONE})
