"""The layers of a plot as matplotlib artists, and what to do with more marks than paper can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terrace.graphs.colors import contrast
from terrace.report.themes import Theme
from terrace.results.plot import Marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 100_000  # above this, points are counted in cells
MOST_INTERVALS = 4_000  # more bars than a page has dots across
MOST_TEXTS = 500  # labels beside points
MOST_CORNERS = 200_000  # of one line
MANY_BOXES = 40
_RASTER = 5_000  # a vector file with more marks is slow to open, so they become a picture inside it

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
DASHES: tuple[Any, ...] = (
    "solid",
    (0, (5, 2)),
    (0, (1, 1.4)),
    (0, (6, 2, 1.2, 2)),
    (0, (3, 1.4)),
    (0, (6, 1.6, 1.2, 1.6, 1.2, 1.6)),
    (0, (9, 2.5)),
    (0, (2, 3)),
)

# What a user may ask for by name, see `terrace.results.plot.Style`.
PATTERNS: dict[str, Any] = {
    "solid": "solid",
    "dash": (0, (5, 2)),
    "shortdash": (0, (3, 1.4)),
    "longdash": (0, (9, 2.5)),
    "dot": (0, (1, 1.4)),
    "dashdot": (0, (6, 2, 1.2, 2)),
    "none": "none",
}
SYMBOLS = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "diamond": "D",
    "cross": "x",
    "plus": "+",
    "arrow": "v",
    "pipe": "|",
    "point": ".",
}
_LINES_ONLY = ("x", "+", "|")  # markers without an inside
_LEAST_CONTRAST = 1.6

Array = npt.NDArray[np.float64]


def add(
    axes: Axes, marks: Marks, theme: Theme, several: bool, z: int, crowd: int = 0, scale: float = 1.0,
    letters: float | None = None,
) -> str:
    """Draw one layer over those before it.

    `several` tells that colours tell series apart, `crowd` how many intervals all layers have together; `scale`
    makes markers and lines smaller in small panels. `letters` are the points of labels, None for the usual ones.

    Returns a sentence for the note where not every mark is drawn as it is.
    """
    color = _color(marks, theme, several)
    if marks.text:
        _texts(axes, marks, theme, z, letters or max(7.0, 8.5 * scale))
    options: dict[str, Any] = {"zorder": 2 + z, "label": marks.label or "_"}
    if marks.kind == "points":
        return _points(axes, marks, theme, color, options, scale)
    if marks.kind == "line":
        _line(axes, marks, color, options, scale)
    elif marks.kind == "band":
        lower, upper = _bounds(marks)
        fill = axes.fill_betweenx if marks.horizontal else axes.fill_between
        fill(marks.x, lower, upper, color=color, alpha=_alpha(marks, 0.16), linewidth=0, **options)
    elif marks.kind == "interval":
        return _intervals(axes, marks, color, options, crowd, scale)
    elif marks.kind == "bars":
        base = np.zeros(len(marks.x)) if marks.lower is None else np.asarray(marks.lower, dtype=float)
        place = axes.barh if marks.horizontal else axes.bar
        place(
            marks.x, np.asarray(marks.y, dtype=float) - base, marks.width, base, color=color, alpha=_alpha(marks, 0.75),
            edgecolor=marks.style.outline or theme.ground, linewidth=0.6, **options,
        )  # fmt: skip
    elif marks.kind in ("hline", "vline"):
        at = marks.y if marks.kind == "hline" else marks.x
        rule = axes.axhline if marks.kind == "hline" else axes.axvline
        dash = PATTERNS.get(marks.style.pattern, DASHES[1] if marks.dashed else "solid")
        for i, value in enumerate(np.atleast_1d(at)):
            own = options if i == 0 else {**options, "label": "_"}
            rule(float(value), color=color, linewidth=_width(marks, 0.9 * scale), linestyle=dash,
                 alpha=_alpha(marks, 1.0), **own)  # fmt: skip
    elif marks.kind == "box":
        _boxes(axes, marks, color, theme, z, scale)
    return ""


def _alpha(marks: Marks, usual: float) -> float:
    """How much covers what is beneath: what a look asked for, or what is usual."""
    return usual if marks.opacity is None else marks.opacity / 100


def _width(marks: Marks, usual: float) -> float:
    """The width of lines in points: what a look asked for, or what is usual."""
    return usual if marks.stroke is None else marks.stroke


_BESIDE = {"above": (0, 3, "center", "bottom"), "below": (0, -3, "center", "top"), "right": (4, 0, "left", "center"),
           "left": (-4, 0, "right", "center"), "center": (0, 0, "center", "center")}  # fmt: skip


def _texts(axes: Axes, marks: Marks, theme: Theme, z: int, points: float) -> None:
    """The labels beside their places, as many as can be read."""
    right, up, across, along = _BESIDE[marks.text]
    for x, y, label in list(zip(marks.x, marks.y, marks.labels))[:MOST_TEXTS]:
        if np.isfinite(x) and np.isfinite(y):
            axes.annotate(
                label, (float(x), float(y)), xytext=(right, up), textcoords="offset points", ha=across, va=along,
                fontsize=points, color=theme.ink, zorder=20 + z, annotation_clip=True,
            )  # fmt: skip


def _color(marks: Marks, theme: Theme, several: bool) -> str:
    asked = marks.style.color
    if asked:  # a black line on a black ground is no line: then ink stands in
        return asked if _contrast(asked, theme.ground or "#ffffff") >= _LEAST_CONTRAST else theme.ink
    if marks.role == "reference":
        return theme.muted
    if marks.role == "highlight":
        return theme.warning
    if marks.role == "fit" and not several and marks.kind != "bars":
        return theme.ink  # one fitted curve stands out from its data; on bars of ink no interval is seen
    return theme.series[marks.series % len(theme.series)]


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as Matplotlib names them."""
    from matplotlib.colors import to_hex

    return contrast(to_hex(one), to_hex(other))


