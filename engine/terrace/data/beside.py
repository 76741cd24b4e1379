"""Work of a library that cannot be stopped, on a thread of its own: who waits for it can be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from terrace.data.progress import Report

T = TypeVar("T")
_LISTEN = 0.05  # seconds between two looks at whether to stop


class Beside(Generic[T]):
    """Begins `work` at once. Where its result is not wanted any more it goes on to its end, and nobody is told of that.

    Filters of warnings belong round the waiting, not into the work: they are those of the process, and work that is
    left behind would set them back at some later time.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._done = threading.Event()
        threading.Thread(target=self._run, name="reading", daemon=True).start()

    def _run(self) -> None:
        try:
            self._found.append(self._work())
        except BaseException as error:  # raised again by `result`, whatever it is
            self._error = error
        self._done.set()

    def wait(self, report: Report) -> None:
        """Wait for the end. Raises `Cancelled` within a moment where `report` is asked to stop."""
        while not self._done.wait(_LISTEN):
            report.check()

    def result(self, report: Report) -> T:
        """What the work gives, or raises; see `wait`."""
        self.wait(report)
        if self._error is not None:
            raise self._error
        return self._found.pop()
