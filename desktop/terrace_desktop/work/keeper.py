"""Keeps the commands of a session in a file as they run, so that neither a crash nor a closed window loses them."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QLockFile

from terrace.disk.leftovers import sweep
from terrace.disk.writing import move, write_text
from terrace.errors import TerraceError

log = logging.getLogger(__name__)


class Keeper:
    """Writes the history of the first window that is open; later ones leave it alone.

    ``session.do`` is what runs now; at a clean end it becomes ``last-session.do``. One that is found at the start was
    left by a crash.
    """

    def __init__(self, folder: Path) -> None:
        self._now = folder / "session.do"
        self._last = folder / "last-session.do"
        self._lock = QLockFile(str(folder / "session.lock"))
        self._lock.setStaleLockTime(0)  # a lock is stale once its process is gone, however old it is
        self._mine = False

    def begin(self) -> bool:
        """Take the file over; True where the session before ended in a crash."""
        try:
            self._now.parent.mkdir(parents=True, exist_ok=True)
            sweep(self._now.parent)
            self._mine = self._lock.tryLock(0)
            if not self._mine or not self._now.exists():
                return False
            left = bool(self._now.read_bytes().strip())
            if left:
                move(self._now, self._last)
            return left
        except OSError as error:
            log.warning("the session is not kept: %s", error)
            return False

    def keep(self, text: str) -> None:
        """Write the commands so far; the file is whole at any time."""
        if not self._mine or not text.strip():
            return
        try:
            write_text(self._now, text, private=True)
        except TerraceError as error:
            log.warning("the session is not kept: %s", error)

    def last(self) -> str:
        """The commands of the session before; empty where there was none."""
        try:
            return self._last.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def end(self) -> None:
        """A clean end: this session is the last one now."""
        if not self._mine:
            return
        try:
            if self._now.exists():
                move(self._now, self._last)
        except OSError as error:
            log.warning("the session is not kept: %s", error)
        self._lock.unlock()
        self._mine = False
