"""Keeps the work of a window on the disk as it grows, in a journal of its own, on a thread of its own."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from terrace_desktop.work.worker import Operation, Task, Worker

if TYPE_CHECKING:
    from terrace.session.project.journal import Journal
    from terrace.session.project.parts import Project

log = logging.getLogger(__name__)
EVERY = 1000  # ms between the beginnings of two writings at least
LAST = 60.0  # seconds that the last writing may take while the window closes
Finish = Callable[["Project"], "tuple[Project, Mapping[str, Any]]"]
T = TypeVar("T")
Work = Callable[[], "tuple[Project, Finish] | None"]
"""What is to be kept now, made on the window's thread, and what adds to it on this one; None where there is nothing."""


def new_folder(root: Path) -> Path:
    """A folder for the journal of one window; no two have the same."""
    return root / f"{dt.datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}-{secrets.token_hex(3)}"


def _load() -> None:
    from terrace.session.project.kinds import kinds

    kinds()


class Autosave(QObject):
    """Writes what `work` gives soon after each `changed`, at most once a second, and never while it still writes."""

    kept = Signal()
    failed = Signal(str)  # why the journal cannot be written; told once, until it can be again

    def __init__(self, root: Path, work: Work) -> None:
        super().__init__()
        self.folder = new_folder(root)
        self._work = work
        self._worker = Worker("autosave")
        self._journal: Journal | None = None  # made and used on the thread of the worker
        self._begun = 0.0
        self._writing = self._due = self._told = self._stopped = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._write)

    @property
    def busy(self) -> bool:
        """True while something is still to be written."""
        return self._writing or self._due

    @property
    def begun(self) -> bool:
        """True where the journal has something by now."""
        return self._journal is not None

    def start(self) -> None:
        """Start the thread; it loads what it writes with before there is anything to write."""
        self._worker.start()
        self.beside("loading the journal", _load, lambda _none: None)

    def beside(self, label: str, work: Callable[[], T], then: Callable[[T], object]) -> None:
        """Do something that can wait on the thread that writes; `then` gets what came of it."""

        def failure(error: Exception) -> None:
            log.warning("%s: %s", label, type(error).__name__)

        self._worker.put(Operation(lambda _task: work(), then, failure, label))

    def changed(self) -> None:
        """The work is another: write it when its time has come."""
        if self._stopped:
            return
        self._due = True
        if not self._writing and not self._timer.isActive():
            self._timer.start(max(0, round(EVERY - 1000 * (time.monotonic() - self._begun))))

    def now(self, then: Callable[[bool], object]) -> None:
        """Write what there is at once; `then` is called with whether it is on the disk."""
        self._timer.stop()
        self._due = False
        self._put(then)

    def _write(self) -> None:
        self._due = False
        self._put(None)

    def _put(self, then: Callable[[bool], object] | None) -> None:
        found = self._work()
        if found is None:
            if then is not None:
                then(False)
            return
        project, finish = found
        if not self.begun and project.is_trivial:  # and the next change need not wait
            if then is not None:
                then(False)
            return
        self._writing, self._begun = True, time.monotonic()

        def done(kept: bool) -> None:
            self._told = False
            ended(kept)
            self.kept.emit()

        def failure(error: Exception) -> None:
            log.warning("the work is not kept: %s", type(error).__name__)
            if not self._told:
                self._told = True
                self.failed.emit(str(error))
            ended(False)

        def ended(kept: bool) -> None:
            self._writing = False
            if then is not None:
                then(kept)
            if self._due:
                self.changed()

        self._worker.put(Operation(lambda _task: self._commit(project, finish), done, failure, "keeping the work"))

    def _commit(self, project: Project, finish: Finish) -> bool:
        from terrace.session.project.journal import Journal

        if project.is_trivial:
            return False
        if self._journal is None:
            journal = Journal(self.folder)
            journal.begin()
            self._journal = journal
        return self._journal.commit(*finish(project))

    def stop(self, *, keep: bool) -> None:
        """End the thread. With `keep` what there is now is written first and stays, else the journal goes."""
        self._timer.stop()
        self._stopped = True
        found = self._work() if keep else None

        def end(_task: Task) -> None:
            if found is not None:
                self._commit(*found)
            if self._journal is not None:
                if keep:
                    self._journal.end()
                else:
                    self._journal.discard()
                self._journal = None

        def failure(error: Exception) -> None:
            log.warning("the work is not kept: %s", type(error).__name__)

        self._worker.put(Operation(end, lambda _none: None, failure, "ending the journal"))
        self._worker.end(LAST)
