"""The left side of the window: Data, Variables and History."""

from __future__ import annotations

from functools import partial
from operator import is_
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from terrace_desktop.app.history_tab import HistoryTab
from terrace_desktop.builder.variables import VariablePane
from terrace_desktop.grid.filter_bar import FilterBar
from terrace_desktop.grid.find_bar import FindBar
from terrace_desktop.grid.variables import VariablesPage
from terrace_desktop.grid.view import GridView
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import ElidedLabel, button, hairline, icon_button, label, named, sized, tool_button
from terrace_desktop.work.history import HistoryModel

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

DATA, VARIABLES, HISTORY = range(3)
RAIL = 48  # px
LEAST = 220  # px
TALL = 680  # px: a zone of less height, that of a window under 800, shows one part at a time


class FilterStrip(QWidget):
    """Under the tabs while rows are selected in a plot or the grid shows only some of the rows."""

    only_asked = Signal()
    keep_asked = Signal()
    leave_asked = Signal()
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
        self.more = tool_button(self.tr("Filter") + " ▾", "filter_more", accessible=self.tr("Filter by the selection"))
        menu = named(QMenu(self.more), "filter_more_menu", self.tr("Filter by the selection"))
        menu.addAction(self.tr("Filter to these rows"), self.keep_asked.emit)
        menu.addAction(self.tr("Leave these out of analyses"), self.leave_asked.emit)
        self.more.setMenu(menu)
        row.addWidget(self._text, 1)
        for b in (self.only, self.more, self.all, self.clear):
            row.addWidget(b)
        self.hide()

    def show_state(self, marked: int, shown: int | None, rows: int, only: bool) -> None:
        """`marked` rows are selected in a plot; `shown` of `rows` rows are to be told (None: none); `only` these."""
        parts = []
        if shown is not None:
            parts.append(self.tr("{0} of {1} row(s) shown", "", rows).format(f"{shown:,}", f"{rows:,}"))
        if marked:
            parts.append(self.tr("{0} row(s) selected in the plot", "", marked).format(f"{marked:,}"))
        self._text.set_text(" · ".join(parts))
        self.only.setVisible(bool(marked) and not only)
        self.more.setVisible(bool(marked))
        self.all.setVisible(only)
        self.clear.setVisible(bool(marked))
        self.setVisible(bool(parts))


