"""Judging a model against its data without making the user wait.

Few rows are looked at on the spot, so that the form never shows what is not so. Many rows are looked at in
a thread of one's own, latest model first: a result that was overtaken is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from terrace.data.dataset import Dataset
from terrace.errors import TerraceError
from terrace.spec.check import Report, examine
from terrace.spec.model import ModelSpec
from terrace.spec.problem import Problem

DIRECT_ROWS = 20_000
"""Up to this many rows a check takes a few milliseconds and is done at once."""

Mask = npt.NDArray[np.bool_]
RowsOf = Callable[[ModelSpec, Dataset], Mask | None]


class Checker(QObject):
    """Judges the latest model; `done` carries the model judged and the report on it."""

    done = Signal(object, object)
    _found = Signal(int, object, object)

    def __init__(self, rows_of: RowsOf, direct_rows: int = DIRECT_ROWS) -> None:
        super().__init__()
        self._rows_of = rows_of
        self.direct_rows = direct_rows
        self._job = 0
        self._thread: ThreadPoolExecutor | None = None
        self._closed = threading.Event()
        self._found.connect(self._deliver)

    def check(self, spec: ModelSpec, dataset: Dataset) -> None:
        """Judge a model; `done` comes at once for few rows, later for many."""
        self._job += 1
        if len(dataset) <= self.direct_rows:
            self.done.emit(spec, judged(spec, dataset, self._rows_of))
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="terrace-builder")
        self._closed.clear()
        self._thread.submit(self._work, self._job, spec, dataset)

    def run(self, work: Callable[[], object], dataset: Dataset, then: Callable[[object], object]) -> None:
        """Do some other work on the data in the same way, and hand its result to `then`."""
        if len(dataset) <= self.direct_rows:
            then(work())
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="terrace-builder")
        self._closed.clear()
        self._thread.submit(self._other, work, then)

    def close(self) -> None:
        """Let the thread end; results that are under way are dropped."""
        self._closed.set()
        self._job += 1
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    # --- in the thread -----------------------------------------------------------------------------------
    def _work(self, job: int, spec: ModelSpec, dataset: Dataset) -> None:
        if job == self._job:  # a later model makes this one pointless
            self._send(job, spec, judged(spec, dataset, self._rows_of))

    def _other(self, work: Callable[[], object], then: Callable[[object], object]) -> None:
        self._send(-1, then, work())

    def _send(self, job: int, first: object, second: object) -> None:
        if self._closed.is_set():
            return
        try:
            self._found.emit(job, first, second)
        except RuntimeError:  # the window went away while this was worked out
            self._closed.set()

    # --- in the window -----------------------------------------------------------------------------------
    def _deliver(self, job: int, first: object, second: object) -> None:
        if self._closed.is_set():
            return
        if job == -1:
            first(second)  # type: ignore[operator]
        elif job == self._job:
            self.done.emit(first, second)


def judged(spec: ModelSpec, dataset: Dataset, rows_of: RowsOf) -> Report:
    """The report on a model; a condition that cannot be understood is a problem of its own."""
    try:
        return examine(spec, dataset, rows_of(spec, dataset))
    except TerraceError as error:
        message = f"{error.message} {error.advice}".strip()
        return Report((Problem("rows", error.code, message),), None)
