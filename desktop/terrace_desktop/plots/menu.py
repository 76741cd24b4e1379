"""The menu of a figure, which comes at the pointer or by a key, and the formats that it is exported to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from terrace.report import formats
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.words import tr

Ask = Callable[[str, bool], object]
"""Asks for a figure as a file: the ending of a format, and whether it is to be as it is shown."""


def pop_up(owner: QWidget, at: QPoint, *fills: Callable[[QMenu], object]) -> QMenu:
    """A menu at a place of the screen, of these parts with lines between them; it goes when it is closed."""
    menu = named(QMenu(owner), "figure_menu", tr("Figure"))
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for fill in fills:
        before = len(menu.actions())
        fill(menu)
        if before and len(menu.actions()) > before:
            menu.insertSeparator(menu.actions()[before])
    menu.popup(at)
    return menu


def fill_export(menu: QMenu, ask: Ask, zoomed: bool = False, can: bool = True) -> None:
    """The formats; of a figure that was `zoomed` each as it is shown, where it `can` be, and whole."""
    menu.clear()
    if not zoomed:
        for known in formats.PLOTS:
            menu.addAction(f"{known.name}…", partial(ask, known.suffix, False))
        return
    shown = menu.addSection(tr("As shown"))
    for known in formats.PLOTS:
        action = menu.addAction(tr("{0}, as shown…").format(known.name), partial(ask, known.suffix, True))
        action.setEnabled(can)
    if not can:
        shown.setText(tr("As shown: not while panels show different ranges"))
    menu.addSection(tr("Whole"))
    for known in formats.PLOTS:
        menu.addAction(tr("{0}, whole…").format(known.name), partial(ask, known.suffix, False))
