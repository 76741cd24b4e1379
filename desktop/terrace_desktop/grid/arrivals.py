"""Columns that a command has just added: they are brought into view, and tinted for a moment."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTableView

from terrace_desktop.grid.model import GridModel

MARKED = 3000  # ms


class Arrivals(QObject):
    """Of one grid. What is current or selected, and how far the rows are scrolled, stays."""

    def __init__(self, view: QTableView, grid: GridModel) -> None:
        super().__init__(view)
        self._view, self._grid = view, grid
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(MARKED)
        self.timer.timeout.connect(self.forget)

    def show(self, columns: Sequence[int]) -> None:
        """Bring columns into view, the last and then the first, and mark them."""
        assert self._grid.dataset is not None
        names = self._grid.dataset.names
        self._grid.arrived |= {names[k] for k in columns}  # those of a command a moment ago as well
        bar, left, right = self._view.horizontalScrollBar(), columns[0], columns[-1]
        header = self._view.horizontalHeader()
        end = header.sectionPosition(right) + header.sectionSize(right) - self._view.viewport().width()
        if bar.value() < end:
            bar.setValue(end)
        bar.setValue(min(bar.value(), header.sectionPosition(left)))
        self._paint()
        self.timer.start()

    def forget(self) -> None:
        """They are columns as any other."""
        if self._grid.arrived:
            self._grid.arrived = frozenset()
            self._paint()
        self.timer.stop()

    def _paint(self) -> None:
        for part in (self._view.viewport(), self._view.horizontalHeader().viewport()):
            part.update()
