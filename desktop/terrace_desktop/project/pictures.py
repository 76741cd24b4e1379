"""The small picture of a project: its last figure or the lines of its last model, as numbers that any theme draws."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

if TYPE_CHECKING:
    from terrace.results.plot import Marks, Plot
    from terrace.session.document.items import Item
    from terrace.session.project.parts import Project

MOST_LINES, MOST_AT, MOST_POINTS, MOST_BARS = 60, 24, 240, 40
MOST_ROWS = 100_000  # rows up to which lines are worked out for a picture of the size of a stamp
Picture = Mapping[str, Any]
"""``{"marks": [[kind, strong, [x, y, x, y, ...]], ...]}``: from 0 to 1 to the right and upwards."""


class Pictures:
    """Makes the picture of a project, and makes it again only where another figure or model is the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: tuple[int, int] = (0, 0)
        self._made: Picture = {}

    def know(self, project: Project, picture: object) -> None:
        """Take the picture that came with a project."""
        with self._lock:
            self._of = _key(_last(project))
            self._made = picture if isinstance(picture, Mapping) and is_picture(picture) else {}

    def known(self, project: Project) -> Picture | None:
        """The picture where it has been made; None where another figure or model is the last one by now."""
        last = _last(project)
        with self._lock:
            return self._made if _key(last) == self._of else None

    def of(self, project: Project) -> Picture:
        """The picture; empty where there is nothing to be seen. Takes a moment, so not on the window's thread."""
        last = _last(project)
        with self._lock:
            if _key(last) != self._of:
                self._of, self._made = _key(last), {} if last is None else _picture(last)
            return self._made


def _last(project: Project) -> Item | None:
    """The newest item that can be seen as a picture."""
    found = [i for i in project.state.document if i.outcome is not None and (i.outcome.plots or i.kind == "model")]
    return max(found, key=lambda i: i.id, default=None)


def _key(item: Item | None) -> tuple[int, int]:
    return (0, 0) if item is None else (item.id, id(item.outcome))


def _picture(item: Item) -> Picture:
    from terrace.errors import TerraceError

    assert item.outcome is not None
    try:
        plot = item.outcome.plots[-1] if item.outcome.plots else _of_model(item)
    except (TerraceError, ValueError, IndexError, KeyError):  # no model has to have one
        plot = None
    return {} if plot is None else picture_of(plot)


def _of_model(item: Item) -> Plot | None:
    """The lines of a model over its data, else its effects in order; None where they would take long."""
    from terrace.errors import TerraceError
    from terrace.postestimation.diagnose import plots
    from terrace.postestimation.diagnose.group_lines import group_lines
    from terrace.results.later import Later

    fit = None if item.outcome is None else item.outcome.fit
    if fit is None or item.data is None or len(item.data) > MOST_ROWS or isinstance(fit.held, Later):
        return None
    try:
        return group_lines(fit, item.data)
    except TerraceError:
        return plots.caterpillar(fit)


def picture_of(plot: Plot) -> Picture:
    """A plot, its first panel, as a picture with no more in it than can be seen."""
    import numpy as np

    found = list(_series(plot.panels[0].marks if plot.panels else ()))
    if not found:
        return {}
    x, y = (np.concatenate([np.asarray(s[k], float).ravel() for s in found]) for k in (2, 3))
    kept = np.isfinite(x) & np.isfinite(y)
    if not kept.any():
        return {}
    low, high = np.array([x[kept].min(), y[kept].min()]), np.array([x[kept].max(), y[kept].max()])
    span = np.where(high > low, high - low, 1.0)
    marks = []
    for kind, strong, xs, ys in found:
        at = np.column_stack([(xs - low[0]) / span[0], (ys - low[1]) / span[1]])
        marks.append([kind, strong, np.round(at[np.isfinite(at).all(axis=1)], 3).ravel().tolist()])
    return {"marks": [m for m in marks if m[2]]}


def _series(marks: Sequence[Marks]) -> Iterator[tuple[str, bool, Any, Any]]:
    """Kind, whether it is what the plot is about, and coordinates: lines apart from each other, points thinned."""
    import numpy as np

    lines = 0
    for m in marks:
        x, y = np.asarray(m.x, float), np.asarray(m.y, float)
        if m.horizontal or m.kind in ("hline", "vline", "box", "band"):
            continue
        strong = m.role in ("fit", "highlight")
        if m.kind == "line":
            for part in np.split(np.arange(len(x)), np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))):
                part = part[np.isfinite(x[part]) & np.isfinite(y[part])]
                if len(part) > 1 and (strong or lines < MOST_LINES):
                    lines += 1
                    few = part[_few(len(part), MOST_AT)]
                    yield "line", strong, x[few], y[few]
        elif m.kind == "bars":
            few = _few(len(x), MOST_BARS)
            floor = np.zeros(len(x)) if m.lower is None else np.asarray(m.lower, float)
            half = m.width * 0.45
            for k in few:
                yield "bar", strong, np.array([x[k] - half, x[k] + half]), np.array([floor[k], y[k]])
        else:
            few = _few(len(x), MOST_POINTS)
            yield "points", strong, x[few], y[few]


def _few(n: int, most: int) -> Any:
    import numpy as np

    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) if n else np.zeros(0, dtype=int)


def is_picture(value: object) -> bool:
    """True for what `picture_of` makes, whatever a file holds."""
    marks = value.get("marks") if isinstance(value, Mapping) else None
    return isinstance(marks, list | tuple) and all(
        isinstance(m, list | tuple) and len(m) == 3 and m[0] in ("line", "points", "bar")
        and isinstance(m[2], list | tuple) and all(isinstance(v, int | float) for v in m[2])
        for m in marks
    )  # fmt: skip


class PictureView(QWidget):
    """Draws a picture in the colours of the theme; a few grey lines where a project has none."""

    def __init__(self, object_name: str, picture: object, size: QSize) -> None:
        super().__init__()
        named(self, object_name, self.tr("Picture of the project"))
        self.picture: Picture = picture if isinstance(picture, Mapping) and is_picture(picture) else {}
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.manager().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return self._size

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 0)))
        painter.setBrush(theme.colour("ground"))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        room = QRectF(self.rect()).adjusted(16, 14, -16, -14)
        for kind, strong, flat in self.picture.get("marks", ()):
            at = [
                QPointF(room.left() + x * room.width(), room.bottom() - y * room.height())
                for x, y in zip(flat[::2], flat[1::2])
            ]
            self._mark(painter, kind, bool(strong), at)
        if not self.picture:
            painter.setPen(QPen(theme.colour("line"), 2))
            for k in range(3):
                y = room.center().y() + (k - 1) * 12
                painter.drawLine(QPointF(room.left(), y + 8), QPointF(room.right(), y - 8))

    def _mark(self, painter: QPainter, kind: str, strong: bool, at: list[QPointF]) -> None:
        tint = theme.colour("ink") if strong else theme.colour("accent", 0.55)
        painter.setBrush(QColor(0, 0, 0, 0))
        if kind == "line":
            painter.setPen(QPen(tint, 2.0 if strong else 1.2))
            painter.drawPolyline(QPolygonF(at))
        elif kind == "points":
            painter.setPen(QPen(QColor(0, 0, 0, 0)))
            painter.setBrush(tint)
            for point in at:
                painter.drawEllipse(point, 1.7, 1.7)
        elif len(at) == 2:
            painter.fillRect(QRectF(at[0], at[1]).normalized(), tint)
