"""Where the legend of a figure stands: above or below the panels, beside them, inside, or as labels at its lines."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terrace.report.figure.letters import Letters
from terrace.report.themes import THEMES, Theme
from terrace.results.plot import Marks, Plot, PlotPanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

Entries = list[tuple[str, Any]]
Array = npt.NDArray[np.float64]
_PER_INCH = 14 * 8.5  # letters of one point to an inch
_GAP = 4.0  # points between the end of a line and its label
_LINE = 1.2  # of the size of letters, from one label to the next
_FEW = 6  # lines that are told apart by names at their ends
_SHORT = 24  # letters of a name that leaves the panel most of its width
_NEAR = 0.15  # of the width of a panel, from the end of a line to the edge
_SAMPLES = 4000  # of points that are looked at for a free place
_WEIGHTS = {"line": 4.0, "points": 1.0, "patch": 2.0}


def entries_of(figure: Figure, plot: Plot) -> Entries:
    """Label and artist of each labelled layer, once, in the order asked for or else in that of the layers.

    Layers of one label in one panel (a line and its points, a curve and its band) are one entry.
    """
    found: dict[str, Any] = {}
    for axes in figure.axes:
        here: dict[str, list[Any]] = {}
        for handle, label in zip(*axes.get_legend_handles_labels()):
            here.setdefault(label, []).append(handle)
        for label, handles in here.items():
            found.setdefault(label, handles[0] if len(handles) == 1 else tuple(handles))
    layers = dict.fromkeys(m.label for p in plot.panels for m in p.marks)
    order = dict.fromkeys([*plot.legend_order, *layers])
    return [(label, found[label]) for label in order if label in found]


def across(figure: Figure, entries: Entries, at: tuple[float, float], below: bool, theme: Theme,
           letters: Letters) -> float:  # fmt: skip
    """A legend in rows over the width of the figure, its corner `at` (parts of the figure). Returns its inches."""
    width = figure.get_size_inches()[0]
    per_inch = _PER_INCH / letters.legend
    longest = max(12, int(width * per_inch) - 7)
    filled = [(_filled(label, longest), handle) for label, handle in entries]
    widest = max(len(line) for label, _ in filled for line in label.splitlines())
    columns = max(1, min(len(filled), int(width * per_inch / (widest + 7))))
    by_row = [filled[i] for c in range(columns) for i in range(c, len(filled), columns)]
    _legend(figure, by_row, "lower left" if below else "upper left", at, columns, theme)
    deep = [label.count("\n") + 1 for label, _ in filled]
    high = sum(max(deep[i : i + columns]) for i in range(0, len(deep), columns))
    return (high * letters.legend * 1.2 + ceil(len(filled) / columns) * letters.legend * 0.5) / 72 + 0.06


def beside(figure: Figure, entries: Entries, edge: float, theme: Theme, letters: Letters) -> tuple[Legend, float]:
    """A legend in one column at the right edge. Returns it with the inches that it takes from the panels."""
    width = figure.get_size_inches()[0]
    longest = max(10, int(width * 0.36 * _PER_INCH / letters.legend) - 7)
    filled = [(_filled(label, longest), handle) for label, handle in entries]
    box = _legend(figure, filled, "upper right", (1 - edge / width, 0.9), 1, theme)
    return box, _size(figure, box)[0] + 0.1


def beside_panels(figure: Figure, box: Legend) -> None:
    """Put the top of a legend at that of the panels, once these have their places."""
    top = max(axes.get_position().y1 for axes in figure.axes)
    right = box.get_bbox_to_anchor().x0 / (figure.get_size_inches()[0] * figure.dpi)
    box.set_bbox_to_anchor((right, top), transform=figure.transFigure)


def _filled(text: str, width: int) -> str:
    return "\n".join(fill(line, width) for line in text.splitlines())


def _legend(figure: Figure, entries: Entries, loc: str, at: tuple[float, float], columns: int, theme: Theme) -> Legend:
    from matplotlib.legend_handler import HandlerTuple

    legend: Any = figure.legend  # its places are typed for a single axes
    box: Legend = legend(
        [h for _, h in entries], [x for x, _ in entries], loc=loc, ncols=columns, borderpad=0.1, bbox_to_anchor=at,
        borderaxespad=0.0, handlelength=2.4, markerscale=1.5, columnspacing=1.6, labelcolor=theme.ink,
        handler_map={tuple: HandlerTuple(ndivide=1)},
    )  # fmt: skip
    box.set_in_layout(False)
    for line in box.get_lines():  # an entry is no crowd: it need be neither small nor pale
        line.set_alpha(1.0)
        line.set_markersize(max(5.0, line.get_markersize()))
    return box


def _size(figure: Figure, box: Legend) -> tuple[float, float]:
    """Width and height of a legend in inches."""
    extent = box.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]  # that of Agg has one
    return extent.width / figure.dpi, extent.height / figure.dpi


# --- inside -------------------------------------------------------------------------------------------------
def fits(figure: Figure, entries: Entries, panel: tuple[float, float], letters: Letters) -> bool:
    """True where a legend takes no more than two thirds of the width and of the height of a panel of so many inches."""
    size = figure.get_size_inches()[0]
    box = _legend(figure, _narrow(entries, size, letters), "upper left", (0.0, 1.0), 1, THEMES["print"])
    wide, high = _size(figure, box)
    box.remove()
    return wide <= 2 / 3 * panel[0] and high <= 2 / 3 * panel[1]


def _narrow(entries: Entries, width: float, letters: Letters) -> Entries:
    longest = max(10, int(width * 0.5 * _PER_INCH / letters.legend) - 7)
    return [(_filled(label, longest), handle) for label, handle in entries]


def inside(figure: Figure, entries: Entries, theme: Theme, letters: Letters) -> Legend:
    """A legend at the emptiest place of the panels: there are nine in each, and the first of the best is taken.

    What counts is what lies under it: points as many as there are, lines for their length and more.
    """
    filled = _narrow(entries, figure.get_size_inches()[0], letters)
    box = _legend(figure, filled, "upper left", (0.0, 1.0), 1, theme)
    wide, high = (inches * figure.dpi for inches in _size(figure, box))
    best = min(
        ((cost, order, corner) for order, (cost, corner) in enumerate(
            (c, corner) for axes in figure.axes if axes.axison for c, corner in _places(axes, wide, high))),
        default=(0.0, 0, (0.0, 0.0)),
    )  # fmt: skip
    if best[0]:  # nothing is free: what lies beneath pales
        box.set_frame_on(True)
        box.get_frame().set(facecolor=theme.ground or "#ffffff", edgecolor="none", alpha=0.8)
    size = figure.get_size_inches() * figure.dpi
    box.set_bbox_to_anchor((best[2][0] / size[0], best[2][1] / size[1]), transform=figure.transFigure)
    return box


def _places(axes: Axes, wide: float, high: float) -> list[tuple[float, tuple[float, float]]]:
    """What a box of that size would cover at each place, with its upper left corner in dots of the figure."""
    frame = axes.get_window_extent()
    air = 0.02 * max(frame.width, frame.height)
    lefts = (frame.x1 - wide - air, frame.x0 + air, frame.x0 + (frame.width - wide) / 2)
    tops = (frame.y1 - air, frame.y0 + high + air, frame.y0 + (frame.height + high) / 2)
    things = _things(axes)
    out = []
    for top in tops:
        for left in lefts:
            pad = air / 2
            cost = sum(_inside(at, left - pad, top - high - pad, wide + 2 * pad, high + 2 * pad) * weight
                       for at, weight in things)  # fmt: skip
            out.append((cost, (left, top)))
    return out


def _inside(at: Array, left: float, bottom: float, wide: float, high: float) -> float:
    x, y = at[:, 0], at[:, 1]
    return float(((x >= left) & (x <= left + wide) & (y >= bottom) & (y <= bottom + high)).sum())


def _things(axes: Axes) -> list[tuple[Array, float]]:
    """What is drawn in axes as places in dots, with what covering one of them counts."""
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection

    frame = axes.get_window_extent()
    out: list[tuple[Array, float]] = []
    for line in axes.lines:
        at = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
        solid = line.get_linestyle() != "None"
        out.append((_along(at, frame.width / 100) if solid else _some(at), _WEIGHTS["line" if solid else "points"]))
    for patch in axes.patches:
        corners = np.asarray(patch.get_path().vertices, dtype=float)
        box = patch.get_transform().transform(corners)
        out.append((_filled_box(box, frame.width / 60), _WEIGHTS["patch"]))
    for found in axes.collections:
        if isinstance(found, PathCollection):
            out.append((_some(axes.transData.transform(np.asarray(found.get_offsets()))), _WEIGHTS["points"]))
        elif isinstance(found, LineCollection):
            segments = [found.get_transform().transform(np.asarray(s)) for s in found.get_segments()]
            out += [(_along(s, frame.width / 100), _WEIGHTS["points"]) for s in segments]
        elif isinstance(found, PolyCollection):
            edges = [found.get_transform().transform(np.asarray(p.vertices)) for p in found.get_paths()]
            out += [(_along(p, frame.width / 100), _WEIGHTS["points"]) for p in edges]
    return [(at, weight) for at, weight in out if len(at)]


def _some(at: Array) -> Array:
    at = at[np.isfinite(at).all(axis=1)]
    return at[:: max(1, len(at) // _SAMPLES)]


def _along(at: Array, step: float) -> Array:
    """Places along a line, no further apart than a step."""
    parts = [at[np.isfinite(at).all(axis=1)]]
    for a, b in zip(at[:-1][:_SAMPLES], at[1:][:_SAMPLES]):
        if np.isfinite(a).all() and np.isfinite(b).all():
            between = int(np.hypot(*(b - a)) / step)
            if between > 1:
                parts.append(a + (b - a) * np.linspace(0, 1, min(between, 400))[:, None])
    return np.concatenate(parts)


def _filled_box(corners: Array, step: float) -> Array:
    """Places all over the box of a patch."""
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    across, up = (np.linspace(a, b, max(2, min(60, int((b - a) / step)))) for a, b in ((left, right), (bottom, top)))
    x, y = np.meshgrid(across, up)
    return np.column_stack([x.ravel(), y.ravel()])


# --- at the lines -------------------------------------------------------------------------------------------
def place_of(plot: Plot) -> str:
    """Where the legend stands: where the look has it, or else at the ends of a few lines with short names, or above.

    Names at the lines are read without looking back and forth (Cleveland 1994, The Elements of Graphing Data, 2.3).
    """
    asked = plot.look.legend
    if asked == "lines":
        return asked if can_stand_at_lines(plot) else "right"
    return asked or ("lines" if _few_lines(plot) else "above")


def _few_lines(plot: Plot) -> bool:
    """True where each of two to six entries with short names is a line."""
    if not can_stand_at_lines(plot):
        return False
    names = {m.label for m in plot.panels[0].marks if m.label}
    # a layer of many lines has an end for each: at one of them its name would be that one's
    lines = {m.label for m in plot.panels[0].marks if m.label and m.kind == "line" and _is_one(m)}
    few = names == lines and 2 <= len(names) <= _FEW and max(map(len, names)) <= _SHORT
    return few and _end_at_the_right(plot.panels[0])


def _end_at_the_right(panel: PlotPanel) -> bool:
    """True where all lines end near the right edge: from elsewhere leaders would run over the data."""
    places = [(m.kind, m.x[np.isfinite(m.x) & np.isfinite(m.y)]) for m in panel.marks if m.kind in ("line", "points")]
    ends = [float(x.max()) for kind, x in places if kind == "line" and len(x)]
    seen = np.concatenate([x for _, x in places])
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 0.0)
    if panel.x.limits is not None:
        low, high = sorted(panel.x.limits)
    return bool(ends) and min(ends) >= high - _NEAR * (high - low)


def _is_one(marks: Marks) -> bool:
    """True for a line that goes one way; many lines in one layer begin on the left again and again."""
    steps = np.diff(marks.x[np.isfinite(marks.x) & np.isfinite(marks.y)])
    return bool((steps >= 0).all() or (steps <= 0).all())


def can_stand_at_lines(plot: Plot) -> bool:
    """True where each entry of the legend has a line or points of its own in the one panel that there is."""
    if len(plot.panels) != 1:
        return False
    labelled = {m.label for m in plot.panels[0].marks if m.label}
    own = {m.label for m in plot.panels[0].marks if m.label and m.kind in ("line", "points", "interval")}
    return bool(labelled) and labelled == own


def at_lines_room(figure: Figure, entries: Entries, letters: Letters) -> float:
    """Inches to the right of the panel that the labels need."""
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # that of Agg has one
    longest = 0.0
    for label, _ in entries:
        text = figure.text(0, 0, label, fontsize=letters.legend)
        longest = max(longest, text.get_window_extent(renderer).width / figure.dpi)
        text.remove()
    return longest + (_GAP + 2) / 72


def at_lines(figure: Figure, entries: Entries, theme: Theme, letters: Letters) -> list[Text]:
    """Labels at the right ends of the lines, moved apart where they would overlap."""
    axes = figure.axes[0]
    frame = axes.get_window_extent()
    ends = [(label, end) for label, handle in entries if (end := _end(axes, handle)) is not None]
    step = letters.legend * _LINE * figure.dpi / 72
    places = spread([end[1] for _, end in ends], step, frame.y0, frame.y1)
    back = axes.transAxes.inverted()
    out = []
    led = need_leaders([end for _, end in ends], places, step, frame.x1)
    for (label, (x, y)), place in zip(ends, places):
        (_, up), = back.transform([(x, place)])
        edge = frame.x1 + _GAP * figure.dpi / 72
        (right, _), = back.transform([(edge, place)])
        out.append(axes.text(right, up, label, transform=axes.transAxes, ha="left", va="center", color=theme.ink,
                             fontsize=letters.legend, clip_on=False))  # fmt: skip
        if led:
            (sx, sy), = back.transform([(x, y)])
            (stop, _), = back.transform([(edge - figure.dpi / 72, place)])
            axes.plot([sx, stop], [sy, up], color=theme.muted, linewidth=0.5, transform=axes.transAxes,
                      clip_on=False, label="_")  # fmt: skip
    for text in out:
        text.set_in_layout(False)
    return out


def _end(axes: Axes, handle: Any) -> tuple[float, float] | None:
    """The right end of what an entry stands for, in dots, within the axes."""
    artists = handle if isinstance(handle, tuple) else (handle,)
    lines = [a for a in artists if hasattr(a, "get_xydata")]
    if not lines:
        return None
    at = axes.transData.transform(np.asarray(lines[0].get_xydata(), dtype=float))
    at = at[np.isfinite(at).all(axis=1)]
    frame = axes.get_window_extent()
    at = at[np.argsort(at[:, 0], kind="stable")]
    inner = at[at[:, 0] <= frame.x1 + 1]
    if not len(inner):
        return None
    if len(inner) < len(at) and lines[0].get_linestyle() != "None":  # the line goes on: where it leaves the axes
        a, b = inner[-1], at[len(inner)]
        return float(frame.x1), float(np.clip(a[1] + (b[1] - a[1]) * (frame.x1 - a[0]) / (b[0] - a[0]),
                                              frame.y0, frame.y1))  # fmt: skip
    return float(inner[-1, 0]), float(np.clip(inner[-1, 1], frame.y0, frame.y1))


def need_leaders(ends: Sequence[tuple[float, float]], places: Sequence[float], step: float, edge: float) -> bool:
    """True where leaders have to show which line a label belongs to; where one needs a leader all have one.

    `ends` are those of the lines, `places` the heights of their labels, `step` is the height of a label, and `edge`
    where the labels begin.
    """
    return any(abs(place - y) > step / 6 or edge - x > step for (x, y), place in zip(ends, places))


def spread(places: list[float], step: float, low: float, high: float) -> list[float]:
    """Places at least a step apart in the same order, as near to where they were as that allows.

    Least squares under order: with the steps taken off, neighbours that come too near are pooled to their mean
    (isotonic regression, Barlow et al. 1972). They stay between `low` and `high` where there is room for all.
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    pools: list[tuple[float, int]] = []
    for rank, k in enumerate(order):
        mean, count = places[k] - rank * step, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, count = (mean * count + other * many) / (count + many), count + many
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    most = high - (len(places) - 1) * step
    out = [0.0] * len(places)
    for rank, k in enumerate(order):
        out[k] = (min(max(flat[rank], low), most) if most >= low else flat[rank]) + rank * step
    return out
