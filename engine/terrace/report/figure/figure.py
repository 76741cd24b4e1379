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
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace.disk.writing import destination, write_bytes
from terrace.errors import ExportError
from terrace.graphs.axes import is_numeric
from terrace.report import formats
from terrace.report.figure import legend as figure_legend
from terrace.report.figure import marks as figure_marks
from terrace.report.figure import trellis as figure_trellis
from terrace.report.figure.letters import Letters, families, letters_of, named_families, quiet_fonts, wrapped
from terrace.report.figure.ticks import set_axis
from terrace.report.themes import Theme, theme_of
from terrace.results.figure_look import PLAIN, FigureLook
from terrace.results.plot import Plot, PlotPanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

ENDINGS = {ending: f for f in formats.PLOTS for ending in (f.ending, *f.also)}
"""The formats of plots by the endings of their files."""
DPI = 300
"""Dots per inch of pictures where nothing else is asked for."""
_SCREEN = 144
CM = 2.54
SINGLE = (5.6, 3.9)
"""Inches of a figure with one panel."""
# matplotlib keeps its settings in one place for all threads
_LOCK = threading.RLock()
_USUALLY_TAKEN = 0.7  # inches of title, legend and note
_LINE = 0.36  # inches for a name of two lines on the vertical axis
_HEIGHT = 0.75  # of the width of a figure of one panel that has no height


def draw(
    plot: Plot,
    theme: str = "print",
    size: tuple[float, float] | None = None,
    *,
    title: bool = True,
) -> Figure:
    """The plot as a matplotlib figure. `size` is in inches; `title` False leaves it to a caption."""
    with _settings(theme_of(theme), plot.look):
        return _figure(plot, theme_of(theme), size, title)


def save(
    plot: Plot,
    path: str | os.PathLike[str],
    *,
    theme: str = "print",
    size: tuple[float, float] | None = None,
    dpi: int | None = None,
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
    content = render(plot, ENDINGS[kind].suffix, theme=theme, size=size, dpi=dpi, title=title)
    return write_bytes(path, content, replace=replace)


def svg_text(plot: Plot, *, theme: str = "print", title: bool = True) -> str:
    """The plot as the text of an SVG file; letters stay letters."""
    return render(plot, "svg", theme=theme, title=title).decode()


def png_bytes(plot: Plot) -> bytes:
    """The plot as a PNG of the dots per inch of a screen."""
    return render(plot, "png", dpi=_SCREEN)


def render(
    plot: Plot,
    kind: str,
    *,
    theme: str = "print",
    size: tuple[float, float] | None = None,
    dpi: int | None = None,
    title: bool = True,
) -> bytes:
    """The plot as the bytes of a ``png``, ``svg``, ``pdf`` or ``tiff`` file; the same input gives the same bytes.

    Size and dots per inch that are None are those of its look, or else the usual ones. A TIFF is compressed by LZW,
    without transparency, and in greys alone where the look is grey.
    """
    out = io.BytesIO()
    nothing: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    metadata = {**nothing, "Title": plot.title, **({} if kind == "png" else {"Creator": "Terrace"})}
    dots = dots_per_inch(plot) if dpi is None else dpi
    with _settings(theme_of(theme), plot.look, letters_stay=kind == "svg"):
        figure = _figure(plot, theme_of(theme), size, title)
        if kind in ("png", "tiff"):
            width, height = ((dots_across(v, dots) + 1e-3) / dots for v in figure.get_size_inches())
            figure.set_size_inches(width, height)
        if kind == "tiff":
            return _tiff(figure, dots, plot.look.grey is True)
        figure.savefig(out, format=kind, dpi=dots, metadata=metadata)
    return out.getvalue()


def dots_per_inch(plot: Plot) -> int:
    """The dots per inch of a picture of the plot: those of its look, or else the usual ones."""
    return plot.look.dpi or DPI


def dots_across(inches: float, dpi: int) -> int:
    """The dots of a length: the nearest number, where matplotlib leaves out what is no whole dot."""
    return round(inches * dpi)


def _tiff(figure: Figure, dpi: int, grey: bool) -> bytes:
    from PIL import Image

    png, out = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=dpi)
    with Image.open(png) as picture:
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A"))
    (flat.convert("L") if grey else flat).save(out, format="TIFF", compression="tiff_lzw", dpi=(dpi, dpi))
    return out.getvalue()


