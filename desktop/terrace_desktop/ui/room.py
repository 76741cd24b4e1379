"""How large a window begins: as its text is large, and no larger than the screen."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from terrace_desktop.ui import theme


def fitting(size: tuple[int, int], frame: tuple[int, int] = (16, 48)) -> tuple[int, int]:
    """A size of a window that the screen has room for together with its frame of so many px across and down."""
    screen = QGuiApplication.primaryScreen()
    if screen is None:
        return size
    room = screen.availableGeometry()
    return min(size[0], room.width() - frame[0]), min(size[1], room.height() - frame[1])


def for_text(width: int, height: int) -> tuple[int, int]:
    """The size of a window that would have so many px where text is at 100%."""
    return fitting((theme.px(width), theme.px(height)))
