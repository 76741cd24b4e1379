"""The message of a command that failed: what is wrong, where, and buttons that mend it; the next command ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from terrace_desktop.ui.widgets import Notice, label, named
from terrace_desktop.work.ml_test import REFUSED

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace_desktop.work.history import Entry

MOST = 88  # characters of a command beside an error


def pointed(outcome: Outcome) -> str:
    """The command with a caret line under the place that an error is about; empty where it has none.

    Of a long line the part around the place is shown.
    """
    if outcome.error_at is None:
        return ""
    start, end = outcome.error_at
    line_start = outcome.command.rfind("\n", 0, start) + 1
    line = outcome.command[line_start:].split("\n")[0]
    at, width = start - line_start, max(1, min(end - start, MOST // 2))
    if len(line) > MOST:
        first = max(0, min(at - MOST // 3, len(line) - MOST))
        cut = line[first : first + MOST]
        head, tail = ("…" if first else ""), ("…" if first + MOST < len(line) else "")
        line, at = head + cut + tail, at - first + len(head)
    return f"{line}\n{' ' * at}{'^' * width}"


def mended(outcome: Outcome) -> tuple[str, str]:
    """The word to write for what an error is about, and the command with it; empty without one."""
    word = outcome.error_instead
    if not word.isidentifier() or outcome.error_at is None:
        return "", ""
    start, end = outcome.error_at
    if not outcome.command[start:end].isidentifier():
        return "", ""
    return word, outcome.command[:start] + word + outcome.command[end:]


class ErrorCard(QFrame):
    """Stands at the end of the page and is no part of the document."""

    edit_asked = Signal(str)
    run_asked = Signal(str)  # a command
    ml_asked = Signal(str)  # a likelihood-ratio test that needs fits by ML
    log_asked = Signal()
    delete_asked = Signal()

    def __init__(self, entry: Entry, outcome: Outcome) -> None:
        super().__init__()
        assert outcome.error is not None
        self.entry = entry
        self.outcome = outcome
        title = outcome.type or entry.command
        if outcome.line is not None:
            title = QCoreApplication.translate("ErrorCard", "{0}, line {1}").format(title, outcome.line)
        self.title = title
        named(self, f"error_{entry.id}", title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(4)
        if outcome.error_at is None and outcome.command:
            column.addWidget(label(outcome.command, "mono", wrap=True, selectable=True))
        column.addWidget(self._strip(outcome, outcome.error))

    def _strip(self, outcome: Outcome, error: tuple[str, str]) -> Notice:
        strip = Notice(error[1], kind="error", advice=outcome.error_advice, code=pointed(outcome))
        word, command = mended(outcome)
        if word:
            strip.add_button(self.tr("Use {0}").format(word), "error_mend", lambda: self.run_asked.emit(command))
        if outcome.type == "lrtest" and error[0] in REFUSED:
            strip.add_button(
                self.tr("Compare by maximum likelihood"), "error_by_ml", lambda: self.ml_asked.emit(outcome.command)
            )
        strip.add_button(self.tr("Edit the command"), "error_edit", lambda: self.edit_asked.emit(outcome.command))
        if error[0] == "internal":
            strip.add_button(self.tr("Open the log"), "error_log", self.log_asked.emit)
        strip.add_button(self.tr("Dismiss"), "error_dismiss", self.delete_asked.emit)
        return strip
