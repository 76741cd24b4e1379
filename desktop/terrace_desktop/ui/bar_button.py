"""A button of the tool bar: an icon and its word, or the icon alone."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyle, QStyleOptionToolButton, QStylePainter, QToolButton

from terrace_desktop.ui import theme

EDGE, GAP, HIGH = 10, 8, 32  # px


class BarButton(QToolButton):
    """Qt's own has no say over the gap between icon and word; ground and focus are still those of the style sheet."""

    def sizeHint(self) -> QSize:
        alone = self.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
        words = 0 if alone else GAP + self.fontMetrics().horizontalAdvance(self.text()) + 1
        return QSize(2 * EDGE + self.iconSize().width() + words, theme.px(HIGH))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text, option.icon = "", QIcon()
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        size = self.iconSize()
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        state = QIcon.State.On if self.isChecked() else QIcon.State.Off
        place = QRect(EDGE, (self.height() - size.height()) // 2, size.width(), size.height())
        self.icon().paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode, state)
        if self.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly:
            tone = "faint" if not self.isEnabled() else "accent_text" if self.isChecked() else "ink"
            painter.setPen(theme.colour(tone))
            room = self.rect().adjusted(EDGE + size.width() + GAP, 0, 0, 0)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.text())
