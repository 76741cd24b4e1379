"""The line of the start page that says what new models begin with, and changes it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from terrace.spec.conventions import CONVENTIONS, Convention, convention
from terrace_desktop.ui.widgets import button, label, named


class ConventionLine(QWidget):
    """One line; *Change* unfolds the choices with a sentence each."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        named(self, "start_convention", self.tr("What new models begin with"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.text = label("", "muted", wrap=True)
        self.change = button(self.tr("Change"), "start_convention_change", self._unfold, variant="link")
        row.addWidget(self.text, 1)
        row.addWidget(self.change)
        column.addLayout(row)
        self.choices = QWidget()
        lines = QVBoxLayout(self.choices)
        lines.setContentsMargins(0, 4, 0, 0)
        lines.setSpacing(2)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QRadioButton] = {}
        self._shown = ""
        for c in CONVENTIONS:
            choice = named(QRadioButton(c.title), f"start_convention_{c.key}", c.title)
            choice.toggled.connect(partial(self._take, c.key))
            self._group.addButton(choice)
            self._buttons[c.key] = choice
            lines.addWidget(choice)
            told = label(self._sentence(c), "small", wrap=True)
            told.setContentsMargins(24, 0, 0, 6)
            choice.setAccessibleDescription(told.text())
            lines.addWidget(told)
        column.addWidget(self.choices)
        self.choices.hide()
        self.show_choice("")

    def show_choice(self, key: str) -> None:
        """Show which convention holds; empty is that of the program."""
        found = convention(key)
        self._shown = found.key
        self.text.setText(self.tr("{0}: {1}").format(found.title, found.purpose))
        self._buttons[found.key].setChecked(True)

    def _take(self, key: str, on: bool) -> None:
        """One is ticked: by a click, or without one by a screen reader."""
        if on and key != self._shown:
            self.chosen.emit(key)

    def _unfold(self) -> None:
        shown = self.choices.isHidden()
        self.choices.setVisible(shown)
        self.change.setText(self.tr("Close") if shown else self.tr("Change"))
        self.change.setAccessibleName(self.change.text())
        if shown:
            checked = self._group.checkedButton()
            if checked is not None:
                checked.setFocus()

    def _sentence(self, c: Convention) -> str:
        """What a convention is good for, in one sentence."""
        if c.small_sample:
            return self.tr(
                "Restricted maximum likelihood with degrees of freedom for small samples, and slopes that covary with "
                "their intercept: what reviewers in these fields expect."
            )
        return self.tr(
            "Maximum likelihood with z tests and independent effects, as the command mixed has it: numbers agree with "
            "those of Stata without options."
        )
