"""Opening data, sorting the grid, editing a cell and what the variables are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from terrace_desktop.app.data_pane import DataPane
from terrace_desktop.grid.model import sort_order
from terrace_desktop.project.questions import DifferencesDialog
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr
from terrace_desktop.work import commands
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from terrace.session.contract import Outcome
    from terrace.session.session import Session
    from terrace_desktop.ui.settings import Settings


class DataFlow(QObject):
    """Runs what the left side of the window asks for."""

    told = Signal(str)  # a short message for the status bar
    opened = Signal(str)  # a name for the title
    open_failed = Signal(object)  # Outcome
    look_asked = Signal(str)  # at a file that does not say itself how it is read
    look_at_text_asked = Signal(str)
    look_at_several_asked = Signal(list)  # paths

    def __init__(self, window: QWidget, controller: Controller, pane: DataPane, settings: Settings) -> None:
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.pane = pane
        self.settings = settings
        pane.grid.sort_asked.connect(self.sort)
        pane.grid.edit_asked.connect(self.edit_cell)
        pane.variables.edit_asked.connect(self.edit_variable)
        self.guard: Callable[..., object] = lambda do, **_kind: do()  # asks first, where work would be lost

    def actions(self) -> list[Action]:
        """What the menus offer about the data."""
        pane, open_ = self.pane, self.controller.has_data
        choose, sort = pane.labels.choose, self.sort_current
        return [
            Action("open", tr("&Open…"), self.ask_open, QKeySequence.StandardKey.Open),
            Action("paste_data", tr("Open &copied table"), self.paste_table),
            Action("update_data", tr("Update data from file…"), self.update_from_file, enabled=open_),
            Action("labels", tr("Show la&bels"), partial(choose, "labels"), enabled=open_),
            Action("codes", tr("Show &codes"), partial(choose, "codes"), enabled=open_),
            Action("sort_up", tr("Sort rows asce&nding"), partial(sort, False), enabled=open_),
            Action("sort_down", tr("Sort rows &descending"), partial(sort, True), enabled=open_),
            Action("sort_none", tr("Or&iginal order"), partial(sort, None), enabled=open_),
            Action("go_to", tr("&Go to row or variable…"), pane.focus_go, "Ctrl+G", open_),
        ]

    # --- opening ------------------------------------------------------------------------------------
    def ask_open(self) -> None:
        """Let the user choose a project or a file of data."""
        self.choose_several(dialogs.ask_works(self.window, self.tr("Open"), self.settings.folder()))

    def choose_several(self, paths: list[str]) -> None:
        """Open the file that the user has chosen, or put several together; of projects the first is opened."""
        data = [path for path in paths if not path.lower().endswith(".terrace")]
        if len(data) > 1:
            self.look_at_several_asked.emit(data)
        elif paths:
            self.choose(paths[0])

    def choose(self, path: str) -> None:
        """Open what the user has chosen: a text file or a workbook is looked at first, all else says what it is."""
        from terrace.data.importing.preview import kind_of

        if kind_of(path) and Path(path).is_file():
            self.look_asked.emit(path)
        else:
            self.open_file(path)

    def run_import(self, command: str, path: str, name: str, then: Callable[[Outcome], object]) -> None:
        """Run a command that opens data; what was open stays where it fails, which the window tells."""

        def done(outcome: Outcome | None) -> None:
            self._opened(outcome, path, name)
            if outcome is not None:
                then(outcome)

        self.guard(lambda: self.controller.run(command, done), data=True)

    def open_file(self, path: str, then: Callable[[], object] | None = None) -> None:
        """Open a project or a file of data, and go on with `then`; what was open stays where it fails."""

        def done(outcome: Outcome | None) -> None:
            self._opened(outcome, path)
            if then is not None and outcome is not None and outcome.ok:
                then()

        project = path.lower().endswith(".terrace")
        command = commands.use_project(path) if project else commands.use_file(path)
        self.guard(lambda: self.controller.run(command, done), data=not project)

    def paste_table(self) -> None:
        """Open the table that was copied in another program."""
        text = QGuiApplication.clipboard().text()
        if len(text) > commands.LONGEST:
            self.told.emit(self.tr("This is too much to paste. Save it as a file and open the file."))
        elif not text.strip():
            self.told.emit(self.tr("The clipboard has no table to open."))
        else:
            self.look_at_text_asked.emit(text)

    def open_sample(self, name: str) -> None:
        """Open a bundled sample."""
        command = commands.use_sample(name)
        self.guard(lambda: self.controller.run(command, lambda o: self._opened(o, "", name)), data=True)

    def update_from_file(self) -> None:
        """Show what is different in the file of the data, and bring them up to date where that is wanted."""
        self._look_at("update", "")

    def _look_at(self, command: str, using: str) -> None:
        def look(session: Session) -> Outcome:
            return session.fork(session.state).run(f"{command}{using}, preview")

        def shown(outcome: Outcome) -> None:
            if outcome.error is not None and outcome.error[0] == "no-file" and not using:
                path = dialogs.ask_data(self.window, self.tr("Update data from file"), self.settings.folder())
                if path:
                    self._look_at(command, f" using {commands.file_name(path)}")
            elif outcome.error is not None:
                self.told.emit(outcome.error[1])
            elif not outcome.tables:
                self.told.emit(outcome.text)
            else:
                dialog = DifferencesDialog(self.window, outcome.tables[0])
                dialog.accepted.connect(lambda: self.controller.run(f"{command}{using}"))
                dialog.open()

        self.controller.call("looking for differences", look, shown)

    def _opened(self, outcome: Outcome | None, path: str, sample: str = "") -> None:
        if outcome is None:
            return
        if outcome.error is not None:
            self.open_failed.emit(outcome)
            return
        if path:
            self.settings.add_recent(path)
        self.opened.emit(Path(path).name if path else sample)

    # --- the grid -----------------------------------------------------------------------------------
    def sort(self, name: str, descending: bool | None) -> None:
        """Sort the view (never the data); None puts the order of the data back."""
        grid = self.pane.grid
        model = grid.grid
        dataset, mask = model.dataset, model.filter_mask
        if dataset is None:
            return
        if descending is None:
            import numpy as np

            grid.set_order(None if mask is None else np.flatnonzero(mask), None)
            return

        def done(order: npt.NDArray[np.int64]) -> None:
            if model.dataset is dataset and model.filter_mask is mask:
                grid.set_order(order, (name, descending))

        self.controller.call_view("sorting the view", lambda: sort_order(dataset, name, descending, mask), done)

    def sort_current(self, descending: bool | None) -> None:
        """Sort the view by the current column."""
        name = self.pane.grid.current_variable()
        if name is not None:
            self.sort(name, descending)

    def show_rows(self, mask: npt.NDArray[np.bool_] | None) -> None:
        """Show the rows where `mask` is true, None for all, in the order that the view is sorted by."""
        order = self.pane.grid.grid.sorted_by
        self.pane.set_filter(mask)
        if order is not None:
            self.sort(*order)

    def edit_cell(self, name: str, row: int, text: str) -> None:
        """Change one value; a text that is none is told and nothing changes."""
        dataset = self.pane.grid.grid.dataset
        if dataset is None:
            return
        try:
            command = commands.edit_cell(dataset.variable(name), dataset.is_text(name), row, text)
        except ValueError as error:
            self.told.emit(str(error))
            return
        self.controller.run(command)

    # --- variables ----------------------------------------------------------------------------------
    def edit_variable(self, name: str, field: str, value: object) -> None:
        """Change what a variable is; a text that cannot be read is told and nothing changes."""
        try:
            text = commands.edit_variable(name, field, str(value))
        except ValueError as error:
            self.told.emit(str(error))
            return
        self.controller.run(text)
