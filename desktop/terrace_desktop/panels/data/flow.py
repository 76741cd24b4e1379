"""From the menus to the data panel and back: opens it, runs what it asks for, keeps it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from terrace_desktop.panels.after.panel import AfterPanel
from terrace_desktop.panels.data import catalog
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.work_panel import Zones
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.session_port import document_name

if TYPE_CHECKING:
    from terrace.session.contract import Outcome


class PrepareFlow(QObject):
    """One panel for the data that are open."""

    def __init__(self, window: QObject, zones: Zones, controller: Controller) -> None:
        super().__init__(window)
        self.zones = zones
        self.controller = controller
        self.panel: AfterPanel[DataFacts] | None = None
        controller.changed.connect(self._refresh)

    def open(self, key: str = "", group: str = "", values: dict[str, Any] | None = None) -> None:
        """The forms in the work panel, at the form of an entry or at the list, where a group of it begins.

        ``values`` are what the fields of the form are to hold.
        """
        if self.panel is None:
            self.panel = AfterPanel(
                self._facts(), catalog.groups(), title=self.tr("Prepare"), done=self.tr("Done."), icon="prepare"
            )
            self.panel.run_asked.connect(self._run)
            self.panel.cancel_asked.connect(self.controller.cancel)
            self.panel.follow(self.controller.previewer())
        if key:
            self.panel.choose(key)
            if values and self.panel.form is not None:
                self.panel.form.set_values(values)
        else:
            self.panel.show_list(group)
        self.zones.open(self.panel)

    def _facts(self) -> DataFacts:
        snapshot = self.controller.snapshot
        return DataFacts(snapshot.dataset, document_name(snapshot.dataset), snapshot.used)

    def _run(self, commands: list[str]) -> None:
        """One command after the other; one that fails ends them."""
        panel = self.panel

        def told(outcome: Outcome | None) -> None:
            if outcome is not None and outcome.ok and commands[1:]:
                self._run(commands[1:])
            elif panel is not None and self.panel is panel:
                panel.show_outcome(outcome)

        self.controller.run(commands[0], told)

    def _refresh(self) -> None:
        if self.panel is not None:
            self.panel.set_facts(self._facts())
