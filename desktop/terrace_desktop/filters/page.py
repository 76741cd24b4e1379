"""What the pages of the popup have in common."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace_desktop.filters.work import Ask, Latest

LOW = 290  # px: a popup without a list


class Page(QWidget):
    """One way to say which rows are meant. ``changed`` comes whenever `text` or `told` may be others."""

    changed = Signal()
    done = Signal()  # as by the button: Enter in a line

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self.latest = Latest(ask)

    def text(self) -> str:
        """The condition as an expression; empty where there is none yet."""
        return ""

    def told(self) -> str:
        """What stands beside the button, such as how many rows are meant."""
        return ""

    def wanted_height(self) -> int:
        """How high the popup is to be for it, px at 100%."""
        return LOW

    def of_rows(self, kept: int, dataset: Dataset) -> str:
        """How many of the rows are meant; of a streamed file those that are shown are counted."""
        rows = len(dataset)
        if isinstance(dataset, StreamedData):
            return self.tr("{0} of the first {1} row(s)", "", rows).format(f"{kept:,}", f"{rows:,}")
        return self.tr("{0} of {1} row(s)", "", rows).format(f"{kept:,}", f"{rows:,}")

    def begin(self) -> None:
        """The focus to where the page begins."""

    def close_down(self) -> None:
        """The popup closes."""
        self.latest.forget()
