"""A figure as far as it is shown on screen. No Qt here."""

from __future__ import annotations

from dataclasses import replace

from terrace.results.figure_look import FigureLook
from terrace.results.plot import Axis, Plot

Span = tuple[float, float]


def as_seen(plot: Plot, x: Span | None, y: Span | None) -> Plot:
    """The figure with axes that end where those on screen do, None for the whole; its look says so too."""
    look = plot.look
    if x is not None:
        look = replace(look, x_from=x[0], x_to=x[1])
    if y is not None:
        look = replace(look, y_from=y[0], y_to=y[1])
    panels = tuple(replace(p, x=_ending(p.x, x), y=_ending(p.y, y)) for p in plot.panels)
    return replace(plot, panels=panels, look=look)


def ranges(plot: Plot, whole: Plot) -> FigureLook:
    """What of the look of a figure as seen is not that of the whole figure."""
    own = {}
    for first, last in (("x_from", "x_to"), ("y_from", "y_to")):
        span = getattr(plot.look, first), getattr(plot.look, last)
        if span != (getattr(whole.look, first), getattr(whole.look, last)):
            own.update({first: span[0], last: span[1]})
    return replace(FigureLook(), **own)


def _ending(axis: Axis, span: Span | None) -> Axis:
    return axis if span is None else replace(axis, limits=span)
