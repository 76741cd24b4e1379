"""The lines of the start page that ask, once, whether new versions may be looked for."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.upkeep.update_flow import NO, YES


class UpdateLine(QFrame):
    """Hidden unless there is something to ask."""

    answered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        named(self, "start_updates", self.tr("New versions"))
        self.setProperty("surface", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(label(self.tr("Be told of new versions?"), "heading"))
        self.text = label("", "muted", wrap=True)
        column.addWidget(self.text)
        column.addSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(button(self.tr("Yes, once a day"), "start_updates_yes", lambda: self.answered.emit(YES)))
        row.addWidget(button(self.tr("No"), "start_updates_no", lambda: self.answered.emit(NO)))
        row.addStretch(1)
        column.addLayout(row)
        self.hide()

    def ask(self, address: str) -> None:
        """Ask; an address is where the list would come from, and empty takes the question away."""
        told = self.tr(
            "Terrace would fetch the list of versions from {0}. It sends nothing about you, your data or your "
            "computer, and installs nothing. Otherwise it never uses the network."
        )
        self.text.setText(told.format(urlsplit(address).hostname))
        self.setVisible(bool(address))
