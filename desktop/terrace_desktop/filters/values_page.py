"""Some values of a variable, ticked in a list with their counts, which are kept or left out. The list makes nothing
for rows nobody sees.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
)

from terrace.data.dataset import Dataset
from terrace_desktop.filters.conditions import Values, text_of
from terrace_desktop.filters.facts import Tally, matching, tally
from terrace_desktop.filters.page import LOW, Page
from terrace_desktop.filters.work import Ask
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import lead_with
from terrace_desktop.ui.widgets import button, label, named

Index = QModelIndex | QPersistentModelIndex
LINE, ROOM, SEARCH, MOST = 26, 176, 40, 420  # px: a value, what is around the list, a line to search in, the popup
TICKED = 1000  # values that a condition lists at most
SEARCHED = 8  # with more values than this there is a line to search in
_NO_PARENT = QModelIndex()


class ValuesModel(QAbstractTableModel):
    """Values with ticks, and their counts; missing comes last where it occurs."""

    def __init__(self) -> None:
        super().__init__()
        self.tally: Tally | None = None
        self.ticked = np.zeros(1, dtype=bool)  # each value, and missing last
        self.excluded = False  # whether the ticked ones are left out; missing is then, whatever is ticked
        self._shown = np.zeros(0, dtype=np.int64)

    def show_tally(self, found: Tally, ticked: np.ndarray) -> None:
        """All of the values, with these ticked, shape (values and missing,)."""
        self.tally, self.ticked = found, ticked
        self.show_places(np.arange(len(found.values)), missing=True)

    def show_places(self, places: np.ndarray, missing: bool) -> None:
        """Only these values, and missing where it occurs and is wanted."""
        assert self.tally is not None
        self.beginResetModel()
        self._shown = np.append(places, -1) if missing and self.tally.missing else places
        self.endResetModel()

    def exclude(self, on: bool) -> None:
        """Whether the ticked values are left out."""
        self.excluded = on
        self.ticked[-1] = on
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, 1))

    def set_all(self, on: bool) -> None:
        """Tick what is shown, or nothing of it."""
        self.ticked[self._shown] = on
        self.ticked[-1] |= self.excluded
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, 1))

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else 2

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        out = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return out | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else out

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or self.tally is None:
            return None
        place = int(self._shown[index.row()])
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0:
            return Qt.CheckState.Checked if self.ticked[place] else Qt.CheckState.Unchecked
        count = self.tally.missing if place < 0 else int(self.tally.counts[place])
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{count:,}" if index.column() else self._words(place)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.tr("{0}, {1} row(s)", "", count).format(self._words(place), f"{count:,}")
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and (index.column() or place < 0):
            return theme.colour("muted")
        return None

    def _words(self, place: int) -> str:
        assert self.tally is not None
        return self.tr("Missing") if place < 0 else self.tally.words[place]

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        place = int(self._shown[index.row()])
        if place < 0 and self.excluded:
            return False  # what is not known is not known to be another value
        self.ticked[place] = not self.ticked[place]
        self.dataChanged.emit(index, index)
        return True


class _Ticking(QStyledItemDelegate):
    """A click anywhere in a row ticks it, and so does Space."""

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        clicked = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease
        spaced = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select)
        if not clicked and not (spaced and event.type() == QEvent.Type.KeyPress):
            return False
        first = model.index(index.row(), 0)
        return model.setData(first, not first.data(Qt.ItemDataRole.CheckStateRole), Qt.ItemDataRole.CheckStateRole)


class _ValuesView(QTableView):
    """Two columns without heads."""

    def __init__(self, accessible: str, model: ValuesModel) -> None:
        super().__init__()
        named(self, "filter_values", accessible)
        self.setModel(model)
        self.setItemDelegate(_Ticking(self))
        named(self.horizontalHeader(), "filter_values_columns", self.tr("Columns")).hide()
        named(self.verticalHeader(), "filter_values_rows", self.tr("Rows")).hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme.px(LINE))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setColumnWidth(1, theme.px(84))

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would read every row."""


