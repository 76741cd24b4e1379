"""A figure in words, for those who do not see it: what kind it is, its axes, its groups, ranges, and slopes."""

from __future__ import annotations

import numpy as np

from terrace.results.layers import LAYERS, layer_key
from terrace.results.plot import Axis, FloatArray, Marks, Plot, PlotPanel
from terrace.wording import plural

KINDS = {
    "points": ("point", "points"), "line": ("line", "lines"), "band": ("band", "bands"),
    "interval": ("interval", "intervals"), "bars": ("bar", "bars"), "box": ("box", "boxes"),
}  # fmt: skip
NAMED = ("raw", "residuals", "groups")  # layers that need their name to be told from others
MOST = 6  # panels, groups or categories that are told one by one
STRAIGHT = 1e-6  # part of the range of a line that it may leave a straight one by


def figure_words(plot: Plot) -> str:
    """The figure in a few sentences, in English as all that the engine says."""
    out = [plot.title.rstrip(".") + "." if plot.title else ""]
    panels = plot.panels
    if len(panels) > 1:
        out.append(f"{plural(len(panels), 'panel')}.")
    for panel in panels[:MOST]:
        if len(panels) > 1 and panel.title:
            out.append(f"{panel.title}:")
        out += _panel(panel)
    if len(panels) > MOST:
        out.append(f"{plural(len(panels) - MOST, 'more panel')} of the same kind.")
    if plot.note:
        out.append(plot.note.rstrip(".") + ".")
    return " ".join(s for s in out if s)


def _panel(panel: PlotPanel) -> list[str]:
    shown = [m for m in panel.marks if m.kind in KINDS and len(m.x) and layer_key(m) != "texts"]
    out = [_axis("Horizontal axis", panel.x), _axis("Vertical axis", panel.y)]
    lines = [m for m in shown if m.kind == "line" and not m.label]
    told = [m for m in shown if m.kind != "line" or m.label or len(lines) <= MOST]
    for marks in told[: 2 * MOST]:
        out.append(_layer(marks, panel))
    if len(lines) > MOST:
        out.append(_bundle(lines, panel))
    for kind, words in (("hline", "A horizontal line at"), ("vline", "A vertical line at")):
        at = [float(v) for m in panel.marks if m.kind == kind for v in (m.y if kind == "hline" else m.x)[:MOST]]
        if at:
            out.append(f"{words} {', '.join(map(_number, at))}.")
    return out


def _axis(name: str, axis: Axis) -> str:
    words = axis.title or "without a title"
    if axis.log:
        words += ", logarithmic"
    if axis.ticks and len(axis.ticks) <= MOST:
        words += f": {', '.join(label for _, label in axis.ticks)}"
    return f"{name}: {words}."


def _layer(marks: Marks, panel: PlotPanel) -> str:
    one, many = KINDS[marks.kind]
    count = 1 if marks.kind in ("line", "band") else int(np.isfinite(np.asarray(marks.x, dtype=float)).sum())
    words = f"{count:,} {one if count == 1 else many}"
    if marks.label or marks.layer in NAMED:
        words = f"{marks.label or LAYERS[marks.layer]}: {words}"
    parts = [words]
    if marks.kind == "box":
        middles = [_number(float(row[2])) for row in np.atleast_2d(marks.y)[:MOST]]
        parts.append(f"medians {', '.join(middles)}")
    else:
        parts += [f"{name} {span}" for name, span in _spans(marks, panel) if span]
    if marks.kind == "line" and (slope := _slope(marks.x, marks.y)) is not None:
        parts.append(f"slope {_number(slope)}")
    return ", ".join(parts) + "."


def _spans(marks: Marks, panel: PlotPanel) -> list[tuple[str, str]]:
    """The ranges of a layer on the axes that carry numbers."""
    across, along = (panel.y, panel.x) if marks.horizontal else (panel.x, panel.y)
    values = np.ravel(marks.y)
    if marks.lower is not None and marks.upper is not None and marks.kind != "bars":
        values = np.concatenate([np.ravel(marks.lower), np.ravel(marks.upper)])
    return [
        ("" if across.ticks else (across.title or "horizontally"), "" if across.ticks else _range(marks.x)),
        ("" if along.ticks else (along.title or "vertically"), "" if along.ticks else _range(values)),
    ]


def _bundle(lines: list[Marks], panel: PlotPanel) -> str:
    """Many lines of one kind, such as one a group."""
    slopes = [s for m in lines if (s := _slope(m.x, m.y)) is not None]
    values = np.concatenate([np.ravel(m.y) for m in lines])
    words = f"{plural(len(lines), 'line')}, {panel.y.title or 'vertically'} {_range(values)}"
    if len(slopes) == len(lines):
        words += f", slopes {_range(np.array(slopes))}"
    return words + "."


def _slope(x: FloatArray, y: FloatArray) -> float | None:
    """The slope of a line that is straight, by the two ends; None for another."""
    good = np.isfinite(x) & np.isfinite(y)
    if good.sum() < 2 or not good.all():
        return None
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    if x[0] == x[-1]:
        return None
    slope = float((y[-1] - y[0]) / (x[-1] - x[0]))
    off = float(np.max(np.abs(y - (y[0] + slope * (x - x[0])))))
    return slope if off <= STRAIGHT * max(float(np.ptp(y)), 1e-300) or off == 0.0 else None


def _range(values: FloatArray) -> str:
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return ""
    low, high = float(values.min()), float(values.max())
    return _number(low) if low == high else f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\u2212") if abs(value) < 1e4 else f"{value:,.0f}".replace("-", "\u2212")