def _bounds(marks: Marks) -> tuple[Array, Array]:
    if marks.lower is None or marks.upper is None:
        raise ValueError(f"marks of kind {marks.kind!r} need lower and upper")
    return marks.lower, marks.upper


def _points(axes: Axes, marks: Marks, theme: Theme, color: str, options: dict[str, Any], scale: float) -> str:
    x, y = np.asarray(marks.x, dtype=float), np.asarray(marks.y, dtype=float)
    seen = np.isfinite(x) & np.isfinite(y)
    x, y = x[seen], y[seen]
    n = len(x)
    if marks.style.marker == "none":
        if n:
            axes.update_datalim(np.column_stack([x, y]))
        return ""
    if n > MOST_POINTS:
        from matplotlib.colors import LinearSegmentedColormap

        pale = LinearSegmentedColormap.from_list("count", [theme.line or "#dfe3e8", color])
        options.pop("label")
        axes.hexbin(x, y, gridsize=70, bins="log", mincnt=1, cmap=pale, linewidths=0.1, **options)
        return f"{n:,} points, counted in cells. Darker cells hold more points."
    size = 4.4 if n <= 150 else 3.2 if n <= 1500 else 2.2 if n <= 10_000 else 1.4
    alpha = 0.9 if n <= 150 else 0.6 if n <= 1500 else 0.35 if n <= 10_000 else 0.2
    if marks.role == "highlight":
        size, alpha = size + 1.5, 1.0
    size = (marks.style.size or 1.0) * scale * size if marks.points is None else marks.points
    alpha = _alpha(marks, alpha)
    name = marks.style.marker.removesuffix("_hollow")
    marker = SYMBOLS.get(name, MARKERS[marks.series % len(MARKERS)])
    outline = marks.style.marker.endswith("_hollow") or marker in _LINES_ONLY
    axes.plot(
        x, y, linestyle="none", marker=marker, markersize=size, color=color,
        markeredgewidth=0.8 * scale if outline else 0, markeredgecolor=color,
        markerfacecolor="none" if outline else color, alpha=alpha, rasterized=n > _RASTER, **options,
    )  # fmt: skip
    return ""


