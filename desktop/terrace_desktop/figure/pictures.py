"""Pictures of the figure that is edited, drawn beside the window by what writes its file; overtaken ones go."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from terrace.results.figure_look import FigureLook
from terrace.results.plot import Plot
from terrace_desktop.work.worker import Job, Operation, Worker

if TYPE_CHECKING:
    from terrace.report.figure.checks import Check
    from terrace.report.figure.proof import Proof

SCREEN = 96  # dots per inch at which a figure has the size that it is printed in
DELAY = 120  # ms from a change to the picture of it, where changes come fast
FAST = 0.4  # s since a picture was overtaken


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A figure as its command made it, the look that counts, and the dots per inch of its picture."""

    plot: Plot
    look: FigureLook
    dpi: float
    small: float = SCREEN


def picture(request: Request) -> tuple[Proof, str]:
    """The figure, and the note that it has; runs on the worker."""
    from terrace.graphs.dressed import dressed
    from terrace.report.figure.proof import proof

    plot = dressed(request.plot, request.look)
    return proof(plot, request.dpi), plot.note


def judged(request: Request) -> tuple[Proof, tuple[Check, ...]]:
    """The figure in grey, and whether it is ready to print; runs on the worker."""
    from terrace.graphs.dressed import dressed
    from terrace.report.figure.checks import checks
    from terrace.report.figure.proof import proof

    found = checks(dressed(request.plot, request.look))
    grey = dressed(request.plot, replace(request.look, grey=True))
    return proof(grey, request.small, parts=False), found


class Pictures(QObject):
    """Finds the picture that was asked for last: first the figure, then the one in grey with what is to be said."""

    shown = Signal(object, str)  # Proof, the note under the figure
    judged = Signal(object, object)  # Proof, tuple of Check
    failed = Signal(object)  # an exception

    def __init__(self, parent: QObject, worker: Worker) -> None:
        super().__init__(parent)
        self._worker = worker
        self._request: Request | None = None
        self._jobs: list[Job[Any]] = []
        self._overtook = 0.0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        """True while a picture is on its way."""
        return bool(self._jobs) or self._soon.isActive()

    def ask(self, request: Request) -> None:
        """Ask for a picture; what is on its way is overtaken."""
        self.drop()
        self._request = request
        self._soon.start(DELAY if time.monotonic() - self._overtook < FAST else 0)

    def drop(self) -> None:
        """Nothing is asked for any more."""
        if self.busy:
            self._overtook = time.monotonic()
        self._soon.stop()
        for job in self._jobs:
            job.forget()
        self._jobs = []

    def _begin(self) -> None:
        request = self._request
        if request is None:
            return
        self._jobs = [
            self._worker.put(Operation(lambda _t: picture(request), self._shown, self._failed, "drawing a figure")),
            self._worker.put(Operation(lambda _t: judged(request), self._judged, self._failed, "judging a figure")),
        ]

    def _shown(self, drawn: tuple[Proof, str]) -> None:
        del self._jobs[:1]
        self.shown.emit(*drawn)

    def _judged(self, found: tuple[Proof, tuple[Check, ...]]) -> None:
        self._jobs = []
        self.judged.emit(*found)

    def _failed(self, error: Exception) -> None:
        self.drop()
        self.failed.emit(error)
