"""Going about in the window: its pages, zones and tabs, and the command bar."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from terrace_desktop.app.data_pane import DATA, HISTORY, VARIABLES
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace_desktop.app.zones import Zones


class PlacesFlow(QObject):
    """Shows a place and puts the focus there. `pages` has the start page and the zones."""

    def __init__(self, window: QWidget, controller: Controller, pages: QStackedWidget, zones: Zones) -> None:
        super().__init__(window)
        self.controller, self.pages, self.zones, self.left = controller, pages, zones, zones.data

    def actions(self) -> list[Action]:
        """What the View menu offers to go to, to fold and to detach."""
        return [
            Action("next_zone", tr("&Next zone"), partial(self.zones.go, 1), "F6"),
            Action("previous_zone", tr("Previou&s zone"), partial(self.zones.go, -1), "Shift+F6"),
            Action("fold_data", tr("Show or h&ide the data"), self.fold_data, enabled=self.controller.has_data),
            Action("tear_panel", tr("Detach or dock the work &panel"), self.zones.tear, enabled=self.zones.is_open),
            Action("tab_data", tr("&Data"), partial(self.show_tab, DATA), "Ctrl+1"),
            Action("tab_variables", tr("&Variables"), partial(self.show_tab, VARIABLES), "Ctrl+2"),
            Action("tab_history", tr("&History"), partial(self.show_tab, HISTORY), "Ctrl+3"),
            Action("focus_results", tr("&Results"), self.zones.results.begin, "Ctrl+4"),
            Action("focus_command", tr("&Command bar"), self.focus_command, "Ctrl+L"),
        ]

    def on_start(self) -> bool:
        """True where the start page is shown."""
        return self.pages.currentWidget() is not self.zones

    def leave_start(self) -> None:
        """Go from the start page to the zones."""
        self.pages.setCurrentWidget(self.zones)

    def fold_data(self) -> None:
        """Fold the data to a rail, or show them again."""
        self.zones.fold(not self.left.is_folded())

    def show_tab(self, tab: int) -> None:
        """Go to a tab on the left."""
        self.left.show_tab(tab)
        if self.controller.history.entries:
            self.leave_start()
        if self.left.is_folded():
            self.zones.fold(False)
        self.left.begin()

    def focus_command(self) -> None:
        """Go to the command bar."""
        self.leave_start()
        self.left.show_tab(HISTORY)
        self.left.history_tab.bar.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def edit_command(self, command: str) -> None:
        """Put a command into the command bar."""
        self.left.show_tab(HISTORY)
        self.left.history_tab.bar.put(command)
