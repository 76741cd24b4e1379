"""Menus that come where they are asked for, from lists of actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from terrace_desktop.ui.action import Action, Submenu
from terrace_desktop.ui.widgets import named

Line = Action | Submenu


def menu_of(parent: QWidget, object_name: str, accessible: str, groups: Iterable[Sequence[Line]]) -> QMenu:
    """A menu of these groups with lines between them, which goes when it is closed.

    What a line is called begins with the name of the menu: ``column_menu_recode``.
    """
    menu = named(QMenu(parent), object_name, accessible)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for lines in groups:
        if lines and not menu.isEmpty():
            menu.addSeparator()
        for line in lines:
            _add(menu, object_name, line)
    return menu


def _add(menu: QMenu, prefix: str, line: Line) -> None:
    if isinstance(line, Submenu):
        inside = named(menu.addMenu(line.text), f"{prefix}_{line.name}", line.text.replace("&", ""))
        for action in line.actions:
            _add(inside, prefix, action)
        return
    entry = menu.addAction(line.text)
    entry.setObjectName(f"{prefix}_{line.name}")
    entry.setEnabled(line.enabled())
    if isinstance(line.keys, str):
        entry.setShortcut(QKeySequence(line.keys))
    if line.chosen is not None:
        entry.setCheckable(True)
        entry.setChecked(line.chosen)
    entry.triggered.connect(lambda _checked=False, run=line.run: run())
