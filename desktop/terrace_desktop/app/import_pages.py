"""The pages on which files are looked at before they are read: one of them, a text of the clipboard, or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from terrace_desktop.app.data_flow import DataFlow
    from terrace_desktop.app.places_flow import PlacesFlow
    from terrace_desktop.app.status import StatusBar
    from terrace_desktop.importing.flow import ImportFlow
    from terrace_desktop.importing.several_flow import SeveralFlow
    from terrace_desktop.results.pane import ResultsPane
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.work.controller import Controller


class ImportPages(QObject):
    """Makes each page when it is first wanted, and goes back to the data, or to the start, when it is left."""

    def __init__(
        self, window: QWidget, start: QWidget, places: PlacesFlow, controller: Controller, data: DataFlow,
        results: ResultsPane, settings: Settings, status: StatusBar,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.window, self.start, self.places, self.controller, self.data = window, start, places, controller, data
        self.results, self.settings, self.status = results, settings, status
        self._one: ImportFlow | None = None
        self._several: SeveralFlow | None = None
        data.look_asked.connect(self._look_at)
        data.look_at_text_asked.connect(self._look_at_text)
        data.look_at_several_asked.connect(self._look_at_several)

    @property
    def one(self) -> ImportFlow:
        """The import of a file."""
        if self._one is None:
            from terrace_desktop.importing.flow import ImportFlow

            run = self.data.run_import
            self._one = ImportFlow(self.window, self.places.pages, self.controller, self.settings, run)
            self._one.told.connect(self.status.tell)
            self._one.left.connect(self._left)
        return self._one

    @property
    def several(self) -> SeveralFlow:
        """Several files that are put together."""
        if self._several is None:
            from terrace_desktop.importing.several_flow import SeveralFlow

            self._several = SeveralFlow(self.window, self.places.pages, self.controller, self.data.run_import)
            self._several.left.connect(self._left)
        return self._several

    def stop(self) -> None:
        """Give up what is being read."""
        for flow in (self._one, self._several):
            if flow is not None:
                flow.stop()

    def _look_at(self, path: str) -> None:
        self.one.look_at(path)

    def _look_at_text(self, text: str) -> None:
        self.one.look_at_text(text)

    def _look_at_several(self, paths: list[str]) -> None:
        self.several.look_at(paths)

    def _left(self) -> None:
        if self.controller.has_data() or self.results.has_cards():
            self.places.leave_start()
            self.places.left.begin()
        else:
            self.places.pages.setCurrentWidget(self.start)
