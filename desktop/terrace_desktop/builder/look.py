"""What the builder adds to the style of the application, made from the same tokens."""

from __future__ import annotations

SHEET = """
QFrame[surface="form"], QWidget[surface="form"], QScrollArea > QWidget > QWidget[surface="form"] {
    background: $panel; }
QFrame[surface="side"], QWidget[surface="side"] { background: $panel; }
QFrame[surface="work"], QWidget[surface="work"], QScrollArea > QWidget > QWidget[surface="work"] {
    background: $ground; }

QFrame[role="box"] { background: $panel; border: 1px solid $outline; border-radius: 6px; }
QFrame[role="box"][active="true"] { border: 1px solid $accent; }
QFrame[role="box"][drop="yes"] { border: 1px solid $accent; background: $accent_soft; }
QFrame[role="box"][drop="no"] { border: 1px dashed $warning; background: $warning_soft; }
QFrame[role="box"]:focus { border: 1px solid $accent; }

QFrame[role="drop"] { background: transparent; border: 1px solid transparent; border-radius: 6px; }
QFrame[role="drop"][active="true"] { border: 1px dashed $accent; }
QFrame[role="drop"][drop="yes"] { border: 1px solid $accent; background: $accent_soft; }
QFrame[role="drop"][drop="no"] { border: 1px dashed $warning; background: $warning_soft; }

QFrame[role="level"] { background: transparent; border: none; }
QFrame[role="level"][state="error"] QFrame[role="box"] { border: 1px solid $danger; }
QFrame[role="level"][state="warning"] QFrame[role="box"] { border: 1px solid $warning; }

QFrame[role="chip"] { background: $accent_soft; border: 1px solid $accent_soft; border-radius: 4px; }
QFrame[role="chip"][state="warning"] { background: $warning_soft; border: 1px solid $warning_soft; }
QFrame[role="chip"][state="error"] { background: $danger_soft; border: 1px solid $danger_soft; }
QFrame[role="chip"][selected="true"] { border: 1px solid $accent; }
QPushButton[variant="chip"] { background: transparent; border: 1px solid transparent; border-radius: 4px;
    font-weight: 500; padding: 1px 4px; color: $ink; }
QPushButton[variant="chip"]:hover { background: transparent; }
QPushButton[variant="chip"]:focus { border: 1px solid $accent; }
QPushButton[variant="chip-detail"] { background: transparent; border: 1px solid transparent;
    border-radius: 10px; padding: 1px 3px; color: $muted; font-weight: 400; }
QPushButton[variant="chip-detail"]:hover { color: $ink; background: transparent; }
QPushButton[variant="chip-detail"]:focus { border: 1px solid $accent; }
QToolButton[variant="cross"] { background: transparent; border: 1px solid transparent; border-radius: 9px;
    padding: 0; color: $ink; min-width: 16px; max-width: 16px; min-height: 16px; max-height: 16px; }
QToolButton[variant="cross"]:hover { background: $selection; }
QToolButton[variant="cross"]:focus { border: 1px solid $accent; }

QLabel[role="badge"] { background: transparent; }
QLabel[tone="reason"] { color: $warning; font-size: $small; }
QPushButton[variant="flat"] { padding: 2px 1px; }
QPushButton[variant="flat"][tone="ready"] { color: $accent_text; font-weight: 600; }
QPushButton[variant="flat"][tone="todo"] { color: $warning; font-weight: 600; }

QPushButton[variant="mend"] { background: transparent; border: 1px solid transparent; border-radius: 4px;
    padding: 0 2px; color: $ink; text-decoration: underline; font-size: $small; }
QPushButton[variant="mend"]:hover { background: transparent; color: $accent_text; }
QPushButton[variant="mend"]:focus { border: 1px solid $accent; }
QPushButton[variant="field"] { background: $panel; border: 1px solid $outline; border-radius: 6px;
    padding: 4px 8px; text-align: left; }
QPushButton[variant="field"]:hover { background: $sunk; }
QPushButton[variant="field"]:focus { border: 1px solid $accent; }
QPushButton[variant="field"][hole="true"] { color: $muted; }
QPushButton[variant="field"]:disabled { color: $faint; }
QPushButton[variant="name"] { background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 1px 4px; font-weight: 600; text-align: left; }
QPushButton[variant="name"]:hover { background: $sunk; }
QPushButton[variant="name"]:focus { border: 1px solid $accent; }
QPushButton[variant="name"][hole="true"] { color: $muted; font-weight: 400; border: 1px solid $outline; }
QPushButton[variant="fold"] { background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 3px 1px; color: $muted; text-align: left; }
QPushButton[variant="fold"]:hover { color: $ink; background: transparent; }
QPushButton[variant="fold"]:focus { border: 1px solid $accent; }
QComboBox[quiet="true"] { border: 1px solid transparent; background: transparent; color: $muted;
    padding: 2px 6px; }
QComboBox[quiet="true"]:focus { border: 1px solid $accent; }

QCheckBox::indicator { width: 13px; height: 13px; border: 1px solid $outline; border-radius: 3px;
    background: $panel; }
QCheckBox::indicator:checked { border: 1px solid $accent; background: $accent_soft;
    image: url(icons:check-$shade.svg); }
QCheckBox::indicator:focus, QCheckBox::indicator:hover { border: 1px solid $accent; }
QCheckBox:focus { color: $accent_text; }
QCheckBox:disabled { color: $faint; }

QLineEdit { padding: 4px 8px; }
QListView#builder_variables, QListView[role="pick"] { background: transparent; border: none; outline: 0; }
QPlainTextEdit#builder_command { background: $panel; }
"""
