"""Words and rows that all parts of the builder share."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget


def beside(*widgets: QWidget, spacing: int = 6) -> QWidget:
    """Widgets in a row that stay together."""
    out = QWidget()
    row = QHBoxLayout(out)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for w in widgets:
        row.addWidget(w)
    return out


def labelled(text: str, field: QWidget, *, tone: str = "") -> QWidget:
    """A field with its name in front, which is its buddy."""
    name = QLabel(text)
    name.setProperty("tone", tone)
    name.setBuddy(field)
    return beside(name, field, spacing=8)
