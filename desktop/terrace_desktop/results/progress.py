"""What runs, how far it is, and Cancel; shown once it has taken a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from terrace_desktop.ui.widgets import ElidedLabel, button, label, named
from terrace_desktop.work.history import duration

if TYPE_CHECKING:
    from terrace.session.contract import Progress
    from terrace_desktop.work.history import Entry


class ProgressCard(QFrame):
    """Stands over the document while something runs."""

    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "card")
        named(self, "progress_card", self.tr("Progress"))
        self._what = ElidedLabel("", "heading")
        self._how = label("", "muted")
        named(self._how, "progress_text", self.tr("Progress"))
        self._bar = named(QProgressBar(), "progress_bar", self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._command = ElidedLabel("", "mono")
        self.cancel_button = button(self.tr("Cancel"), "progress_cancel", self.cancel_asked.emit)
        head = QHBoxLayout()
        head.addWidget(self._what, 1)
        head.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 14)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._command)
        column.addWidget(self._bar)
        column.addWidget(self._how)

    def show_progress(self, entry: Entry | None, progress: Progress | None, seconds: float) -> None:
        """Show the last report."""
        self._what.set_text(progress.stage if progress is not None and progress.stage else self.tr("Working"))
        self._command.set_text("" if entry is None else entry.command)
        self._command.setVisible(entry is not None)
        parts = []
        share = None if progress is None else progress.fraction
        if share is not None:
            parts.append(f"{share:.0%}")
        elif progress is not None and progress.iteration is not None:
            parts.append(self.tr("iteration {0}").format(progress.iteration))
        if progress is not None and progress.ll is not None:
            shown = f"{progress.ll:,.3f}".replace("-", "−")
            parts.append(self.tr("log likelihood {0}").format(shown))
        parts.append(duration(seconds))
        if share is not None and share > 0.02 and seconds > 2:
            parts.append(self.tr("about {0} left").format(duration(seconds * (1 - share) / share)))
        self._how.setText(" · ".join(parts))
        self._how.setAccessibleName(self._how.text())
        if progress is not None and progress.fraction is not None:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(progress.fraction * 1000))
        else:
            self._bar.setRange(0, 0)

    def text(self) -> str:
        """What it says."""
        return self._how.text()
