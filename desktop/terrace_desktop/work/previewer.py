"""Previews of one form: the latest that was asked for is found beside the window, and what it overtook is dropped.

Each change of a form cancels the preview before and asks for the next: a single click at once, and while one change
overtakes another a moment later, so that fast typing asks once. One that takes longer than `PATIENCE` is stopped and
told as late: it is found when the user asks for it, with progress and a way to cancel. A preview runs on the frozen
state of the session, so that neither waits for the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from terrace.errors import Cancelled
from terrace_desktop.work.worker import Job, Operation, Task, Worker

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.session.preview import Preview
    from terrace.session.state import State

DELAY = 30  # ms from a change to the preview of it, where changes come fast
FAST = 0.15  # s since a preview was overtaken
PATIENCE = 0.3  # s that a preview may take unasked
POLL = 100  # ms between looks at the progress of one that was asked for
Find = Callable[["State", "Request", Task, Callable[[], bool]], "Preview"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What to preview; see `terrace.session.preview.preview`."""

    command: str
    before: tuple[str, ...] = ()
    parent: FitResult | None = None
    parent_name: str = ""
    lines: bool = False


def find_preview(state: State, request: Request, task: Task, cancelled: Callable[[], bool]) -> Preview:
    """The preview by the engine; runs on the worker."""
    from terrace.session.preview import preview

    return preview(
        state, request.command, before=request.before, parent=request.parent, parent_name=request.parent_name,
        lines=request.lines, progress=task.report, cancel=cancelled,
    )  # fmt: skip


class Previewer(QObject):
    """Finds the preview that was asked for last."""

    found = Signal(object)  # Preview
    late = Signal()  # it takes longer than it may unasked, or its finding was cancelled
    running = Signal()  # one that was asked for by `update` is on its way
    progressed = Signal(object, float)  # Progress or None, seconds
    failed = Signal(object)  # an exception: a defect

    def __init__(
        self, worker: Worker, state: Callable[[], State | None], find: Find = find_preview,
        patience: float | None = None, delay: int = DELAY,
    ) -> None:  # fmt: skip
        super().__init__()
        self._worker, self._state, self._find = worker, state, find
        self.patience = PATIENCE if patience is None else patience
        self._request: Request | None = None
        self._delay, self._overtook = delay, 0.0  # the latter when one was dropped last
        self._job: Job[Preview | None] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._begin)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL)
        self._poll.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """True while a preview is on its way."""
        return self._job is not None or self._soon.isActive()

    def ask(self, request: Request) -> None:
        """Ask for a preview; what is on its way is overtaken."""
        self.drop()
        self._request = request
        self._soon.start(self._delay if time.monotonic() - self._overtook < FAST else 0)

    def update(self) -> None:
        """Find the preview that was asked for last, however long it takes."""
        request = self._request
        self.drop()
        self._request = request
        self._put(None)
        self._poll.start()
        self.running.emit()

    def cancel(self) -> None:
        """Stop one that takes long; it is told as late."""
        if self._job is not None:
            self._job.cancel()

    def drop(self) -> None:
        """Nothing is asked for any more."""
        if self.busy:
            self._overtook = time.monotonic()
        self._soon.stop()
        self._poll.stop()
        self._request = None
        if self._job is not None:
            self._job.forget()
            self._job = None

    def _begin(self) -> None:
        self._put(self.patience)

    def _put(self, patience: float | None) -> None:
        state, request, find = self._state(), self._request, self._find
        if state is None or request is None:
            return

        def work(task: Task) -> Preview | None:
            end = None if patience is None else time.monotonic() + patience

            def stopped() -> bool:
                return task.cancelled() or (end is not None and time.monotonic() > end)

            value = find(state, request, task, stopped)
            if value.cancelled and task.cancelled():
                raise Cancelled
            return None if value.cancelled else value

        self._job = self._worker.put(Operation(work, self._found, self._failed, request.command, self._late))

    def _found(self, preview: Preview | None) -> None:
        self._over()
        if preview is None:
            self.late.emit()
        else:
            self.found.emit(preview)

    def _failed(self, error: Exception) -> None:
        self._over()
        self.failed.emit(error)

    def _late(self) -> None:
        self._over()
        self.late.emit()

    def _over(self) -> None:
        self._job = None
        self._poll.stop()

    def _look(self) -> None:
        if self._job is not None:
            self.progressed.emit(self._job.progress, self._job.seconds)
