"""The lines in which the self-test tells of its steps, and their way back into the window."""

from __future__ import annotations

import os
import platform
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, qVersion

STEPS = {
    "start": QT_TRANSLATE_NOOP("CheckPage", "Start the program"),
    "sample": QT_TRANSLATE_NOOP("CheckPage", "Open a sample"),
    "fit": QT_TRANSLATE_NOOP("CheckPage", "Fit a model"),
    "numbers": QT_TRANSLATE_NOOP("CheckPage", "Compare it with published numbers"),
    "figure": QT_TRANSLATE_NOOP("CheckPage", "Draw and save figures"),
    "word": QT_TRANSLATE_NOOP("CheckPage", "Export a Word document and read it again"),
    "pdf": QT_TRANSLATE_NOOP("CheckPage", "Export a PDF and read it again"),
    "reports": QT_TRANSLATE_NOOP("CheckPage", "Export the other report formats"),
    "files": QT_TRANSLATE_NOOP("CheckPage", "Write and read files of other programs"),
    "project": QT_TRANSLATE_NOOP("CheckPage", "Save a project and open it again"),
}
"""The steps in their order."""
PUBLISHED = "published"
PASSED, FAILED = "passed", "FAILED"
GRACE = 30.0  # seconds beyond its own limit after which a self-test that hangs is ended


@dataclass(frozen=True, slots=True)
class StepLine:
    """How a step ended: its key, whether it worked, and seconds or what was wrong."""

    key: str
    passed: bool
    told: str


def versions() -> str:
    """What runs here, in one line: the program, Python, Qt and the system."""
    from terrace.version import __version__

    return f"Terrace {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"


class StepLines:
    """Writes each line to standard output, where there is one, and to the end of a file."""

    def __init__(self, file: str | Path | None = None) -> None:
        self._file = None if file is None else Path(file)
        self._hard: threading.Timer | None = None

    def begin(self, limit: float = 0.0) -> None:
        """Tell the versions. With `limit` (s) a process that hangs is ended a while after that, with status 1."""
        self.write(versions())
        if limit:
            self._hard = threading.Timer(limit + GRACE, self._hangs)
            self._hard.daemon = True
            self._hard.start()

    def passed(self, key: str, seconds: float) -> None:
        """A step has worked."""
        self.write(_line(PASSED, key, f"{seconds:.1f} s"))

    def failed(self, key: str, why: str) -> None:
        """A step has not."""
        self.write(_line(FAILED, key, " ".join(why.split())))

    def end(self, failed: str) -> None:
        """All is done, or `failed` was not."""
        if self._hard is not None:
            self._hard.cancel()
        self.write(f"Self-test failed: {STEPS[failed]}." if failed else "Self-test passed: every step worked.")

    def _hangs(self) -> None:
        self.write("Self-test failed: it did not end in time.")
        os._exit(1)

    def write(self, line: str) -> None:
        """Any other line."""
        from terrace.disk.appending import add_text

        if sys.stdout is not None:  # a frozen program without a console has none
            print(line, flush=True)
        if self._file is not None:
            add_text(self._file, line + "\n", private=True)


def _line(state: str, key: str, told: str) -> str:
    return f"{state}  {key:10} {STEPS.get(key, '')} ({told})"


def read_lines(text: str) -> Iterator[StepLine]:
    """The steps that a report tells of, in their order."""
    for line in text.splitlines():
        state, _, rest = line.partition("  ")
        key, _, told = rest.partition(" ")
        if state in (PASSED, FAILED) and told.endswith(")"):
            words = told.strip().removeprefix(str(STEPS.get(key, ""))).strip()
            yield StepLine(key, state == PASSED, words[1:-1])
