"""The status bar: what is open on the left, what goes on on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QWidget

from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.widgets import ElidedLabel, label, named

if TYPE_CHECKING:
    from terrace_desktop.work.session_port import Snapshot

MESSAGE = 6000  # ms


class StatusBar(QStatusBar):
    """One line; a message takes the left side for a few seconds."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "status_bar", self.tr("Status"))
        self.setSizeGripEnabled(False)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(12, 0, 12, 0)
        self._left = ElidedLabel("")
        self._right = label(self.tr("Starting…"))
        named(self._right, "status_state", self.tr("State"))
        row.addWidget(self._left, 1)
        row.addWidget(self._right)
        self.addWidget(holder, 1)
        self._facts = ""
        self._said = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self._left.set_text(self._facts))

    def facts_of(self, snapshot: Snapshot, used: str) -> str:
        """What is open, in one line; `used` tells which rows analyses use."""
        if snapshot.dataset is None:
            return self.tr("No data open")
        from terrace.data.streams.batches import StreamedData

        rows: int | None = len(snapshot.dataset)
        streamed = []
        if isinstance(snapshot.dataset, StreamedData):
            streamed = [self.tr("streamed, first {0} shown").format(f"{rows:,}")]
            rows = snapshot.dataset.file.n_rows
        variables, models = len(snapshot.dataset.variables), len(snapshot.document.models())
        parts = [
            self.tr("rows not counted") if rows is None else self.tr("{0} row(s)", "", rows).format(f"{rows:,}"),
            self.tr("{0} variable(s)", "", variables).format(f"{variables:,}"),
            *streamed,
            used,
            self.tr("{0} model(s)", "", models).format(models),
        ]
        return " · ".join(parts)

    def show_facts(self, text: str) -> None:
        """Rows, variables, filter, models."""
        self._facts = text
        if not self._timer.isActive():
            self._left.set_text(text)

    def tell(self, text: str, ms: int = MESSAGE) -> None:
        """A message for a few seconds."""
        self._left.set_text(text)
        self._timer.start(ms)
        announce(self, text)

    def show_state(self, text: str) -> None:
        """Ready, or what is being done."""
        said, self._said = self._said, text.partition(" · ")[0]
        if self._said != said:  # what only counts seconds is not read out
            announce(self, self._said)
        self._right.setText(text)
        self._right.setAccessibleName(text)

    def facts(self) -> str:
        """The facts as last told."""
        return self._facts

    def state(self) -> str:
        """What goes on."""
        return self._right.text()

    def message(self) -> str:
        """What stands on the left now."""
        return self._left.full_text()
