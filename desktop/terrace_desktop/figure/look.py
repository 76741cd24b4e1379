"""What the editor of figures adds to the style, made from the same tokens."""

from __future__ import annotations

SHEET = """
QToolButton[variant="grip"] { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 0; }
QToolButton[variant="grip"]:hover { background: $sunk; }
QToolButton[variant="grip"]:focus { border: 1px solid $accent; }
QLineEdit[role="number"] { padding: 5px 4px 5px 7px; }
QWidget#figure_titles QPushButton[variant="segment"] { padding: 5px 6px; }
QWidget#figure_size QPushButton[variant="segment"], QWidget#figure_style QPushButton[variant="segment"] {
    padding: 5px 7px; }
"""
PAGE = """
QFrame#figure_page, QScrollArea#figure_view, QScrollArea#figure_view > QWidget > QWidget { background: $sunk; }
QFrame#figure_head { background: $panel; }
QLabel[tone="field"] { font-size: $small; font-weight: 600; }
"""