@contextmanager
def _settings(theme: Theme, look: FigureLook = PLAIN, *, letters_stay: bool = False) -> Iterator[None]:
    import matplotlib

    letters = letters_of(look)
    thin = min(1.0, letters.scale)
    settings: Any = {
        "font.family": list(named_families(look.font) if letters_stay and look.font else families(look.font)),
        "font.size": letters.axis,
        "axes.titlesize": letters.axis,
        "axes.labelsize": letters.axis,
        "xtick.labelsize": letters.tick,
        "ytick.labelsize": letters.tick,
        "legend.fontsize": letters.legend,
        "text.parse_math": False,  # a dollar sign in a label is a dollar sign
        "text.color": theme.ink,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.linewidth": 0.8 * letters.scale,
        "axes.facecolor": theme.ground or "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "xtick.major.size": 3.5 * letters.scale,
        "ytick.major.size": 3.5 * letters.scale,
        "xtick.major.width": 0.8 * thin,
        "ytick.major.width": 0.8 * thin,
        "figure.facecolor": theme.ground or "none",
        "savefig.facecolor": "auto",
        "legend.frameon": False,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "terrace",
        "path.simplify": True,
        "agg.path.chunksize": 20000,
    }
    with _LOCK, matplotlib.rc_context(settings), warnings.catch_warnings(), quiet_fonts():
        # a letter that no font here has prints as a box; that is not worth stopping a report
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        warnings.filterwarnings("ignore", message="constrained_layout not applied")  # letters leave panels no room
        yield


def settings(theme: str, look: FigureLook = PLAIN) -> AbstractContextManager[None]:
    """matplotlib with the letters and the file settings of a theme and a look, for one thread at a time."""
    return _settings(theme_of(theme), look)


def paper() -> AbstractContextManager[None]:
    """matplotlib with the letters and the file settings of the print theme, for one thread at a time."""
    return _settings(theme_of("print"))


def _figure(plot: Plot, theme: Theme, size: tuple[float, float] | None, title: bool) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows, columns = _grid(plot)
    inches = size or usual_size(plot)
    figure = Figure(figsize=inches, layout="constrained")
    FigureCanvasAgg(figure)
    note = plot.note
    several = any(m.series for p in plot.panels for m in p.marks)
    trellis = figure_trellis.Trellis(plot, rows, columns, inches, letters_of(plot.look))
    for i, panel in enumerate(plot.panels):
        axes = figure.add_subplot(rows, columns, i + 1)
        sampled = _panel(axes, panel, theme, several, trellis)
        trellis.strip(axes, i)
        if sampled and sampled not in note:
            note = f"{note} {sampled}".strip()
    if plot.options.get("title") == "automatic":  # nobody asked for it; a subtitle that stands alone was asked for
        plot = replace(plot, title="")
    around = _letters(figure, plot, theme, note, title, trellis)
    engine: Any = figure.get_layout_engine()
    taken = (1 - engine.get()["rect"][3]) * inches[1]
    usual = _USUALLY_TAKEN * min(1.0, inches[0] / SINGLE[0])
    if size is None and plot.look.height is None and taken > usual + 0.05:
        # long words take room of their own, not that of the panels
        return _figure(plot, theme, (inches[0], min(9.5, round(inches[1] + taken - usual, 2))), title)
    figure.draw_without_rendering()  # ticks get their letters here, while the settings hold
    if trellis.rewrap(figure):
        figure.draw_without_rendering()
    _freeze(figure)
    trellis.centre(figure, around.across, around.down)
    around.finish(figure, theme, trellis.letters_of_it)
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
    """Width and height in inches: those of its look, and where that has none what is usual."""
    rows, columns = _grid(plot)
    width, height = _size(rows, columns)
    most = max((sum(len(m.x) for m in p.marks if m.kind == "box") for p in plot.panels), default=0)
    if most > figure_marks.MANY_BOXES:
        width = 6.5
    look = plot.look
    if look.width is not None:
        width = look.width / CM
        height = width * _HEIGHT if rows == columns == 1 else _size(rows, columns, width)[1]
    if len(plot.panels) == 1 and not is_numeric(plot.panels[0].y):  # names over each other need so much
        height = max(height, min(9.0, 1.1 + _LINE * len(plot.panels[0].y.ticks or ())))
    return width, height if look.height is None else look.height / CM


def _size(rows: int, columns: int, width: float | None = None) -> tuple[float, float]:
    """Inches: a page is 6.5 wide, and a trellis of many panels may not grow beyond it in height."""
    if rows == columns == 1 and width is None:
        return SINGLE
    width = width or (6.5 if columns > 1 else SINGLE[0])
    return width, min(9.0, 0.7 + rows * max(1.3, 0.72 * width / columns))


