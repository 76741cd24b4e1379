"""What the report builder adds to the style, made from the same tokens."""

from __future__ import annotations

SHEET = """
QTreeView#report_parts { background: transparent; border: none; }
QLineEdit#report_part_line { border: 1px solid $accent; border-radius: 4px; padding: 0 3px; background: $panel; }
QWidget#report_format QPushButton[variant="segment"], QWidget#report_metric QPushButton[variant="segment"],
QWidget#report_paper QPushButton[variant="segment"] { padding: 5px 8px; }
"""
PAGE = """
QFrame#report_page, QScrollArea#report_view, QScrollArea#report_view > QWidget > QWidget { background: $sunk; }
QFrame#report_page_head { background: $panel; }
QListView#report_thumbs { background: transparent; border: none; }
QListView#report_thumbs:focus { border: none; }
"""
