"""Several files are compared on the worker, and opened by the commands that put them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from terrace.data.importing.several import Together, look_at
from terrace.errors import TerraceError
from terrace_desktop.importing.flow import Run, failure_of
from terrace_desktop.importing.several import SeveralPage
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.worker import Job, Operation, Task

if TYPE_CHECKING:
    from terrace.session.contract import Outcome


class SeveralFlow(QObject):
    """Shows the page of several files in the window's stack and takes it away again."""

    left = Signal()

    def __init__(self, window: QWidget, pages: QStackedWidget, controller: Controller, run: Run) -> None:
        super().__init__(window)
        self._pages, self._controller, self._run = pages, controller, run
        self._page: SeveralPage | None = None
        self._before: QWidget | None = None
        self._job: Job[Together] | None = None

    @property
    def page(self) -> SeveralPage:
        """The page, made when it is first wanted."""
        if self._page is None:
            page = self._page = SeveralPage()
            self._pages.addWidget(page)
            page.open_asked.connect(self._open)
            page.cancel_asked.connect(self.cancel)
        return self._page

    def look_at(self, paths: list[str]) -> None:
        """Show what these files share."""
        page = self.page
        self.stop()
        if self._pages.currentWidget() is not page:
            self._before = self._pages.currentWidget()
        page.show_names(paths)
        self._pages.setCurrentWidget(page)

        def work(task: Task) -> Together:
            return look_at(paths, cancel=task.cancelled)

        self._job = self._controller.view_worker.put(Operation(work, self._found, self._failed, "comparing files"))

    def _found(self, files: Together) -> None:
        self._job = None
        self.page.show_files(files)

    def _failed(self, error: Exception) -> None:
        self._job = None
        if isinstance(error, TerraceError):
            self.page.show_problem(error)
        else:
            self._controller.failed.emit(error)

    def _open(self, way: str, key: str, number: str) -> None:
        from terrace.session.commands.helpers.importing import together_commands

        files = self.page.files
        if files is None:
            return
        wanted = together_commands(files, "merge" if way == "merge" else "append", key, number)
        first, *others = wanted

        def done(outcome: Outcome) -> None:
            if outcome.ok:
                self._add(others)
            elif (failure := failure_of(outcome)) is not None:
                self.page.show_problem(failure)

        self._run(first, files.paths[0], "", done)

    def _add(self, others: list[str]) -> None:
        """The further files, one after the other, as long as each is added."""
        if not others:
            self._close()
            return

        def done(outcome: Outcome | None) -> None:
            self._add(others[1:] if outcome is not None and outcome.ok else [])

        self._controller.run(others[0], done)

    def cancel(self) -> None:
        """Leave everything as it was."""
        self._close()

    def _close(self) -> None:
        self.stop()
        if self._before is not None and self._pages.currentWidget() is self._page:
            self._pages.setCurrentWidget(self._before)
        self.left.emit()

    def stop(self) -> None:
        """Nothing is compared any more."""
        if self._job is not None:
            self._job.forget()
            self._job = None
