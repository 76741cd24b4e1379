"""A `Plot` on paper: PNG, SVG and PDF by matplotlib, without pyplot and without a window.

One rule besides beauty: colour never carries a meaning alone. Every series has a marker and a dash pattern.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import lru_cache
from math import ceil
from pathlib import Path
from textwrap import fill, shorten
from typing import TYPE_CHECKING, Any

from terrace.disk.writing import destination, write_bytes
from terrace.errors import ExportError
from terrace.report import formats
from terrace.report.figure import marks as figure_marks
from terrace.report.figure import trellis as figure_trellis
from terrace.report.themes import Theme, theme_of
from terrace.results.plot import Axis, Plot, PlotPanel
from terrace.wording import true_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

ENDINGS = tuple(f.ending for f in formats.PLOTS)
_FONTS = ("Arial", "Liberation Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans")
_WIDE_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Microsoft YaHei", "Yu Gothic", "Arial Unicode MS")
# matplotlib keeps its settings in one place for all threads
_LOCK = threading.RLock()
_MOST_TICKS = 30
_USUALLY_TAKEN = 0.7  # inches of title, legend and note
_LEAST_WRAPPED = 9  # letters; words wrapped narrower than this cannot be read


def draw(
    plot: Plot,
    theme: str = "print",
    size: tuple[float, float] | None = None,
    *,
    title: bool = True,
) -> Figure:
    """The plot as a matplotlib figure. `size` is in inches; `title` False leaves it to a caption."""
    with _settings(theme_of(theme)):
        return _figure(plot, theme_of(theme), size, title)


def save(
    plot: Plot,
    path: str | os.PathLike[str],
    *,
    theme: str = "print",
    size: tuple[float, float] | None = None,
    dpi: int = 300,
    title: bool = True,
    replace: bool = False,
) -> Path:
    """Write the plot to a file of one of `formats.PLOTS`, whole or not at all. Returns the path.

    Raises `ExportError` for another extension, `DataError` for an existing file without `replace` and where the
    disk does not take it.
    """
    kind = Path(path).suffix.lower()
    if kind not in ENDINGS:
        raise ExportError(
            f"A plot cannot be written as {kind or 'a file without extension'}.",
            code="unknown-format",
            subject=str(path),
            advice=f"Use {formats.endings(formats.PLOTS)}.",
        )
    destination(path, replace=replace)
    content = render(plot, kind[1:], theme=theme, size=size, dpi=dpi, title=title)
    return write_bytes(path, content, replace=replace)


def svg_text(plot: Plot, *, theme: str = "print", title: bool = True) -> str:
    """The plot as the text of an SVG file; letters stay letters."""
    return render(plot, "svg", theme=theme, title=title).decode()


def render(
    plot: Plot,
    kind: str,
    *,
    theme: str = "print",
    size: tuple[float, float] | None = None,
    dpi: int = 300,
    title: bool = True,
) -> bytes:
    """The plot as the bytes of a ``png``, ``svg`` or ``pdf`` file; the same input gives the same bytes."""
    out = io.BytesIO()
    nothing: dict[str, Any] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    metadata = {**nothing, "Title": plot.title, **({} if kind == "png" else {"Creator": "Terrace"})}
    with _settings(theme_of(theme)):
        figure = _figure(plot, theme_of(theme), size, title)
        figure.savefig(out, format=kind, dpi=dpi, metadata=metadata)
    return out.getvalue()


@contextmanager
def _settings(theme: Theme) -> Iterator[None]:
    import matplotlib

    settings: Any = {
        "font.family": list(_families()),
        "font.size": 9.5,
        "axes.titlesize": 9.5,
        "axes.labelsize": 9.5,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "legend.fontsize": 8.5,
        "text.parse_math": False,  # a dollar sign in a label is a dollar sign
        "text.color": theme.ink,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.linewidth": 0.8,
        "axes.facecolor": theme.ground or "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "xtick.major.size": 3.5,
        "ytick.major.size": 3.5,
        "figure.facecolor": theme.ground or "none",
        "savefig.facecolor": "auto",
        "legend.frameon": False,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "terrace",
        "path.simplify": True,
        "agg.path.chunksize": 20000,
    }
    with _LOCK, matplotlib.rc_context(settings), warnings.catch_warnings():
        # a letter that no font here has prints as a box; that is not worth stopping a report
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        yield


def settings(theme: str) -> AbstractContextManager[None]:
    """matplotlib with the letters and the file settings of a theme, for one thread at a time."""
    return _settings(theme_of(theme))


def paper() -> AbstractContextManager[None]:
    """matplotlib with the letters and the file settings of the print theme, for one thread at a time."""
    return _settings(theme_of("print"))


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    """Installed families, in order of preference; TrueType only, which a PDF can embed as type 42."""
    from matplotlib import font_manager

    installed = {f.name for f in font_manager.fontManager.ttflist if f.fname.lower().endswith(".ttf")}
    found = [f for f in (*_FONTS, *_WIDE_FONTS) if f in installed]
    return tuple(found or ["DejaVu Sans"])  # the last comes with matplotlib


def _figure(plot: Plot, theme: Theme, size: tuple[float, float] | None, title: bool) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows, columns = _grid(plot)
    inches = size or usual_size(plot)
    figure = Figure(figsize=inches, layout="constrained")
    FigureCanvasAgg(figure)
    note = plot.note
    several = any(m.series for p in plot.panels for m in p.marks)
    trellis = figure_trellis.Trellis(plot, rows, columns, inches)
    for i, panel in enumerate(plot.panels):
        axes = figure.add_subplot(rows, columns, i + 1)
        sampled = _panel(axes, panel, theme, several, trellis)
        trellis.strip(axes, i)
        if sampled and sampled not in note:
            note = f"{note} {sampled}".strip()
    if plot.options.get("title") == "automatic":  # nobody asked for it; a subtitle that stands alone was asked for
        titles = _letters(figure, replace(plot, title=""), theme, note, title, trellis)
    else:
        titles = _letters(figure, plot, theme, note, title, trellis)
    engine: Any = figure.get_layout_engine()
    taken = (1 - engine.get()["rect"][3]) * inches[1]
    if size is None and taken > _USUALLY_TAKEN + 0.05:  # long words take room of their own, not that of the panels
        return _figure(plot, theme, (inches[0], min(9.5, round(inches[1] + taken - _USUALLY_TAKEN, 2))), title)
    figure.draw_without_rendering()  # ticks get their letters here, while the settings hold
    if trellis.rewrap(figure, *titles):
        figure.draw_without_rendering()
    _freeze(figure)
    trellis.centre(figure, *titles)
    return figure


def _freeze(figure: Figure) -> None:
    """Keep the places that the layout found, without the last digits, which differ from run to run."""
    figure.set_layout_engine("none")
    for axes in figure.axes:
        x, y, width, height = (round(v, 7) for v in axes.get_position().bounds)
        axes.set_position((x, y, width, height))


def _grid(plot: Plot) -> tuple[int, int]:
    columns = max(1, min(plot.columns, len(plot.panels) or 1))
    return max(1, ceil(len(plot.panels) / columns)), columns


def usual_size(plot: Plot) -> tuple[float, float]:
    """Width and height in inches where nothing else is asked for."""
    width, height = _size(*_grid(plot))
    most = max((sum(len(m.x) for m in p.marks if m.kind == "box") for p in plot.panels), default=0)
    return (6.5, height) if most > figure_marks.MANY_BOXES else (width, height)


def _size(rows: int, columns: int) -> tuple[float, float]:
    """Inches: a page is 6.5 wide, and a trellis of many panels may not grow beyond it in height."""
    width = 6.5 if columns > 1 else 5.6
    if rows == columns == 1:
        return width, 3.9
    return width, min(9.0, 0.7 + rows * max(1.3, 0.72 * width / columns))


def _letters(
    figure: Figure, plot: Plot, theme: Theme, note: str, title: bool, trellis: figure_trellis.Trellis
) -> tuple[Text | None, Text | None]:
    """Title and legend above the panels, the note below; the panels share what is left between them.

    Returns the titles of axes that stand once for all panels.
    """
    width, height = figure.get_size_inches()
    edge = 0.07  # inches
    used = edge  # inches from the top
    left = edge / width
    lines: list[tuple[str, dict[str, Any]]] = []
    if title and plot.title:
        lines.append((plot.title, {"fontsize": 11, "fontweight": "bold", "color": theme.ink}))
    if title and plot.subtitle:
        lines.append((plot.subtitle, {"fontsize": 9.5, "color": theme.ink}))
    for words, looks in lines:
        text = _filled(words, max(20, int(width * (108 if "fontweight" in looks else 130) / looks["fontsize"])))
        figure.text(left, 1 - used / height, text, ha="left", va="top", **looks)
        used += _inches(text, looks["fontsize"]) + 0.05
    legend = _legend_entries(figure, plot) if plot.legend else []
    if legend:
        from matplotlib.legend_handler import HandlerTuple

        longest = max(12, int(width * 14) - 7)
        legend = [(_filled(label, longest), handle) for label, handle in legend]
        widest = max(len(line) for label, _ in legend for line in label.splitlines())
        columns = max(1, min(len(legend), int(width * 14 / (widest + 7))))
        by_row = [legend[i] for c in range(columns) for i in range(c, len(legend), columns)]
        box = figure.legend(
            [h for _, h in by_row], [x for x, _ in by_row], loc="upper left", ncols=columns, borderpad=0.1,
            bbox_to_anchor=(left, 1 - used / height), borderaxespad=0.0, handlelength=2.4, markerscale=1.5,
            columnspacing=1.6, labelcolor=theme.ink, handler_map={tuple: HandlerTuple(ndivide=1)},
        )  # fmt: skip
        box.set_in_layout(False)
        for line in box.get_lines():  # an entry is no crowd: it need be neither small nor pale
            line.set_alpha(1.0)
            line.set_markersize(max(5.0, line.get_markersize()))
        deep = [label.count("\n") + 1 for label, _ in legend]
        high = sum(max(deep[i : i + columns]) for i in range(0, len(deep), columns))
        used += (high * 8.5 * 1.2 + ceil(len(legend) / columns) * 8.5 * 0.5) / 72 + 0.06
    below = edge
    if note:
        text = _filled(note, max(30, int(width * 17)))
        figure.text(left, below / height, text, ha="left", va="bottom", fontsize=8, color=theme.muted)
        below += _inches(text, 8) + 0.05
    looks = {"fontsize": 9.5, "color": theme.ink}
    across = down = None
    if words := trellis.title("x"):
        across = figure.text(0.5, below / height, words, ha="center", va="bottom", **looks)
        below += _inches(words, 9.5) + 0.02
    beside = left
    if words := trellis.title("y"):
        down = figure.text(left, 0.5, words, ha="left", va="center", rotation="vertical", **looks)
        beside += (_inches(words, 9.5) + 0.02) / width
    room = (beside, below / height, 1 - beside - left, max(0.1, 1 - (used + below) / height))
    engine: Any = figure.get_layout_engine()
    engine.set(rect=room)
    return across, down


def _filled(text: str, width: int) -> str:
    """Lines no longer than `width` letters; line breaks of the text itself stay."""
    return "\n".join(fill(line, width) for line in text.splitlines())


def _inches(text: str, points: float) -> float:
    return (text.count("\n") + 1) * points * 1.25 / 72


def _legend_entries(figure: Figure, plot: Plot) -> list[tuple[str, Any]]:
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


def _panel(axes: Axes, panel: PlotPanel, theme: Theme, several: bool, trellis: figure_trellis.Trellis) -> str:
    """Draw one panel; returns what must be said of marks that are not all shown."""
    crowd = sum(len(m.x) for m in panel.marks if m.kind == "interval")
    boxes = sum(len(m.x) for m in panel.marks if m.kind == "box")
    scale = trellis.scale * (0.5 if boxes > figure_marks.MANY_BOXES else 1.0)
    notes = [figure_marks.add(axes, m, theme, several, z, crowd, scale) for z, m in enumerate(panel.marks)]
    if panel.title:
        axes.set_title(trellis.heading(panel.title), loc="left", color=theme.ink, fontsize=trellis.heading_size)
    axes.set_xlabel(trellis.axis_title(panel.x.title, "x"))
    axes.set_ylabel(trellis.axis_title(panel.y.title, "y"))
    _axis(axes, panel.x, "x", trellis)
    _axis(axes, panel.y, "y", trellis)
    if not panel.marks and not panel.title:  # a gap in the grid of panels
        axes.set_axis_off()
    lying = any(m.horizontal for m in panel.marks)
    axes.set_axisbelow(True)
    axes.grid(axis="x" if lying else "y", color=theme.line or "#dfe3e8", linewidth=0.5, alpha=0.6, zorder=0)
    return next((n for n in notes if n), "")


def _axis(axes: Axes, axis: Axis, which: str, trellis: figure_trellis.Trellis) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

    own = axes.xaxis if which == "x" else axes.yaxis
    own.set_tick_params(labelsize=trellis.tick_size)
    if axis.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        own.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        own.set_minor_formatter(NullFormatter())
    if axis.limits is not None:
        (axes.set_xlim if which == "x" else axes.set_ylim)(*axis.limits)
    if axis.ticks is None:
        if not axis.log and (ticks := trellis.ticks(which)):
            own.set_major_locator(MaxNLocator(ticks))
        return
    letters = int(trellis.letters)
    most = _MOST_TICKS if which == "y" else min(_MOST_TICKS, trellis.slanted)
    step = max(1, ceil(len(axis.ticks) / most))
    kept = [(at, true_minus(text)) for at, text in axis.ticks[::step]]
    own.set_major_locator(FixedLocator([t[0] for t in kept]))
    own.set_minor_locator(FixedLocator([]))
    if which == "y":
        own.set_ticklabels([_filled(t[1], 24) for t in kept])
        return
    room = letters / max(1, len(kept)) - 2  # letters beside each other that a label has
    labels = [t[1] for t in kept]
    if max((len(x) for x in labels), default=0) > room >= _LEAST_WRAPPED:
        wrapped = [fill(x, int(room), break_long_words=False) for x in labels]
        lines = [x.splitlines() for x in wrapped]
        if all(len(line) <= room + 1 for x in lines for line in x) and max(map(len, lines)) <= 3:
            own.set_ticklabels(wrapped)
            return
    slanted = sum(len(x) + 2 for x in labels) > letters
    own.set_ticklabels([shorten(x, 28, placeholder="…") if slanted else x for x in labels])
    if slanted:
        for text in axes.get_xticklabels():
            text.set(rotation=45, ha="right", rotation_mode="anchor")
