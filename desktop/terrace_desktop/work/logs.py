"""Where failures go: a log file, faulthandler's record of a hard crash, and an excepthook that tells."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QObject, Qt, Signal

from terrace.disk.appending import open_private

log = logging.getLogger("terrace_desktop")
_crash_file: IO[str] | None = None


class _WithoutData(logging.Formatter):
    """Of exceptions their types and places in the code, and no values that their texts hold."""

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        from terrace.session.log import without_data

        return without_data(ei[1]) if ei[1] is not None else ""


def log_path() -> Path:
    """The log file, the one into which the engine writes too; ``TERRACE_LOGS`` names another folder."""
    given = os.environ.get("TERRACE_LOGS")
    if given:
        return Path(given) / "terrace.log"
    from terrace.session.log import log_path as engine_log

    return engine_log()


class _PrivateFile(logging.FileHandler):
    """A log that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename), append=True)


def start_logs() -> str:
    """Begin logging; the text of a hard crash of the run before, empty where there was none."""
    global _crash_file  # noqa: PLW0603 - faulthandler needs a file that stays open
    folder = log_path().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = _PrivateFile(log_path(), encoding="utf-8", delay=True)
    except OSError:  # nowhere to write: the program works all the same
        return ""
    handler.setFormatter(_WithoutData("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("terrace").setLevel(logging.INFO)
    log.setLevel(logging.INFO)
    crash = folder / "crash.txt"
    before = ""
    try:
        if crash.exists():
            before = crash.read_text(encoding="utf-8", errors="replace").strip()
        if before:
            log.error("the run before ended in a crash:\n%s", before)
        _crash_file = open_private(crash, append=False)
        faulthandler.enable(_crash_file)
    except OSError:
        pass
    return before


def end_logs() -> None:
    """A clean end leaves no record of a crash behind."""
    global _crash_file  # noqa: PLW0603
    if _crash_file is not None:
        faulthandler.disable()
        _crash_file.close()
        _crash_file = None
        (log_path().parent / "crash.txt").unlink(missing_ok=True)


class ExceptionRelay(QObject):
    """Takes exceptions from any thread and hands them to the GUI thread as a queued signal."""

    caught = Signal(str, str)  # summary, traceback
    told = Signal(str, str)  # the same, on the GUI thread

    def __init__(self) -> None:
        super().__init__()
        self.caught.connect(self.told, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Become the excepthook of the program and of its threads."""
        sys.excepthook = self._hook
        threading.excepthook = lambda args: self._hook(args.exc_type, args.exc_value, args.exc_traceback)

    def uninstall(self) -> None:
        """Put Python's own hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _hook(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        import traceback

        text = "".join(traceback.format_exception(kind, error, trace))
        log.error("unforeseen error", exc_info=(kind, error, trace) if error is not None else None)
        self.caught.emit(f"{kind.__name__}: {error}", text)
