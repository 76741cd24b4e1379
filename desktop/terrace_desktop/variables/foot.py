"""The foot of the editors: what takes all back, and what ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout

from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ElidedLabel, button, named
from terrace_desktop.variables.saving import Saver


class Foot(QFrame):
    """Counts the changes that can be taken back at once."""

    def __init__(self, prefix: str, saver: Saver, end: Callable[[], object], saved: str) -> None:
        super().__init__()
        named(self, f"{prefix}_foot", self.tr("Undo or end"))
        self.setProperty("surface", "form")
        self._saver = saver
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 16, 10)
        row.setSpacing(8)
        self.undo_all = button("", f"{prefix}_undo_all", saver.undo_all, variant="plain")
        set_icon(self.undo_all, "undo")
        self.done = button(self.tr("Done"), f"{prefix}_done", end, variant="primary", tip=self.tr("Ctrl+Enter"))
        set_icon(self.done, "check", "on_accent")
        row.addWidget(self.undo_all)
        row.addStretch(1)
        row.addWidget(ElidedLabel(saved, "small"))
        row.addWidget(self.done)
        saver.saved.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say how many changes there are."""
        count = self._saver.steps()
        words = self.tr("Undo all {0} change(s)", "", count).format(count) if count else self.tr("No changes yet")
        self.undo_all.setText(words)
        self.undo_all.setAccessibleName(words)
        self.undo_all.setEnabled(count > 0)
