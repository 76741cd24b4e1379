"""The figure on paper: its caption, and under it the picture that its file has. Texts and lines are picked on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from terrace_desktop.figure.pictures import SCREEN
from terrace_desktop.ui import theme
from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.pictures import rgba_image
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.report.figure.proof import Part, Proof

EDGE = 24  # px of paper around the picture
NEAR = 6  # px within which a line is hit
AIR = 5  # px around a text that is marked


def image_of(proof: Proof) -> QImage:
    """The picture."""
    return rgba_image(proof.pixels, proof.width, proof.height)


def part_title(name: str) -> str:
    """What a part of a figure is called."""
    return {
        "title": tr("Title"), "subtitle": tr("Subtitle"), "note": tr("Note"), "xtitle": tr("Title of the x axis"),
        "ytitle": tr("Title of the y axis"), "xaxis": tr("X axis"), "yaxis": tr("Y axis"), "legend": tr("Legend"),
        "series": tr("Line"), "layer": tr("Layer"),
    }.get(name, name)  # fmt: skip


class Sheet(QWidget):
    """Shows a proof; `picked` tells the part that was clicked, or chosen by the arrows and Enter."""

    picked = Signal(object)  # Part

    def __init__(self) -> None:
        super().__init__()
        named(self, "figure_sheet", self.tr("The figure as it prints"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.proof: Proof | None = None
        self._image = QImage()
        self._scale = 1.0  # of the size in print
        self._inches = (3.0, 2.0)
        self._number, self._words = "", ""
        self._marked = ""  # the name of the part whose field is at work
        self._over: Part | None = None  # under the mouse, or chosen by the arrows

    # --- content --------------------------------------------------------------------------------------
    def show_proof(self, proof: Proof, scale: float) -> None:
        """Show a picture at so many times the size of print."""
        self.proof, self._scale, self._over = proof, scale, None
        self._image = image_of(proof)
        self._fit()

    def set_scale(self, scale: float, inches: tuple[float, float]) -> None:
        """Show the picture larger or smaller until there is a sharper one; `inches` is the size of one to come."""
        if (scale, inches) != (self._scale, self._inches):
            self._scale, self._inches = scale, inches
            self._fit()

    def clear(self) -> None:
        """Show no picture."""
        self.proof, self._over = None, None
        self._fit()

    def around(self, width: int) -> int:
        """px up and down that a picture of a width takes beside its own height."""
        return 2 * EDGE + self._caption_height(width)

    def show_caption(self, number: str, words: str) -> None:
        """What stands over the figure in the text."""
        if (number, words) != (self._number, self._words):
            self._number, self._words = number, words
            self._fit()

    def mark(self, option: str) -> None:
        """Mark what a field of the panel changes, by the option that it sets; no option marks nothing."""
        name = {"xrange": "xaxis", "xstep": "xaxis", "yrange": "yaxis", "ystep": "yaxis"}.get(option, option)
        if name != self._marked:
            self._marked = name
            self.update()

    def parts(self) -> tuple[Part, ...]:
        """What can be picked."""
        return () if self.proof is None else self.proof.parts

    def _fit(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        area = self._area()
        return QSize(round(area.width()) + 2 * EDGE, round(area.bottom()) + EDGE)

    def _area(self) -> QRectF:
        """Where the picture is."""
        inches = self._inches if self.proof is None else self.proof.inches
        wide, high = (v * SCREEN * self._scale for v in inches)
        return QRectF(EDGE, EDGE + self._caption_height(round(wide)), wide, high)

    def _fonts(self) -> tuple[QFont, QFont]:
        number, words = theme.text_font(theme.TEXT, bold=True), theme.text_font(theme.TEXT)
        words.setItalic(True)
        return number, words

    def _caption_height(self, width: int) -> int:
        number, words = self._fonts()
        height = QFontMetrics(number).lineSpacing() if self._number else 0
        if self._words:
            room = QRect(0, 0, max(80, width), 10_000)
            height += QFontMetrics(words).boundingRect(room, int(Qt.TextFlag.TextWordWrap), self._words).height() + 2
        return height + 12 if height else 0

    # --- painting -------------------------------------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        area = self._area()
        self._paint_caption(painter, area)
        if self.proof is None:
            painter.setPen(Qt.GlobalColor.darkGray)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), self.tr("Drawing…"))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for part in self.proof.parts:
            if part is self._over or part.name == self._marked:
                self._paint_mark(painter, part)
        if self.hasFocus() and self._over is None:
            painter.setPen(QPen(QColor(theme.LIGHT.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_caption(self, painter: QPainter, area: QRectF) -> None:
        number, words = self._fonts()
        painter.setPen(Qt.GlobalColor.black)
        painter.setFont(number)
        line = QFontMetrics(number).lineSpacing()
        painter.drawText(QRectF(EDGE, EDGE, area.width(), line), 0, self._number)
        painter.setFont(words)
        room = QRectF(EDGE, EDGE + line + 2, area.width(), max(0.0, area.top() - EDGE - line))
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap), self._words)

    def _paint_mark(self, painter: QPainter, part: Part) -> None:
        painter.setPen(QPen(QColor(theme.LIGHT.accent), 1.25))  # paper is white whatever the theme
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if part.path is not None and part.name in ("series", "layer"):
            area = self._area()
            painter.setPen(QPen(theme.colour("accent", 0.35), 8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.setClipRect(area)
            points = [QPointF(area.left() + x * area.width(), area.top() + y * area.height()) for x, y in part.path]
            painter.drawPolyline(points)
            painter.setClipping(False)
            return
        painter.drawRoundedRect(self._box(part).adjusted(-AIR, -AIR, AIR, AIR), 3, 3)

    def _box(self, part: Part) -> QRectF:
        area, (left, top, right, bottom) = self._area(), part.box
        return QRectF(QPointF(area.left() + left * area.width(), area.top() + top * area.height()),
                      QPointF(area.left() + right * area.width(), area.top() + bottom * area.height()))  # fmt: skip

    # --- picking --------------------------------------------------------------------------------------
    def part_at(self, at: QPointF) -> Part | None:
        """What is at a place of the sheet."""
        area = self._area()
        for part in self.parts():
            if part.path is None:
                if self._box(part).adjusted(-AIR, -AIR, AIR, AIR).contains(at):
                    return part
            elif _distance(part.path * (area.width(), area.height()), at - area.topLeft()) <= NEAR:
                return part
        return None

    def place_of(self, part: Part) -> QPointF:
        """A place of the sheet where a part is."""
        if part.path is None:
            return self._box(part).center()
        area, (x, y) = self._area(), part.path[len(part.path) // 2]
        return QPointF(area.left() + x * area.width(), area.top() + y * area.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.part_at(event.position()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._over is not None else Qt.CursorShape.ArrowCursor)
        if self._over is not None:
            QToolTip.showText(event.globalPosition().toPoint(), part_title(self._over.name), self)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        part = self.part_at(event.position())
        if part is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(part)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
        parts, key = self.parts(), Qt.Key(event.key())
        if key in steps and parts:
            now = next((k for k, p in enumerate(parts) if p is self._over), -1 if steps[key] > 0 else 0)
            self._point_at(parts[(now + steps[key]) % len(parts)])
            announce(self, part_title(parts[(now + steps[key]) % len(parts)].name))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._over is not None:
            self.picked.emit(self._over)
        else:
            super().keyPressEvent(event)

    def _point_at(self, part: Part | None) -> None:
        if part is not self._over:
            self._over = part
            self.update()


def _distance(path: np.ndarray, at: QPointF) -> float:
    """px from a place to a line through corners."""
    here = np.array([at.x(), at.y()])
    a, b = path[:-1], path[1:]
    along = b - a
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((here - a) * along).sum(axis=1) / length, 0.0, 1.0)
    return float(np.hypot(*(a + along * share[:, None] - here).T).min())


class Small(QWidget):
    """The figure in grey, in the size that it is printed in, or as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "figure_grey_picture", self.tr("The figure in grey"))
        self._image = QImage()
        self._size = QSize(160, 120)

    def show_proof(self, proof: Proof) -> None:
        """Show a picture."""
        self._image = image_of(proof)
        self._size = QSize(round(proof.inches[0] * SCREEN), round(proof.inches[1] * SCREEN))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._size.width() + 16, self._size.height() + 16)

    def is_actual(self) -> bool:
        """True where there is room for the size in print."""
        return self.width() - 16 >= self._size.width()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        inner = min(width - 16, self._size.width())
        return round(self._size.height() * inner / max(1, self._size.width())) + 16

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self._image.isNull():
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        wide = min(self.width() - 16, self._size.width())
        high = wide * self._size.height() / max(1, self._size.width())
        painter.drawImage(QRectF((self.width() - wide) / 2, 8, wide, high), self._image)
