"""Where the panels of a plot stand and what each says: numbers and titles of shared axes at the outer ones only.

No widgets here.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

import numpy as np

from terrace.results.plot import Axis, FloatArray, Marks, Plot, PlotPanel

ONE = 400  # px of a single panel in height
HEIGHTS = (300, 250, 210, 175, 155)  # px of a row of 1, 2, ... panels; the last stands for more
_FULL = 640.0  # px across of a panel in which marks have their full size
_USUAL = 720.0  # px across of a plot in the pane
_REPEATED = 4  # panels that may each carry the title of their axes
_CROWDED = 4  # columns from which letters are smaller


class Trellis:
    """The grid of a plot. ``scale`` makes marks smaller in small panels; ``small`` asks for small letters."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        self.count = len(plot.panels)
        self.columns = max(1, min(plot.columns, self.count or 1))
        self.rows = max(1, ceil(self.count / self.columns))
        self.scale = min(1.0, max(0.6, sqrt(_USUAL / self.columns / _FULL))) if self.count > 1 else 1.0
        self.small = self.columns >= _CROWDED
        self.common = {a: self._once(a) for a in "xy"}
        self.ranges = {a: _union(plot.panels, a) if a in plot.shared else None for a in "xy"}

    def _once(self, which: str) -> bool:
        titles = {axis_of(p, which).title for p in self.plot.panels}
        return self.count > 1 and len(titles) == 1 and (which in self.plot.shared or self.count > _REPEATED)

    @property
    def height(self) -> int:
        """Height in px that the panels ask for."""
        if self.rows == 1 and self.columns <= 2:
            return ONE
        return max(ONE * 3 // 4, self.rows * HEIGHTS[min(self.columns, len(HEIGHTS)) - 1] + 50)

    def numbers(self, number: int, which: str) -> bool:
        """True where a panel carries the numbers of an axis: at the edge, or wherever axes are their own."""
        if which not in self.plot.shared:
            return True
        return number + self.columns >= self.count if which == "x" else number % self.columns == 0

    def room_for_numbers(self, number: int, which: str) -> bool:
        """True where numbers take room: a row or column of panels has them for all or for none."""
        row, column = divmod(number, self.columns)
        same = [
            k for k in range(self.count) if (k // self.columns == row if which == "x" else k % self.columns == column)
        ]
        return any(self.numbers(k, which) for k in same)

    def title(self, which: str) -> str:
        """The title that stands once for all panels; empty where each has its own."""
        return axis_of(self.plot.panels[0], which).title if self.common[which] else ""


def axis_of(panel: PlotPanel, which: str) -> Axis:
    """The ``x`` or the ``y`` axis of a panel."""
    return panel.x if which == "x" else panel.y


def logged(panel: PlotPanel) -> PlotPanel:
    """The panel with the marks, ticks and limits of logarithmic axes at their logarithms of base 10.

    What has no logarithm becomes NaN.
    """
    if not (panel.x.log or panel.y.log):
        return panel
    marks = tuple(_logged_marks(m, panel.x.log, panel.y.log) for m in panel.marks)
    return replace(panel, x=_logged_axis(panel.x), y=_logged_axis(panel.y), marks=marks)


def _logged_marks(m: Marks, x: bool, y: bool) -> Marks:
    if y:
        lower = None if m.lower is None else _log(m.lower)
        upper = None if m.upper is None else _log(m.upper)
        m = replace(m, y=_log(m.y), lower=lower, upper=upper)
    return replace(m, x=_log(m.x)) if x else m


def _logged_axis(axis: Axis) -> Axis:
    if not axis.log:
        return axis
    limits = axis.limits
    if limits is not None:
        low, high = _log(np.array(limits, dtype=float))
        limits = (float(low), float(high)) if np.isfinite(low) and np.isfinite(high) else None
    ticks = axis.ticks
    if ticks is not None:
        ticks = tuple((float(np.log10(at)), text) for at, text in ticks if at > 0)
    return replace(axis, limits=limits, ticks=ticks)


def _log(values: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.log10(values)
    return np.where(np.isfinite(out), out, np.nan)


def _union(panels: tuple[PlotPanel, ...], which: str) -> tuple[float, float] | None:
    """The range of what all panels show along an axis, with a little room; None where nothing is shown."""
    asked = [axis_of(p, which).limits for p in panels]
    if asked and all(a is not None and a == asked[0] for a in asked):
        return asked[0]
    parts = [v[np.isfinite(v)] for p in panels for m in p.marks for v in _places(m, which)]
    parts = [v for v in parts if len(v)]
    if not parts:
        return None
    low, high = min(float(v.min()) for v in parts), max(float(v.max()) for v in parts)
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room


def _places(m: Marks, which: str) -> list[FloatArray]:
    if m.horizontal:
        which = "y" if which == "x" else "x"
    if which == "x":
        wide = m.width / 2 if m.kind in ("bars", "box") else 0.0
        return [] if m.kind == "hline" else [m.x - wide, m.x + wide]
    if m.kind == "vline":
        return []
    out = [m.y.ravel()]
    if m.kind == "bars" and m.lower is None:
        out.append(np.zeros(1))
    return out + [v for v in (m.lower, m.upper) if v is not None]
