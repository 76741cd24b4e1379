"""The mark that is pointed at, by the mouse or by the keys: what it is in words, and its highlight with its line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from terrace.results.plot import FloatArray, Plot
from terrace_desktop.plots import hover
from terrace_desktop.plots.brushing import IntArray, rows_of
from terrace_desktop.plots.near import Found, PanelIndex, heights
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
        x, y = float(m.x[found.at]), float(heights(m)[found.at])
        return (y, x) if m.horizontal else (x, y)

    # --- showing ------------------------------------------------------------------------------------
    def show(self, panel: int, found: Found) -> None:
        """Point at a mark, and at all of its line."""
        self.panel, self.found = panel, found

    def clear(self) -> None:
        """Point at nothing."""
        self.found = None

    def line(self) -> tuple[FloatArray, FloatArray] | None:
        """The places of the line that the mark belongs to, across and up; None where it is on none."""
        line = None if self.found is None else self.index(self.panel).line_of(self.found)
        if line is None:
            return None
        m, part = self.plot.panels[self.panel].marks[line[0]], line[1]
        return (m.y[part], m.x[part]) if m.horizontal else (m.x[part], m.y[part])

    def paint(self, painter: QPainter, on_widget: Callable[[QPointF], QPointF]) -> None:
        """Draw a ring around the mark and its line over the figure; `on_widget` maps places of the scene."""
        place = self.place()
        if place is None:
            return
        box = self._grid.boxes[self.panel]
        frame = box.sceneBoundingRect()
        painter.setClipRect(QRectF(on_widget(frame.topLeft()), on_widget(frame.bottomRight())))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.line()
        if line is not None:
            painter.setPen(QPen(theme.colour("accent"), LINE))
            ends = [on_widget(box.mapViewToScene(QPointF(float(x), float(y)))) for x, y in zip(*line)]
            painter.drawPolyline(QPolygonF(ends))
        painter.setPen(QPen(theme.colour("ink"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(on_widget(place), RING / 2, RING / 2)

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
