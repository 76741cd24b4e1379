"""The menu of a column: what can be done with a variable, or with all that are selected."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from terrace_desktop.ui.action import Action, Submenu
from terrace_desktop.ui.measures import BADGES, measure_title
from terrace_desktop.ui.menus import Line, menu_of
from terrace_desktop.ui.words import tr
from terrace_desktop.variables import texts
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.data.dataset import Variable
    from terrace_desktop.app.data_flow import DataFlow
    from terrace_desktop.app.data_pane import DataPane
    from terrace_desktop.app.variables_flow import VariablesFlow

Lines = Callable[[list[str]], list[Line]]


class OpenForm(Protocol):
    """Opens a form of the data panel with values in its fields."""

    def __call__(self, key: str, *, values: dict[str, Any]) -> None: ...


class ColumnFlow(QObject):
    """Shows the menu over the grid. Whoever can do more with a column adds its lines to ``more``."""

    filter_by_asked = Signal(str)  # show or use rows by the values of this variable

    def __init__(
        self, window: QWidget, controller: Controller, pane: DataPane, data: DataFlow, variables: VariablesFlow,
        open_form: OpenForm,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.window, self.controller, self.pane = window, controller, pane
        self.data, self.variables, self._open_form = data, variables, open_form
        self.more: list[Lines] = []
        pane.grid.menu_wanted.connect(self.show)

    def show(self, name: str, where: QPoint) -> None:
        """The menu of a variable at a place of the screen."""
        self.menu(name).popup(where)

    def menu(self, name: str) -> QMenu:
        """The menu of a variable, and of those that are selected with it."""
        names = self.selected(name)
        groups = self.groups(names) if len(names) == 1 else self.groups_of_several(names)
        groups.insert(-1, [line for lines in self.more for line in lines(names)])
        return menu_of(self.window, "column_menu", ", ".join(names[:3]), groups)

    def selected(self, name: str) -> list[str]:
        """The variables whose columns are selected with this one; the variable alone where it is not among them."""
        grid = self.pane.grid
        dataset, names = grid.grid.dataset, []
        if dataset is not None and grid.whole() == "columns":
            names = [dataset.names[k] for k in grid.selected_block()[0]]
        return names if name in names else [name]

    # --- one variable -------------------------------------------------------------------------------
    def groups(self, names: list[str]) -> list[list[Line]]:
        """The lines of one variable, in groups."""
        name = names[0]
        v = self._variable(name)
        number = not self._is_text(name)
        sorted_by = self.pane.grid.grid.sorted_by
        edit, sort, form = self.variables.edit, self.data.sort, self._open_form

        def is_number() -> bool:
            return number

        return [
            [
                Action("rename", tr("Re&name…"), partial(edit, name, "name")),
                Action("label", tr("&Label and values…"), partial(edit, name, "label")),
                self._measures(names, v.measure.value),
            ],
            [
                Action("recode", tr("&Recode…"), partial(form, "recode", values={"x": name}), enabled=is_number),
                Action("compute", tr("Com&pute from it…"), partial(form, "compute", values={"value": name})),
                Action("centre", tr("C&entre…"), partial(form, "centre", values={"names": (name,)}), enabled=is_number),
            ],
            [
                Action("sort_up", tr("Sort &ascending"), partial(sort, name, False)),
                Action("sort_down", tr("Sort &descending"), partial(sort, name, True)),
                Action("sort_none", tr("&Original order"), partial(sort, name, None), enabled=lambda: bool(sorted_by)),
                Action("filter", tr("&Filter by value…"), partial(self.filter_by_asked.emit, name)),
            ],
            [
                Action("describe", tr("De&scribe"), partial(self._run, described(v, number))),
                Action("select", tr("Select col&umn"), partial(self._select, name)),
                Action("copy", tr("&Copy"), self.pane.grid.copy_asked.emit),
            ],
            [Action("delete", tr("Dele&te"), partial(self._run, texts.drop(names)))],
        ]

    def groups_of_several(self, names: list[str]) -> list[list[Line]]:
        """The lines of several variables, in groups."""
        count = len(names)
        return [
            [
                Action("several", self.tr("C&hange {0} variable(s)…", "", count).format(count),
                       partial(self.variables.edit_several, names)),
                self._measures(names, ""),
            ],
            [
                Action("centre", tr("C&entre…"), partial(self._open_form, "centre", values={"names": tuple(names)}),
                       enabled=lambda: not any(map(self._is_text, names))),
                Action("copy", tr("&Copy"), self.pane.grid.copy_asked.emit),
            ],
            [Action("delete", self.tr("Dele&te {0} variable(s)", "", count).format(count),
                    partial(self._run, texts.drop(names)))],
        ]  # fmt: skip

    def _measures(self, names: list[str], now: str) -> Submenu:
        text = any(map(self._is_text, names))

        def fits(measure: str) -> bool:
            return not (text and measure == "continuous")

        return Submenu(
            "measure",
            tr("&Measure"),
            tuple(
                Action(f"measure_{m}", f"&{measure_title(m)}", partial(self._run, texts.measure(names, m)),
                       enabled=partial(fits, m), chosen=m == now)
                for m in reversed(BADGES)
            ),
        )  # fmt: skip

    def _run(self, command: str) -> None:
        self.controller.run(command)

    def _select(self, name: str) -> None:
        dataset = self.pane.grid.grid.dataset
        if dataset is not None and name in dataset:
            self.pane.grid.selectColumn(dataset.names.index(name))

    def _variable(self, name: str) -> Variable:
        dataset = self.pane.grid.grid.dataset
        assert dataset is not None
        return dataset.variable(name)

    def _is_text(self, name: str) -> bool:
        dataset = self.pane.grid.grid.dataset
        return dataset is not None and dataset.is_text(name)


def described(v: Variable, number: bool) -> str:
    """The command that describes a variable by what it measures."""
    measure = v.measure.value
    if measure == "identifier":
        return f"codebook {v.name}"
    return f"summarize {v.name}, detail" if number and measure == "continuous" else f"tabulate {v.name}"
