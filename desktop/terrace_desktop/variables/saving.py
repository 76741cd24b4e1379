"""Saves as the user types: one command for each field, once the typing rests or the field is left."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from terrace_desktop.ui.words import from_engine
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace.session.steps import Step
    from terrace_desktop.work.session_port import Snapshot

REST = 700  # ms without typing
UNDO = "undo"  # is no field


class Saver(QObject):
    """Runs the commands of an editor, and knows which of the steps that can be undone are its own."""

    refused = Signal(str, str)  # the field, and why
    saved = Signal()  # a command has run, or a step was taken back

    def __init__(self, parent: QObject, controller: Controller) -> None:
        super().__init__(parent)
        self._controller = controller
        self._waiting: dict[str, Callable[[], str]] = {}
        self._running: dict[str, int] = {}
        self._own: list[weakref.ref[Step]] = []  # a step holds the data that it goes back to
        self._steps: tuple[Step, ...] = _steps_of(controller.snapshot)
        self._before = self._steps  # the last command
        controller.changed.connect(self._follow)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST)
        self._timer.timeout.connect(self.flush)

    def later(self, field: str, command: Callable[[], str]) -> None:
        """Run what `command` gives when the typing rests; what the same field was to run before is forgotten."""
        self._waiting[field] = command
        self._timer.start()

    def now(self, field: str, command: str) -> None:
        """Run a command, after what waits."""
        self.flush()
        self._run(field, command)

    def flush(self) -> None:
        """Run what waits."""
        self._timer.stop()
        waiting, self._waiting = self._waiting, {}
        for field, command in waiting.items():
            if text := command():
                self._run(field, text)

    def holds(self, field: str) -> bool:
        """True while what the field shows is not yet in the data."""
        return field in self._waiting or self._running.get(field, 0) > 0

    def begin(self) -> None:
        """Steps from now on are counted."""
        self.flush()
        self._own = []

    def join(self, name: str) -> None:
        """Have the steps that were counted undone as one, of this name, where nothing else came between."""
        self.flush()
        own = self._own
        label = "looking for steps that belong together"
        self._controller.call(label, lambda _session: None, lambda _none: self._join(own, name))

    def _join(self, own: list[weakref.ref[Step]], name: str) -> None:
        count = self.steps(own)
        if count > 1:
            own.clear()
            self._run(UNDO, f'undo join {count} "{name}"')

    def steps(self, counted: list[weakref.ref[Step]] | None = None) -> int:
        """How many of the last steps that can be undone are the editor's own, with nothing between."""
        listed = self._own if counted is None else counted
        own = {id(step) for found in listed if (step := found()) is not None}
        count = 0
        for step in reversed(self._steps):
            if id(step) not in own:
                break
            count += 1
        return count

    def undo_all(self) -> None:
        """Take all of them back."""
        self.flush()
        self._controller.call("looking for what can be undone", lambda _session: None, lambda _none: self._undo())

    def _undo(self) -> None:
        for _ in range(self.steps()):
            self._run(UNDO, "undo")

    def _follow(self, snapshot: Snapshot) -> None:
        self._before, self._steps = self._steps, _steps_of(snapshot)

    def _run(self, field: str, command: str) -> None:
        self._running[field] = self._running.get(field, 0) + 1
        own = self._own  # the one that counts now: another field may be typed into by the time of the answer

        def told(outcome: Outcome | None) -> None:
            self._running[field] -= 1
            if outcome is not None and outcome.error is not None:
                self.refused.emit(field, f"{from_engine(outcome.error[1])} {from_engine(outcome.error_advice)}".strip())
            elif field != UNDO and self._steps and not (self._before and self._before[-1] is self._steps[-1]):
                own.append(weakref.ref(self._steps[-1]))
            self.saved.emit()

        self._controller.run(command, told)


def _steps_of(snapshot: Snapshot) -> tuple[Step, ...]:
    return () if snapshot.project is None else snapshot.project.undo
