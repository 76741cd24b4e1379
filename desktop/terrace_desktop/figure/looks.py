"""Looks of a figure as the editor changes them: what counts, what is its own, and the commands that say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from terrace.graphs import axes
from terrace.graphs.dressed import dressed
from terrace.results.figure_look import FigureLook
from terrace.results.figure_presets import PRESETS, effective
from terrace.results.layers import Layer, layer_key, layers_of, series_of, series_place
from terrace.results.plot import Axis, Plot
from terrace.session.document.figure_text import OPTIONS, figure_command
from terrace.session.document.figures import Figure, figures
from terrace.session.document.items import Document

LAYERS = "layers"  # the option that says which there are in what order; what each looks like is another one
_LINES = ("line", "hline", "vline", "interval")


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """A layer, whether it has lines and points, whose widths and sizes can be changed, and how many of its marks are
    drawn without being asked for."""

    layer: Layer
    lines: bool
    points: bool
    drawn: int


def find(document: Document, item: int, place: int) -> Figure | None:
    """The figure at a place of an item; None where it is gone."""
    return next((f for f in figures(document) if (f.item, f.place) == (item, place)), None)


def changed(own: FigureLook, style: FigureLook, members: Mapping[str, Any]) -> FigureLook:
    """The look with other members; what the style of all figures and the presets say anyway is left to them."""
    new = replace(own, **members)
    for name, value in members.items():
        if value is not None and value == getattr(without(new, style, name), name):
            new = replace(new, **{name: getattr(FigureLook(), name)})
    return new


def without(own: FigureLook, style: FigureLook, *members: str) -> FigureLook:
    """All that counts where a figure does not ask for these members itself."""
    usual = FigureLook()
    return effective(replace(own, **{m: getattr(usual, m) for m in members}), style)


def kept(own: FigureLook, draft: FigureLook, held: Collection[str]) -> FigureLook:
    """The look of the document, with what is still being typed for the options in `held`."""
    members = [m for option in held for m in OPTIONS[option]]
    if LAYERS in held:
        members.append("layers")
    return replace(own, **{m: getattr(draft, m) for m in members})


def command(figure: Figure, draft: FigureLook, option: str) -> str:
    """The command that gives a figure what a draft says of one option; empty where it has that."""
    if option == LAYERS:
        return _layers_command(figure, draft)
    new = replace(figure.own, **{m: getattr(draft, m) for m in OPTIONS[option]})
    return figure_command(figure.number, new, figure.own)


def _layers_command(figure: Figure, draft: FigureLook) -> str:
    """Named in an order, layers are shown; those that are not have a minus."""
    if draft.layer_order == figure.own.layer_order:
        return ""
    if not draft.layer_order:
        return f"figure {figure.number}, reset({LAYERS})"
    hidden = {x.key for x in layers_of(figure.plot) if not is_shown(x, draft)}
    words = " ".join(f"-{key}" if key in hidden else key for key in draft.layer_order)
    return f"figure {figure.number}, {LAYERS}({words})"


# --- what there is ------------------------------------------------------------------------------------------
def is_shown(layer: Layer, look: FigureLook) -> bool:
    """True for a layer that is drawn."""
    asked = look.layer(layer.key).shown
    return layer.shown if asked is None else asked


def layer_facts(plot: Plot) -> dict[str, LayerFacts]:
    """The layers by their keys, the lowest first."""
    marks = [m for p in plot.panels for m in (*p.hidden, *p.marks)]
    out = {}
    for layer in layers_of(plot):
        own = [m for m in marks if layer_key(m) == layer.key and not m.text]
        drawn = sum(len(m.x) or len(m.y) for p in plot.panels for m in p.marks if layer_key(m) == layer.key)
        out[layer.key] = LayerFacts(
            layer, any(m.kind in _LINES for m in own), any(m.kind in ("points", "interval") for m in own), drawn
        )
    return out


def ordered(keys: Collection[str], order: tuple[str, ...]) -> list[str]:
    """Keys in an order in which those that it names take the places that these have among the others."""
    named = [k for k in order if k in keys]
    turn = iter(named)
    return [next(turn) if k in named else k for k in keys]


def series_order(count: int, order: tuple[int, ...]) -> list[int]:
    """The numbers of series, from 1, in the order in which the legend has them."""
    named = [n for n in dict.fromkeys(order) if 0 < n <= count]
    return [*named, *(n for n in range(1, count + 1) if n not in named)]


def has_lines(plot: Plot, place: int) -> bool:
    """True for a series that has a line, and False for one of points or bars."""
    series = series_of(plot)
    marks = [m for p in plot.panels for m in (*p.hidden, *p.marks) if series_place(series, m) == place]
    return any(m.kind == "line" for m in marks)


def in_series(values: tuple[str, ...], place: int, value: str) -> tuple[str, ...]:
    """Values by series with another one at a place; "" at the end says nothing and goes."""
    out = [*values, *[""] * (place + 1 - len(values))]
    out[place] = value
    while out and not out[-1]:
        out.pop()
    return tuple(out)


def at(values: tuple[str, ...], place: int) -> str:
    """What is asked of a series; empty for nothing."""
    return values[place] if place < len(values) else ""


def axis(plot: Plot, which: str) -> Axis:
    """The axis of the first panel."""
    if not plot.panels:
        return Axis()
    return plot.panels[0].x if which == "x" else plot.panels[0].y


def is_numeric(plot: Plot, which: str) -> bool:
    """True where the ticks are numbers, and neither names nor dates."""
    found = axis(plot, which)
    return not found.dates and axes.is_numeric(found)


def printed_title(plot: Plot, look: FigureLook) -> str:
    """The title within the figure; empty where it is left to the caption."""
    shown = dressed(replace(plot, panels=()), look)
    return "" if shown.options.get("title") == "automatic" else shown.title


def automatic_text(plot: Plot, member: str, look: FigureLook) -> str:
    """A title or the note as it is where nobody asks for another one; `look` is what counts for the figure."""
    if member == "title":
        return printed_title(plot, replace(look, title=None))
    if member in ("x_title", "y_title"):
        return axis(plot, member[0]).title
    return plot.subtitle if member == "subtitle" else plot.note


def columns_of(look: FigureLook) -> int | None:
    """How many columns of the page the figure takes; None where its width is that of none."""
    preset = PRESETS.get(look.preset)
    if preset is None or look.width is None:
        return None
    return next((n for n, w in enumerate(preset.widths, start=1) if abs(w - look.width) < 1e-6), None)
