"""Finding and replacing in the cells: what the bar over the grid asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from terrace_desktop.app.data_pane import DataPane
from terrace_desktop.grid.find_bar import Asked
from terrace_desktop.grid.typing_in import usual_decimal
from terrace_desktop.ui.words import from_engine
from terrace_desktop.work import commands
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome


class FindFlow(QObject):
    """Looks for cells beside the window, walks through what was found, and replaces by one command."""

    def __init__(self, parent: QObject, controller: Controller, pane: DataPane) -> None:
        super().__init__(parent)
        self.controller, self.pane, self.bar, self.grid = controller, pane, pane.find_bar, pane.grid
        self._hits: np.ndarray | None = None  # row on screen times columns, plus column; in order
        self._columns = 1
        self._asked = 0
        self._step = 0  # what to do once the cells are found
        self._shown: Asked | None = None
        self.bar.searched.connect(self.search)
        self.bar.step_asked.connect(self.step)
        self.bar.replace_asked.connect(self.replace)
        self.bar.replace_all_asked.connect(self.replace_all)
        self.grid.grid.modelReset.connect(self._stale)
        self.grid.grid.dataChanged.connect(self._stale)

    def _stale(self) -> None:
        self._hits = None

    def columns(self) -> list[int]:
        """Where to look: the selected variables where several cells are selected, otherwise all."""
        columns, spans = self.grid.selected_block()
        several = len(columns) > 1 or any(b > a for a, b in spans)
        return columns if several else list(range(self.grid.grid.variables))

    def search(self, step: int = 0) -> None:
        """Find the cells, off the GUI thread, and say how many; then take a step."""
        model, asked = self.grid.grid, self.bar.asked()
        dataset, order = model.dataset, model.order
        self._asked += 1
        number, self._step = self._asked, step
        if dataset is None or not asked.find:
            self._hits = None
            self.bar.say("")
            return
        columns, codes = self.columns(), not model.labels

        def done(hits: np.ndarray) -> None:
            if number != self._asked or model.dataset is not dataset:
                return
            self._hits, self._columns, self._shown = hits, len(dataset.names), asked
            self._say()
            if self._step:
                self.step(self._step)

        def overtaken() -> bool:
            return number != self._asked

        def work() -> np.ndarray:
            return found(dataset, columns, asked, codes, order, overtaken)

        self.controller.call_view("finding cells", work, done)

    def _say(self) -> None:
        assert self._hits is not None
        count = len(self._hits)
        self.bar.say(self.tr("{0} cell(s) found", "", count).format(f"{count:,}"))

    def step(self, step: int) -> None:
        """Go to the next cell that was found, or the one before; round at the end."""
        import numpy as np

        if self._hits is None or self._shown is None or self._shown.find != self.bar.asked().find:
            self.search(step)
            return
        self._step = 0
        if not len(self._hits):
            return
        at = self._here()
        k = int(np.searchsorted(self._hits, at, side="right" if step > 0 else "left")) - (step < 0)
        hit = int(self._hits[k % len(self._hits)])
        index = self.grid.grid.index(hit // self._columns, hit % self._columns)
        self.grid.go_to(index)

    def _here(self) -> int:
        at = self.grid.currentIndex()
        return max(0, at.row()) * self._columns + max(0, at.column()) if at.isValid() else -1

    def replace(self) -> None:
        """Replace in the current cell where it is one that was found, and go on to the next."""
        import numpy as np

        here = self._here()
        if self._hits is None or here not in self._hits:
            self.step(1)
            return
        dataset, at = self.grid.grid.dataset, self.grid.currentIndex()
        if dataset is None or at.column() >= self.grid.grid.variables:
            return
        self._run(dataset, [dataset.names[at.column()]], self.grid.grid.data_rows(np.array([at.row()])), step=1)

    def replace_all(self) -> None:
        """Replace in all rows that are shown, of the variables that are looked into."""
        model = self.grid.grid
        dataset = model.dataset
        if dataset is None or not self.bar.asked().find:
            return
        import numpy as np

        rows = None if not model.filtered or model.order is None else np.sort(model.order)
        self._run(dataset, [dataset.names[c] for c in self.columns()], rows)

    def _run(self, dataset: Dataset, names: list[str], rows: np.ndarray | None, step: int = 0) -> None:
        from terrace.data.transforms.typed import decimal_of

        asked = self.bar.asked()
        text = commands.substitute(
            commands.names_text(names, dataset.names), rows, asked.find, asked.new, whole=asked.whole,
            match_case=asked.match_case, codes=not self.grid.grid.labels,
            decimal=decimal_of([asked.find, asked.new], usual_decimal()),
        )  # fmt: skip

        def done(outcome: Outcome | None) -> None:
            if outcome is None:
                return
            if outcome.error is not None:
                self.bar.say(from_engine(outcome.error[1]))
                return
            changes, refused = outcome.payload.get("changes", 0), outcome.payload.get("refused") or []
            if step:
                self.search(step)
                return
            said = self.tr("{0} cell(s) replaced", "", changes).format(f"{changes:,}")
            if refused:
                said += ". " + self.tr("{0} refused: {1}").format(f"{len(refused):,}", from_engine(refused[0]["why"]))
            self.bar.say(said)

        self.controller.run(text, done)


def found(
    dataset: Dataset, columns: list[int], asked: Asked, codes: bool, order: np.ndarray | None,
    overtaken: Callable[[], bool],
) -> np.ndarray:  # fmt: skip
    """The cells that fit, as rows on screen times columns plus column, in order; runs off the GUI thread.

    Gives up where it is `overtaken` by another search.
    """
    import numpy as np

    from terrace.data.transforms.finding import Search, find_cells

    search = Search(asked.find, asked.whole, asked.match_case, codes)
    names = dataset.names
    width = len(names)
    parts = []
    for column in columns:
        if overtaken():
            break
        fits = find_cells(dataset, names[column], search)
        rows = np.flatnonzero(fits if order is None else fits[order])
        if len(rows):
            parts.append(rows * width + column)
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