@dataclass
class _Around:
    """What stands around the panels and is put in its place when these have theirs."""

    across: Text | None = None
    down: Text | None = None
    entries: figure_legend.Entries = field(default_factory=list)
    place: str = ""
    box: Legend | None = None

    def finish(self, figure: Figure, theme: Theme, letters: Letters) -> None:
        """Put the legend where the panels leave room for it."""
        if self.place == "inside":
            figure_legend.inside(figure, self.entries, theme, letters)
        elif self.place == "lines":
            figure_legend.at_lines(figure, self.entries, theme, letters)
        elif self.box is not None:
            figure_legend.beside_panels(figure, self.box)


def _letters(
    figure: Figure, plot: Plot, theme: Theme, note: str, title: bool, trellis: figure_trellis.Trellis
) -> _Around:
    """Title and legend above the panels, the note below; the panels share what is left between them.

    Returns the titles of axes that stand once for all panels, and a legend that waits for these.
    """
    letters = trellis.letters_of_it
    width, height = figure.get_size_inches()
    edge = 0.07  # inches
    used = edge  # inches from the top
    left = edge / width
    lines: list[tuple[str, dict[str, Any]]] = []
    if title and plot.title:
        lines.append((plot.title, {"fontsize": letters.title, "fontweight": "bold", "color": theme.ink}))
    if title and plot.subtitle:
        lines.append((plot.subtitle, {"fontsize": letters.subtitle, "color": theme.ink}))
    for words, looks in lines:
        text = wrapped(words, width - 2 * edge, looks["fontsize"], bold="fontweight" in looks)
        figure.text(left, 1 - used / height, text, ha="left", va="top", **looks)
        used += _inches(text, looks["fontsize"]) + 0.05
    out = _Around(entries=figure_legend.entries_of(figure, plot) if plot.legend else [])
    out.place = figure_legend.place_of(plot) if out.entries else ""
    if out.place == "inside" and not figure_legend.fits(figure, out.entries, (trellis.width, trellis.height), letters):
        out.place = "above"
    if out.place == "above":
        at = (left, 1 - used / height)
        used += figure_legend.across(figure, out.entries, at, False, theme, letters)
    below = edge
    if note:
        text = wrapped(note, width - 2 * edge, letters.note)
        figure.text(left, below / height, text, ha="left", va="bottom", fontsize=letters.note, color=theme.muted)
        below += _inches(text, letters.note) + 0.05
    if out.place == "below":
        below += figure_legend.across(figure, out.entries, (left, below / height), True, theme, letters)
    looks = {"fontsize": letters.axis, "color": theme.ink}
    if words := trellis.title("x"):
        out.across = figure.text(0.5, below / height, words, ha="center", va="bottom", **looks)
        below += _inches(words, letters.axis) + 0.02
    beside = left
    if words := trellis.title("y"):
        out.down = figure.text(left, 0.5, words, ha="left", va="center", rotation="vertical", **looks)
        beside += (_inches(words, letters.axis) + 0.02) / width
    right = left
    if out.place == "right":
        out.box, taken = figure_legend.beside(figure, out.entries, edge, theme, letters)
        right += taken / width
    elif out.place == "lines":
        right += figure_legend.at_lines_room(figure, out.entries, letters) / width
    room = (beside, below / height, max(0.1, 1 - beside - right), max(0.1, 1 - (used + below) / height))
    engine: Any = figure.get_layout_engine()
    engine.set(rect=room)
    return out


def _inches(text: str, points: float) -> float:
    return (text.count("\n") + 1) * points * 1.25 / 72


def _panel(axes: Axes, panel: PlotPanel, theme: Theme, several: bool, trellis: figure_trellis.Trellis) -> str:
    """Draw one panel; returns what must be said of marks that are not all shown."""
    crowd = sum(len(m.x) for m in panel.marks if m.kind == "interval")
    boxes = sum(len(m.x) for m in panel.marks if m.kind == "box")
    scale = trellis.scale * (0.5 if boxes > figure_marks.MANY_BOXES else 1.0)
    text = trellis.labels
    notes = [figure_marks.add(axes, m, theme, several, z, crowd, scale, text) for z, m in enumerate(panel.marks)]
    if panel.title:
        axes.set_title(trellis.heading(panel.title), loc="left", color=theme.ink, fontsize=trellis.heading_size)
    axes.set_xlabel(trellis.axis_title(panel.x.title, "x"))
    axes.set_ylabel(trellis.axis_title(panel.y.title, "y"))
    set_axis(axes, panel.x, "x", trellis)
    set_axis(axes, panel.y, "y", trellis)
    if not panel.marks and not panel.title:  # a gap in the grid of panels
        axes.set_axis_off()
    lying = any(m.horizontal for m in panel.marks)
    axes.set_axisbelow(True)
    if trellis.plot.look.grid is not False:
        axes.grid(axis="x" if lying else "y", color=theme.line or "#dfe3e8", linewidth=0.5, alpha=0.6, zorder=0)
    return next((n for n in notes if n), "")
