"""A figure as it will be printed, in dots, and where on it the parts are that its user can change.

Who edits a figure sees this: it is drawn by what writes its file, so that both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terrace.report.figure.figure import draw, settings
from terrace.results.layers import layer_key, series_of, series_place
from terrace.results.plot import Axis, Marks, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

MOST = 6_000_000
"""Dots of a proof at most; one of a larger figure is coarser than asked for."""
_CORNERS = 400  # of one line, for finding it
_ZORDER = 2  # of the first layer of a panel, see `terrace.report.figure.marks.add`
PARTS = ("title", "subtitle", "note", "xtitle", "ytitle", "xaxis", "yaxis", "legend", "series", "layer")
"""The names of parts."""
Box = tuple[float, float, float, float]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """Something on a figure that can be changed.

    ``name`` is one of `PARTS`. ``box`` is left, top, right and bottom in parts of the width and height from the upper
    left corner; ``path``, shape (m, 2), the corners of a line in the same, None for what is no line. ``series`` is the
    place of a line among `terrace.results.layers.series_of`, from 0, and ``layer`` the key of its layer.
    """

    name: str
    box: Box
    path: FloatArray | None = None
    series: int | None = None
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """What an axis shows: its ends, and the step of its ticks, None where they are no even numbers."""

    low: float
    high: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """How marks of a layer are drawn: the size of points and the width of lines in points, where it has such, and its
    opacity in percent."""

    size: float | None = None
    width: float | None = None
    opacity: float | None = None


@dataclass(frozen=True, eq=False)
class Proof:
    """The picture, rows of red, green, blue and opacity, with its size in dots and in inches.

    ``x`` and ``y`` are the axes of the first panel. ``colors`` are those of the series as they are drawn, by their
    places, and ``layers`` tells of layers how they are drawn, by their keys.
    """

    pixels: bytes
    width: int
    height: int
    inches: tuple[float, float]
    parts: tuple[Part, ...] = ()
    x: Span | None = None
    y: Span | None = None
    colors: Mapping[int, str] | None = None
    layers: Mapping[str, Drawn] | None = None


def proof(plot: Plot, dpi: float, *, title: bool = True, most: int = MOST, parts: bool = True) -> Proof:
    """The figure at that many dots per inch, or so many fewer that it has `most` dots; `title` as in `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with settings("print", plot.look):
        figure = draw(plot, title=title)
        inches = tuple(float(v) for v in figure.get_size_inches())
        figure.set_dpi(min(dpi, (most / (inches[0] * inches[1])) ** 0.5))
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        found = tuple(_parts(figure, plot, canvas.get_renderer())) if parts else ()
    first = figure.axes[0] if figure.axes else None
    x = y = None
    if first is not None and plot.panels:
        x, y = _span(first, "x", plot.panels[0].x), _span(first, "y", plot.panels[0].y)
    pixels = bytes(canvas.buffer_rgba())
    colors, layers = _colors(figure, plot), _layers(figure, plot)
    return Proof(pixels, width, height, (inches[0], inches[1]), found, x, y, colors, layers)


# --- axes and series ----------------------------------------------------------------------------------------
def _span(axes: Axes, which: str, axis: Axis) -> Span:
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    own = axes.xaxis if which == "x" else axes.yaxis
    at = [float(v) for v in own.get_majorticklocs() if min(low, high) <= v <= max(low, high)]
    steps = np.diff(at)
    even = len(steps) > 0 and not axis.log and bool(np.allclose(steps, steps[0]))
    return Span(float(low), float(high), float(f"{steps[0]:.6g}") if even else None)


def _colors(figure: Figure, plot: Plot) -> dict[int, str]:
    from matplotlib.colors import to_hex

    series, out = series_of(plot), dict[int, str]()
    for artist, marks in _artists(figure, plot):
        place = series_place(series, marks)
        if place is None or place in out:
            continue
        found = artist.get_color() if hasattr(artist, "get_color") else artist.get_facecolor()
        out[place] = to_hex(found[0] if np.ndim(found) == 2 and len(found) else found)
    return out


def _artists(figure: Figure, plot: Plot) -> Iterator[tuple[Any, Marks]]:
    """What matplotlib draws, with the marks that it is drawn for."""
    for axes, panel in zip(figure.axes, plot.panels):
        for artist in (*axes.lines, *axes.collections, *axes.patches):
            z = int(artist.get_zorder()) - _ZORDER
            if 0 <= z < len(panel.marks):
                yield artist, panel.marks[z]


def _layers(figure: Figure, plot: Plot) -> dict[str, Drawn]:
    """Of each layer what is drawn first."""
    out: dict[str, Drawn] = {}
    for artist, marks in _artists(figure, plot):
        key = layer_key(marks)
        now = out.get(key, Drawn())
        alpha = artist.get_alpha()
        opacity: float | None = 100.0 if alpha is None else 100 * float(alpha)
        size = width = None
        is_line = hasattr(artist, "get_markersize")
        is_marker = is_line and artist.get_linestyle() == "None"
        if (marks.kind == "interval" and is_marker) or (marks.kind == "box" and is_line):
            opacity = None  # that of an interval is its bar's, that of a box its body's
        if is_marker:
            size = float(artist.get_markersize())
        elif marks.kind in ("line", "interval", "hline", "vline"):
            width = float(np.ravel(artist.get_linewidth())[0])
        out[key] = Drawn(
            size if now.size is None else now.size, width if now.width is None else now.width,
            opacity if now.opacity is None else now.opacity,
        )  # fmt: skip
    return out


# --- where things are ---------------------------------------------------------------------------------------
def _parts(figure: Figure, plot: Plot, renderer: Any) -> Iterator[Part]:
    """What lies above others comes first."""
    size = (figure.bbox.width, figure.bbox.height)
    for legend in figure.legends:
        yield Part("legend", _box(legend.get_window_extent(renderer), size))
    yield from _texts(figure, plot, renderer, size)
    series = series_of(plot)
    for axes, panel in zip(figure.axes, plot.panels):
        for text in axes.texts:  # labels at the lines
            if text.get_text() in [s.label for s in series]:
                place = [s.label for s in series].index(text.get_text())
                yield Part("series", _box(text.get_window_extent(renderer), size), series=place)
        for name, text in (("xtitle", axes.xaxis.label), ("ytitle", axes.yaxis.label)):
            yield from _text(name, text, renderer, size)
        for name, own in (("xaxis", axes.xaxis), ("yaxis", axes.yaxis)):
            boxes = _numbers(axes, own, renderer)
            if boxes:
                yield Part(name, _box(type(boxes[0]).union(boxes), size))
        for line in reversed(axes.lines):
            z = int(line.get_zorder()) - _ZORDER
            if not 0 <= z < len(panel.marks) or line.get_linestyle() == "None":
                continue
            place_ = series_place(series, panel.marks[z])
            path = _path(axes, line, size)
            if len(path) > 1:
                name = "layer" if place_ is None else "series"
                yield Part(name, _around(path), path, place_, layer_key(panel.marks[z]))


def _numbers(axes: Axes, axis: Any, renderer: Any) -> list[Bbox]:
    """Where the numbers, or names, of an axis stand; matplotlib has some beyond its ends that are not drawn."""
    low, high = sorted(axis.get_view_interval())
    shown = [t for t in axis.get_major_ticks() if low <= t.get_loc() <= high and t.label1.get_text()]
    return [t.label1.get_window_extent(renderer) for t in shown if t.label1.get_visible()]


def _texts(figure: Figure, plot: Plot, renderer: Any, size: tuple[float, float]) -> Iterator[Part]:
    """Title, subtitle and note, and titles of axes that stand once for all panels; by their words, as they wrap."""
    names: dict[str, str] = {_plain(plot.subtitle): "subtitle", _plain(plot.title): "title"}
    across = {_plain(p.x.title) for p in plot.panels}
    for text in figure.texts:
        words = _plain(text.get_text())
        if text.get_rotation():
            name = "ytitle"
        elif words in names:
            name = names[words]
        else:
            name = "xtitle" if words in across else "note"
        yield from _text(name, text, renderer, size)


def _text(name: str, text: Text, renderer: Any, size: tuple[float, float]) -> Iterator[Part]:
    if text.get_text().strip():
        yield Part(name, _box(text.get_window_extent(renderer), size))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _path(axes: Axes, line: Any, size: tuple[float, float]) -> FloatArray:
    at = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
    at = at[:: max(1, len(at) // _CORNERS)]
    at = at[np.isfinite(at).all(axis=1)]
    return np.column_stack([at[:, 0] / size[0], 1 - at[:, 1] / size[1]])


def _around(path: FloatArray) -> Box:
    (left, top), (right, bottom) = path.min(axis=0), path.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _box(extent: Bbox, size: tuple[float, float]) -> Box:
    width, height = size
    return (float(extent.x0 / width), float(1 - extent.y1 / height), float(extent.x1 / width),
            float(1 - extent.y0 / height))  # fmt: skip
