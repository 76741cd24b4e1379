"""Do-files and the history, run after their lines that touch files have been shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace.session.session import Session
    from terrace_desktop.ui.settings import Settings


_SHOWN = 60  # characters of a command in a question
_RUNS = re.compile(r"\b(?:do|run?)\b")


class _Typed:
    """The question before commands that were typed."""

    def __init__(self, flow: ScriptFlow, text: str) -> None:
        self._flow, self._text = flow, text

    def look(self, session: Session) -> list[str]:
        if not _RUNS.search(self._text):
            return []
        from terrace.session import trust

        return trust.as_lines(trust.shown_of_typed(self._text, session.state.folder))

    def ask(self, lines: list[str]) -> None:
        self._flow.ask_typed(self._text, lines)


class ScriptFlow(QObject):
    """Looks through commands beside the session, asks where they touch files, and has them run.

    `history` gives the commands that have run, and no text where there are none.
    """

    told = Signal(str)

    def __init__(self, window: QWidget, controller: Controller, settings: Settings, history: Callable[[], str]) -> None:
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.settings = settings
        self._history = history

    def actions(self) -> list[Action]:
        """What the File menu offers to run."""
        c = self.controller
        return [
            Action("run_do", tr("Run &do-file…"), self.run_do_file, enabled=lambda: c.is_ready),
            Action(
                "run_history",
                tr("Run the histor&y again"),
                self.run_history,
                enabled=lambda: c.is_ready and bool(c.history.entries),
            ),
        ]

    def run_do_file(self) -> None:
        """Run a file of commands, after its lines that go outside of its folder have been shown."""
        filters = self.tr("Do-files") + " (*.do);;" + self.tr("All files") + " (*)"
        path = dialogs.ask_open(self.window, self.tr("Run do-file"), self.settings.folder(), filters)
        if path:
            self.run_do(Path(path))

    def run_do(self, path: Path) -> None:
        """Run a do-file; where it goes outside of its folder, ask first and show the lines."""

        def look() -> list[str]:
            from terrace.session import trust

            return trust.as_lines(trust.to_be_shown(path, begins=path.parent))

        def run(writes: bool) -> None:
            self.controller.run_script(path, lambda outcome: self._ran(path, outcome), writes=writes)

        def ask(lines: list[str]) -> dialogs.WritesDialog:
            return dialogs.TrustDialog(self.window, path.name, lines)

        self._looked_through(f"looking through {path}", look, ask, run)

    def run_typed(self, text: str) -> None:
        """Run a command, or the lines of a text as a do-file; where these run a do-file that goes outside of its
        folder, ask first and show its lines, as `run_do` does.
        """
        lines = "\n" in text.strip()
        (self.controller.run_script if lines else self.controller.run)(text, question=_Typed(self, text))

    def run_history(self) -> None:
        """Run all that was run, from the beginning; where it wrote files, ask whether to write them again."""
        text = self._history()
        if not text:
            return

        def look() -> list[str]:
            from terrace.session import trust, writes

            return trust.as_lines([p for p in writes.written_by(text) if p.deed in writes.TOUCHES])

        def run(writes: bool) -> None:
            self.controller.run_script(text, writes=writes)

        def ask(lines: list[str]) -> dialogs.WritesDialog:
            return dialogs.ReplayDialog(self.window, lines)

        self._looked_through("looking through the history", look, ask, run)

    def _looked_through(
        self,
        label: str,
        look: Callable[[], list[str]],
        ask: Callable[[list[str]], dialogs.WritesDialog],
        run: Callable[[bool], None],
    ) -> None:
        """Run with writes where `look` finds no lines to be shown, else as the user says who has read them."""

        def found(lines: list[str]) -> None:
            if not lines:
                run(True)
                return
            dialog = ask(lines)
            dialog.accepted.connect(lambda: run(True))
            dialog.without.connect(lambda: run(False))
            dialog.show()

        self.controller.call_view(label, look, found)

    def ask_typed(self, text: str, lines: list[str]) -> None:
        """Show what the do-files of commands would do that were typed, and run these as the user says."""
        controller, first = self.controller, text.strip().split("\n")[0]
        dialog = dialogs.TrustDialog(self.window, first if len(first) <= _SHOWN else f"{first[:_SHOWN]}…", lines)
        run = controller.run_script if "\n" in text.strip() else controller.run
        dialog.accepted.connect(lambda: run(text))
        dialog.without.connect(lambda: controller.run_script(text, writes=False))
        dialog.show()

    def _ran(self, path: Path, outcome: Outcome | None) -> None:
        if outcome is None:
            self.told.emit(self.tr("{0} has no commands.").format(path.name))
        elif outcome.error is None:
            self.told.emit(self.tr("{0} has finished.").format(path.name))
        elif outcome.line:
            self.told.emit(self.tr("{0} stopped at line {1}.").format(path.name, outcome.line))
