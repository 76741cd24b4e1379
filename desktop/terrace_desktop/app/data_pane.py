"""The left side of the window: Data, Variables and History."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from terrace_desktop.app.history_tab import HistoryTab
from terrace_desktop.grid.filter_bar import FilterBar
from terrace_desktop.grid.variables import VariablesPage
from terrace_desktop.grid.view import GridView
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui.widgets import ElidedLabel, button, hairline, named
from terrace_desktop.work.history import HistoryModel

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

DATA, VARIABLES, HISTORY = range(3)


class FilterStrip(QWidget):
    """Under the tabs while rows are selected in a plot or the grid shows only some of the rows."""

    only_asked = Signal()
    all_asked = Signal()
    clear_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        named(self, "filter_strip", self.tr("Rows shown"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        self._text = ElidedLabel("", "muted")
        self.only = button(self.tr("Show only these"), "filter_only", self.only_asked.emit, variant="link")
        self.all = button(self.tr("Show all rows"), "filter_all", self.all_asked.emit, variant="link")
        self.clear = button(self.tr("Clear"), "filter_clear", self.clear_asked.emit, variant="link")
        row.addWidget(self._text, 1)
        for b in (self.only, self.all, self.clear):
            row.addWidget(b)
        self.hide()

    def show_state(self, marked: int, shown: int | None, rows: int) -> None:
        """`marked` rows are selected in a plot; `shown` of `rows` rows pass the filter (None: all)."""
        parts = []
        if shown is not None:
            parts.append(self.tr("{0} of {1} row(s) shown", "", rows).format(f"{shown:,}", f"{rows:,}"))
        if marked:
            parts.append(self.tr("{0} row(s) selected in the plot", "", marked).format(f"{marked:,}"))
        self._text.set_text(" · ".join(parts))
        self.only.setVisible(bool(marked) and shown is None)
        self.all.setVisible(shown is not None)
        self.clear.setVisible(bool(marked))
        self.setVisible(bool(parts))


class DataPane(QTabWidget):
    """Three tabs. The labels-or-codes switch stands at their right end."""

    filter_changed = Signal()
    filter_asked = Signal(str, bool)  # an expression, and whether the user has finished typing it

    def __init__(self, history: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "left_tabs", self.tr("Data, variables and history"))
        named(self.tabBar(), "left_tab_bar", self.tr("Data, variables and history"))
        self.tabBar().setExpanding(False)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setDocumentMode(False)
        self.grid = GridView()
        self.strip = FilterStrip()
        page = named(QWidget(), "data_tab", self.tr("Data"))
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = FilterBar()
        column.addWidget(self.bar)
        column.addWidget(hairline())
        column.addWidget(self.strip)
        column.addWidget(self.grid, 1)
        self.variables_page = VariablesPage()
        self.variables = self.variables_page.view
        self.history_tab = HistoryTab(history)
        self.addTab(page, self.tr("Data"))
        self.addTab(self.variables_page, self.tr("Variables"))
        self.addTab(self.history_tab, self.tr("History"))
        self.labels = Segments(
            "labels_or_codes",
            self.tr("Values shown as"),
            [("labels", self.tr("Labels")), ("codes", self.tr("Codes"))],
        )
        self._corner = QWidget()
        corner = QHBoxLayout(self._corner)
        corner.setContentsMargins(0, 0, 12, 6)
        corner.addWidget(self.labels)
        self.setCornerWidget(self._corner)
        self.labels.chosen.connect(lambda key: self.grid.set_labels(key == "labels"))
        self.currentChanged.connect(self._tab_changed)
        self.strip.only_asked.connect(self.show_only_marked)
        self.strip.all_asked.connect(self.show_all)
        self.strip.clear_asked.connect(lambda: self.mark_rows(None))
        self.grid.variable_asked.connect(self.show_variable)
        self.bar.filter_asked.connect(self.filter_asked)
        self.bar.go_asked.connect(self.go_to)
        self.bar.left.connect(lambda: self.grid.setFocus(Qt.FocusReason.OtherFocusReason))

    def show_dataset(self, dataset: Dataset | None, same: bool = False) -> None:
        """Show data in all tabs; a filter holds for a changed version of the data, not for others."""
        before = self.grid.grid.dataset
        kin = before is not None and dataset is not None and before.source == dataset.source
        self.grid.show_dataset(dataset, same)
        self.bar.show_dataset(dataset)
        self.history_tab.bar.variables = () if dataset is None else tuple(dataset.names)
        if not kin:
            self.bar.clear()
        elif self.bar.text():
            self.bar.finish()
        self.variables_page.show_dataset(dataset)
        count = 0 if dataset is None else len(dataset.variables)
        self.setTabText(VARIABLES, self.tr("Variables ({0})").format(f"{count:,}"))
        self._refresh()

    def show_variable(self, name: str) -> None:
        """Go to a variable in the Variables tab."""
        self.setCurrentIndex(VARIABLES)
        self.variables.show_variable(name)

    def mark_rows(self, rows: np.ndarray | None) -> None:
        """Mark rows of the data that were selected in a plot."""
        dataset = self.grid.grid.dataset
        if dataset is None or rows is None or not len(rows):
            self.grid.mark_rows(None)
        else:
            import numpy as np

            mask = np.zeros(len(dataset), dtype=bool)
            mask[rows[rows < len(dataset)]] = True
            self.setCurrentIndex(DATA)
            self.grid.mark_rows(mask)
        self._refresh()

    def show_only_marked(self) -> None:
        """Show only the marked rows."""
        if self.grid.grid.marked is not None:
            self.bar.clear()
            self.grid.set_filter(self.grid.grid.marked)
            self._refresh()

    def show_all(self) -> None:
        """Show all rows in the order of the data."""
        self.bar.clear()
        self.set_filter(None)

    def set_filter(self, mask: np.ndarray | None) -> None:
        """Show the rows of the data where `mask` is true; None shows all."""
        self.grid.set_filter(mask)
        self._refresh()

    def focus_filter(self) -> None:
        """Go to the line that filters."""
        self.setCurrentIndex(DATA)
        self.bar.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.line.selectAll()

    def focus_go(self) -> None:
        """Go to the line that goes to a row or variable."""
        self.setCurrentIndex(DATA)
        self.bar.go.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.go.selectAll()

    def go_to(self, text: str) -> None:
        """Go to a row by its number in the data, or to a variable by its name or a part of its name or label."""
        dataset = self.grid.grid.dataset
        if dataset is None:
            return
        if text.replace(",", "").isdigit():
            row = int(text.replace(",", ""))
            if not 1 <= row <= len(dataset):
                self.bar.show_problem(self.tr("The data have rows 1 to {0}.").format(f"{len(dataset):,}"))
            elif not self.grid.go_to_row(row - 1):
                self.bar.show_problem(self.tr("The filter leaves row {0} out.").format(f"{row:,}"))
            return
        name = find_variable(dataset, text)
        if name is None:
            self.bar.show_problem(self.tr("There is no variable {0}.").format(text))
        else:
            self.grid.go_to_variable(name)

    def rows_shown(self) -> int | None:
        """How many rows the filter lets through; None without filter."""
        return self.grid.grid.rowCount() if self.grid.grid.filtered else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tab_changed(self.currentIndex())

    def _tab_changed(self, tab: int) -> None:
        room = self.width() - self.tabBar().sizeHint().width() - 24  # the Data menu has the switch too
        self._corner.setVisible(tab == DATA and self._corner.sizeHint().width() <= room)

    def _refresh(self) -> None:
        model = self.grid.grid
        marked = 0 if model.marked is None else int(model.marked.sum())
        rows = 0 if model.dataset is None else len(model.dataset)
        self.strip.show_state(marked, self.rows_shown(), rows)
        self.filter_changed.emit()


def find_variable(dataset: Dataset, text: str) -> str | None:
    """The variable that is meant: by its name, then how its name begins, then a part of its name or label."""
    low = text.lower()
    names = dataset.names
    if text in names:
        return text
    for fits in (
        lambda v: v.name.lower() == low,
        lambda v: v.name.lower().startswith(low),
        lambda v: low in v.name.lower() or low in v.label.lower(),
    ):
        found = next((v.name for v in dataset.variables if fits(v)), None)
        if found is not None:
            return found
    return None
