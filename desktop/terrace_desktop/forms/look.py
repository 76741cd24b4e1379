"""What the panel adds to the style of the builder, made from the same tokens."""

from __future__ import annotations

SHEET = """
QFrame[role="command"] { background: $ground; border: 1px solid $line; border-radius: 6px; }
QListWidget[role="ticks"] { background: $panel; border: 1px solid $outline; border-radius: 6px; }
QListWidget[role="ticks"]:focus { border: 1px solid $accent; }
QListWidget[role="ticks"]::item { padding: 2px 6px; }
QListWidget[role="ticks"]::item:selected { background: $accent_soft; color: $ink; }
QListWidget[role="ticks"]::indicator { width: 13px; height: 13px; border: 1px solid $outline; border-radius: 3px;
    background: $panel; }
QListWidget[role="ticks"]::indicator:checked { border: 1px solid $accent; background: $accent_soft;
    image: url(icons:check-$shade.svg); }
QMenu[scrolls="true"] { menu-scrollable: 1; }
"""