class ValuesPage(Page):
    """The values of one variable; those of `given` are ticked to begin with."""

    def __init__(self, dataset: Dataset, name: str, ask: Ask, given: Values | None = None) -> None:
        super().__init__(ask)
        self._dataset, self._name, self._given = dataset, name, given
        self.model = ValuesModel()
        self.view = _ValuesView(self.tr("Values of {0}").format(name), self.model)
        self.search = named(QLineEdit(), "filter_search", self.tr("Search the values"))
        self.search.setPlaceholderText(self.tr("Search the values"))
        self.search.setClearButtonEnabled(True)
        lead_with(self.search, "search")
        self.search.hide()
        self._state = label(self.tr("Counting…"), "muted")
        tick = partial(self.model.set_all, True)
        self.all = button(self.tr("All"), "filter_all_values", tick, variant="link", accessible=self.tr("Tick all"))
        clear = partial(self.model.set_all, False)
        self.none = button(self.tr("None"), "filter_no_values", clear, variant="link", accessible=self.tr("Tick none"))
        self.way = Segments(
            "filter_way", self.tr("Rows with the ticked values"),
            [("keep", self.tr("Keep ticked")), ("leave", self.tr("Leave out ticked"))],
        )  # fmt: skip
        self.way.show_value("leave" if given is not None and given.excluded else "keep")
        self.way.chosen.connect(lambda way: self.model.exclude(way == "leave"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._state, 1)
        row.addWidget(self.all)
        row.addWidget(self.none)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.way)
        column.addWidget(self.search)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self.model.dataChanged.connect(self.changed)
        self.search.textChanged.connect(self._look)
        self.search.returnPressed.connect(self.done)
        self.latest.ask("counting values", lambda: tally(dataset, name), self._show)

    def _show(self, found: Tally) -> None:
        given = self._given
        ticked = np.zeros(len(found.values) + 1, dtype=bool)
        if given is not None:
            wanted = set(given.values)
            ticked[[k for k, v in enumerate(found.values) if v in wanted] if wanted else []] = True
            ticked[-1] = given.missing or given.excluded
        self.model.excluded = self.way.value() == "leave"
        self.model.show_tally(found, ticked)
        self.search.setVisible(len(found.values) > SEARCHED)
        self._say(len(found.values))
        if self.isVisible():
            self.begin()
        self.changed.emit()

    def _say(self, shown: int) -> None:
        self._state.setText(self.tr("{0} value(s)", "", shown).format(f"{shown:,}"))

    def _look(self, text: str) -> None:
        found = self.model.tally
        if found is None:
            return

        def show(places: np.ndarray) -> None:
            self.model.show_places(places, missing=not text.strip())
            self._say(len(places))

        self.latest.ask("searching values", lambda: matching(found, text), show)

    def wanted_height(self) -> int:
        least = ROOM + (SEARCH if not self.search.isHidden() else 0)
        return max(LOW - 60, min(MOST, least + LINE * self.model.rowCount())) if self.model.tally is not None else MOST

    def condition(self) -> Values | None:
        """What is ticked; None where that is nothing, all there is, or more than a chip can stand for."""
        found, ticked = self.model.tally, self.model.ticked
        if found is None or not ticked.any():
            return None
        if self.model.excluded:
            return self._left_out(found, ticked[:-1])
        if ticked[:-1].all():
            known = found.missing and not ticked[-1]
            return Values(self._name, (), missing=True, excluded=True) if known else None
        if self._too_many():
            return None
        return Values(self._name, tuple(found.values[k] for k in np.flatnonzero(ticked[:-1])), bool(ticked[-1]))

    def _left_out(self, found: Tally, ticked: np.ndarray) -> Values | None:
        if ticked.all() or self._too_many() or not (ticked.any() or found.missing):
            return None
        values = tuple(found.values[k] for k in np.flatnonzero(ticked))
        return Values(self._name, values, missing=not values, excluded=True)

    def _too_many(self) -> bool:
        ticked = self.model.ticked[:-1]
        return bool(ticked.sum() > TICKED and not ticked.all())

    def text(self) -> str:
        condition = self.condition()
        return "" if condition is None else text_of(condition)

    def told(self) -> str:
        found, ticked = self.model.tally, self.model.ticked
        if found is None:
            return ""
        if self._too_many():
            return self.tr("Tick at most {0} value(s)", "", TICKED).format(f"{TICKED:,}")
        if self.model.excluded:
            return self.of_rows(int(found.counts[~ticked[:-1]].sum()), self._dataset)
        kept = int(found.counts[ticked[:-1]].sum()) + (found.missing if ticked[-1] else 0)
        return self.of_rows(kept, self._dataset)

    def begin(self) -> None:
        if not self.search.isHidden():
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.model.rowCount() and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.model.index(0, 0))
