"""What the page of an import adds to the style of the window, made from the same tokens."""

from __future__ import annotations

SHEET = """
QToolButton[variant="chip"] { background: $accent_soft; color: $ink; border: 1px solid $accent_soft; border-radius: 4px;
    padding: 1px 6px; }
QToolButton[variant="chip"]:hover { border: 1px solid $outline; }
QToolButton[variant="chip"]:focus { border: 1px solid $accent; }
QFrame[role="import-panel"] { background: $ground; }
QFrame[role="import-foot"] { background: $panel; }
QScrollArea#import_scroll, QScrollArea#import_scroll > QWidget > QWidget { background: $ground; }
"""
