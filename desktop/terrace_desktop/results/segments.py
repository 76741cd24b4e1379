"""A row of a few small choices, of which one holds."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, named


class Segments(QWidget):
    """`choices` are (key, text) pairs; `chosen` emits the key."""

    chosen = Signal(str)

    def __init__(self, object_name: str, accessible: str, choices: list[tuple[str, str]]) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setProperty("role", "segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for key, text in choices:
            b = button(text, f"{object_name}_{key}", variant="segment", accessible=f"{accessible}: {text}")
            b.setCheckable(True)
            b.setAutoExclusive(True)  # the group sees to it; this tells a screen reader that one of them holds
            b.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            b.toggled.connect(partial(self._held, key))
            self._group.addButton(b)
            self._buttons[key] = b
            row.addWidget(b)
        self._buttons[choices[0][0]].setChecked(True)

    def _held(self, key: str, on: bool) -> None:
        """The Tab key stops at the one that holds; from there the arrow keys go to the others."""
        self._buttons[key].setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.ClickFocus)
        if on:  # a screen reader chooses without a click
            self.chosen.emit(key)

    def with_icon(self, key: str, icon: str) -> None:
        """An icon before the words of a choice."""
        set_icon(self._buttons[key], icon, "muted", on="ink")

    def allow(self, key: str, on: bool, reason: str = "") -> None:
        """Whether this choice can be made, and why not."""
        self._buttons[key].setEnabled(on)
        self._buttons[key].setToolTip("" if on else reason)

    def show_value(self, key: str) -> None:
        """Show that this choice holds, without a word; with no key, that none does."""
        if key:
            with QSignalBlocker(self):
                self._buttons[key].setChecked(True)
            return
        self._group.setExclusive(False)
        for b in self._buttons.values():
            b.setChecked(False)
        self._group.setExclusive(True)

    def offer(self, key: str, on: bool) -> None:
        """Whether this choice is there."""
        self._buttons[key].setVisible(on)

    def value(self) -> str:
        """The key that holds."""
        return next(k for k, b in self._buttons.items() if b.isChecked())

    def choose(self, key: str) -> None:
        """Choose as a click would; tells it even where it holds already."""
        if self._buttons[key].isChecked():
            self.chosen.emit(key)
        self._buttons[key].setChecked(True)
