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
from functools import lru_cache
from math import ceil
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from terrace.report import figure_marks
from terrace.report.files import ExportError, target, write
from terrace.report.themes import Theme, theme_of
from terrace.results.plot import Axis, Plot, PlotPanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
_FONTS = ("Arial", "Liberation Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans")
_WIDE_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Microsoft YaHei", "Yu Gothic", "Arial Unicode MS")
# matplotlib keeps its settings in one place for all threads
_LOCK = threading.RLock()
_MOST_TICKS = 30


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
    """Write the plot to a .png, .svg or .pdf file, whole or not at all. Returns the path.

    Raises `ExportError` for another extension, an existing file without `replace`, an unwritable folder.
    """
    kind = Path(path).suffix.lower()
    if kind not in FORMATS:
        raise ExportError(
            f"A plot cannot be written as {kind or 'a file without extension'}.",
            code="unknown-format",
            subject=str(path),
            advice="Use .png, .svg or .pdf.",
        )
    target(path, replace)
    content = render(plot, kind[1:], theme=theme, size=size, dpi=dpi, title=title)
    return write(path, content, replace=replace)


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

    columns = max(1, min(plot.columns, len(plot.panels) or 1))
    rows = max(1, ceil(len(plot.panels) / columns))
    inches = size or _size(rows, columns)
    figure = Figure(figsize=inches, layout="constrained")
    FigureCanvasAgg(figure)
    note = plot.note
    several = any(m.series for p in plot.panels for m in p.marks)
    for i, panel in enumerate(plot.panels):
        axes = figure.add_subplot(rows, columns, i + 1)
        sampled = _panel(axes, panel, theme, several)
        if sampled and sampled not in note:
            note = f"{note} {sampled}".strip()
    _letters(figure, plot, theme, note, title)
    figure.draw_without_rendering()  # ticks get their letters here, while the settings hold
    return figure


def _size(rows: int, columns: int) -> tuple[float, float]:
    """Inches: a page is 6.5 wide, and a trellis of many panels may not grow beyond it in height."""
    width = 6.5 if columns > 1 else 5.6
    if rows == columns == 1:
        return width, 3.9
    return width, min(9.0, 0.7 + rows * max(1.3, 0.72 * width / columns))


def _letters(figure: Figure, plot: Plot, theme: Theme, note: str, title: bool) -> None:
    """Title and legend above the panels, the note below; the panels share what is left between them."""
    width, height = figure.get_size_inches()
    edge = 0.07  # inches
    used = edge  # inches from the top
    left = edge / width
    if title and plot.title:
        text = fill(plot.title, max(20, int(width * 12)))
        bold: dict[str, Any] = {"fontsize": 11, "fontweight": "bold", "color": theme.ink}
        figure.text(left, 1 - used / height, text, ha="left", va="top", **bold)
        used += _inches(text, 11) + 0.05
    legend = _legend_entries(figure, plot) if plot.legend else []
    if legend:
        widest = max(len(label) for label, _ in legend)
        columns = max(1, min(len(legend), int(width * 14 / (widest + 7))))
        by_row = [legend[i] for c in range(columns) for i in range(c, len(legend), columns)]
        box = figure.legend(
            [h for _, h in by_row], [x for x, _ in by_row], loc="upper left", ncols=columns, borderpad=0.1,
            bbox_to_anchor=(left, 1 - used / height), borderaxespad=0.0, handlelength=2.4, markerscale=1.5,
            columnspacing=1.6, labelcolor=theme.ink,
        )  # fmt: skip
        box.set_in_layout(False)
        used += ceil(len(legend) / columns) * 8.5 * 1.45 / 72 + 0.06
    below = edge
    if note:
        text = fill(note, max(30, int(width * 17)))
        figure.text(left, below / height, text, ha="left", va="bottom", fontsize=8, color=theme.muted)
        below += _inches(text, 8) + 0.05
    room = (left, below / height, 1 - 2 * left, max(0.1, 1 - (used + below) / height))
    engine: Any = figure.get_layout_engine()
    engine.set(rect=room)


def _inches(text: str, points: float) -> float:
    return (text.count("\n") + 1) * points * 1.25 / 72


def _legend_entries(figure: Figure, plot: Plot) -> list[tuple[str, Any]]:
    """Label and artist of each labelled layer, once, in the order of the layers."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels()):
            found.setdefault(label, handle)
    order = dict.fromkeys(m.label for p in plot.panels for m in p.marks if m.label in found)
    return [(label, found[label]) for label in order]


def _panel(axes: Axes, panel: PlotPanel, theme: Theme, several: bool) -> str:
    """Draw one panel; returns what must be said of marks that are not all shown."""
    crowd = sum(len(m.x) for m in panel.marks if m.kind == "interval")
    notes = [figure_marks.add(axes, m, theme, several, z, crowd) for z, m in enumerate(panel.marks)]
    if panel.title:
        axes.set_title(panel.title, loc="left", color=theme.ink)
    axes.set_xlabel(panel.x.title)
    axes.set_ylabel(panel.y.title)
    _axis(axes, panel.x, "x")
    _axis(axes, panel.y, "y")
    return next((n for n in notes if n), "")


def _axis(axes: Axes, axis: Axis, which: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    own = axes.xaxis if which == "x" else axes.yaxis
    if axis.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        own.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        own.set_minor_formatter(NullFormatter())
    if axis.limits is not None:
        (axes.set_xlim if which == "x" else axes.set_ylim)(*axis.limits)
    if axis.ticks is None:
        return
    step = max(1, ceil(len(axis.ticks) / _MOST_TICKS))
    kept = axis.ticks[::step]
    own.set_major_locator(FixedLocator([t[0] for t in kept]))
    labels = [t[1] for t in kept]
    own.set_ticklabels(labels)
    own.set_minor_locator(FixedLocator([]))
    if which == "x" and sum(len(x) + 2 for x in labels) > 75:
        for text in axes.get_xticklabels():
            text.set(rotation=45, ha="right", rotation_mode="anchor")