class DataPane(QFrame):
    """The grid over the list of variables; where there is no height for both, and for the history, tabs.

    The labels-or-codes switch stands in the head. Folded it is a rail of icons.
    """

    filter_changed = Signal()
    all_rows_asked = Signal()
    fold_asked = Signal(bool)

    def __init__(self, history: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "data_zone", self.tr("Data, variables and history"))
        self.setProperty("zone", "data")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tab, self._folded, self._tall = DATA, False, True
        self.only_marked = False  # rows selected in a plot are shown, whatever the filter says
        self.grid = GridView()
        self.strip = FilterStrip()
        page = named(QWidget(), "data_tab", self.tr("Data"))
        self._page = page
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = FilterBar()
        column.addWidget(self.bar)
        column.addWidget(hairline())
        column.addWidget(self.strip)
        self.find_bar = FindBar()
        self.find_bar.left.connect(lambda: self.grid.setFocus(Qt.FocusReason.OtherFocusReason))
        column.addWidget(self.find_bar)
        column.addWidget(self.grid, 1)
        self.list = VariablePane()
        self.variables_page = VariablesPage(self)  # shown in the work panel
        self.variables_page.hide()
        self.variables = self.variables_page.view
        self.history_tab = HistoryTab(history)
        self.labels = Segments(
            "labels_or_codes",
            self.tr("Values shown as"),
            [("labels", self.tr("Labels")), ("codes", self.tr("Codes"))],
        )
        self.parts = named(QSplitter(Qt.Orientation.Vertical), "data_parts", self.tr("Data and variables"))
        self.parts.setHandleWidth(1)
        self.parts.setChildrenCollapsible(False)
        for part in (page, self.list, self.history_tab):
            self.parts.addWidget(part)
        self.parts.setSizes([500, 400, 400])
        self._full = QWidget()
        whole = QVBoxLayout(self._full)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._head())
        whole.addWidget(hairline())
        whole.addWidget(self.parts, 1)
        self._rail = self._make_rail()
        around = QHBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        around.addWidget(self._rail)
        around.addWidget(self._full)
        self.labels.chosen.connect(lambda key: self.grid.set_labels(key == "labels"))
        self.strip.only_asked.connect(self.show_only_marked)
        self.strip.all_asked.connect(self.all_rows_asked)
        self.bar.go_asked.connect(self.go_to)
        self.bar.left.connect(lambda: self.grid.setFocus(Qt.FocusReason.OtherFocusReason))
        self._arrange()

    # --- building -----------------------------------------------------------------------------------
    def _head(self) -> QWidget:
        out = QFrame()
        sized(out, height=theme.HEAD)
        row = QHBoxLayout(out)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(4)
        self.heading = label(self.tr("Data"), "heading")
        self.count = ElidedLabel("", "muted")
        self.tabs = QButtonGroup(self)
        self._tab_buttons: list[QToolButton] = []
        for k, words in enumerate((self.tr("Data"), self.tr("Variables"), self.tr("History"))):
            b = tool_button(words, f"left_tab_{k}", variant="tab")
            b.setCheckable(True)
            b.setAutoExclusive(True)  # for screen readers: see `Segments`
            b.toggled.connect(partial(self._tab_switched, k))
            self.tabs.addButton(b, k)
            self._tab_buttons.append(b)
            row.addWidget(b)
        self.history_button = icon_button("history", "left_history", self.tr("History (Ctrl+3)"), checkable=True)
        self.history_button.toggled.connect(self._history_switched)
        self.fold_button = icon_button(
            "fold", "left_fold", self.tr("Hide the data"), lambda: self.fold_asked.emit(True)
        )
        row.addWidget(self.heading)
        row.addWidget(self.count, 1)
        row.addWidget(self.labels)
        row.addWidget(self.history_button)
        row.addWidget(self.fold_button)
        self._head_row = row
        return out

    def _make_rail(self) -> QFrame:
        out = named(QFrame(), "data_rail", self.tr("Data, hidden"))
        out.setProperty("role", "rail")
        sized(out, width=RAIL - 1)
        column = QVBoxLayout(out)
        column.setContentsMargins(9, 9, 0, 12)
        column.setSpacing(14)
        for k, (icon, words) in enumerate(
            (("data", self.tr("Data")), ("variables", self.tr("Variables")), ("history", self.tr("History")))
        ):
            b = icon_button(icon, f"rail_{icon}", words, partial(self._unfold_to, k))
            column.addWidget(b)
        column.addStretch(1)
        column.addWidget(icon_button("unfold", "rail_unfold", self.tr("Show the data"), partial(self._unfold_to, None)))
        return out

    def _unfold_to(self, tab: int | None) -> None:
        self.fold_asked.emit(False)
        if tab is not None:
            self.show_tab(tab)
            self.begin()

    # --- what is seen -------------------------------------------------------------------------------
    def tab(self) -> int:
        """Which of data, variables and history is in front."""
        return self._tab

    def _tab_switched(self, tab: int, on: bool) -> None:
        """By a click, or without one by a screen reader."""
        if on and tab != self._tab:
            self.show_tab(tab)

    def _history_switched(self, on: bool) -> None:
        if on != (self._tab == HISTORY):
            self.show_tab(HISTORY if on else DATA)

    def show_tab(self, tab: int) -> None:
        """Bring data, variables or history to the front."""
        self._tab = tab
        self._arrange()

    def offer_variables(self) -> None:
        """Bring the variables to the front where there is room for one part only: a model is built from them."""
        if not self._tall and self._tab == DATA:
            self.show_tab(VARIABLES)

    def begin(self) -> None:
        """The focus to where the zone begins."""
        if self._folded:
            self._rail.findChildren(QToolButton)[0].setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif self._tab == VARIABLES:
            self.list.begin()
        else:
            part: QWidget = self.grid if self._tab == DATA else self.history_tab.list
            part.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def history_part(self) -> QWidget:
        """What brings the history to the front."""
        return self.history_button if self._tall else self._tab_buttons[HISTORY]

    def is_folded(self) -> bool:
        """True where only the rail is seen."""
        return self._folded

    def set_folded(self, on: bool) -> None:
        """Fold to the rail, or show all."""
        self._folded = on
        self._arrange()

    def _arrange(self) -> None:
        tall = self._tall
        self._rail.setVisible(self._folded)
        self._full.setVisible(not self._folded)
        self.setMinimumWidth(theme.px(RAIL) if self._folded else LEAST)
        self.setMaximumWidth(theme.px(RAIL) if self._folded else 16_777_215)
        data = self._tab == DATA or (tall and self._tab == VARIABLES)
        self._page.setVisible(data)
        self.list.setVisible(self._tab == VARIABLES or (tall and data))
        self.list.set_headed(tall)
        self.history_tab.setVisible(self._tab == HISTORY)
        self.heading.setVisible(tall)
        self.heading.setText(self.tr("History") if self._tab == HISTORY else self.tr("Data"))
        self.count.setVisible(tall and self._tab != HISTORY)
        self.history_button.setVisible(tall)
        self.history_button.setChecked(self._tab == HISTORY)
        for k, b in enumerate(self._tab_buttons):
            b.setVisible(not tall)
            b.setChecked(k == self._tab)
        self._place_labels()

    def _place_labels(self) -> None:
        """The switch stands where there is room for it; the Data menu has it too."""
        tabs = sum(b.sizeHint().width() + 20 for b in self._tab_buttons) if not self._tall else 100
        needed = tabs + self.labels.sizeHint().width() + 96
        self.labels.setVisible(self._tab != HISTORY and (self._tall or self._tab == DATA) and self.width() >= needed)

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Show data in all tabs; those of the same source keep the place and the widths of the grid."""
        before = self.grid.grid.dataset
        kin = before is not None and dataset is not None and before.source == dataset.source
        self.grid.set_room(dataset is not None and not _streamed(dataset))
        self.grid.show_dataset(dataset, kin)
        if before is None or dataset is None or not _same_variables(before, dataset):
            self._show_variables(dataset)
        self.bar.show_problem("")
        self.only_marked &= self.grid.grid.filtered
        self._refresh()

    def _show_variables(self, dataset: Dataset | None) -> None:
        """What shows the variables and not the values."""
        self.bar.show_dataset(dataset)
        self.history_tab.bar.variables = () if dataset is None else tuple(dataset.names)
        self.variables_page.show_dataset(dataset)
        self.list.show_variables(() if dataset is None else dataset.variables)

    def mark_rows(self, rows: np.ndarray | None) -> None:
        """Mark rows of the data that were selected in a plot."""
        dataset = self.grid.grid.dataset
        if dataset is None or rows is None or not len(rows):
            self.grid.mark_rows(None)
        else:
            import numpy as np

            mask = np.zeros(len(dataset), dtype=bool)
            mask[rows[rows < len(dataset)]] = True
            self.show_tab(DATA)
            self.grid.mark_rows(mask)
        self._refresh()

    def show_only_marked(self) -> None:
        """Show only the marked rows."""
        if self.grid.grid.marked is not None:
            self.only_marked = True
            self.set_filter(self.grid.grid.marked)

    def set_filter(self, mask: np.ndarray | None) -> None:
        """Show the rows of the data where `mask` is true; None shows all."""
        self.grid.set_filter(mask)
        self._refresh()

    def show_filter_bar(self) -> None:
        """Bring the chips of the filter to the front."""
        if self._folded:
            self.fold_asked.emit(False)
        if self._tab == HISTORY or not self._tall:
            self.show_tab(DATA)

    def focus_go(self) -> None:
        """Go to the line that goes to a row or variable."""
        self.show_tab(DATA)
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
                self.bar.show_problem(self.tr("The rows are numbered 1 to {0}.").format(f"{len(dataset):,}"))
            elif not self.grid.go_to_row(row - 1):
                self.bar.show_problem(self.tr("Row {0} is hidden by the filter.").format(f"{row:,}"))
            return
        name = find_variable(dataset, text)
        if name is None:
            self.bar.show_problem(self.tr("There is no variable named {0}.").format(text))
        else:
            self.grid.go_to_variable(name)

    def rows_shown(self) -> int | None:
        """How many rows the filter lets through; None without filter."""
        return self.grid.grid.shown_rows if self.grid.grid.filtered else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        tall = self.height() >= TALL
        if tall != self._tall:
            self._tall = tall
            self._arrange()
            self._refresh()
        self._place_labels()

    def _refresh(self) -> None:
        model = self.grid.grid
        marked = 0 if model.marked is None else int(model.marked.sum())
        rows = 0 if model.dataset is None else len(model.dataset)
        shown = self.rows_shown()
        elsewhere = self._tall or self.bar.use.isChecked()  # the head tells it, or what analyses use
        told = shown if self.only_marked or not elsewhere else None
        self.strip.show_state(marked, told, rows, self.only_marked)
        words = self.tr("{0} row(s)", "", rows).format(f"{rows:,}")
        if shown is not None:
            words = self.tr("{0} of {1}").format(f"{shown:,}", f"{rows:,}")
        self.count.set_text(words if model.dataset is not None else "")
        self.filter_changed.emit()


def _streamed(dataset: Dataset) -> bool:
    """True for the first rows of a file that is read in parts, into which nothing can be typed."""
    from terrace.data.streams.batches import StreamedData

    return isinstance(dataset, StreamedData)


def _same_variables(before: Dataset, after: Dataset) -> bool:
    """True where not a word of any variable is different: they are the same objects in the same order."""
    old, new = before.variables, after.variables
    return len(old) == len(new) and all(map(is_, old, new))


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
        lambda v: all(word in f"{v.name} {v.label}".lower() for word in low.split()),
    ):
        found = next((v.name for v in dataset.variables if fits(v)), None)
        if found is not None:
            return found
    return None
