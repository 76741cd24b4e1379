"""Rows that are selected in one place are marked in all: in the grid, and in every figure that was drawn from them.

What a figure counts are the rows of the data that it was drawn from (`Plot.drawn_from`). By these they are found again
in the data that are open, however these were sorted, cut or added to since; where they are of other data, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace_desktop.filters.work import Latest
from terrace_desktop.ui.later import soon
from terrace_desktop.work import commands

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from terrace.data.dataset import Dataset
    from terrace.data.known_rows import KnownRows
    from terrace.session.contract import Outcome
    from terrace_desktop.app.data_pane import DataPane
    from terrace_desktop.app.filter_flow import FilterFlow
    from terrace_desktop.plots.brushing import Brushed
    from terrace_desktop.plots.view import PlotView
    from terrace_desktop.results.pane import ResultsPane
    from terrace_desktop.work.controller import Controller
    from terrace_desktop.work.session_port import Snapshot


@dataclass(frozen=True, eq=False)
class Picked:
    """Rows of the data that are open, sorted; `gone` were in the figure and are in the data no more."""

    rows: npt.NDArray[np.int64]
    gone: int = 0
    by_grid: bool = False


class BrushFlow(QObject):
    """Finds rows on the worker for looking, and tells the grid and the figures."""

    told = Signal(str)

    def __init__(
        self, window: QWidget, controller: Controller, left: DataPane, results: ResultsPane, filters: FilterFlow
    ) -> None:
        super().__init__(window)
        self.controller, self.left, self.results, self.filters = controller, left, results, filters
        self.picked: Picked | None = None
        self._dataset: Dataset | None = None  # that the picked rows are of
        self._finding = Latest(controller.call_view)
        self._showing = Latest(controller.call_view)
        self._waits = False
        results.rows_selected.connect(self.take)
        results.figures_drawn.connect(self._show_soon)
        left.grid.rows_chosen.connect(self._grid_changed)
        left.strip.clear_asked.connect(self.clear)
        left.strip.keep_asked.connect(lambda: self.filter(True))
        left.strip.leave_asked.connect(lambda: self.filter(False))

    # --- from a figure ------------------------------------------------------------------------------
    def take(self, brushed: Brushed | None) -> None:
        """Rows that were selected in a figure; None where nothing is any more."""
        dataset = self.controller.snapshot.dataset
        if brushed is None or dataset is None:
            self.clear()
            return
        known, rows = brushed.known, brushed.rows
        if known is None or not known.fit(dataset):
            self.clear()
            self.told.emit(self.tr("This figure was drawn from other data, so its rows cannot be selected in these."))
            return

        def work() -> Picked:
            found = known.now(rows, dataset)
            return Picked(found, len(rows) - len(found))

        self._finding.ask("finding the rows of a figure", work, lambda picked: self._found(picked, dataset))

    def _found(self, picked: Picked, dataset: Dataset) -> None:
        if dataset is not self.controller.snapshot.dataset:
            return
        self.picked, self._dataset = picked, dataset
        self.left.mark_rows(picked.rows)
        self._show_in_figures()
        count = len(picked.rows)
        said = [self.tr("{0} row(s) selected", "", count).format(f"{count:,}")]
        mask = self.left.grid.grid.filter_mask
        hidden = 0 if mask is None or not count else count - int(mask[picked.rows].sum())
        if hidden:
            said.append(self.tr("{0} hidden by the filter").format(f"{hidden:,}"))
        if picked.gone:
            said.append(self.tr("{0} no longer in the data").format(f"{picked.gone:,}"))
        self.told.emit(", ".join(said))

    # --- from the grid ------------------------------------------------------------------------------
    def _grid_changed(self) -> None:
        """Looked at once the selection has come to rest."""
        if not self._waits:
            self._waits = True
            soon(self, self._take_grid)

    def _take_grid(self) -> None:
        self._waits = False
        dataset, rows = self.left.grid.grid.dataset, self.left.grid.whole_rows()
        by_grid = self.picked is not None and self.picked.by_grid
        if dataset is None or rows is None:
            if by_grid:
                self.clear()
            return
        import numpy as np

        self.picked, self._dataset = Picked(np.sort(rows), by_grid=True), dataset
        self.left.mark_rows(None)
        self._show_in_figures(told=True)

    # --- everywhere ---------------------------------------------------------------------------------
    def clear(self) -> None:
        """Nothing is selected."""
        self._finding.forget()
        self.picked = self._dataset = None
        self.left.mark_rows(None)
        self._show_in_figures()

    def show(self, snapshot: Snapshot) -> None:
        """Other data: what is selected is found again in them."""
        old, dataset, picked = self._dataset, snapshot.dataset, self.picked
        if picked is None or old is None or dataset is old:
            return
        if dataset is None or dataset.lineage is not old.lineage:
            self.clear()
            return
        from terrace.data.known_rows import known_rows

        def work() -> Picked:
            return Picked(known_rows(old).now(picked.rows, dataset), by_grid=picked.by_grid)

        def found(now: Picked) -> None:
            if dataset is self.controller.snapshot.dataset:
                self.picked, self._dataset = now, dataset
                if not now.by_grid:
                    self.left.mark_rows(now.rows)
                self._show_in_figures()

        self._finding.ask("finding the selected rows", work, found)

    def views(self) -> Iterator[PlotView]:
        """The figures of the results that are drawn large now."""
        for card in self.results.outputs():
            yield from (large.view for large in card.figures)
        for model in self.results.cards():
            if model.plots is not None and model.plots.large is not None:
                yield model.plots.large.view

    def _show_soon(self) -> None:
        if self.picked is not None:
            soon(self, self._show_in_figures)

    def _show_in_figures(self, told: bool = False) -> None:
        """Mark the selected rows in each figure that has them; with `told` say in how many."""
        import numpy as np

        none = np.zeros(0, dtype=np.int64)
        picked, dataset = self.picked, self._dataset
        self._showing.forget()
        if picked is None or dataset is None:
            for view in self.views():
                view.show_rows(none)
            return
        known: list[KnownRows] = []
        for view in self.views():
            own = view.plot.drawn_from
            if own is not None and own.fit(dataset) and own not in known:
                known.append(own)

        def work() -> list[npt.NDArray[np.int64]]:
            return [k.then(picked.rows, dataset) for k in known]

        def found(rows: list[npt.NDArray[np.int64]]) -> None:
            marked = 0
            for view in self.views():
                own = view.plot.drawn_from
                view.show_rows(rows[known.index(own)] if own in known else none)
                marked += len(view.chosen()) > 0
            if told and marked:
                count = len(picked.rows)
                self.told.emit(self.tr("{0} row(s) selected and marked in the figures", "", count).format(f"{count:,}"))

        self._showing.ask("finding rows in the figures", work, found)

    # --- filters ------------------------------------------------------------------------------------
    def filter(self, keep: bool) -> None:
        """Filter to the selected rows, or leave them out of analyses: by a variable that marks them."""
        picked, dataset = self.picked, self._dataset
        if picked is None or dataset is None or not len(picked.rows):
            return
        condition = commands.rows_condition(picked.rows)
        if condition is None:
            self.told.emit(self.tr("These rows are too scattered for one command. Show only these, or select fewer."))
            return
        name = commands.free_name(dataset.names, "selected")
        old, own = self.filters.filter, f"{name} == {1 if keep else 0}"
        wanted = own if old is None else f"({old.expression}) & {own}"
        in_use = self.filters.in_use() if keep else True

        def then(outcome: Outcome | None) -> None:
            if outcome is not None and outcome.ok:
                self.controller.run(commands.filter_rows(wanted, in_use=in_use))

        self.controller.run(f"generate byte {name} = {condition}", then)
