"""What the editor adds to the style of the builder, made from the same tokens."""

from __future__ import annotations

SHEET = """
QLabel[tone="field"] { font-size: $small; font-weight: 600; }
QTableView#variable_values { background: transparent; border: none; }
QTableView#variable_values QLineEdit { border-radius: 6px; padding: 0 7px; }
QPushButton[variant="segment"] { padding: 5px 2px; }
QPlainTextEdit#variable_note, QPlainTextEdit#paste_labels { border: 1px solid $outline; border-radius: 6px;
    padding: 3px 4px; }
QPlainTextEdit#variable_note:focus, QPlainTextEdit#paste_labels:focus { border: 1px solid $accent; }
QFrame[role="box"]#variable_missing { min-height: 30px; }
"""
