"""From the menus to the data panel and back: opens it, runs what it asks for, keeps it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from terrace_desktop.panels.after.panel import AfterDialog
from terrace_desktop.panels.data import catalog
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.session_port import document_name

if TYPE_CHECKING:
    from terrace.session.contract import Outcome


class PrepareFlow(QObject):
    """One panel for the data that are open."""

    def __init__(self, window: QWidget, controller: Controller) -> None:
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.dialog: AfterDialog[DataFacts] | None = None
        controller.changed.connect(lambda _snapshot, _what: self._refresh())

    def open(self, key: str) -> None:
        """The panel at an entry; one that is open goes there."""
        if self.dialog is None:
            self.dialog = AfterDialog(
                self._facts(),
                catalog.groups(),
                self.window,
                title=self.tr("Work with the data"),
                done=self.tr("Done."),
                name="data_dialog",
            )
            self.dialog.panel.run_asked.connect(self._run)
            self.dialog.panel.cancel_asked.connect(self.controller.cancel)
            self.dialog.finished.connect(self._gone)
            self.dialog.panel.follow(self.controller.previewer())
        self.dialog.panel.choose(key)
        if self.dialog.isVisible():
            self.dialog.raise_()
        self.dialog.show()
        self.dialog.activateWindow()
        self.dialog.panel.go_to_form()

    def close(self) -> None:
        """Close the panel where it is open."""
        if self.dialog is not None:
            self.dialog.close()

    def _facts(self) -> DataFacts:
        dataset = self.controller.snapshot.dataset
        return DataFacts(dataset, document_name(dataset))

    def _run(self, commands: list[str]) -> None:
        """One command after the other; one that fails ends them."""
        dialog = self.dialog

        def told(outcome: Outcome | None) -> None:
            if outcome is not None and outcome.ok and commands[1:]:
                self._run(commands[1:])
            elif dialog is not None and self.dialog is dialog:
                dialog.panel.show_outcome(outcome)

        self.controller.run(commands[0], told)

    def _refresh(self) -> None:
        if self.dialog is not None:
            self.dialog.panel.set_facts(self._facts())

    def _gone(self, _result: int = 0) -> None:
        if self.dialog is not None:
            dialog, self.dialog = self.dialog, None
            dialog.deleteLater()
