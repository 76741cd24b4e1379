"""A plot as data: panels of marks on titled axes, without Qt and without matplotlib.

One description feeds the screen (pyqtgraph) and paper (matplotlib: PNG, SVG, PDF), so that what is exported
is what was seen. Colours are roles; each renderer has its palette for light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.known_rows import KnownRows
from terrace.results.figure_look import PLAIN, FigureLook
from terrace.results.rendering import rendered

FloatArray = npt.NDArray[np.float64]
MANY = 5000
"""Marks from which on a picture of dots is shown and stored in less time than one of lines."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a user asked of the looks of a layer; an empty field leaves it to the renderer.

    ``color`` is ``#rrggbb``, and ``outline`` that of the edges of bars; ``thickness`` and ``size`` are
    multiples of the usual line width and marker size; ``pattern`` is solid, dash, shortdash, longdash, dot,
    dashdot or none; ``marker`` is circle, square, triangle, diamond, cross, plus, arrow, pipe or point, with
    ``_hollow`` at the end for the outline only; none shows no marker, and cap short strokes at the ends of
    intervals.
    """

    color: str = ""
    thickness: float | None = None
    pattern: str = ""
    marker: str = ""
    size: float | None = None
    outline: str = ""


MarkKind = Literal["points", "line", "band", "interval", "bars", "hline", "vline", "box"]
MarkRole = Literal["data", "fit", "reference", "highlight"]


@dataclass(frozen=True)
class Marks:
    """One layer. ``x`` and ``y`` have shape (m,); NaN breaks a line.

    ``lower`` and ``upper``, shape (m,), belong to ``band`` and ``interval``; for ``bars`` ``x`` are centres,
    ``width`` is the bar width in data units; for ``hline``/``vline`` only ``y``/``x`` count.
    For ``box``, ``y`` has the five numbers per box in shape (m, 5) and outliers are a layer of points.
    ``rows`` are the data rows behind each mark, shape (m,), -1 where there is none, for hover and brushing, and
    ``group_rows`` those of marks that stand for several, such as a group, one array a mark; ``labels`` are hover texts.
    ``series`` numbers the colour; ``role`` is its meaning. ``horizontal`` lays ``bars``, ``box``, ``interval`` and
    ``band`` on their side: ``x`` then counts up the vertical axis, and ``y`` along the other. Bars stand on ``lower``
    where they have it, else on 0. ``text`` prints the labels where it says: above, right, below, left or center.
    ``layer`` is the key by which all marks of their sort are switched, and ``layer_name`` its name for people, where
    `terrace.results.layers` has no better. ``level`` is that of an interval or a band around ``y`` in percent, with
    ``df`` degrees of freedom, shape (m,), None for the normal distribution. ``opacity`` (percent), ``points`` (the size
    of markers) and ``stroke`` (the width of lines, both in points) are what a look asked for, or None for the usual.
    """

    kind: MarkKind
    x: FloatArray
    y: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    width: float = 1.0
    label: str = ""
    role: MarkRole = "data"
    series: int = 0
    dashed: bool = False
    rows: npt.NDArray[np.int64] | None = None
    group_rows: tuple[npt.NDArray[np.int64], ...] = ()
    labels: tuple[str, ...] = ()
    style: Style = Style()
    horizontal: bool = False
    text: str = ""
    layer: str = ""
    layer_name: str = ""
    level: float | None = None
    df: FloatArray | None = None
    opacity: float | None = None
    points: float | None = None
    stroke: float | None = None


@dataclass(frozen=True)
class Axis:
    """``ticks`` replaces the numeric ticks by (position, label) pairs, for categories.

    ``limits`` run backwards, from the larger to the smaller number, on a reversed axis. ``whole`` marks an axis of
    whole numbers, such as codes, counts or years, on which there is nothing to be read between them; ``dates`` is the
    format of dates and times (`terrace.data.dates`), empty for other numbers.
    """

    title: str = ""
    ticks: tuple[tuple[float, str], ...] | None = None
    limits: tuple[float, float] | None = None
    log: bool = False
    whole: bool = False
    dates: str = ""


@dataclass(frozen=True)
class PlotPanel:
    """One set of axes with its layers, drawn in order. ``hidden`` are layers that a look can switch on."""

    x: Axis
    y: Axis
    marks: tuple[Marks, ...]
    title: str = ""
    hidden: tuple[Marks, ...] = ()


@dataclass(frozen=True)
class Plot:
    """One figure. ``kind`` names it for programs (``"residual-fitted"``); panels fill rows of `columns`.

    ``shared`` holds ``x`` and ``y`` where all panels have that axis in common, so that titles and numbers at the
    outer panels are enough. ``legend_order`` names the labels in the order of the legend; () is that of the
    layers. ``options["title"] == "automatic"`` marks a title that nobody asked for: a window shows it as the
    plot's heading, paper does without; ``"asked"`` one that somebody did. ``options["size"]`` is ``"6.5x4"``, inches
    that were asked for. ``look`` is what the figure was dressed with, for what only paper can do: sizes, letters, and
    where the legend stands. ``drawn_from`` are the rows that `Marks.rows` count, None where nobody knows any more.
    """

    title: str
    panels: tuple[PlotPanel, ...]
    kind: str = ""
    columns: int = 1
    note: str = ""
    legend: bool = False
    source: str = ""
    options: dict[str, str] = field(default_factory=dict)
    subtitle: str = ""
    shared: str = ""
    legend_order: tuple[str, ...] = ()
    look: FigureLook = PLAIN
    drawn_from: KnownRows | None = field(default=None, compare=False, repr=False)

    def _repr_svg_(self) -> str | None:
        """The figure in a notebook, as paper has it; None where it has so many marks that a picture is better."""
        text: str | None = None if _many(self) else rendered("plot svg", self)
        return text

    def _repr_png_(self) -> bytes | None:
        picture: bytes | None = rendered("plot png", self) if _many(self) else None
        return picture


SHOWN = 1000
"""Points of raw data or partial residuals from which on a sample of them is shown: more hide what lies over them."""


def thinned(plot: Plot, layers: tuple[str, ...], most: int = SHOWN) -> Plot:
    """The figure with at most so many points of each of these layers, the others hidden; told in its note.

    Which ones are shown is chosen at random by a fixed seed, the same each time. A look that asks for the layer shows
    them all.
    """
    panels, notes = list(plot.panels), []
    for key in layers:
        sizes = [len(m.x) for p in panels for m in p.marks if m.layer == key]
        if sum(sizes) <= most:
            continue
        chosen = np.zeros(sum(sizes), dtype=bool)
        chosen[np.random.default_rng(sum(sizes)).permutation(sum(sizes))[:most]] = True
        parts = iter(np.split(chosen, np.cumsum(sizes)[:-1]))
        panels = [_parted(p, key, parts) for p in panels]
        notes.append(f"{most:,} of {sum(sizes):,} points are shown, chosen at random.")
    note = " ".join(filter(None, (plot.note, *dict.fromkeys(notes))))
    return replace(plot, panels=tuple(panels), note=note)


def _parted(panel: PlotPanel, key: str, parts: Iterator[npt.NDArray[np.bool_]]) -> PlotPanel:
    marks, hidden = [], list(panel.hidden)
    for m in panel.marks:
        if m.layer != key:
            marks.append(m)
            continue
        kept = next(parts)
        marks.append(taken(m, kept))
        hidden.append(taken(m, ~kept))
    return replace(panel, marks=tuple(marks), hidden=tuple(hidden))


def taken(marks: Marks, kept: npt.NDArray[np.bool_]) -> Marks:
    """Some of the points of a layer, with their rows and labels."""
    return replace(
        marks,
        x=marks.x[kept],
        y=marks.y[kept],
        rows=None if marks.rows is None else marks.rows[kept],
        group_rows=tuple(r for r, k in zip(marks.group_rows, kept) if k),
        labels=tuple(t for t, k in zip(marks.labels, kept) if k) if marks.labels else (),
    )


def _many(plot: Plot) -> bool:
    return sum(len(m.x) for p in plot.panels for m in p.marks) > MANY
