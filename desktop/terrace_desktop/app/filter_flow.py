"""The filter: from its chips and its popup to commands, and from the session back to the grid and the bar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.errors import TerraceError
from terrace_desktop.filters.work import Latest
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.words import in_words, tr
from terrace_desktop.work import commands

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from terrace.data.dataset import Dataset
    from terrace.session.filter import Filter
    from terrace_desktop.app.data_flow import DataFlow
    from terrace_desktop.app.data_pane import DataPane
    from terrace_desktop.filters.conditions import Condition
    from terrace_desktop.filters.popup import FilterPopup
    from terrace_desktop.work.controller import Controller
    from terrace_desktop.work.session_port import Snapshot


@dataclass(frozen=True)
class Kept:
    """The rows that a filter keeps, shape (n,), and how many these are."""

    mask: npt.NDArray[np.bool_]
    count: int


class FilterFlow(QObject):
    """Everything that is asked for here is a `filter` command; what is shown is the filter of the session.

    What is made by clicking is for viewing to begin with: `changed` tells that the rows, or what they are used for,
    are others now.
    """

    changed = Signal()

    def __init__(self, window: QWidget, controller: Controller, pane: DataPane, data: DataFlow) -> None:
        super().__init__(window)
        self.controller, self.pane, self.data = controller, pane, data
        self.filter: Filter | None = None
        self.kept: Kept | None = None  # None until they are known
        self._dataset: Dataset | None = None
        self._chips: list[Condition] = []
        self._latest = Latest(controller.call_view)
        bar = pane.bar
        bar.add_asked.connect(self.add)
        bar.edit_asked.connect(self.edit)
        bar.remove_asked.connect(self.remove)
        bar.use_asked.connect(self.use)
        pane.all_rows_asked.connect(self.show_all)

    def actions(self) -> list[Action]:
        """What the menus offer about the filter."""
        return [
            Action("filter", tr("Add &filter…"), self.add, "Ctrl+F", self.controller.has_data),
            Action("filter_use", tr("Use filter in analyses"), lambda: self.use(True), enabled=self._only_viewed),
            Action("filter_view", tr("Filter for viewing only"), lambda: self.use(False), enabled=self.in_use),
            Action("show_all", tr("S&how all rows"), self.show_all, enabled=self._hides),
        ]

    def in_use(self) -> bool:
        """True where analyses are restricted by the filter."""
        return self.filter is not None and self.filter.in_use

    def _only_viewed(self) -> bool:
        return self.filter is not None and not self.filter.in_use

    def _hides(self) -> bool:
        return self.filter is not None or self.pane.only_marked

    # --- what is asked for --------------------------------------------------------------------------
    def add(self) -> None:
        """The popup, at the list of variables."""
        self._open()

    def filter_by(self, name: str) -> None:
        """The popup, at a variable: at what the filter says of it, where that is one condition of its own."""
        place = next((k for k, c in enumerate(self._chips) if getattr(c, "name", "") == name), None)
        if place is not None:
            self.edit(place)
            return
        popup = self._open()
        if popup is not None and self._dataset is not None and name in self._dataset:
            popup.take(name)

    def filter_soon(self, name: str) -> None:
        """The same, once the menu that asks for it is gone."""
        soon(self, partial(self.filter_by, name))

    def edit(self, place: int) -> None:
        """The popup, at one of the conditions."""
        if place < len(self._chips):
            self._open(place)

    def remove(self, place: int) -> None:
        """The filter without one of its conditions."""
        if place < len(self._chips):
            self._ask_for([c for k, c in enumerate(self._chips) if k != place])

    def use(self, on: bool) -> None:
        """Have analyses use the filter, or keep it for viewing."""
        if self.filter is not None and self.filter.in_use != on:
            self.controller.run("filter use" if on else "filter view")
        self._say()  # until that has run, the switch stands where it stood

    def show_all(self) -> None:
        """All rows: those hidden by a selection in a plot come back first, then the filter goes."""
        if self.pane.only_marked:
            self.pane.only_marked = False
            self.data.show_rows(None if self.kept is None else self.kept.mask)
        elif self.filter is not None:
            self.controller.run("filter off")

    def _open(self, place: int | None = None) -> FilterPopup | None:
        dataset = self.controller.snapshot.dataset
        if dataset is None:
            return None
        from terrace_desktop.filters.popup import FilterPopup

        self.pane.show_filter_bar()
        chips = self.pane.bar.chips.chips
        anchor: QWidget = self.pane.bar.add if place is None else chips[place]
        popup = FilterPopup(
            anchor, dataset, self.controller.call_view, None if place is None else self._chips[place]
        )
        popup.made.connect(lambda text: self._made(text, place))
        popup.open()
        return popup

    def _made(self, text: str, place: int | None) -> None:
        from terrace_desktop.filters.conditions import read

        chips = list(self._chips)
        if place is None:
            chips.append(read(text))
        elif place < len(chips):
            chips[place] = read(text)
        self._ask_for(chips)

    def _ask_for(self, chips: list[Condition]) -> None:
        """The filter that has these conditions, used as the one before is."""
        if not chips:
            self.controller.run("filter off")
        else:
            from terrace_desktop.filters.conditions import expression

            self.controller.run(commands.filter_rows(expression(chips), in_use=self.in_use()))

    # --- what there is ------------------------------------------------------------------------------
    def show(self, snapshot: Snapshot) -> None:
        """The filter of the session; its rows are looked for beside the window where it or the data are others."""
        now = None if snapshot.state is None or snapshot.dataset is None else snapshot.state.filter
        before, self.filter = self.filter, now
        data_before, self._dataset = self._dataset, snapshot.dataset
        same_text = (before and before.expression) == (now and now.expression)
        if same_text and data_before is snapshot.dataset:
            if before != now:
                self._say()
                self.changed.emit()
            return
        if not same_text:
            self.pane.only_marked = False
        self._chips = _chips_of(now)
        self.kept = None
        self.pane.bar.show_problem("")
        self._latest.forget()
        self._say()
        self.changed.emit()
        dataset = snapshot.dataset
        if now is None or dataset is None:
            if self.pane.grid.grid.filtered and not self.pane.only_marked:
                self.data.show_rows(None)
            return
        text = now.expression
        self._latest.ask("finding the rows of the filter", lambda: rows_of(text, dataset), self._found, self._failed)

    def _found(self, kept: Kept) -> None:
        self.kept = kept
        if not self.pane.only_marked:
            self.data.show_rows(kept.mask)
        self._say()
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        if self.pane.grid.grid.filtered:
            self.data.show_rows(None)
        if isinstance(error, TerraceError):
            self.pane.bar.show_problem(in_words(error))
        else:
            self.controller.failed.emit(error)

    def _say(self) -> None:
        chips: list[tuple[str, str]] = []
        if self._chips and self._dataset is not None:
            from terrace_desktop.filters.conditions import text_of, words

            chips = [(words(c, self._dataset), text_of(c)) for c in self._chips]
        self.pane.bar.show_filter(chips, self.in_use(), self.sentence())

    def sentence(self) -> str:
        """Which rows analyses use."""
        if not self.in_use():
            return self.tr("Analyses use all rows")
        from terrace.data.streams.batches import StreamedData

        if self.kept is None or self._dataset is None or isinstance(self._dataset, StreamedData):
            return self.tr("Analyses use the rows of the filter")
        rows = len(self._dataset)
        return self.tr("Analyses use {0} of {1} row(s)", "", rows).format(f"{self.kept.count:,}", f"{rows:,}")


def _chips_of(found: Filter | None) -> list[Condition]:
    if found is None:
        return []
    from terrace_desktop.filters.conditions import conditions

    return conditions(found.expression)


def rows_of(text: str, dataset: Dataset) -> Kept:
    """The rows that a filter keeps; runs off the GUI thread. Raises `TerraceError` where it does not fit the data."""
    from terrace.session.filter import kept_rows

    mask = kept_rows(text, dataset)
    return Kept(mask, int(mask.sum()))
