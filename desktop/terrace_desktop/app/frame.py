"""Where the window stands and how large it is, from one start to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMainWindow

from terrace_desktop.ui.later import soon
from terrace_desktop.ui.room import fitting

if TYPE_CHECKING:
    from terrace_desktop.ui.settings import Settings

SIZE = (1440, 900)


class Frame:
    """The size and place of a window, kept in the settings."""

    def __init__(self, window: QMainWindow, settings: Settings) -> None:
        self._window, self._settings = window, settings
        self._first_size = window.size()

    def restore(self) -> None:
        """As it was left, else as on the first day."""
        self.reset()
        self._first_size = self._window.size()
        geometry = self._settings.state("window")
        if geometry is not None:
            self._window.restoreGeometry(geometry)

    def reset(self) -> None:
        """The size of the first day."""
        self._window.resize(*fitting(SIZE))

    def remember(self) -> None:
        """Keep size and place for the next start."""
        self._settings.set_state("window", self._window.saveGeometry())

    def shown(self) -> None:
        """The window was shown: its frame is known once it stands."""
        soon(self._window, self._keep_on_screen)

    def _keep_on_screen(self) -> None:
        """A window whose frame is larger than the screen has its status bar under the edge."""
        window, screen = self._window, self._window.screen()
        if window.isMaximized() or window.isFullScreen() or screen is None:
            return
        room, whole = screen.availableGeometry(), window.frameGeometry()
        over = (max(0, whole.width() - room.width()), max(0, whole.height() - room.height()))
        if any(over) and window.size() == self._first_size:
            window.resize(window.width() - over[0], window.height() - over[1])
            window.move(room.topLeft())
