"""What is asked before work would be lost, or a file replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from terrace_desktop.ui.dialogs import SmallDialog
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.results.table import Table


class UnsavedDialog(SmallDialog):
    """Before the window closes, or opens something else, over work that is in no file."""

    discarded = Signal()

    def __init__(self, parent: QWidget | None, document: str, *, opening: bool = False) -> None:
        super().__init__(parent, "unsaved_dialog", tr("Save your work?"), tr("Save"))
        if opening:
            told = self.tr("{0} has changes that are not saved. What you open takes its place.")
        else:
            told = self.tr("{0} has changes that are not saved.")
        self.content.addWidget(label(told.format(document or self.tr("Your work")), wrap=True))
        discard = button(self.tr("Discard"), "unsaved_discard", self._discard)
        self.buttons.insertWidget(self.buttons.indexOf(self.cancel_button), discard)

    def _discard(self) -> None:
        self.reject()
        self.discarded.emit()


class DifferencesDialog(SmallDialog):
    """Before data are brought up to date: what is different in their file."""

    def __init__(self, parent: QWidget | None, table: Table) -> None:
        super().__init__(parent, "differences_dialog", tr("Update the data?"), tr("Update"))
        self.content.addWidget(label(table.title, "muted", wrap=True))
        lines = []
        for row in table.rows:
            count = table.cell(row, "count")
            lines.append(f"{row.label}: {count:,.0f}" if isinstance(count, int | float) else row.label)
        shown: QLabel = named(label("\n".join(lines), selectable=True), "differences_lines", "\n".join(lines))
        self.content.addWidget(shown)
        told = self.tr("Models whose data change are marked as out of date. Undo brings the data back.")
        self.content.addWidget(label(told, "small", wrap=True))
