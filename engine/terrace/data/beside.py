"""Work of a library that cannot be stopped, on a thread of its own: who waits for it can be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from terrace.data.progress import Report

T = TypeVar("T")
_LISTEN = 0.05  # seconds between two looks at whether to stop


class Beside(Generic[T]):
    """Begins `work` at once. Where its result is not wanted any more it goes on to its end, and nobody is told of that.

    Filters of warnings belong round the waiting, not into the work: they are those of the process, and work that is
    left behind would set them back at some later time.

    The process does not wait for what was left behind, unless `last`: a library of linear algebra that is unloaded
    while it works waits for ever for its own threads, and the process never ends.
    """

    def __init__(self, work: Callable[[], T], *, last: bool = False) -> None:
        self._work = work
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._done = threading.Event()
        threading.Thread(target=self._run, name="reading", daemon=not last).start()

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


def cancellable(work: Callable[[], T], values: int) -> T:
    """What `work` gives, one call of compiled code on so many values: who waits for it can be interrupted.

    The interruption of `session/stopping` comes between two steps of Python, and there is none inside such a call.
    """
    return work() if values < MANY else Beside(work, last=True).result(Report(""))


def solved(function: Callable[[Any], Any], matrix: npt.NDArray[Any]) -> Any:
    """What a function of linear algebra makes of a matrix, as in `cancellable`; steps grow with the third power."""

    def work() -> Any:
        with np.errstate(all="ignore"):  # it belongs to the thread
            return function(matrix)

    return cancellable(work, matrix.size * max(1, len(matrix) // 100))


MANY = 500_000
"""Values from which on sorting them takes a part of a second that is felt."""
