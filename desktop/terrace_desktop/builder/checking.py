"""Judging a model against its data without making the user wait.

Few rows are looked at on the spot, so that the form never shows what is not so. Many rows are looked at by a worker,
latest model first: a model that was overtaken is not looked at any more, and a judgement on it is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from terrace.data.dataset import Dataset
from terrace.errors import TerraceError
from terrace.spec.check import Report, examine
from terrace.spec.model import ModelSpec
from terrace.spec.problem import Problem
from terrace_desktop.ui.words import in_words, tr
from terrace_desktop.work.worker import Job, Operation, Worker, run_here

DIRECT_ROWS = 20_000
"""Up to this many rows a check takes a few milliseconds and is done at once."""

Mask = npt.NDArray[np.bool_]
RowsOf = Callable[[ModelSpec, Dataset], Mask | None]
T = TypeVar("T")


class Checker(QObject):
    """Judges the latest model; `done` carries the model judged and the report on it.

    Without a `worker` everything is done at once.
    """

    done = Signal(object, object)
    failed = Signal(object)  # the exception that other work ended with

    def __init__(self, rows_of: RowsOf, direct_rows: int = DIRECT_ROWS, worker: Worker | None = None) -> None:
        super().__init__()
        self._rows_of = rows_of
        self.direct_rows = direct_rows
        self._worker = worker
        self._judging: Job[Any] | None = None
        self._others: list[Job[Any]] = []

    def check(self, spec: ModelSpec, dataset: Dataset) -> None:
        """Judge a model; `done` comes at once for few rows, later for many."""
        if self._judging is not None:
            self._judging.forget()
        rows_of = self._rows_of
        self._judging = self._do(
            Operation(
                lambda _task: judged(spec, dataset, rows_of),
                partial(self.done.emit, spec),
                lambda error: self.done.emit(spec, unjudged(error)),
                "judging a model",
            ),
            dataset,
        )

    def run(self, label: str, work: Callable[[], T], dataset: Dataset, success: Callable[[T], object]) -> None:
        """Do some other work on the data in the same way, and hand its result to `success`."""
        job = self._do(Operation(lambda _task: work(), success, self.failed.emit, label), dataset)
        if job is not None:
            self._others = [*(j for j in self._others if not j.over), job]

    def close(self) -> None:
        """Nothing more is told; what is under way is dropped."""
        for job in (self._judging, *self._others):
            if job is not None:
                job.forget()
        self._judging, self._others = None, []

    def _do(self, operation: Operation[T], dataset: Dataset) -> Job[T] | None:
        if self._worker is None or len(dataset) <= self.direct_rows:
            run_here(operation)
            return None
        return self._worker.put(operation)


def judged(spec: ModelSpec, dataset: Dataset, rows_of: RowsOf) -> Report:
    """The report on a model; a condition that cannot be understood is a problem of its own."""
    try:
        return examine(spec, dataset, rows_of(spec, dataset))
    except TerraceError as error:
        message = in_words(error)
        return Report((Problem("rows", error.code, message),), None)


def unjudged(error: Exception) -> Report:
    """The report on a model whose check met with a defect: it says so, in the place of a judgement."""
    message = tr("This model could not be checked ({0}). The log says why.").format(f"{type(error).__name__}: {error}")
    return Report((Problem("model", "internal", message),), None)
