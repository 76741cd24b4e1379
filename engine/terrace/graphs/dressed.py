"""A plot in the look that its user wants: what of a look is the same on the screen and on paper.

Sizes, letters and the place of the legend are for paper alone: the plot carries its look there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor
from typing import TypeVar

import numpy as np

from terrace.graphs.axes import extent, is_numeric, number_text, padded
from terrace.graphs.layers import layer_marks
from terrace.results.figure_look import FigureLook
from terrace.results.layers import layer_key, layers_of, series_of
from terrace.results.plot import Axis, Marks, Plot, PlotPanel

_MOST_TICKS = 200
_BENEATH = ("raw", "residuals")
T = TypeVar("T")


def dressed(plot: Plot, look: FigureLook) -> Plot:
    """The plot in a look that is complete, see `terrace.results.figure_presets.effective`; without one it is the same.

    The plot must be one that was not dressed before: order and samples are of the whole. It keeps its data: what is
    hidden is left out, and nothing else is changed but how it looks.
    """
    if look == FigureLook():
        return plot
    labels = _labels(plot, look)
    several = any(m.series for p in plot.panels for m in p.marks)
    marks, notes = layer_marks(plot, look, several)
    panels = [
        replace(_with_axes(replace(p, marks=own), look), hidden=()) for p, own in zip(plot.panels, marks)
    ]
    panels = [replace(p, marks=tuple(replace(m, label=labels.get(m.label, m.label)) for m in p.marks)) for p in panels]
    order = tuple(dict.fromkeys(labels.get(x, x) for x in _order(plot, look)))
    options = dict(plot.options)
    if look.title:
        options["title"] = "asked"
    elif look.title == "" or (look.preset and options.get("title") != "asked"):  # its caption stands outside
        options["title"] = "automatic"
    levels = _levels(plot, look)
    return replace(
        plot,
        title=look.title or plot.title,
        subtitle=plot.subtitle if look.subtitle is None else look.subtitle,
        note=" ".join(filter(None, (_note(plot, look, levels), *notes))) if look.note is None else look.note,
        panels=tuple(_ordered(panels, look.panels)),
        legend=plot.legend and look.legend != "none",
        legend_order=order,
        options=options,
        look=look,
    )


def _note(plot: Plot, look: FigureLook, levels: dict[str, str]) -> str:
    """The note, which does not speak of layers that are hidden, nor of a sample where the look shows all points."""
    note = _in_words(_of_shown(plot, look), levels)
    if any(look.layer(layer_key(m)).shown is True for p in plot.panels for m in p.hidden if m.kind == "points"):
        return re.sub(r" ?[\d,]+ of [\d,]+ points are shown, chosen at random\.", "", note)
    return note


def _of_shown(plot: Plot, look: FigureLook) -> str:
    """The note without the sentences about intervals or points beneath, where the look hides all layers of these."""
    layers = [(x, look.layer(x.key).shown is not False) for x in layers_of(plot)]
    about = {
        r"% confidence interval": [shown for x, shown in layers if x.level is not None],
        r"^Points are |points are shown, chosen|without a margin are left out": [
            shown for x, shown in layers if x.key in _BENEATH
        ],
    }
    silent = [words for words, shown in about.items() if shown and not any(shown)]
    sentences = re.split(r"(?<=\.)\s+", plot.note)
    return " ".join(s for s in sentences if not any(re.search(words, s) for words in silent))


def _labels(plot: Plot, look: FigureLook) -> dict[str, str]:
    """The new names of series by the ones that they have; a legend tells apart by these."""
    levels = _levels(plot, look)
    series = series_of(plot)
    own = {s.label: _in_words(s.label, levels) for s in series if s.label}
    return own | {s.label: new for s, new in zip(series, look.labels) if s.label and new}


def _levels(plot: Plot, look: FigureLook) -> dict[str, str]:
    """The levels of intervals in words that a look changes: ``95%`` to ``90%``."""
    known = {x.key: x.level for x in layers_of(plot)}
    asked = ((known.get(x.key), x.level) for x in look.layers)
    return {f"{old:g}%": f"{new:g}%" for old, new in asked if old is not None and new is not None}


def _in_words(text: str, levels: dict[str, str]) -> str:
    """A text that speaks of the levels that intervals have now."""
    return re.sub(r"\d+(?:\.\d+)?%", lambda found: levels.get(found[0], found[0]), text)


def _order(plot: Plot, look: FigureLook) -> tuple[str, ...]:
    if not look.order:
        return plot.legend_order
    labels = [s.label for s in series_of(plot)]
    return tuple(x for x in _ordered(labels, look.order) if x)


def _ordered(things: Sequence[T], numbers: tuple[int, ...]) -> list[T]:
    """The things by their numbers, from 1; what has none named comes behind, in its order."""
    named = [n - 1 for n in dict.fromkeys(numbers) if 0 < n <= len(things)]
    return [things[k] for k in (*named, *(k for k in range(len(things)) if k not in named))]


# --- axes ---------------------------------------------------------------------------------------------------
def _with_axes(panel: PlotPanel, look: FigureLook) -> PlotPanel:
    x = _axis(panel.x, panel.marks, "x", look.x_title, (look.x_from, look.x_to), look.x_step)
    y = _axis(panel.y, panel.marks, "y", look.y_title, (look.y_from, look.y_to), look.y_step)
    return replace(panel, x=x, y=y)


def _axis(
    axis: Axis, marks: tuple[Marks, ...], which: str, title: str | None, ends: tuple[float | None, float | None],
    step: float | None,
) -> Axis:
    axis = axis if title is None else replace(axis, title=title)
    reach = extent(marks, which, axis.log)
    limits = axis.limits
    if ends != (None, None):
        limits = _limits(axis, ends, reach)
    if step is None or not is_numeric(axis) or axis.log or axis.dates:
        return replace(axis, limits=limits)
    low, high = sorted(limits or (reach and padded(*reach, axis.log, False)) or (0.0, 1.0))
    return replace(axis, limits=limits, ticks=_steps(low, high, step) or axis.ticks)


def _limits(
    axis: Axis, ends: tuple[float | None, float | None], reach: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The limits with the ends that were asked for; the others are those of the axis, or leave the marks some air."""
    usual = axis.limits or (padded(*reach, axis.log, False) if reach is not None else None)
    first, last = (end if end is not None else None if usual is None else usual[k] for k, end in enumerate(ends))
    if first is None or last is None or first == last or (axis.log and min(first, last) <= 0):
        return axis.limits
    return first, last


def _steps(low: float, high: float, step: float) -> tuple[tuple[float, str], ...]:
    """Ticks at the multiples of a step; nothing where they would be too many to read."""
    if not step > 0 or not np.isfinite([low, high]).all() or (high - low) / step > _MOST_TICKS:
        return ()
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    at = [float(round(k * step, 12)) for k in range(first, last + 1)]
    return tuple((v, number_text(v)) for v in at)
