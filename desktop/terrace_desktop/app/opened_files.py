"""Files that macOS asks the running program to open, by an event where other systems give an argument."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class Application(QApplication):
    """The application; a file that it is asked to open before the window can waits, of several the last."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self._open: Callable[[str], object] | None = None
        self._waiting = ""

    def open_with(self, do: Callable[[str], object] | None) -> None:
        """Have files opened by this from now on, the one that waits first; None lets them wait."""
        self._open = do
        path, self._waiting = self._waiting, ""
        if do is not None and path:
            do(path)

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent):
            return super().event(event)
        path = event.file()
        if path and self._open is not None:
            self._open(path)
        else:
            self._waiting = path or self._waiting
        return True
