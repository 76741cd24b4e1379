"""Over the grid: a line that filters the rows by an expression, and one that goes to a row or variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from terrace_desktop.ui.later import soon
from terrace_desktop.ui.widgets import label, named, proposals, sized

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset

REST = 300  # ms without typing, after which a filter that can be read takes effect
HEIGHT = 30  # px: both lines, whatever their font
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


def example_condition(dataset: Dataset | None) -> str:
    """A condition on a variable of the data, as one types it; empty where none holds numbers."""
    from terrace.data.dataset import Measure

    variables = () if dataset is None else dataset.variables
    numbers = [v for v in variables if dataset is not None and not dataset.is_text(v.name)]
    found = next((v for v in numbers if v.measure is Measure.CONTINUOUS), numbers[0] if numbers else None)
    return "" if found is None else f"{found.name} > 0"


class FilterBar(QWidget):
    """`filter_asked` carries an expression, and whether the user has finished typing it."""

    filter_asked = Signal(str, bool)
    go_asked = Signal(str)
    left = Signal()  # back to the grid

    def __init__(self) -> None:
        super().__init__()
        named(self, "filter_bar", self.tr("Filter and go to"))
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.line = named(EscapeLine(), "filter_line", self.tr("Filter rows by an expression"))
        self.line.setProperty("mono", True)
        self.line.setPlaceholderText(self.tr("Filter rows"))
        self.line.setToolTip(self.tr("Shows only the rows where this is true; the data do not change (Ctrl+F)"))
        self.line.setClearButtonEnabled(True)
        for b in self.line.findChildren(QToolButton):
            named(b, "filter_line_clear", self.tr("Clear the filter"))
        self.go = named(EscapeLine(), "go_line", self.tr("Go to a row or variable"))
        self.go.setPlaceholderText(self.tr("Go to"))
        self.go.setToolTip(self.tr("A row number or a variable (Ctrl+G)"))
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        named(proposals(completer), "go_proposals", self.tr("Variables"))
        self.go.setCompleter(completer)
        completer.activated.connect(lambda _text: soon(self, self._go))
        self._problem = named(label("", "danger", wrap=True), "filter_problem", self.tr("What is wrong"))
        self._problem.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.line, 3)
        row.addWidget(self.go, 1)
        for line in (self.line, self.go):
            sized(line, height=HEIGHT)
        self.go.setMinimumWidth(72)
        self.go.setMaximumWidth(160)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._problem)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST)
        self._timer.timeout.connect(lambda: self.filter_asked.emit(self.text(), False))
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self.finish)
        self.line.editingFinished.connect(self._timer.stop)
        self.go.returnPressed.connect(self._go)
        self.line.left.connect(self.left)
        self.go.left.connect(self.left)
        self._asked = ""

    def text(self) -> str:
        """The expression as typed."""
        return self.line.text().strip()

    def clear(self) -> None:
        """No filter, without asking for anything."""
        self.line.blockSignals(True)
        self.line.clear()
        self.line.blockSignals(False)
        self._timer.stop()
        self.show_problem("")

    def finish(self) -> None:
        """Ask for what stands here, and be told what is wrong with it."""
        self._timer.stop()
        self.filter_asked.emit(self.text(), True)

    def show_problem(self, text: str) -> None:
        """Say why the rows cannot be filtered, or where one cannot go; empty where all is well."""
        self._problem.setText(text)
        self._problem.setAccessibleName(text or self.tr("What is wrong"))
        self._problem.setVisible(bool(text))

    def problem(self) -> str:
        """What is said to be wrong."""
        return self._problem.text()

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Propose the variables of these data."""
        variables = () if dataset is None else dataset.variables
        example = example_condition(dataset)
        self.line.setPlaceholderText(self.tr("Filter rows: {0}").format(example) if example else self.tr("Filter rows"))
        self._names.setStringList([f"{v.name}{BETWEEN}{v.label}" if v.label else v.name for v in variables])

    def _typed(self, text: str) -> None:
        self.show_problem("")
        if text.strip():
            self._timer.start()
        else:
            self.finish()

    def _go(self) -> None:
        text = self.go.text().split(BETWEEN)[0].strip()
        if text:
            self.go.setText(text)
            self.go.selectAll()
            self.show_problem("")
            self.go_asked.emit(text)