def _line(axes: Axes, marks: Marks, color: str, options: dict[str, Any], scale: float) -> None:
    breaks = int(np.count_nonzero(np.isnan(np.asarray(marks.y, dtype=float))))
    dash = DASHES[marks.series % len(DASHES)] if breaks < 8 else "solid"
    dash = PATTERNS.get(marks.style.pattern, dash)
    if marks.dashed and dash == "solid":
        dash = DASHES[1]
    width = {"fit": 2.0, "reference": 1.0, "highlight": 1.8}.get(marks.role, 1.6)
    alpha = 1.0
    if marks.role == "data" and breaks >= 8:  # many lines in one layer: the bundle matters, not the line
        width, alpha = (1.0, 0.75) if breaks < 40 else (0.7, 0.55 if breaks < 200 else 0.3)
    if marks.style.thickness is not None:  # what was asked for counts for bundles too
        width, alpha = 1.6 * marks.style.thickness, 1.0
    x, y = np.asarray(marks.x, dtype=float), np.asarray(marks.y, dtype=float)
    if len(x) > MOST_CORNERS:
        kept = outline(y, MOST_CORNERS // 2)
        x, y = x[kept], y[kept]
    axes.plot(
        x, y, color=color, linewidth=_width(marks, width * scale), linestyle=dash, alpha=_alpha(marks, alpha),
        solid_capstyle="round", rasterized=len(marks.x) > 4 * _RASTER, **options,
    )  # fmt: skip


def outline(y: Array, count: int) -> npt.NDArray[np.int64]:
    """Places of the lowest and highest value in each of about `count` / 2 runs of a line, and of all its breaks.

    On paper, where many values share one dot across, the line through them looks the same.
    """
    run = max(2, -(-2 * len(y) // count))
    padded = np.full(-(-len(y) // run) * run, np.nan)
    padded[: len(y)] = y
    runs = padded.reshape(-1, run)
    first = np.arange(len(runs)) * run
    low = first + np.where(np.isnan(runs), np.inf, runs).argmin(axis=1)
    high = first + np.where(np.isnan(runs), -np.inf, runs).argmax(axis=1)
    kept = np.unique(np.concatenate([low, high, np.flatnonzero(np.isnan(y)), [len(y) - 1]]))
    return kept[kept < len(y)]


def _intervals(axes: Axes, marks: Marks, color: str, options: dict[str, Any], crowd: int, scale: float) -> str:
    lower, upper = _bounds(marks)
    x, y = np.asarray(marks.x, dtype=float), np.asarray(marks.y, dtype=float)
    n = len(x)
    note = ""
    if n > MOST_INTERVALS:
        kept = np.unique(np.linspace(0, n - 1, MOST_INTERVALS).round().astype(int))
        x, y, lower, upper = x[kept], y[kept], lower[kept], upper[kept]
        note = f"{len(kept):,} of {n:,} intervals are drawn, evenly chosen."
    crowd = max(crowd, n)
    width = 1.1 if crowd <= 60 else 0.8 if crowd <= 400 else 0.4
    own = {k: v for k, v in options.items() if k != "label"}
    rules = axes.hlines if marks.horizontal else axes.vlines
    plain = marks.style.marker in ("none", "cap")
    if marks.style.thickness is not None or plain:
        width = 1.4 * (marks.style.thickness or 1.0)
    label = {"label": options["label"]} if plain else {}
    width, alpha = _width(marks, width * scale), _alpha(marks, 0.9 if plain else 0.55)
    rules(x, lower, upper, color=color, linewidth=width, alpha=alpha, rasterized=n > _RASTER, **own, **label)
    if plain:
        if marks.style.marker == "cap":
            for ends in (lower, upper):
                places, sign = ((ends, x), "|") if marks.horizontal else ((x, ends), "_")
                length = (6 if n <= 60 else 3) * scale
                axes.plot(*places, ls="none", marker=sign, markersize=length, mew=width, color=color, **own)
        return note
    size = 4.2 if crowd <= 60 else 2.4 if crowd <= 400 else 1.2
    name = marks.style.marker.removesuffix("_hollow")
    marker = SYMBOLS.get(name, MARKERS[marks.series % len(MARKERS)])
    axes.plot(
        *((y, x) if marks.horizontal else (x, y)), linestyle="none", marker=marker,
        markersize=(marks.style.size or 1.0) * scale * size if marks.points is None else marks.points, color=color,
        markeredgewidth=0, **options,
    )  # fmt: skip
    return note


def _boxes(axes: Axes, marks: Marks, color: str, theme: Theme, z: int, scale: float) -> None:
    keys = ("whislo", "q1", "med", "q3", "whishi")
    five = [dict(zip(keys, map(float, row))) for row in np.atleast_2d(marks.y)]
    many = len(five) > MANY_BOXES  # so narrow that their edges would be all one sees
    drawn = axes.bxp(
        five, positions=list(map(float, marks.x)), widths=(0.8 if many else 0.6) * marks.width, showfliers=False,
        patch_artist=True, manage_ticks=False, zorder=2 + z, showcaps=not many,
        orientation="horizontal" if marks.horizontal else "vertical",
        boxprops={"facecolor": color, "alpha": _alpha(marks, 0.9 if many else 0.3), "edgecolor": color,
                  "linewidth": 0 if many else scale},
        medianprops={"color": theme.ink, "linewidth": 1.6 if many else 1.6 * scale, "solid_capstyle": "butt"},
        whiskerprops={"color": color, "linewidth": 0.5 if many else scale, "alpha": 0.5 if many else 1.0},
        capprops={"color": color, "linewidth": scale},
    )  # fmt: skip
    if drawn["boxes"]:
        drawn["boxes"][0].set_label(marks.label or "_")
