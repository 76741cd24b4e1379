"""Puts a style sheet on the application without the window standing still.

Left to itself Qt (6.12, `QStyleSheetStyle::repolish`) polishes each widget once for every widget that it is inside
of, and closed menus and forms as carefully as what is seen: half a second for a full window. It goes through the
widgets whose rules it remembers; here it is first made to forget them, and each widget is polished once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

SLICE = 0.01  # s in which hidden widgets are polished before other events have their turn


class Wardrobe(QObject):
    """Dresses what is seen at once, and what is hidden in slices of the event loop right after."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._hidden: list[QWidget] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)

    def put_on(self, app: QApplication, sheet: str) -> None:
        """Change the style sheet of the application."""
        if not app.styleSheet():
            app.setStyleSheet(sheet)
            return
        app.style().unpolish(app)  # the rules that it remembers, and with them the widgets
        app.setStyleSheet(sheet)
        widgets = app.allWidgets()
        self._hidden = [w for w in widgets if not w.isVisible()]
        _polish(w for w in widgets if w.isVisible())
        self._timer.start(0)

    def _go_on(self) -> None:
        end = time.perf_counter() + SLICE
        while self._hidden and time.perf_counter() < end:
            _polish([self._hidden.pop()])
        if not self._hidden:
            self._timer.stop()


def _polish(widgets: Iterable[QWidget]) -> None:
    there = [w for w in widgets if isValid(w)]
    for widget in there:
        widget.style().polish(widget)
    for widget in there:  # once all know how large they are
        QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
