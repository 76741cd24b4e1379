"""Over the grid: the filter as chips, whether analyses use it, and a line that goes to a row or variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from terrace_desktop.grid.filter_chips import FilterChips
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.switch import Switch
from terrace_desktop.ui.widgets import ElidedLabel, button, label, named, proposals, sized, tell

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset

HEIGHT = 30  # px: the line, whatever its font
BETWEEN = " · "  # name and label of a variable in the list of proposals


class EscapeLine(QLineEdit):
    """A line that Escape empties, and Escape again leaves."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.text():
            self.clear()
        else:
            self.left.emit()


class FilterBar(QWidget):
    """Chips with a button that adds one; under them, where there is a filter, the switch *Use in analyses*."""

    add_asked = Signal()
    edit_asked = Signal(int)  # which condition
    remove_asked = Signal(int)
    use_asked = Signal(bool)
    go_asked = Signal(str)
    left = Signal()  # back to the grid

    def __init__(self) -> None:
        super().__init__()
        named(self, "filter_bar", self.tr("Filter and go to"))
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.add = button(self.tr("Add filter"), "filter_add", self.add_asked.emit, variant="add")
        self.add.setToolTip(self.tr("Show only some rows, by the values of a variable or by a condition (Ctrl+F)"))
        set_icon(self.add, "plus", "accent_text")
        self.chips = FilterChips(self.add)
        self.chips.edit_asked.connect(self.edit_asked)
        self.chips.remove_asked.connect(self.remove_asked)
        self.go = self._go_line()
        self.use = Switch(
            self.tr("Use in analyses"), "filter_use",
            self.tr("Summaries, tables, graphs and models use only the rows that the filter keeps"),
        )  # fmt: skip
        self.use.toggled.connect(self.use_asked)  # a screen reader switches without a click
        self.sentence = named(ElidedLabel("", "muted"), "filter_sentence", "")
        self._problem = named(label("", "danger", wrap=True), "filter_problem", self.tr("What is wrong"))
        self._problem.hide()
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.chips, 1)
        first.addWidget(self.go, 0, Qt.AlignmentFlag.AlignTop)
        self._second = QWidget()
        second = Flow(self._second, across=8, down=2)
        second.addWidget(self.use)
        second.addWidget(self.sentence)
        self._second.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(4)
        column.addLayout(first)
        column.addWidget(self._second)
        column.addWidget(self._problem)

    def _go_line(self) -> EscapeLine:
        go = named(EscapeLine(), "go_line", self.tr("Go to a row or variable"))
        go.setPlaceholderText(self.tr("Go to"))
        go.setToolTip(self.tr("A row number or a variable (Ctrl+G)"))
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        named(proposals(completer), "go_proposals", self.tr("Variables"))
        go.setCompleter(completer)
        completer.activated.connect(lambda _text: soon(self, self._go))
        sized(go, width=60, height=HEIGHT)
        go.returnPressed.connect(self._go)
        go.left.connect(self.left)
        return go

    def show_filter(self, chips: Sequence[tuple[str, str]], in_use: bool, sentence: str) -> None:
        """The conditions, each with its tip, whether analyses use them, and what is said of that."""
        self.chips.show_chips(chips)
        self._second.setVisible(bool(chips))
        self.use.blockSignals(True)
        self.use.setChecked(in_use)
        self.use.blockSignals(False)
        self.use.update()
        self.sentence.set_text(sentence)

    def show_problem(self, text: str) -> None:
        """Say why the rows cannot be filtered, or where one cannot go; empty where all is well."""
        tell(self._problem, text)

    def problem(self) -> str:
        """What is said to be wrong."""
        return self._problem.text()

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Propose the variables of these data."""
        variables = () if dataset is None else dataset.variables
        self._names.setStringList([f"{v.name}{BETWEEN}{v.label}" if v.label else v.name for v in variables])
        self.add.setEnabled(dataset is not None)

    def _go(self) -> None:
        text = self.go.text().split(BETWEEN)[0].strip()
        if text:
            self.go.setText(text)
            self.go.selectAll()
            self.show_problem("")
            self.go_asked.emit(text)
