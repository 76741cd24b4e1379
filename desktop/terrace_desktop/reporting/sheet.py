"""One page of the report, as it is printed, with the part that is chosen marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

if TYPE_CHECKING:
    from terrace.session.report_pages import PartPlace

AROUND = 5  # points around what is marked
PAPER = QColor("#ffffff")  # as it is printed, in every theme


class Sheet(QWidget):
    """`picked` carries the part that was clicked, empty beside all of them."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        named(self, "report_sheet", self.tr("Page of the report"))
        self.setMouseTracking(True)
        self._image = QImage()
        self._size = (595.0, 842.0)
        self._scale = 1.0
        self._places: tuple[PartPlace, ...] = ()
        self._marked = self._over = ""

    def show_page(self, size: tuple[float, float], places: Sequence[PartPlace]) -> None:
        """Another page: its size and the places of its parts, in points."""
        self._size, self._places = size, tuple(places)
        self._over = ""
        self.updateGeometry()
        self._resize()

    def show_image(self, image: QImage) -> None:
        """Its picture; one of another size is stretched."""
        self._image = image
        self.update()

    def clear(self) -> None:
        """The picture that there was is of another page."""
        self._image = QImage()
        self.update()

    def set_scale(self, scale: float) -> None:
        """So many px for a point."""
        self._scale = scale
        self._resize()

    def mark(self, part: str) -> None:
        """Mark a part; nothing where it is not on the page."""
        self._marked = part
        self.update()

    def marked(self) -> QRectF:
        """Where the part that is marked stands; empty where it is not on the page."""
        return self._around(self._marked)

    def place_of(self, part: str) -> QRectF:
        """Where a part stands on the widget."""
        return self._around(part)

    def _resize(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(self._size[0] * self._scale), round(self._size[1] * self._scale))

    def _around(self, part: str) -> QRectF:
        place = next((p for p in self._places if p.part == part), None)
        if place is None:
            return QRectF()
        s = self._scale
        box = QRectF(place.left * s, place.top * s, place.width * s, place.height * s)
        return box.adjusted(-AROUND * s, -AROUND * s, AROUND * s, AROUND * s)

    def part_at(self, at: QPointF) -> str:
        """The part at a point; empty where there is none."""
        x, y = at.x() / self._scale, at.y() / self._scale
        for p in reversed(self._places):
            if 0 <= x - p.left <= p.width and 0 <= y - p.top <= p.height:
                return p.part
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), PAPER)
        if not self._image.isNull():
            painter.drawImage(self.rect(), self._image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for part, tone in ((self._over, "outline"), (self._marked, "")):
            box = self._around(part)
            if part and not box.isEmpty():
                # on white paper in every theme, so it has the accent of the light one
                painter.setPen(QPen(QColor(theme.LIGHT.accent) if not tone else QColor(theme.LIGHT.outline), 1.5))
                painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.part_at(event.position())
        if over != self._over:
            self._over = over
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._over = ""
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(self.part_at(event.position()))
        else:
            super().mousePressEvent(event)
