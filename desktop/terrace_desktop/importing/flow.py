"""A file is looked at and imported: previews on the worker, what was chosen for it before, the command in the end."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from terrace.data.importing.preview import Looking, Preview
from terrace.data.importing.reading import Reading
from terrace.errors import TerraceError
from terrace_desktop.importing.histogram import Shape, shape_of
from terrace_desktop.importing.kept import forget, keep, kept, signature
from terrace_desktop.importing.page import ImportPage
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import commands
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.worker import Job, Operation, Task

if TYPE_CHECKING:
    from terrace.session.contract import Outcome

Run = Callable[[str, str, str, Callable[["Outcome"], object]], object]
"""Runs a command that opens data: the command, the path and the name of the file, and what is told its outcome."""


class ImportFlow(QObject):
    """Shows the page of an import in the window's stack and takes it away again."""

    told = Signal(str)
    left = Signal()  # the page is gone; data are there, or nothing has changed

    def __init__(
        self, window: QWidget, pages: QStackedWidget, controller: Controller, settings: Settings, run: Run
    ) -> None:
        super().__init__(window)
        self._pages, self._controller, self._settings, self._run = pages, controller, settings, run
        self._page: ImportPage | None = None
        self._before: QWidget | None = None
        self._looking: Looking | None = None
        self._pasted: tuple[str, tempfile.TemporaryDirectory[str]] | None = None
        self._reading = Reading()
        self._columns = ""  # of the file, when what is kept of it was chosen
        self._job: Job[Preview] | None = None
        self._shaping: Job[Shape] | None = None

    @property
    def page(self) -> ImportPage:
        """The page, made when it is first wanted."""
        if self._page is None:
            page = self._page = ImportPage()
            self._pages.addWidget(page)
            page.panel.changed.connect(self.change)
            page.panel.import_asked.connect(self.do_import)
            page.panel.cancel_asked.connect(self.cancel)
            page.column_chosen.connect(lambda _name: self._shape())
        return self._page

    def is_open(self) -> bool:
        """Whether the page is shown."""
        return self._page is not None and self._pages.currentWidget() is self._page

    # --- what is looked at --------------------------------------------------------------------------
    def look_at(self, path: str) -> None:
        """Show how a file will be read, as was chosen for it before."""
        self._drop()
        size = Path(path).stat().st_size if Path(path).is_file() else 0
        found = kept(self._settings, str(Path(path).absolute()))
        self._reading, self._columns = found if found is not None else (Reading(), "")
        self._begin(Looking(path), Path(path).name, _size(size))
        self.page.panel.remember.setVisible(True)
        self._ask()

    def look_at_text(self, text: str) -> None:
        """Show how a table that was copied will be read."""
        from terrace.data.progress import Report
        from terrace.data.readers.pasted import set_down_pasted

        self._drop()
        folder = tempfile.TemporaryDirectory(prefix="terrace-")
        try:
            file = set_down_pasted(text, Path(folder.name), Report(""))
        except TerraceError as error:
            folder.cleanup()
            self.told.emit(f"{error.message} {error.advice}".strip())
            return
        self._pasted = (text, folder)
        self._reading, self._columns = Reading(encoding="utf-8"), ""
        self._begin(Looking(file), self.tr("Copied table"), "")
        self.page.panel.remember.setVisible(False)
        self._ask()

    def _begin(self, looking: Looking, name: str, size: str) -> None:
        page = self.page
        self._looking = looking
        if not self.is_open():
            self._before = self._pages.currentWidget()
        page.show_file(name, size, looking.kind, self._reading)
        self._pages.setCurrentWidget(page)
        page.panel.cancel.setFocus()

    def change(self, reading: Reading) -> None:
        """Look at the file again, read in another way."""
        self._reading = reading
        self._ask()

    def _ask(self) -> None:
        looking, reading = self._looking, self._reading
        if looking is None:
            return
        if self._job is not None:
            self._job.forget()
        first = self.page.preview is None and _is_large(looking)

        def work(task: Task) -> Preview:
            look = looking.first if first else looking.whole
            return look(reading, cancel=task.cancelled)

        operation = Operation(work, self._found, self._failed, "looking at a file")
        self._job = self._controller.view_worker.put(operation)

    def _found(self, preview: Preview) -> None:
        self._job = None
        if self._columns and signature(preview.columns) != self._columns:
            self.told.emit(self.tr("This file has other columns than before, so your earlier choices are not used."))
            self._columns = ""
            self.change(Reading())
            return
        self._reading = preview.reading
        self.page.show_preview(preview)
        self._shape()
        if not preview.whole:
            self._ask()

    def _failed(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, TerraceError):
            self._controller.failed.emit(error)
        elif self._columns:  # what was chosen before does not fit any more
            self._columns = ""
            self.change(Reading())
        else:
            lines = self._looking.lines(self._reading) if self._looking is not None else ()
            self.page.show_problem(error, self._reading, lines)

    def _shape(self) -> None:
        """The distribution of the column, on the worker."""
        preview, name = self.page.preview, self.page.name
        if self._shaping is not None:
            self._shaping.forget()
            self._shaping = None
        if preview is None or not name:
            return
        data = preview.data
        self._shaping = self._controller.call_view("the shape of a column", partial(shape_of, data, name), self._shaped)

    def _shaped(self, shape: Shape) -> None:
        self._shaping = None
        self.page.show_shape(shape)

    # --- the end ------------------------------------------------------------------------------------
    def command(self) -> str:
        """The command that reads the file as the preview shows it."""
        from terrace.session.commands.helpers.importing import import_command, reading_options

        looking, preview = self._looking, self.page.preview
        assert looking is not None and preview is not None
        reading, found = preview.reading, preview.found
        if preview.kind == "import delimited":
            reading = replace(reading, delimiter=found.delimiter, decimal=found.decimal)
        elif len(preview.sheets) > 1:
            reading = replace(reading, sheet=found.sheet)
        if self._pasted is not None:
            return " ".join([commands.paste_table(self._pasted[0]), *reading_options(reading)])
        return import_command(str(looking.path), preview.kind, reading)

    def do_import(self) -> None:
        """Run the command; the page goes once the data are there."""
        looking, preview = self._looking, self.page.preview
        if looking is None or preview is None:
            return
        path = "" if self._pasted is not None else str(looking.path)
        command, remember = self.command(), self.page.panel.remember.isChecked()
        reading, names = preview.reading, preview.columns

        def done(outcome: Outcome) -> None:
            if not outcome.ok:
                self.page.panel.show_problem(failure_of(outcome), reading)
                return
            if path and remember:
                keep(self._settings, str(Path(path).absolute()), reading, names)
            elif path:
                forget(self._settings, str(Path(path).absolute()))
            self._close()

        self._run(command, path, self.tr("Copied table") if not path else Path(path).name, done)

    def cancel(self) -> None:
        """Leave everything as it was."""
        if self.is_open():
            self._close(back=True)

    def _close(self, back: bool = False) -> None:
        before = self._before
        self._drop()
        if self.is_open() and before is not None:
            self._pages.setCurrentWidget(before)
        self.left.emit()
        if back and before is not None:
            soon(before, lambda: before.setFocus(Qt.FocusReason.OtherFocusReason))

    def _drop(self) -> None:
        for job in (self._job, self._shaping):
            if job is not None:
                job.forget()
        self._job = self._shaping = None
        self._looking = None
        if self._pasted is not None:
            self._pasted[1].cleanup()
            self._pasted = None

    def stop(self) -> None:
        """The window closes."""
        self._drop()


def failure_of(outcome: Outcome) -> TerraceError | None:
    """What a command failed with, as it can be shown again."""
    if outcome.error is None:
        return None
    return TerraceError(outcome.error[1], code=outcome.error[0], advice=outcome.error_advice)


def _is_large(looking: Looking) -> bool:
    try:
        return looking.large()
    except OSError:
        return False  # its reader says what is wrong


def _size(size: int) -> str:
    for unit, more in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= more:
            return f"{size / more:.1f} {unit}"
    return f"{size} B" if size else ""
