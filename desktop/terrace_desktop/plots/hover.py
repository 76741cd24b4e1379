"""What the pointer finds: the mark nearest to a place of a panel, in words."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from terrace.results.plot import Axis, Marks, PlotPanel

REACH = 10  # px within which the pointer finds a mark


def text_at(panel: PlotPanel, x: float, y: float, px: float, py: float) -> str:
    """The label of the nearest mark of a panel, or its numbers; `px` and `py` are the data units of a pixel."""
    best: tuple[float, str] | None = None
    for marks in panel.marks:
        found = _nearest(marks, x, y, px, py, panel)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return "" if best is None else best[1]


def _nearest(marks: Marks, x: float, y: float, px: float, py: float, panel: PlotPanel) -> tuple[float, str] | None:
    """Distance in px and text of the nearest mark within reach."""
    if marks.kind not in ("points", "interval", "line", "bars") or not len(marks.x):
        return None
    if marks.kind == "line" and not marks.labels and not marks.label:
        return None
    across, along = panel.x, panel.y
    if marks.horizontal:
        x, y, px, py, across, along = y, x, py, px, along, across
    with np.errstate(invalid="ignore"):
        if marks.kind == "bars":
            inside = np.abs(marks.x - x) <= marks.width / 2
            base = np.zeros(len(marks.x)) if marks.lower is None else marks.lower
            inside &= (y <= np.maximum(marks.y, base)) & (y >= np.minimum(marks.y, base))
            distance = np.where(inside, 0.0, np.inf)
        elif marks.kind == "interval" and marks.lower is not None and marks.upper is not None:
            inside = (y >= marks.lower) & (y <= marks.upper)
            distance = np.where(inside, np.abs(marks.x - x) / px, np.inf)
        else:
            distance = np.hypot((marks.x - x) / px, (marks.y - y) / py)
    if np.all(np.isnan(distance)):
        return None
    at = int(np.nanargmin(distance))
    if not distance[at] <= REACH:
        return None
    lines = []
    if marks.labels:
        lines.append(marks.labels[at])
    elif marks.label:
        lines.append(marks.label)
    if marks.kind == "interval" and marks.labels:
        return float(distance[at]), lines[0]
    if marks.rows is not None and not marks.labels:
        lines.append(QCoreApplication.translate("PlotView", "Row {0}").format(int(marks.rows[at]) + 1))
    lines.append(f"{across.title or 'x'}: {_value(across, marks.x[at])}")
    lines.append(f"{along.title or 'y'}: {_value(along, marks.y[at])}")
    return float(distance[at]), "\n".join(lines)


def _value(axis: Axis, value: float) -> str:
    """A number of an axis whose marks stand at logarithms, if it is logarithmic."""
    return f"{10**value if axis.log else value:.4g}".replace("-", "−")
