"""The command of a result with what there is to know of its run; it stands folded under the result."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from terrace_desktop.ui.widgets import button, label, named


def command_box(command: str, facts: str, copy: Callable[[], object]) -> QFrame:
    """A sunk box: the command as it was run, facts under it, and a link that copies the command."""
    box = QFrame()
    box.setProperty("surface", "sunk")
    column = QVBoxLayout(box)
    column.setContentsMargins(12, 8, 12, 8)
    column.setSpacing(6)
    words = QCoreApplication.translate("CommandBox", "Command")
    shown = named(label(command, "mono", wrap=True, selectable=True), "card_command", words)
    shown.setAccessibleDescription(command)
    shown.setMinimumWidth(24)
    shown.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    column.addWidget(shown)
    if facts:
        told = named(label(facts, "small", wrap=True, selectable=True), "card_facts", facts)
        column.addWidget(told)
    row = QHBoxLayout()
    text = QCoreApplication.translate("CommandBox", "Copy command")
    row.addWidget(button(text, "card_copy_command", copy, variant="link"))
    row.addStretch(1)
    column.addLayout(row)
    return box
