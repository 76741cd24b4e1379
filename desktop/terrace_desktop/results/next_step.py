"""A line under the results that says what comes next, and does it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton

from terrace_desktop.results import look
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import button, label, named, tell


class NextStep(QFrame):
    """Signals tell which of its links was taken."""

    model_asked = Signal()
    describe_asked = Signal()
    after_asked = Signal()
    draft_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "results_next", self.tr("Next step"))
        self._text = named(label("", "muted"), "next_text", "")
        self.draft = button(self.tr("Continue"), "next_draft", self.draft_asked.emit, variant="link")
        self.after = button(self.tr("After the fit"), "next_after", self.after_asked.emit, variant="link")
        self.model = button(self.tr("New model"), "next_model", self.model_asked.emit, variant="link")
        self.describe = button(self.tr("Describe the data"), "next_describe", self.describe_asked.emit, variant="link")
        row = Flow(self, across=12, down=2)  # which takes no width from its neighbours
        row.setContentsMargins(look.DOCUMENT, 6, look.INSET, 8)
        for widget in (self._text, *self._links()):
            row.addWidget(widget)

    def _links(self) -> Sequence[QPushButton]:
        return self.draft, self.after, self.model, self.describe

    def show_state(self, draft: str, model: str) -> None:
        """Where things stand: the title of the model that is not kept yet, and that of the newest model."""
        if draft:
            text, links = self.tr("Not kept yet:"), {self.draft}
        elif model:
            text, links = self.tr("Next:"), {self.after, self.model}
        else:
            text, links = self.tr("Next:"), {self.model, self.describe}
        tell(self._text, text)
        self.draft.setToolTip(draft)
        for link in self._links():
            link.setVisible(link in links)
