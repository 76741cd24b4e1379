"""The mark that is pointed at, by the mouse or by the keys: what it is in words, and its highlight with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt

from terrace.results.plot import Plot
from terrace_desktop.plots import hover
from terrace_desktop.plots.brushing import IntArray, rows_of
from terrace_desktop.plots.near import Found, PanelIndex
from terrace_desktop.plots.panels import Grid
from terrace_desktop.ui import theme

RING = 12  # px across
LINE = 3.0  # px
_KEYS = {
    Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down",
    Qt.Key.Key_Home: "first", Qt.Key.Key_End: "last", Qt.Key.Key_PageUp: "before", Qt.Key.Key_PageDown: "behind",
}  # fmt: skip


class Pointer:
    """Where one is in a figure. `plot` is what is drawn of it, `grid` what it is drawn in."""

    def __init__(self, plot: Plot, grid: Grid) -> None:
        self.plot, self._grid = plot, grid
        self._indexes: dict[int, PanelIndex] = {}
        self.panel = 0
        self.found: Found | None = None
        self._shown: list[tuple[Any, Any]] = []

    # --- finding ------------------------------------------------------------------------------------
    def index(self, panel: int) -> PanelIndex:
        """The marks of a panel by their places."""
        if panel not in self._indexes:
            self._indexes[panel] = PanelIndex(self.plot.panels[panel])
        return self._indexes[panel]

    def find(self, scene: QPointF) -> tuple[int, Found] | None:
        """The mark nearest to a place of the scene, with its panel."""
        for number, box in enumerate(self._grid.boxes):
            if box.sceneBoundingRect().contains(scene):
                here = box.mapSceneToView(scene)
                found = self.index(number).nearest(here.x(), here.y(), *box.viewPixelSize())
                return None if found is None else (number, found)
        return None

    def words(self, panel: int, found: Found) -> str:
        """What is told of a mark."""
        return hover.words_of(self.plot, self.plot.panels[panel], self.index(panel), found)

    def rows(self) -> IntArray:
        """The rows behind the mark that is pointed at."""
        if self.found is None:
            return np.zeros(0, dtype=np.int64)
        return rows_of(self.plot.panels[self.panel].marks[self.found.layer], self.found.at)

    def place(self) -> QPointF | None:
        """Where in the scene the mark is that is pointed at."""
        if self.found is None:
            return None
        place: QPointF = self._grid.boxes[self.panel].mapViewToScene(QPointF(*self._at(self.found)))
        return place

    def _at(self, found: Found) -> tuple[float, float]:
        m = self.plot.panels[self.panel].marks[found.layer]
        x, y = float(m.x[found.at]), float(m.y[found.at])
        return (y, x) if m.horizontal else (x, y)

    # --- showing ------------------------------------------------------------------------------------
    def show(self, panel: int, found: Found) -> None:
        """Highlight a mark, and all of its line."""
        same = self.found is not None and (self.panel, self.found.layer, self.found.at) == (
            panel, found.layer, found.at)  # fmt: skip
        if same and self._shown:
            return
        self.clear()
        self.panel, self.found = panel, found
        item, marks = self._grid.items[panel], self.plot.panels[panel].marks
        line = self.index(panel).line_of(found)
        if line is not None:
            m, part = marks[line[0]], line[1]
            x, y = (m.y, m.x) if m.horizontal else (m.x, m.y)
            pen = pg.mkPen(theme.colour("accent"), width=LINE)
            self._add(item, pg.PlotCurveItem(x=x[part], y=y[part], pen=pen, connect="finite"))
        x_at, y_at = self._at(found)
        ring = pg.mkPen(theme.colour("ink"), width=1.5)
        self._add(item, pg.ScatterPlotItem(x=[x_at], y=[y_at], size=RING, pen=ring, brush=None))

    def _add(self, item: Any, layer: Any) -> None:
        layer.setZValue(50)
        item.addItem(layer, ignoreBounds=True)
        self._shown.append((item, layer))

    def clear(self) -> None:
        """Point at nothing."""
        for item, layer in self._shown:
            item.removeItem(layer)
        self._shown, self.found = [], None

    def forget(self) -> None:
        """All is drawn anew: what was shown is gone with it."""
        self._shown, self.found = [], None

    # --- walking ------------------------------------------------------------------------------------
    def step(self, key: Qt.Key) -> bool:
        """Go where a key goes: along a line or over points, to the next group or layer, to the next panel. True where
        it is a key for that and there is something to point at."""
        way = _KEYS.get(key)
        if way is None:
            return False
        if self.found is None or not self._grid.items:
            return self._begin(self.panel, 1)
        if way in ("before", "behind"):
            return self._begin(self.panel + (1 if way == "behind" else -1), 1 if way == "behind" else -1)
        found, layer = self.found, self.index(self.panel).layer(self.found.layer)
        flip = self._grid.boxes[self.panel].state["xInverted"]
        moves: dict[str, Callable[[], Found]] = {
            "left": lambda: Found(found.layer, layer.walk(found.at, 1 if flip else -1), 0.0),
            "right": lambda: Found(found.layer, layer.walk(found.at, -1 if flip else 1), 0.0),
            "first": lambda: Found(found.layer, layer.ends(found.at)[0], 0.0),
            "last": lambda: Found(found.layer, layer.ends(found.at)[1], 0.0),
            "up": lambda: self._other(found, -1),
            "down": lambda: self._other(found, 1),
        }
        self.show(self.panel, moves[way]())
        return True

    def _begin(self, panel: int, step: int) -> bool:
        """The first mark of a panel, or of the next one that has any."""
        while 0 <= panel < len(self.plot.panels):
            index = self.index(panel)
            for number in index.numbers():
                first = index.layer(number).first()
                if first is not None:
                    self.show(panel, Found(number, first, 0.0))
                    return True
            panel += step
        return self.found is not None

    def _other(self, found: Found, step: int) -> Found:
        """The next line of the layer, or the next layer, at about the same place across."""
        index = self.index(self.panel)
        layer = index.layer(found.layer)
        x = layer.marks.x[found.at]
        if layer.marks.kind == "line":
            starts = layer.pieces()
            k = int(np.searchsorted(starts, found.at, side="right")) - 1 + step
            if 0 <= k < len(starts):
                part = layer.piece(int(starts[k]))
                return Found(found.layer, part.start + int(np.argmin(np.abs(layer.marks.x[part] - x))), 0.0)
        numbers = index.numbers()
        k = numbers.index(found.layer) + step
        if not 0 <= k < len(numbers):
            return found
        other = index.layer(numbers[k])
        if other.first() is None:
            return found
        if other.marks.kind == "line":
            starts = other.pieces()
            part = other.piece(int(starts[0 if step > 0 else -1]))
            return Found(numbers[k], part.start + int(np.argmin(np.abs(other.marks.x[part] - x))), 0.0)
        return Found(numbers[k], int(np.nanargmin(np.abs(other.marks.x - x))), 0.0)
