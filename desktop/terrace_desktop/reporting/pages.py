"""The pages of the report, found beside the window: what was overtaken is dropped, and pictures are made as asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from terrace_desktop.ui.pictures import rgba_image
from terrace_desktop.work.pdf_pages import Pixels, page_pixels
from terrace_desktop.work.worker import Job, Operation, Task, Worker

if TYPE_CHECKING:
    from terrace.session.report_pages import ReportPages
    from terrace.session.state import State

DELAY = 30  # ms: typing that goes on asks once


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A state, and the commands of what is being typed."""

    state: State
    commands: tuple[str, ...] = ()

    def same_as(self, other: Request | None) -> bool:
        """True where both have the same pages."""
        return other is not None and self.commands == other.commands and (
            self.state.document is other.state.document and self.state.dataset is other.state.dataset
        )


def find_pages(request: Request, task: Task) -> ReportPages:
    """The pages by the engine; runs on the worker."""
    from terrace.session.preview import apart
    from terrace.session.report_pages import report_pages

    session = apart(request.state)
    for command in request.commands:
        session.run(command, cancel=task.cancelled)
    session.cancel = task.cancelled
    return report_pages(session)


class Pages(QObject):
    """Finds the pages that were asked for last, and pictures of them."""

    found = Signal(object)  # ReportPages
    drawn = Signal(int, int, object)  # a page, the width that was asked for in px, its QImage
    failed = Signal(object)  # an exception: a defect

    def __init__(self, parent: QObject, worker: Worker) -> None:
        super().__init__(parent)
        self._worker = worker
        self._request: Request | None = None
        self._shown: Request | None = None
        self._job: Job[ReportPages] | None = None
        self._pictures: dict[tuple[int, int], Job[Pixels]] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DELAY)
        self._soon.timeout.connect(self._put)

    @property
    def busy(self) -> bool:
        """True while pages or pictures are on their way."""
        return self._soon.isActive() or self._job is not None or bool(self._pictures)

    def ask(self, request: Request) -> None:
        """Ask for the pages; what is on its way is overtaken, and what is there already is not found again."""
        if request.same_as(self._request):
            return
        self._drop_job()
        self._request = request
        if request.same_as(self._shown):
            return
        self._soon.start()

    def draw(self, pdf: bytes, wanted: Sequence[tuple[int, int]]) -> None:
        """Ask for pictures, as pages with their widths in px, in this order; none but these are wanted any more."""
        for key, job in list(self._pictures.items()):
            if key not in wanted:
                job.forget()
                del self._pictures[key]
        for page, width in wanted:
            if (page, width) not in self._pictures:
                self._pictures[page, width] = self._picture(pdf, page, width)

    def drop(self) -> None:
        """Nothing is wanted any more."""
        self._drop_job()
        self._request = self._shown
        self.draw(b"", ())

    def _drop_job(self) -> None:
        self._soon.stop()
        if self._job is not None:
            self._job.forget()
            self._job = None

    def _put(self) -> None:
        request = self._request
        if request is None:
            return

        def found(pages: ReportPages) -> None:
            self._job, self._shown = None, request
            self.draw(b"", ())  # pictures of pages that are no more
            self.found.emit(pages)

        operation = Operation(lambda task: find_pages(request, task), found, self._failed, "report: pages", self._none)
        self._job = self._worker.put(operation)

    def _picture(self, pdf: bytes, page: int, width: int) -> Job[Pixels]:
        def drawn(pixels: Pixels) -> None:
            self._pictures.pop((page, width), None)
            self.drawn.emit(page, width, rgba_image(pixels.data, pixels.width, pixels.height))

        def failed(error: Exception) -> None:
            self._pictures.pop((page, width), None)
            self.failed.emit(error)

        return self._worker.put(Operation(lambda _t: page_pixels(pdf, page, width), drawn, failed, "report: a page"))

    def _none(self) -> None:
        self._job = None

    def _failed(self, error: Exception) -> None:
        self._job = None
        self.failed.emit(error)
