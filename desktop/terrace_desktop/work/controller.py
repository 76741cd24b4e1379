"""The window's side of the session: queues commands, keeps the history, tells the panes what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from terrace_desktop.work.history import Entry, HistoryModel
from terrace_desktop.work.idle import Idle
from terrace_desktop.work.logs import note_command
from terrace_desktop.work.previewer import Previewer
from terrace_desktop.work.session_port import Ran, SessionPort, Snapshot, Step, for_reports
from terrace_desktop.work.worker import Job, Operation, Task, Worker

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace.session.session import Session

POLL = 100  # ms between looks at the progress of a job
PATIENCE = 0.6  # s before a running job is shown
T = TypeVar("T")
Then = Callable[["Outcome | None"], object]


class Question(Protocol):
    """What has to be asked before commands run, when it is their turn: `look` finds the lines to be read before, and
    `ask` is called with these in place of running; no lines, no question.
    """

    def look(self, session: Session) -> list[str]: ...

    def ask(self, lines: list[str]) -> object: ...


class _Held(Exception):
    """Commands were not run, since the user has to read something before."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("Not run: a question is open.")
        self.lines = lines


class Controller(QObject):
    """Every command of the window goes through `run`; every other piece of work through `call` or `call_view`."""

    ready = Signal()
    warm = Signal()  # the engine has loaded what the first command needs
    changed = Signal(object, object)  # Snapshot, frozenset of what changed
    started = Signal(object)  # Entry
    finished = Signal(object, object)  # Entry, Outcome or None
    busy_changed = Signal(bool)
    progressed = Signal(object, object, float)  # Entry or None, Progress or None, seconds
    idle = Signal()  # after a progress that was shown has ended
    failed = Signal(object)  # an exception that nobody else tells of

    def __init__(
        self, worker: Worker, view_worker: Worker, port: SessionPort, warm_up: Callable[[], object] | None = None
    ) -> None:
        super().__init__()
        self.worker = worker
        self.view_worker = view_worker
        self.preview_worker = Worker("preview")
        self._idle_worker = Worker("idle")
        self.later = Idle(self._idle_worker, for_reports, self._working)
        self.port = port
        self.history = HistoryModel()
        self.snapshot = Snapshot()
        self.is_ready = False
        self._warm_up = warm_up
        self._jobs: set[Job[Any]] = set()  # what the window is busy with
        self._entries: dict[Job[Any], int] = {}  # job -> entry of its command, of a do-file of the one that runs
        self._busy = False  # as it was told last
        self._shown = False
        self._timer = QTimer(self)
        self._timer.setInterval(POLL)
        self._timer.timeout.connect(self._poll)
        worker.ending.connect(self._ending)
        worker.ended.connect(self._ended)

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return bool(self._jobs)

    def has_data(self) -> bool:
        """True where data are open."""
        return self.snapshot.dataset is not None

    def start(self) -> None:
        """Start the threads, and make the session; what is asked for meanwhile waits for it."""
        self.view_worker.start()
        self.preview_worker.start()
        self._idle_worker.start()
        self.worker.start()
        port, warm_up = self.port, self._warm_up
        self.worker.put(Operation(lambda _t: port.open(), self._session_ready, self.failed.emit, "making the session"))
        if warm_up is not None:  # while the user looks at the window
            self.worker.put(Operation(lambda _t: warm_up(), lambda _: self.warm.emit(), self.failed.emit, "warming up"))

    def run(self, command: str, then: Then | None = None, *, question: Question | None = None) -> Entry:
        """Queue a command; `then` is called with its outcome (None if it never ran)."""
        entry = self.history.add(command.strip())
        note_command(entry.command)
        port, told = self.port, then or _nobody

        def success(ran: Ran) -> None:
            self._finish(entry.id, ran)
            told(ran.outcome)

        def failure(error: Exception) -> None:
            if isinstance(error, _Held) and question is not None:
                self._finish_without_outcome(entry.id, job, "cancelled", str(error))
                question.ask(error.lines)
            else:
                self._finish_without_outcome(entry.id, job, "error", str(error))
                self.failed.emit(error)
            told(None)

        def cancelled() -> None:
            self._finish_without_outcome(entry.id, job, "cancelled")
            told(None)

        def work(task: Task) -> Ran:
            _hold(port, question)
            return port.run(entry.command, task)

        def started() -> None:
            self.started.emit(self.history.update(entry.id, state="running"))

        job = self._put(Operation(work, success, failure, entry.command, cancelled, started))
        self._entries[job] = entry.id
        return entry

    def run_script(
        self, script: str | Path, then: Then | None = None, *, writes: bool = True, question: Question | None = None
    ) -> None:
        """Queue the commands of a text or of a do-file: one entry of the history each, and the first error ends it.

        ``then`` is called with the outcome of the last, None where there was none. Without `writes`, commands that
        would touch files are not run; their entries say so.
        """
        port, told = self.port, then or _nobody

        def success(outcome: Outcome | None) -> None:
            self._end_step(job, "cancelled" if _was_cancelled(outcome) else "ok")
            told(outcome)

        def failure(error: Exception) -> None:
            self._end_step(job, "error")
            if isinstance(error, _Held) and question is not None:
                question.ask(error.lines)
            else:
                self.failed.emit(error)
            told(None)

        def cancelled() -> None:
            self._end_step(job, "cancelled")
            told(None)

        def work(task: Task) -> Outcome | None:
            _hold(port, question)
            return port.run_script(
                script, task, lambda step: task.tell(lambda: self._stepped(job, step)), writes=writes
            )

        label = f"do {script}" if isinstance(script, Path) else "commands of a text"
        job = self._put(Operation(work, success, failure, label, cancelled))

    def call(
        self,
        label: str,
        work: Callable[[Session], T],
        success: Callable[[T], object],
        failure: Callable[[Exception], object] | None = None,
    ) -> Job[T]:
        """Queue work on the session that is no command; where nobody takes its failure, `failed` tells of it."""
        port = self.port
        return self._put(Operation(lambda _t: work(port.session), success, failure or self.failed.emit, label))

    def call_view(
        self,
        label: str,
        work: Callable[[], T],
        success: Callable[[T], object],
        failure: Callable[[Exception], object] | None = None,
    ) -> Job[T]:
        """Queue work on what is shown (a sort, a copy), which need not wait for a fit."""
        return self.view_worker.put(Operation(lambda _t: work(), success, failure or self.failed.emit, label))

    def previewer(self) -> Previewer:
        """What finds previews of one form, on a thread of their own."""
        return Previewer(self.preview_worker, lambda: self.snapshot.state)

    def take(self, snapshot: Snapshot) -> None:
        """What the session is by work that was no command: results that have been completed.

        Nothing counts as changed: what completes a result follows from it, so a file that lacks it lacks nothing.
        """
        if self.snapshot.document is not snapshot.document:
            self.snapshot = snapshot
            self.changed.emit(snapshot, frozenset())

    def cancel(self) -> None:
        """Stop the running job and those behind it."""
        for job in self._jobs:
            job.cancel()

    def stop(self) -> bool:
        """End the threads."""
        self._timer.stop()
        self.later.stop()
        workers = (self.preview_worker, self._idle_worker, self.worker, self.view_worker)
        ended = [worker.stop() for worker in workers]
        return all(ended)

    # --- answers ------------------------------------------------------------------------------------
    def _working(self) -> bool:
        return self.busy or self.view_worker.busy or self.preview_worker.busy

    def _put(self, operation: Operation[T]) -> Job[T]:
        job = self.worker.put(operation)
        self._jobs.add(job)
        self._timer.start()
        if not self._busy:
            self._busy = True
            self.busy_changed.emit(True)
        return job

    def _ending(self, job: Job[Any]) -> None:
        """A job is over: what its answer leads to finds the window as it is without it."""
        if job not in self._jobs:
            return
        self._jobs.remove(job)
        if not self._jobs:
            self._timer.stop()
        if self._shown:
            self._shown = False
            self.idle.emit()

    def _ended(self, job: Job[Any]) -> None:
        self._entries.pop(job, None)
        if self._busy and not self._jobs:
            self._busy = False
            self.busy_changed.emit(False)

    def _session_ready(self, snapshot: Snapshot) -> None:
        self.is_ready = True
        self.snapshot = snapshot
        self.ready.emit()

    def _finish(self, entry_id: int, ran: Ran) -> None:
        """A command has an outcome."""
        outcome = ran.outcome
        state = "ok" if outcome.ok else "cancelled" if _was_cancelled(outcome) else "error"
        entry = self.history.finish(entry_id, outcome, outcome.elapsed, state)
        self.snapshot = ran.snapshot
        self.finished.emit(entry, outcome)
        self.changed.emit(ran.snapshot, outcome.changed)

    def _finish_without_outcome(self, entry_id: int, job: Job[Any], state: str, message: str = "") -> None:
        """A command was cancelled before it ran, or met with a defect."""
        self.finished.emit(self.history.finish(entry_id, None, job.seconds, state, message), None)

    def _stepped(self, job: Job[Any], step: Step) -> None:
        """A command of a do-file begins, or has ended."""
        begun = self._entries.pop(job, None)
        if begun is not None and (step.ran is None or self.history.entry(begun).command != step.command):
            self.history.update(begun, state="ok")  # it ended without a word
            begun = None
        if begun is None:
            begun = self.history.add(step.command).id
        if step.ran is not None:
            self._finish(begun, step.ran)
            return
        note_command(step.command)
        self._entries[job] = begun
        self.started.emit(self.history.update(begun, state="running"))

    def _end_step(self, job: Job[Any], state: str) -> None:
        """A do-file has ended: no command of it is left running."""
        begun = self._entries.get(job)
        if begun is not None:
            self.history.update(begun, state=state)

    def _poll(self) -> None:
        job = self.worker.running()
        if job is None or job not in self._jobs:
            return
        seconds = job.seconds
        if seconds >= PATIENCE:
            self._shown = True
            entry_id = self._entries.get(job)
            entry = None if entry_id is None else self.history.entry(entry_id)
            self.progressed.emit(entry, job.progress, seconds)


def _hold(port: SessionPort, question: Question | None) -> None:
    """Raise `_Held` where the question has to be asked."""
    if question is not None and (lines := question.look(port.session)):
        raise _Held(lines)


def _nobody(_outcome: Outcome | None) -> None:
    """Where nobody waits for the outcome of a command."""


def _was_cancelled(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.error is not None and outcome.error[0] == "cancelled"
