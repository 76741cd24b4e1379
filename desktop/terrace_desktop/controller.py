"""The window's side of the session: queues commands, keeps the history, tells the panes what changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from terrace_desktop.history import Entry, HistoryModel
from terrace_desktop.worker import Answer, Snapshot, Step, Worker

if TYPE_CHECKING:
    from terrace.session.contract import Outcome

log = logging.getLogger(__name__)
POLL = 100  # ms between looks at the progress of a job
PATIENCE = 0.6  # s before a running job is shown


class Controller(QObject):
    """Every command of the window goes through `run`; every other piece of work through `call`."""

    ready = Signal()
    changed = Signal(object, object)  # Snapshot, frozenset of what changed
    started = Signal(object)  # Entry
    finished = Signal(object, object, object)  # Entry, Outcome or None, Outcome of what followed or None
    busy_changed = Signal(bool)
    progressed = Signal(object, object, float)  # Entry or None, Progress or None, seconds
    idle = Signal()  # after a progress that was shown has ended
    failed = Signal(object)  # an unforeseen exception

    def __init__(self, worker: Worker, view_worker: Worker) -> None:
        super().__init__()
        self.worker = worker
        self.view_worker = view_worker
        self.history = HistoryModel()
        self.snapshot = Snapshot()
        self.is_ready = False
        self._entries: dict[int, int] = {}  # job -> entry
        self._then: dict[int, Callable[[Any], object]] = {}
        self._view_then: dict[int, Callable[[Any], object]] = {}
        self._open_jobs: set[int] = set()
        self._steps: dict[int, int] = {}  # job of a do-file -> entry of the command that runs
        self._scripts: set[int] = set()
        self._shown = False
        self._timer = QTimer(self)
        self._timer.setInterval(POLL)
        self._timer.timeout.connect(self._poll)
        queued = Qt.ConnectionType.QueuedConnection
        worker.ready.connect(self._session_ready, queued)
        worker.broken.connect(self.failed, queued)
        worker.started.connect(self._job_started, queued)
        worker.answered.connect(self._answered, queued)
        worker.stepped.connect(self._stepped, queued)
        view_worker.answered.connect(self._view_answered, queued)

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return bool(self._open_jobs)

    def has_data(self) -> bool:
        """True where data are open."""
        return self.snapshot.dataset is not None

    def run(self, command: str, then: Callable[[Outcome | None], object] | None = None) -> Entry:
        """Queue a command; `then` is called with its outcome (None if it never ran)."""
        entry = self.history.add(command.strip())
        job = self.worker.run_command(entry.command)
        self._entries[job] = entry.id
        self._open(job, then)
        return entry

    def run_script(
        self, text: str = "", path: Path | None = None, then: Callable[[Outcome | None], object] | None = None
    ) -> None:
        """Queue the commands of a text or of a do-file: one entry of the history each, and the first error ends it.

        ``then`` is called with the outcome of the last, None where there was none.
        """
        job = self.worker.run_script(text, path)
        self._scripts.add(job)
        self._open(job, then)

    def call(self, function: Callable[..., Any], then: Callable[[Any], object] | None = None) -> int:
        """Queue ``function(session, progress, cancel)``; `then` gets its value or its exception."""
        job = self.worker.call(function)
        self._open(job, then)
        return job

    def call_view(self, function: Callable[[], Any], then: Callable[[Any], object]) -> int:
        """Queue work on what is shown (a sort, a copy), which need not wait for a fit."""
        job = self.view_worker.call(function)
        self._view_then[job] = then
        return job

    def cancel(self) -> None:
        """Stop the running job and those behind it."""
        for job in list(self._open_jobs):
            self.worker.cancel(job)

    def forget(self, job: int) -> None:
        """The answer to this job of the session is no longer wanted (the other worker counts its jobs apart)."""
        self._then.pop(job, None)
        self.worker.cancel(job)

    def stop(self) -> bool:
        """End both threads."""
        self._timer.stop()
        ended = self.worker.stop()
        return self.view_worker.stop() and ended

    # --- answers, on the GUI thread -----------------------------------------------------------------
    def _open(self, job: int, then: Callable[[Any], object] | None) -> None:
        if then is not None:
            self._then[job] = then
        first = not self._open_jobs
        self._open_jobs.add(job)
        if first:
            self._timer.start()
            self.busy_changed.emit(True)

    def _session_ready(self, snapshot: Snapshot) -> None:
        self.is_ready = True
        self.snapshot = snapshot
        self.ready.emit()

    def _job_started(self, job: int) -> None:
        entry_id = self._entries.get(job)
        if entry_id is not None:
            self.started.emit(self.history.update(entry_id, state="running"))

    def _answered(self, answer: Answer) -> None:
        self._open_jobs.discard(answer.job)
        entry_id = self._entries.pop(answer.job, None)
        then = self._then.pop(answer.job, None)
        script = answer.job in self._scripts
        self._scripts.discard(answer.job)
        if not self._open_jobs:
            self._timer.stop()
        if self._shown:
            self._shown = False
            self.idle.emit()
        try:
            if entry_id is not None:
                self._finish_entry(entry_id, answer)
            elif script:
                self._end_script(answer)
            elif answer.error is not None and then is None:
                self.failed.emit(answer.error)
            if then is not None:
                then(answer.outcome if entry_id is not None or script else (answer.error or answer.value))
        finally:  # whatever a pane does with the answer, the window must not stay busy
            if not self._open_jobs:
                self.busy_changed.emit(False)

    def _finish_entry(self, entry_id: int, answer: Answer) -> None:
        outcome = answer.outcome
        if answer.cancelled:
            state = "cancelled"
        elif outcome is not None and outcome.ok:
            state = "ok"
        else:
            state = "error"
        message = "" if answer.error is None else str(answer.error)
        elapsed = answer.elapsed if outcome is None else outcome.elapsed
        entry = self.history.finish(entry_id, outcome, elapsed, state, message)
        if answer.snapshot is not None:
            self.snapshot = answer.snapshot
        if answer.follow is not None:
            after = self.history.add(answer.follow.command, after=entry, auto=True)
            state = "ok" if answer.follow.ok else "error"
            self.history.finish(after.id, answer.follow, answer.follow.elapsed, state)
        self.finished.emit(entry, outcome, answer.follow)
        if answer.snapshot is not None:
            self.changed.emit(answer.snapshot, outcome.changed if outcome is not None else frozenset())
        if answer.error is not None:
            self.failed.emit(answer.error)

    def _stepped(self, step: Step) -> None:
        """A command of a do-file begins, or has ended."""
        begun = self._steps.pop(step.job, None)
        if begun is not None and (step.outcome is None or self.history.entry(begun).command != step.command):
            self.history.update(begun, state="ok")  # it ended without a word
            begun = None
        if begun is None:
            begun = self.history.add(step.command).id
        if step.outcome is None:
            self._steps[step.job] = begun
            self.started.emit(self.history.update(begun, state="running"))
            return
        cancelled = step.outcome.error is not None and step.outcome.error[0] == "cancelled"
        elapsed = step.outcome.elapsed
        answer = Answer(step.job, elapsed, step.outcome, step.follow, snapshot=step.snapshot, cancelled=cancelled)
        self._finish_entry(begun, answer)

    def _end_script(self, answer: Answer) -> None:
        """The do-file has ended; a defect in it is told, and no command of it is left running."""
        begun = self._steps.pop(answer.job, None)
        if begun is not None:
            state = "cancelled" if answer.cancelled else "error" if answer.error is not None else "ok"
            self.history.update(begun, state=state)
        if answer.error is not None:
            self.failed.emit(answer.error)

    def _view_answered(self, answer: Answer) -> None:
        then = self._view_then.pop(answer.job, None)
        if then is None:
            return
        if answer.error is not None:
            self.failed.emit(answer.error)
        else:
            then(answer.value)

    def _poll(self) -> None:
        now = self.worker.progress()
        if now is None:
            return
        job, progress, seconds = now
        if seconds >= PATIENCE:
            self._shown = True
            entry_id = self._entries.get(job, self._steps.get(job))
            entry = None if entry_id is None else self.history.entry(entry_id)
            self.progressed.emit(entry, progress, seconds)
