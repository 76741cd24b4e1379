"""The report is built and saved: the builder in the work panel, its pages where the results stand, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.report import formats
from terrace_desktop.app.save_as import ask_path, beginning_with
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import from_engine, tr
from terrace_desktop.work import commands
from terrace_desktop.work.session_port import document_name

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace_desktop.app.zones import Zones
    from terrace_desktop.reporting.editing import ReportEditing
    from terrace_desktop.reporting.page import ReportPage
    from terrace_desktop.reporting.panel import ReportPanel
    from terrace_desktop.results.pane import ResultsPane
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.work.controller import Controller

FORMAT = "report_format"  # the setting: the format of the last report that was saved


class ReportFlow(QObject):
    """Makes the builder when it is first wanted; the pages are shown while it is open."""

    told = Signal(str)  # a short message for the status bar

    def __init__(
        self, window: QWidget, controller: Controller, results: ResultsPane, zones: Zones, settings: Settings
    ) -> None:
        super().__init__(window)
        self.window, self.controller, self.results = window, controller, results
        self.zones, self.settings = zones, settings
        self.editing: ReportEditing | None = None
        self.panel: ReportPanel | None = None
        self.page: ReportPage | None = None
        zones.panel_changed.connect(self._follow)

    def actions(self) -> list[Action]:
        """What the menus offer about the report."""
        return [Action("export", tr("R&eport…"), self.open, "Ctrl+E", self._able)]

    def _able(self) -> bool:
        return self.controller.has_data() or self.results.has_cards()

    def open(self) -> None:
        """Show the builder and the pages."""
        editing, panel, page = self._made()
        editing.begin()
        panel.refresh()
        self.zones.open(panel)
        page.refresh()

    def _made(self) -> tuple[ReportEditing, ReportPanel, ReportPage]:
        from terrace_desktop.reporting.editing import ReportEditing
        from terrace_desktop.reporting.page import ReportPage
        from terrace_desktop.reporting.panel import OFFERED, ReportPanel

        if self.editing is None or self.panel is None or self.page is None:
            editing = self.editing = ReportEditing(self, self.controller, self.settings)
            panel = self.panel = ReportPanel(editing)
            page = self.page = ReportPage(editing)
            page.picked.connect(panel.go_to)
            page.paged.connect(panel.show_pages)
            panel.chosen.connect(page.mark)
            panel.turned.connect(page.turn)
            panel.formatted.connect(page.show_format)
            panel.save_asked.connect(self.save)
            last = self.settings.text(FORMAT)
            panel.format.choose(last if last in OFFERED else OFFERED[0])
        return self.editing, self.panel, self.page

    def _follow(self) -> None:
        """The pages are there while the builder is."""
        if self.page is not None and self.panel is not None:
            self.results.show_page(self.page, self.zones.is_open(self.panel))

    # --- its file -------------------------------------------------------------------------------------
    def save(self, suffix: str) -> None:
        """Ask for a name, and write the report; the ending of the name decides on the format."""
        kinds = beginning_with(suffix, formats.REPORTS)
        about = Path(document_name(self.controller.snapshot.dataset)).stem
        name = (self.tr("{0} report").format(about) if about else self.tr("report")) + kinds[0][1][0]
        path = ask_path(self.window, self.settings, self.tr("Save report"), name, kinds)
        if path:
            self.settings.set_text(FORMAT, suffix)
            self.controller.run(commands.planned_report(path), self._saved)

    def _saved(self, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.ok:
            self.told.emit(from_engine(outcome.text.strip()))
