"""*Help > Check this installation*: the steps of the self-test in a process of its own, and the published numbers.

The process has settings, logs and data of its own and shows no window, so nothing of the user's is touched.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QProcess, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.icons import no_icon, set_icon
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.room import for_text
from terrace_desktop.ui.widgets import button, label, named, tell
from terrace_desktop.ui.words import marked
from terrace_desktop.upkeep.step_lines import PUBLISHED, STEPS, StepLine, read_lines, versions

LOOK = 200  # ms between two looks at what the process has told
ENDED = 2000  # ms that a process has to end where the page is closed


def command(*arguments: str) -> list[str]:
    """The command that starts this program once more: a frozen one is its own executable."""
    own = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "terrace_desktop.app.app"]
    return [*own, *arguments]


@dataclass
class _Row:
    sign: QLabel
    told: QLabel


class CheckPage(QDialog):
    """Begins at once; closing it ends the check."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        named(self, "check_page", self.tr("Check this installation"))
        self.setWindowTitle(self.tr("Check this installation"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "panel")
        self.resize(*for_text(680, 640))
        self._folder = tempfile.TemporaryDirectory(prefix="terrace-check-", ignore_cleanup_errors=True)
        self._report = Path(self._folder.name) / "report.txt"
        self._rows: dict[str, _Row] = {}
        self._seen: list[StepLine] = []
        self._running = ""  # the step that has the sign of what is tried now
        self._left: list[list[str]] = []
        self._process: QProcess | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)
        app = QCoreApplication.instance()
        assert app is not None
        app.aboutToQuit.connect(self.reject)  # the check does not outlive the program
        self._build()
        self.begin()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(label(self.tr("Check this installation"), "title"))
        intro = self.tr("Terrace starts a second time, out of sight, and tries everything on a sample. "
                        "Your work is not touched.")  # fmt: skip
        column.addWidget(label(intro, "muted", wrap=True))
        inner = QWidget()
        inner.setProperty("surface", "panel")
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        words = {key: marked("CheckPage", text) for key, text in STEPS.items()}
        words[PUBLISHED] = self.tr("Compare all published numbers")
        for k, (key, text) in enumerate(words.items()):
            sign, told = QLabel(), label("", "muted", wrap=True, selectable=True)
            named(sign, f"check_sign_{key}", text)
            named(told, f"check_told_{key}", "")
            grid.addWidget(sign, 2 * k, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text), 2 * k, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(told, 2 * k + 1, 1)
            self._rows[key] = _Row(sign, told)
        grid.setRowStretch(2 * len(words), 1)
        self._area = named(QScrollArea(), "check_steps", self.tr("Steps"))
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setWidget(inner)
        column.addWidget(self._area, 1)
        self.verdict = label("", "heading", wrap=True, selectable=True)
        named(self.verdict, "check_verdict", "")
        column.addWidget(self.verdict)
        self._versions = label(versions(), "mono", wrap=True, selectable=True)
        column.addWidget(self._versions)
        row = QHBoxLayout()
        self.copy_button = button(self.tr("Copy as text"), "check_copy", self.copy)
        self.again_button = button(self.tr("Check again"), "check_again", self.begin)
        row.addWidget(self.copy_button)
        row.addWidget(self.again_button)
        row.addStretch(1)
        self.close_button = button(self.tr("Close"), "check_close", self.accept)
        row.addWidget(self.close_button)
        column.addLayout(row)
        self.close_button.setFocus()

    # --- the check ------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Check from the first step on."""
        self._report.unlink(missing_ok=True)
        self._seen, self._running = [], ""
        for key, row in self._rows.items():
            self._sign(key, "")
            row.told.hide()
        tell(self.verdict, self.tr("Checking…"))
        self.again_button.setEnabled(False)
        report = str(self._report)
        self._left = [command("--self-test", "--unseen", "--report", report), command("--validate", "--report", report)]
        self._timer.start()
        self._next()
        self._look()

    def _next(self) -> None:
        if not self._left:
            self._end()
            return
        program, *arguments = self._left.pop(0)
        process = QProcess(self)
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._not_started)
        self._process = process
        process.start(program, arguments)

    def _ended(self) -> None:
        self._process = None
        self._look()
        self._next()

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._left = []
            self._ended()

    def _look(self) -> None:
        """Show what has been told since the last look."""
        found = list(read_lines(self._text()))
        for line in found[len(self._seen) :]:
            row = self._rows.get(line.key)
            if row is None:
                continue
            self._sign(line.key, "passed" if line.passed else "failed")
            if not line.passed or line.key == PUBLISHED:
                tell(row.told, line.told)
        self._seen = found
        self._mark_running()

    def _mark_running(self) -> None:
        """A sign before what is being tried: the step behind the last that has ended, or all published numbers."""
        done = {line.key for line in self._seen}
        waiting = [key for key in self._rows if key not in done]
        now = "" if not waiting else waiting[0] if self._left else PUBLISHED
        if self._running and self._running not in done:
            self._sign(self._running, "")
        self._running = now
        if now:
            self._sign(now, "running")

    def _sign(self, key: str, state: str) -> None:
        """Show how a step stands: passed, failed, running, or nothing yet."""
        sign = self._rows[key].sign
        icon = {"passed": ("check", "accent_text"), "failed": ("warning", "danger"), "running": ("history", "muted")}
        words = {"passed": self.tr("passed"), "failed": self.tr("failed"), "running": self.tr("running")}
        if state:
            set_icon(sign, *icon[state])
        else:
            no_icon(sign)
        sign.setAccessibleDescription(words.get(state, ""))

    def _text(self) -> str:
        try:
            return self._report.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _end(self) -> None:
        self._timer.stop()
        self.again_button.setEnabled(True)
        failed = [line for line in self._seen if not line.passed]
        missing = self._rows.keys() - {line.key for line in self._seen}
        for key in missing:
            self._sign(key, "")
            tell(self._rows[key].told, self.tr("Not tried."))
        wrong = missing | {line.key for line in failed}
        first = next((key for key in self._rows if key in wrong), PUBLISHED)
        soon(self, lambda: self._area.ensureWidgetVisible(self._rows[first].told))
        if failed or missing:
            told = self.tr("This installation does not work as it should. Install Terrace again. If that does not "
                           "help, copy this as text and mail it to the person who installed it.")  # fmt: skip
        else:
            told = self.tr("Everything works on this computer.")
        tell(self.verdict, told)
        announce(self, told)

    def copy(self) -> None:
        """Copy the whole report."""
        nothing = self.tr("The check did not start.")
        QGuiApplication.clipboard().setText(self._text() or f"{versions()}\n{nothing}\n")

    def done(self, result: int) -> None:
        self._timer.stop()
        self._left = []
        if self._process is not None:
            self._process.finished.disconnect(self._ended)
            self._process.errorOccurred.disconnect(self._not_started)
            self._process.kill()
            self._process.waitForFinished(ENDED)
            self._process = None
        self._folder.cleanup()
        super().done(result)
