"""The strip over a preview that takes too long unasked: why, *Update*, then progress and *Cancel*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from terrace_desktop.ui.widgets import button, label, named

if TYPE_CHECKING:
    from terrace.progress import Progress


class LateStrip(QFrame):
    """Hidden unless there is something to say. Its buttons are `<name>_update` and `<name>_cancel`."""

    update_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, name: str, what: str) -> None:
        """`what` names what takes long, as the sentence begins: "This model"."""
        super().__init__()
        self._what = what
        self.setProperty("surface", "info")
        named(self, f"{name}_strip", "")
        self.words = label("", wrap=True)
        self.update_button = button(
            self.tr("Update"), f"{name}_update", self.update_asked.emit,
            tip=self.tr("Update the result, however long it takes"),
        )  # fmt: skip
        self.cancel_button = button(self.tr("Cancel"), f"{name}_cancel", self.cancel_asked.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.update_button)
        row.addWidget(self.cancel_button)
        self.clear()

    def show_late(self) -> None:
        """It takes longer than a preview may unasked, and was stopped."""
        text = self.tr("{0} takes too long to show at every change. Press Update to show it.").format(self._what)
        self._say(text, running=False)

    def show_running(self) -> None:
        """It is being found."""
        self._say(self.tr("Updating …"), running=True)

    def show_progress(self, progress: Progress | None, seconds: float) -> None:
        """How far it is."""
        step = ""
        if progress is not None:
            step = progress.stage
            if progress.iteration is not None:
                step = self.tr("{0}, step {1}").format(step, progress.iteration)
            elif progress.fraction is not None:
                step = f"{step}, {progress.fraction:.0%}"
        self._say(self.tr("{0}, {1} s").format(step or self.tr("Updating"), f"{seconds:.0f}"), running=True)

    def clear(self) -> None:
        """Nothing to say."""
        self.hide()

    def _say(self, text: str, *, running: bool) -> None:
        self.words.setText(text)
        self.words.setAccessibleName(text)
        self.setAccessibleName(text)
        self.update_button.setVisible(not running)
        self.cancel_button.setVisible(running)
        self.show()
