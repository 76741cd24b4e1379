"""The style sheet of the results: type and grounds of the document, its head and its outline."""

from __future__ import annotations

INSET, DOCUMENT = 16, 24  # px at the sides
OUTLINE, OUTLINE_OVER = 184, 260  # px, beside the document and over it
WIDEST = 920  # px of the text of the document
WIDE = 1360  # px of the window: in a narrower one the outline becomes a button

SHEET = """
QFrame#results_head { background: $panel; border: none; border-bottom: 1px solid $line; }
QLabel#results_title { font-weight: 600; }
QFrame#results_outline { background: $panel; border: none; border-right: 1px solid $line; }
QFrame#results_outline[popup="true"] { border: 1px solid $line; }
QTreeView#outline { background: $panel; border: none; }
QTreeView#outline QLineEdit { padding: 1px 3px; border-radius: 4px; }
QScrollArea#results_document, QWidget#results_page { background: $panel; border: none; }
QLabel[role="document"] { font-size: $document; font-weight: 600; }
QLabel[role="model"] { font-size: $title; font-weight: 600; }
QLineEdit[role="document"], QLineEdit[role="model"] { font-size: $title; font-weight: 600; }
QLabel[role="when"] { color: $muted; font-size: $small; }
QPushButton[variant="fold"] { background: transparent; border: 1px solid transparent; border-radius: 4px; color: $muted;
    font-size: $small; padding: 1px 6px 1px 0; text-align: left; }
QPushButton[variant="fold"]:hover { color: $ink; background: $sunk; }
QPushButton[variant="fold"]:focus { border: 1px solid $accent; }
QToolButton[variant="act"], QPushButton[variant="act"] { background: transparent; border: 1px solid transparent;
    border-radius: 6px; color: $ink; padding: 2px 6px; min-height: 18px; text-align: left; }
QToolButton[variant="act"]:hover, QPushButton[variant="act"]:hover { background: $sunk; }
QToolButton[variant="act"]:focus, QPushButton[variant="act"]:focus { border: 1px solid $accent; }
QToolButton[variant="act"]:checked { background: $accent_soft; }
QToolButton[variant="act"]:disabled { color: $faint; }
QFrame[surface="sunk"] { background: $sunk; border: none; border-radius: 4px; }
QFrame[role="note"] { border: none; border-left: 3px solid $accent; }
QFrame[role="note"]:focus { background: $accent_soft; }
QTextEdit#note_editor { background: $panel; border: 1px solid $line; border-radius: 4px; padding: 4px; }
QTextEdit#note_editor:focus { border: 1px solid $accent; }
"""
