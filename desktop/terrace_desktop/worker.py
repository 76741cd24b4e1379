"""One thread that does the work, one job after the other; the window asks and is told.

A job is a command for the session, or a function (a plot to compute, a report to write). Every message
carries the number of its job, so that what has gone stale is dropped. Nothing here touches a widget: answers
reach the GUI thread as queued signals, progress is read by whoever polls.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome, Progress
    from terrace.session.state import Origin

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the window needs to know of the session after a job. Frozen, so both threads may hold it."""

    dataset: Dataset | None = None
    fit: FitResult | None = None  # the one that commands about a fit look at
    can_undo: bool = False
    can_redo: bool = False
    undo_text: str = ""
    redo_text: str = ""
    constraints: Mapping[int, str] = field(default_factory=dict)
    origins: Mapping[int, Origin] = field(default_factory=dict)  # which rows the fits saw, by the id of their models


@dataclass(frozen=True, slots=True)
class Answer:
    """How a job ended: an `outcome` of a command, a `value` of a function, or an unforeseen `error`.

    ``follow`` is the outcome of the command that was run right after it, see `Worker`.
    """

    job: int
    elapsed: float
    outcome: Outcome | None = None
    follow: Outcome | None = None
    value: Any = None
    error: BaseException | None = None
    snapshot: Snapshot | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a do-file: it begins (`outcome` None), or it has ended."""

    job: int
    command: str
    outcome: Outcome | None = None
    follow: Outcome | None = None
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    id: int
    stop: threading.Event
    text: str | None = None
    script: str | None = None
    path: Path | None = None
    function: Callable[..., Any] | None = None


class Worker(QObject):
    """Runs jobs in order on a thread of its own.

    ``make_session`` is called on that thread (it imports the engine, which takes a moment); None for a worker
    that only runs functions. ``take_snapshot`` reads the session after each command. ``follow_up`` may name a
    command that has to run before any other that waits already: a fit is kept under a name before the next
    one takes its place. ``warm_up`` is called once the session is there: it loads what the first jobs need,
    while the user looks at the window.
    """

    ready = Signal(object)  # Snapshot or None
    started = Signal(int)
    answered = Signal(object)  # Answer
    stepped = Signal(object)  # Step
    broken = Signal(object)  # the exception that kept the session from being made

    def __init__(
        self,
        make_session: Callable[[], Any] | None = None,
        take_snapshot: Callable[[Any], Snapshot] | None = None,
        name: str = "worker",
        warm_up: Callable[[], object] | None = None,
        follow_up: Callable[[Any, Outcome], str] | None = None,
    ) -> None:
        super().__init__()
        self._make_session = make_session
        self._take_snapshot = take_snapshot
        self._warm_up = warm_up
        self._follow_up = follow_up
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ids = itertools.count(1)
        self._stops: dict[int, threading.Event] = {}
        self._progress: tuple[int, Progress | None, float] | None = None
        self._thread = threading.Thread(target=self._run, name=f"terrace-{name}", daemon=True)

    # --- from the GUI thread ------------------------------------------------------------------------
    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def run_command(self, text: str) -> int:
        """Queue a command; its number comes back in `answered`."""
        return self._put(text=text)

    def run_script(self, text: str = "", path: Path | None = None) -> int:
        """Queue the commands of a text or of a do-file, which runs in its folder; each is told in `stepped`."""
        return self._put(script=text, path=path)

    def call(self, function: Callable[..., Any]) -> int:
        """Queue ``function(session, progress, cancel)``, or ``function()`` on a worker without session."""
        return self._put(function=function)

    def cancel(self, job: int) -> None:
        """Ask a job to stop; one that has not begun is not begun."""
        stop = self._stops.get(job)
        if stop is not None:
            stop.set()

    def progress(self) -> tuple[int, Progress | None, float] | None:
        """The running job, its last report, and its seconds so far; None when idle. Any thread may ask."""
        now = self._progress
        return None if now is None else (now[0], now[1], time.monotonic() - now[2])

    def stop(self, timeout: float = 10.0) -> bool:
        """Cancel everything and end the thread; False where it did not end in time."""
        for event in list(self._stops.values()):
            event.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _put(self, **what: Any) -> int:
        job = _Job(next(self._ids), threading.Event(), **what)
        self._stops[job.id] = job.stop
        self._queue.put(job)
        return job.id

    # --- on the worker's thread ---------------------------------------------------------------------
    def _run(self) -> None:
        session = None
        if self._make_session is not None:
            try:
                session = self._make_session()
            except Exception as error:
                log.exception("the session could not be made")
                self.broken.emit(error)
                return
            self.ready.emit(self._snapshot(session))
        if self._warm_up is not None:
            try:
                self._warm_up()
            except Exception:
                log.exception("warm-up failed")
        while (job := self._queue.get()) is not None:
            self._do(job, session)

    def _do(self, job: _Job, session: Any) -> None:
        from terrace.errors import Cancelled

        begun = time.monotonic()
        self._progress = (job.id, None, begun)
        self.started.emit(job.id)

        def report(progress: Progress) -> None:
            self._progress = (job.id, progress, begun)

        outcome = follow = value = error = None
        cancelled = job.stop.is_set()
        try:
            if cancelled:
                pass
            elif job.text is not None:
                outcome = session.run(job.text, progress=report, cancel=job.stop.is_set)
                cancelled = outcome.error is not None and outcome.error[0] == "cancelled"
                next_text = self._follow_up(session, outcome) if self._follow_up is not None else ""
                if next_text:
                    follow = session.run(next_text, progress=report, cancel=lambda: False)
            elif job.script is not None:
                outcome = self._do_script(job, session, report)
                cancelled = outcome is not None and outcome.error is not None and outcome.error[0] == "cancelled"
            elif job.function is not None:
                arguments = () if self._make_session is None else (session, report, job.stop.is_set)
                value = job.function(*arguments)
        except Cancelled:
            cancelled = True
        except Exception as caught:
            if not getattr(caught, "message", ""):  # a TerraceError is for the user, not for the log
                log.exception("unforeseen error in job %s: %s", job.id, job.text or job.function)
            error = caught
        snapshot = self._snapshot(session) if job.text is not None else None
        self._progress = None
        self._stops.pop(job.id, None)
        self.answered.emit(
            Answer(job.id, time.monotonic() - begun, outcome, follow, value, error, snapshot, cancelled)
        )

    def _do_script(self, job: _Job, session: Any, report: Callable[[Progress], None]) -> Outcome | None:
        """Run commands one by one; the outcome of the last, None where there was none."""
        outcome = None
        with folder_of(job.path):
            steps = session.run_do(
                job.path if job.path is not None else f"{job.script}\n",
                progress=report,
                cancel=job.stop.is_set,
                before=lambda text, _line: self.stepped.emit(Step(job.id, text)),
            )
            for outcome in steps:
                follow = None
                text = self._follow_up(session, outcome) if self._follow_up is not None else ""
                if text:
                    follow = session.run(text, progress=report, cancel=lambda: False)
                self.stepped.emit(Step(job.id, outcome.command, outcome, follow, self._snapshot(session)))
        return outcome

    def _snapshot(self, session: Any) -> Snapshot | None:
        return None if self._take_snapshot is None or session is None else self._take_snapshot(session)


@contextmanager
def folder_of(path: Path | None) -> Iterator[None]:
    """Work in the folder of a do-file, so that it finds the files beside it; nothing for None."""
    if path is None:
        yield
        return
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        yield
    finally:
        os.chdir(before)
