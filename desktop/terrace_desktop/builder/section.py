"""What the parts of the form have in common."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from terrace.spec.model import ModelSpec
from terrace_desktop.builder.notes import Notes
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.chips import RoleBox
from terrace_desktop.ui.widgets import label, named


class Section(QWidget):
    """A titled part of the form. `show_spec` shows the model, `show_problems` what was found out about it.

    ``purpose`` says what the part is for, while nothing is in it.
    """

    def __init__(self, state: BuilderState, name: str, title: str, purpose: str = "") -> None:
        super().__init__()
        self.setObjectName(f"builder_{name}")
        self.state = state
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(6)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(0, 0, 0, 0)
        self._head.setSpacing(8)
        if title:
            self._head.addWidget(label(title, "heading"))
            self._head.addStretch(1)
            self.body.addLayout(self._head)
        self.purpose = named(label(purpose, "small", wrap=True), f"{name}_purpose", purpose)
        self.body.addWidget(self.purpose)
        self.purpose.setVisible(bool(purpose))  # what has no parent yet would be a window for a moment
        self.notes = Notes(f"{name}_notes", state.apply)

    def add_link(self, link: QWidget) -> None:
        """Put something that is done to this part at the right end of its title."""
        self._head.addWidget(link)

    @property
    def spec(self) -> ModelSpec:
        """The model as it stands."""
        return self.state.spec

    def boxes(self) -> list[RoleBox]:
        """The boxes of this part that take variables."""
        return []

    def show_spec(self) -> None:
        """Show the model."""

    def show_problems(self) -> None:
        """Show what is wrong with this part of the model."""


