"""The icons of the window: SVG files of one hand in `resources/icons`, drawn in a colour of the present theme.

A file has a grid of 16, lines of 1.5 with round ends, and names no colour but `currentColor`.
"""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QToolButton, QWidget

from terrace.data.resources import resource_path
from terrace_desktop.ui import theme

SIZE = 16  # px
SCALES = (1, 2, 3)  # of screens; each gets its own picture, so that lines stay sharp


def pixmap(name: str, tone: str = "ink", *, size: int = SIZE, scale: float = 2.0) -> QPixmap:
    """An icon in the colour of a token of the present theme. Raises FileNotFoundError for a name without a file."""
    colour = str(getattr(theme.manager().theme, tone))
    return _drawn(name, colour, size, scale)


def icon(name: str, tone: str = "ink", *, on: str = "", size: int = SIZE) -> QIcon:
    """An icon for a button or an action: faint where that is disabled, in the tone `on` where it is checked."""
    out, size = QIcon(), theme.px(size)
    for scale in SCALES:
        out.addPixmap(pixmap(name, tone, size=size, scale=scale))
        out.addPixmap(pixmap(name, "faint", size=size, scale=scale), QIcon.Mode.Disabled)
        if on:
            out.addPixmap(pixmap(name, on, size=size, scale=scale), QIcon.Mode.Normal, QIcon.State.On)
    return out


class _Follower(QObject):
    """Draws the icon of a widget again when the theme changes; it goes with its widget."""

    def __init__(self, widget: QWidget, name: str, tone: str, on: str, action: QAction | None = None) -> None:
        super().__init__(widget)
        self.name, self.tone, self.on, self._action = name, tone, on, action
        theme.manager().changed.connect(self._follow)

    def _follow(self) -> None:
        theme.manager().before_seen(self, self.draw)

    def draw(self) -> None:
        widget = self.parent()
        if self._action is not None:
            self._action.setIcon(icon(self.name, self.tone))
        elif isinstance(widget, QLabel):
            size, scale = theme.px(SIZE), max(2.0, widget.devicePixelRatioF())
            widget.setPixmap(pixmap(self.name, self.tone, size=size, scale=scale))
        elif isinstance(widget, QAbstractButton):
            widget.setIconSize(QSize(theme.px(SIZE), theme.px(SIZE)))
            widget.setIcon(icon(self.name, self.tone, on=self.on))


def set_icon(widget: QAbstractButton | QLabel, name: str, tone: str = "ink", *, on: str = "") -> None:
    """Give a button or a label an icon that follows the theme; another icon takes its place."""
    follower = next((c for c in widget.children() if isinstance(c, _Follower)), None)
    if follower is None:
        follower = _Follower(widget, name, tone, on)
    follower.name, follower.tone, follower.on = name, tone, on
    follower.draw()


def no_icon(widget: QLabel) -> None:
    """Take the icon of a label away."""
    for follower in [c for c in widget.children() if isinstance(c, _Follower)]:
        follower.setParent(None)
        follower.deleteLater()
    widget.clear()


def lead_with(line: QLineEdit, name: str) -> None:
    """Put an icon before the text of a line."""
    action = line.addAction(icon(name, "muted"), QLineEdit.ActionPosition.LeadingPosition)
    for b in line.findChildren(QToolButton):  # Qt makes buttons for the icon and for clearing
        if not b.objectName():
            b.setObjectName(f"{line.objectName()}_{name}")
            b.setAccessibleName(line.accessibleName())
    _Follower(line, name, "muted", "", action)


@lru_cache(maxsize=1024)
def _drawn(name: str, colour: str, size: int, scale: float) -> QPixmap:
    picture = QPixmap(round(size * scale), round(size * scale))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _drawing(name, colour).render(painter, QRectF(0, 0, size * scale, size * scale))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture


@lru_cache(maxsize=32)  # an icon is drawn for several screens, one after the other
def _drawing(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


@cache
def _source(name: str) -> str:
    return resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
