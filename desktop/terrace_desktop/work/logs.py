"""Where failures go: a log file, faulthandler's record of a hard crash, and an excepthook that tells."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import re
import sys
import threading
import time
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QObject, Qt, Signal

from terrace.disk.appending import open_private
from terrace.disk.processes import is_running
from terrace.version import __version__

log = logging.getLogger("terrace_desktop")
_running: IO[str] | None = None
COMMAND = ". "
"""What a line with a command begins with."""
_LONGEST = 300  # characters of a command that are noted
_CRASHED = re.compile(r"^(Fatal Python error|Windows fatal exception): ", re.MULTILINE)


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
    global _running  # noqa: PLW0603 - faulthandler needs a file that stays open
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
    before = ""
    try:
        before = _of_crashes(folder)
        if before:
            log.error("the run before ended in a crash:\n%s", before)
        _running = open_private(_running_file(), append=True)
        _running.write(f"Terrace {__version__}, {time.strftime('%Y-%m-%d %H:%M')}\n")
        _running.flush()
        faulthandler.enable(_running)
    except OSError:
        pass
    return before


def _running_file() -> Path:
    """What a window notes while it runs: its version, its commands and, where it crashes, what Python says of that."""
    return log_path().parent / f"running-{os.getpid()}.txt"


def _of_crashes(folder: Path) -> str:
    """What windows that are gone have noted, where one of them crashed: the newest. Their files go."""
    found: list[tuple[float, str]] = []
    for path in folder.glob("running-*.txt"):
        number = path.stem.partition("-")[2]
        # where it is not POSIX, a file that is in use cannot be taken away, which tells as much
        if os.name == "posix" and number.isdecimal() and int(number) != os.getpid() and is_running(int(number)):
            continue
        try:
            when, text = path.stat().st_mtime, path.read_text(encoding="utf-8", errors="replace")
            path.unlink()
        except OSError:  # Windows does not let go of a file that is in use
            continue
        if _CRASHED.search(text):
            found.append((when, text.strip()))
    return max(found, default=(0.0, ""))[1]


def note_command(command: str) -> None:
    """Note a command that begins, without numbers and texts, for the report of a crash in it."""
    if _running is None:
        return
    from terrace.session.log import without_values

    with contextlib.suppress(OSError, ValueError):
        _running.write(f"{COMMAND}{' '.join(without_values(command).split())[:_LONGEST]}\n")
        _running.flush()


def noted() -> str:
    """What this window has noted by now; empty where it could not."""
    try:
        return _running_file().read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def end_logs() -> None:
    """A clean end leaves no record of a crash behind."""
    global _running  # noqa: PLW0603
    if _running is not None:
        faulthandler.disable()
        _running.close()
        _running = None
        with contextlib.suppress(OSError):
            _running_file().unlink(missing_ok=True)


class ExceptionRelay(QObject):
    """Takes exceptions from any thread and hands them to the GUI thread as a queued signal."""

    caught = Signal(str, str, str)  # summary, traceback, the same without data
    told = Signal(str, str, str)  # the same, on the GUI thread

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
        from terrace.session.log import without_data

        self.caught.emit(f"{kind.__name__}: {error}", text, "" if error is None else without_data(error))
