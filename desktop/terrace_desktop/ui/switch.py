"""A switch: on or off, at once. To assistive technology it is a box that is ticked."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

_TRACK, _HIGH, _GAP = 30, 16, 8  # px: how long and high the track is, and what lies between it and its words


class Switch(QCheckBox):
    """Words beside a track with a knob, which stands at its right end where it is on."""

    def __init__(self, text: str, object_name: str, tip: str = "") -> None:
        super().__init__(text)
        named(self, object_name, text)
        self.setToolTip(tip)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.manager().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
        return QSize(theme.px(_TRACK) + _GAP + words.width() + 4, max(words.height(), theme.px(_HIGH)) + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        long, high = theme.px(_TRACK), theme.px(_HIGH)
        track = QRectF(2, (self.height() - high) / 2, long, high)
        on = self.isChecked()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent" if on else "outline", 1 if self.isEnabled() else 0.5))
        painter.drawRoundedRect(track, high / 2, high / 2)
        knob = high / 2 - 2.5
        x = track.right() - high / 2 if on else track.left() + high / 2
        painter.setBrush(theme.colour("on_accent" if on else "panel"))
        painter.drawEllipse(QPointF(x, track.center().y()), knob, knob)
        painter.setPen(theme.colour("ink" if self.isEnabled() else "faint"))
        words = self.rect().adjusted(int(track.right()) + _GAP, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic), self.text())
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2 if theme.manager().theme.strong else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
