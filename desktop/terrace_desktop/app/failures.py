"""What the window tells of errors that nobody foresaw, and of those that no command made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.errors import TerraceError
from terrace_desktop.ui import dialogs, words
from terrace_desktop.upkeep.crash_text import Crash, what_crashed, what_failed
from terrace_desktop.work import logs, session_port

if TYPE_CHECKING:
    from terrace_desktop.project.notices import Notices
    from terrace_desktop.results.pane import ResultsPane
    from terrace_desktop.work.history import HistoryModel


class Failures(QObject):
    """One dialog at a time; none once the window closes."""

    told = Signal(str)  # a short message for the status bar

    def __init__(self, window: QWidget, results: ResultsPane, history: HistoryModel) -> None:
        super().__init__(window)
        self.window, self.results, self.history = window, results, history
        self._dialog: QWidget | None = None
        self._closing = False

    def close(self) -> None:
        """The window closes: nobody is there to be told."""
        self._closing = True

    def take(self, error: Exception) -> None:
        """Work that is no command failed."""
        if isinstance(error, TerraceError):
            self.told.emit(words.from_engine(error.message))
        else:
            from terrace.session.log import without_data

            self.show(f"{type(error).__name__}: {error}", "", without_data(error))

    def take_export(self, message: str, advice: str) -> None:
        """Something was not written: its card stands with the results, where there are any commands."""
        from terrace.session.contract import Outcome

        entry = self.history.entries[-1] if self.history.entries else None
        if entry is None:
            self.told.emit(message)
            return
        outcome = Outcome("", self.tr("Export"), "error", 0.0, error=("export", message), error_advice=advice)
        self.results.show_error(entry, outcome)

    def show(self, summary: str, details: str, trace: str = "") -> None:
        """Tell of an unforeseen error; `trace` is where it happened, without data."""
        if self._dialog is None and not self._closing:
            dialog = self._dialog = dialogs.FailureDialog(self.window, summary, details, logs.log_path())
            dialog.report_asked.connect(lambda: self.report(what_failed(trace, logs.noted())))
            self._dialog.finished.connect(self._gone)
            self._dialog.open()

    def crashed(self, noted: str, notices: Notices) -> None:
        """The run before ended in a crash: offer to see what happened. `noted` is what it has left."""
        if noted:
            see = (self.tr("See what happened"), "crash_see", lambda: self.report(what_crashed(noted)))
            notices.put("crash", self.tr("Terrace stopped unexpectedly last time."), buttons=(see,), lasting=True)

    def report(self, found: Crash) -> None:
        """Show what happened as a report that the user can read, copy, save and mail."""
        from terrace_desktop.upkeep.crash_page import CrashPage

        CrashPage(self.window, found, session_port.known_commands()).show()

    def _gone(self, _result: int) -> None:
        self._dialog = None
