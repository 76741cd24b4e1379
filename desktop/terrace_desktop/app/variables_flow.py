"""From the list of variables to what they are: the editor of one or several in the work panel, the table of all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QWidget

from terrace_desktop.app.variables_editor import VariablesEditor
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.menus import Line, menu_of
from terrace_desktop.ui.words import tr
from terrace_desktop.variables import texts
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace_desktop.app.data_pane import DataPane
    from terrace_desktop.app.model_flow import ModelFlow
    from terrace_desktop.app.zones import Zones
    from terrace_desktop.variables.panel import VariablePanel
    from terrace_desktop.variables.several import SeveralPanel


class VariablesFlow(QObject):
    """Does what the list asks for where no builder is open, which takes variables itself."""

    def __init__(
        self, window: QWidget, controller: Controller, pane: DataPane, models: ModelFlow, zones: Zones
    ) -> None:
        super().__init__(window)
        self.window, self.controller, self.pane, self.models, self.zones = window, controller, pane, models, zones
        self._editor: VariablesEditor | None = None
        self.panel: VariablePanel | None = None
        self.several: SeveralPanel | None = None
        pane.variables.variable_asked.connect(partial(self.edit, field="values"))
        pane.list.taken.connect(self._take)
        pane.list.menu_wanted.connect(self._menu)

    def actions(self) -> list[Action]:
        """What the menus offer about variables."""
        return [Action("variables", tr("Variable proper&ties…"), self.edit, enabled=self.controller.has_data)]

    def edit(self, name: str = "", field: str = "") -> None:
        """What a variable is, to be edited in the work panel, from a field on; without a name the table of all."""
        dataset = self.controller.snapshot.dataset
        if name and dataset is not None and name in dataset:
            panel = self._one()
            panel.show_variable(name)
            self.zones.open(panel)
            if field:
                panel.begin_at(field)
            return
        if self._editor is None:
            self._editor = VariablesEditor(self.pane.variables_page)
        self.zones.open(self._editor)

    def edit_several(self, names: list[str]) -> None:
        """What several variables are, changed at once."""
        from terrace_desktop.variables.several import SeveralPanel

        if len(names) == 1:
            self.edit(names[0])
            return
        if self.several is None:
            self.several = SeveralPanel(self.controller)
            self.several.done.connect(self.zones.close_panel)
        self.several.show_variables(names)
        self.zones.open(self.several)

    def _one(self) -> VariablePanel:
        from terrace_desktop.variables.panel import VariablePanel

        if self.panel is None:
            self.panel = VariablePanel(self.controller, self.zones.panel)
            self.panel.done.connect(self.zones.close_panel)
        return self.panel

    def _builds(self) -> bool:
        return self.models.builder is not None and self.zones.is_open(self.models.builder)

    def _take(self, name: str) -> None:
        """A variable of the list was taken, and no builder is there for it: show what it is."""
        if self._builds():
            return
        names = self.pane.list.view.selected()
        if len(names) > 1 and name in names:
            self.edit_several(names)
        else:
            self.edit(name)

    def _menu(self, name: str, where: QPoint) -> None:
        if self._builds():
            return
        chosen = self.pane.list.view.selected()
        names = chosen if len(chosen) > 1 and name in chosen else [name]
        menu_of(self.window, "variable_menu", ", ".join(names[:3]), self.lines(names)).popup(where)

    def lines(self, names: list[str]) -> list[list[Line]]:
        """The lines of the menu of variables in the list."""
        count, name = len(names), names[0]
        delete = partial(self.controller.run, texts.drop(names))
        if count > 1:
            return [
                [Action("several", self.tr("C&hange {0} variable(s)…", "", count).format(count),
                        partial(self.edit_several, names))],
                [Action("delete", self.tr("Dele&te {0} variable(s)", "", count).format(count), delete)],
            ]  # fmt: skip
        return [
            [
                Action("rename", tr("Re&name…"), partial(self.edit, name, "name")),
                Action("label", self.tr("&Labels and measure…"), partial(self.edit, name)),
                Action("go", self.tr("&Go to its column"), partial(self.pane.go_to, name)),
            ],
            [Action("delete", tr("Dele&te"), delete)],
        ]
