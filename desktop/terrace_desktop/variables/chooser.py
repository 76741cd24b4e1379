"""A variable to take labels from: a line to search in over the variables that have some."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from terrace.data.dataset import Dataset, Variable
from terrace_desktop.builder.variables import SearchLine, VariableModel, VariableView
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import lead_with
from terrace_desktop.ui.widgets import label, named


class LabelSources(QFrame):
    """`chosen` tells the variable whose labels are wanted; Escape closes it."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        named(self, "label_sources", self.tr("Variables with labels"))
        self.setProperty("surface", "popup")
        self.model = VariableModel(self)
        self.view = VariableView("label_sources_list", self.tr("Variables with labels"), tail=True, drag=False)
        self.view.setModel(self.model)
        self.search = SearchLine("label_sources_search", self.tr("Search names and labels"), self.view, self.model)
        lead_with(self.search, "search")
        self.none = label(self.tr("No other variable has labels."), "small", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for w in (self.search, self.none, self.view):
            column.addWidget(w)
        self.view.setFixedHeight(theme.px(180))
        self.view.taken.connect(self.chosen)
        self.view.clicked.connect(lambda index: self.chosen.emit(str(index.data())))
        self.hide()

    def open(self, data: Dataset, without: set[str], text: bool) -> None:
        """Offer the variables with labels for values of one kind."""
        found: list[Variable] = [
            v for v in data.variables if v.value_labels and v.name not in without and data.is_text(v.name) == text
        ]
        self.search.clear()
        self.model.set_variables(found)
        for w in (self.search, self.view):
            w.setVisible(bool(found))
        self.none.setVisible(not found)
        self.show()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
