"""Threads that work, one operation after the other; the window asks and is told.

An `Operation` says what to run and who is told how it ended, success and failure apart. A `Worker` runs operations on
its thread and tells on the window's. Nothing here touches a widget or knows what a session is.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from terrace.errors import Cancelled, TerraceError

if TYPE_CHECKING:
    from terrace.progress import CancelCheck, Progress, ProgressCallback

log = logging.getLogger(__name__)
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
T = TypeVar("T")
Told = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Task:
    """What work that runs can say and ask, from the thread that it runs on."""

    report: ProgressCallback
    cancelled: CancelCheck
    tell: Callable[[Told], object]
    """Has something called on the window's thread, before the end of the operation is told there."""


def nothing() -> None:
    """Where nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A piece of work, and who is told how it ended: exactly one of `success`, `failure` and `cancelled` is called.

    ``work`` runs on the worker's thread, all others are called on the window's. A `TerraceError` is for the user and
    any other exception is a defect, which is logged under ``label``; both go to ``failure``.
    """

    work: Callable[[Task], T]
    success: Callable[[T], object]
    failure: Callable[[Exception], object]
    label: str
    cancelled: Told = nothing
    started: Told = nothing


class Job(Generic[T]):
    """An operation on its way: what the thread sees of it, and what the window keeps to follow or to stop it.

    It has the work and none of those who are told: these hold widgets, and the last reference to a widget must not be
    dropped on another thread than the window's.
    """

    def __init__(self, operation: Operation[T]) -> None:
        self.label = operation.label
        self.progress: Progress | None = None
        self.forgotten = False
        self._work = operation.work
        self._stop = threading.Event()
        self._begun: float | None = None
        self._ended: float | None = None

    def cancel(self) -> None:
        """Ask it to stop; one that has not begun never does."""
        self._stop.set()

    def forget(self) -> None:
        """Ask it to stop, and tell nobody how it ended. For the window's thread."""
        self.forgotten = True
        self.cancel()

    @property
    def over(self) -> bool:
        """True where it has run to its end, however it was."""
        return self._ended is not None

    @property
    def seconds(self) -> float:
        """For how long it has run, or ran; 0 before it begins."""
        if self._begun is None:
            return 0.0
        return (time.monotonic() if self._ended is None else self._ended) - self._begun

    def run(self, started: Told, tell: Callable[[Told], object]) -> Ending[T]:
        """Do the work here and now; what is returned tells an operation how it ended, on the window's thread."""
        if self._stop.is_set():
            return _cancelled
        self._begun = time.monotonic()
        started()
        try:
            value = self._work(Task(self._report, self._stop.is_set, tell))
        except Cancelled:
            return _cancelled
        except Exception as error:
            if not isinstance(error, TerraceError):
                from terrace.session.log import without_values

                log.exception("unforeseen error: %s", without_values(self.label))
            return partial(_failed, error)
        finally:
            self._ended = time.monotonic()
        return partial(_succeeded, value)

    def _report(self, progress: Progress) -> None:
        self.progress = progress


Ending = Callable[[Operation[T]], object]


def _succeeded(value: T, operation: Operation[T]) -> None:
    operation.success(value)


def _failed(error: Exception, operation: Operation[Any]) -> None:
    operation.failure(error)


def _cancelled(operation: Operation[Any]) -> None:
    operation.cancelled()


def still_running() -> list[str]:
    """The names of the threads of workers that have not ended."""
    return sorted(thread.name for thread in _threads if thread.is_alive())


def run_here(operation: Operation[Any]) -> None:
    """Run an operation on the window's own thread and tell at once: for work that is too short to be felt."""
    Job(operation).run(operation.started, lambda told: told())(operation)


class Worker(QObject):
    """Runs operations in order on a thread of its own."""

    ending = Signal(object)  # Job: it is over, and is told next
    ended = Signal(object)  # Job: it has been told
    _started = Signal(object)  # Job
    _told = Signal(object)  # Told
    _done = Signal(object, object)  # Job, Ending

    def __init__(self, name: str = "worker") -> None:
        super().__init__()
        self._queue: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._open: dict[Job[Any], Operation[Any]] = {}
        self._running: Job[Any] | None = None
        self._thread = threading.Thread(target=self._run, name=f"terrace-{name}", daemon=True)
        queued = Qt.ConnectionType.QueuedConnection
        self._started.connect(self._begin, queued)
        self._told.connect(self._call, queued)
        self._done.connect(self._end, queued)

    # --- on the window's thread ---------------------------------------------------------------------
    def start(self) -> None:
        """Start the thread."""
        _threads.add(self._thread)
        self._thread.start()

    def put(self, operation: Operation[T]) -> Job[T]:
        """Queue an operation."""
        job = Job(operation)
        self._open[job] = operation
        self._queue.put(job)
        return job

    @property
    def busy(self) -> bool:
        """True while a job runs, waits, or is still to be told."""
        return bool(self._open)

    def running(self) -> Job[Any] | None:
        """The job that runs; None when idle."""
        return self._running

    def stop(self, timeout: float = 10.0) -> bool:
        """Forget everything and end the thread; False where it did not end in time."""
        for job in self._open:
            job.forget()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def end(self, timeout: float) -> bool:
        """Do what is queued, tell nobody, and end the thread; False where it did not end in time."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)
        for job in self._open:
            job.forgotten = True
        return not self._thread.is_alive()

    def _begin(self, job: Job[Any]) -> None:
        if not job.forgotten:
            self._open[job].started()

    def _call(self, told: Told) -> None:
        told()

    def _end(self, job: Job[Any], ending: Ending[Any]) -> None:
        operation = self._open.pop(job)
        self.ending.emit(job)
        try:
            if not job.forgotten:
                ending(operation)
        finally:  # whatever a pane does with the answer, the window must not stay busy
            self.ended.emit(job)

    # --- on the worker's thread ---------------------------------------------------------------------
    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            self._running = job
            ending = job.run(partial(self._started.emit, job), self._told.emit)
            self._running = None
            self._done.emit(job, ending)
            del job, ending  # what they hold is not kept until the next one
