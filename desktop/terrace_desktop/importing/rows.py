"""Rows of the panel: words on the left, a control on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLayout, QSizePolicy, QWidget

from terrace_desktop.ui.widgets import label, named

WORDS = 104  # px
_ANY = 16_777_215  # px: what Qt has for no limit


class Rows(QGridLayout):
    """Words and controls in two columns; a row can be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(12)
        self.setVerticalSpacing(8)
        self.setColumnMinimumWidth(0, WORDS)
        self.setColumnStretch(1, 1)
        self._rows: dict[str, list[QWidget]] = {}

    def add(self, key: str, words: str, *controls: QWidget) -> None:
        """A row of these controls, side by side; the last takes what room is left."""
        at = self.rowCount()
        said = label(words, "muted")
        self.addWidget(said, at, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        said.setMinimumHeight(24)
        said.setBuddy(controls[0])
        if len(controls) == 1:
            narrow = controls[0].sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Fixed
            small = narrow or controls[0].maximumWidth() < _ANY
            self.addWidget(controls[0], at, 1, Qt.AlignmentFlag.AlignLeft if small else Qt.AlignmentFlag(0))
        else:
            self.addLayout(_beside(controls), at, 1)
        self._rows[key] = [said, *controls]

    def show_row(self, key: str, on: bool) -> None:
        """Whether a row is there."""
        for widget in self._rows[key]:
            widget.setVisible(on)


def _beside(controls: Sequence[QWidget]) -> QLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for control in controls:
        row.addWidget(control, 1 if control is controls[-1] else 0)
    return row


def choice(object_name: str, accessible: str) -> QComboBox:
    """A list to choose from."""
    box = named(QComboBox(), object_name, accessible)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def fill(box: QComboBox, items: Sequence[tuple[object, str]], current: object) -> None:
    """What can be chosen, as (value, words), and what is; nobody is told."""
    with QSignalBlocker(box):
        box.clear()
        for value, words in items:
            box.addItem(words, value)
        at = next((k for k, (value, _) in enumerate(items) if value == current), -1)
        box.setCurrentIndex(at)
