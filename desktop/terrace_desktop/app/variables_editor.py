"""The table of what the variables are, as contents of the work panel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from terrace_desktop.grid.variables import VariablesPage
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.work_panel import Head, WorkContent


class VariablesEditor(WorkContent):
    """Names, measures, labels, value labels and codes for missing, each edited in its cell."""

    wide = 560

    def __init__(self, page: VariablesPage) -> None:
        super().__init__()
        named(self, "variables_editor", self.tr("Variables"))
        self.page = page
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(page)
        page.show()

    def head(self) -> Head:
        return Head("variables", self.tr("Variables"), self.tr("Double-click a cell to change it"))

    def begin(self) -> None:
        self.page.view.setFocus(Qt.FocusReason.OtherFocusReason)
