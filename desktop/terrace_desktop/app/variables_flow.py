"""From the list of variables to what they are: the editor in the work panel, and the menu of a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from terrace_desktop.app.variables_editor import VariablesEditor
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.words import tr
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace_desktop.app.data_pane import DataPane
    from terrace_desktop.app.model_flow import ModelFlow
    from terrace_desktop.app.zones import Zones


class VariablesFlow(QObject):
    """Does what the list asks for where no builder is open, which takes variables itself."""

    def __init__(
        self, window: QWidget, controller: Controller, pane: DataPane, models: ModelFlow, zones: Zones
    ) -> None:
        super().__init__(window)
        self.window, self.controller, self.pane, self.models, self.zones = window, controller, pane, models, zones
        self._editor: VariablesEditor | None = None
        pane.edit_asked.connect(self.edit)
        pane.list.taken.connect(self._take)
        pane.list.menu_wanted.connect(self._menu)

    def actions(self) -> list[Action]:
        """What the menus offer about variables."""
        return [Action("variables", tr("Variable proper&ties…"), self.edit, enabled=self.controller.has_data)]

    def edit(self, name: str = "") -> None:
        """What the variables are, to be edited in the work panel."""
        if self._editor is None:
            self._editor = VariablesEditor(self.pane.variables_page)
        self.zones.open(self._editor)
        if name:
            self.pane.variables.show_variable(name)

    def _builds(self) -> bool:
        return self.models.builder is not None and self.zones.is_open(self.models.builder)

    def _take(self, name: str) -> None:
        """A variable of the list was taken, and no builder is there for it: show what it is."""
        if not self._builds():
            self.edit(name)

    def _menu(self, name: str, where: QPoint) -> None:
        if self._builds():
            return
        menu = named(QMenu(self.window), "variable_menu", name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Labels and measure…")).triggered.connect(lambda: self.edit(name))
        menu.addAction(self.tr("Go to its column")).triggered.connect(lambda: self.pane.go_to(name))
        menu.popup(where)
