"""A mark in words: its group or row, where it stands in the units of the axes, and its layer."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from terrace.graphs.ticks import date_words
from terrace.results.layers import LAYERS, layer_key
from terrace.results.plot import Axis, FloatArray, Marks, Plot, PlotPanel
from terrace_desktop.plots.brushing import BODIES
from terrace_desktop.plots.near import Found, PanelIndex, counts
from terrace_desktop.ui.words import from_engine

SAME = 1e-9  # of its value, by which a place is that of a tick


def words_of(plot: Plot, panel: PlotPanel, index: PanelIndex, found: Found) -> str:
    """What is told of a mark, in lines."""
    marks = panel.marks[found.layer]
    at = found.at
    across, along = (panel.y, panel.x) if marks.horizontal else (panel.x, panel.y)
    label = marks.labels[at] if marks.labels else ""
    lines = [panel.title] if len(plot.panels) > 1 and panel.title else []
    if label:
        lines.append(label)
    elif marks.label and marks.rows is None:
        lines.append(marks.label)
    if not label and marks.rows is not None and marks.rows[at] >= 0:
        lines += [_row(int(marks.rows[at])), *_group(panel, index, found)]
    if not (marks.kind == "interval" and label):  # its label has the numbers
        lines.append(f"{across.title or 'x'}: {value_words(across, marks.x[at])}")
        value = _box(along, marks.y[at]) if marks.kind == "box" else value_words(along, marks.y[at])
        lines.append(f"{along.title or 'y'}: {value}")
        if marks.kind in BODIES and marks.group_rows:
            count = len(marks.group_rows[at])
            lines.append(QCoreApplication.translate("PlotView", "{0} row(s)", "", count).format(f"{count:,}"))
        if marks.kind == "interval" and marks.lower is not None and marks.upper is not None:
            ends = [value_words(along, float(v[at])) for v in (marks.lower, marks.upper)]
            lines.append(QCoreApplication.translate("PlotView", "Interval: {0} to {1}").format(*ends))
    layer = layer_words(marks)
    if layer not in lines and len({layer_words(m) for m in panel.marks if counts(m)}) > 1:
        lines.append(layer)
    return "\n".join(lines)


def _box(axis: Axis, five: FloatArray) -> str:
    low, middle, high = (value_words(axis, float(v)) for v in five[1:4])
    return QCoreApplication.translate("PlotView", "median {0}, quartiles {1} to {2}").format(middle, low, high)


def _row(row: int) -> str:
    return QCoreApplication.translate("PlotView", "Row {0}").format(row + 1)


def _group(panel: PlotPanel, index: PanelIndex, found: Found) -> list[str]:
    """The name of the line through the row of a point."""
    line = index.line_of(found)
    if line is None:
        return []
    labels = panel.marks[line[0]].labels
    return [labels[line[1].start]] if labels else []


def layer_words(marks: Marks) -> str:
    """The name of the layer of marks: that of the legend, or that of its kind."""
    if marks.label:
        return marks.label
    key = layer_key(marks)
    return marks.layer_name or from_engine(LAYERS.get(key, key.capitalize()))


def value_words(axis: Axis, value: float) -> str:
    """A place of an axis: its category, or its number; marks on a logarithmic axis stand at logarithms."""
    if axis.ticks:
        for at, text in axis.ticks:
            if text and abs(at - value) <= SAME * max(1.0, abs(value)):
                return text
    if axis.dates:
        return date_words(value, axis.dates)
    return f"{10**value if axis.log else value:.4g}".replace("-", "−")
