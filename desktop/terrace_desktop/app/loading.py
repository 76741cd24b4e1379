"""What the window needs later, loaded on the window's thread in pieces, while nobody waits for it.

Qt's classes must come into being on no other thread. Qt asks any object for its class without Python's lock (PySide's
`retrieveMetaObject`, since PYSIDE-803), and up to Python 3.11 shiboken looks the answer up in one table of all classes
(`PepType_SOTP`). A class that another thread enters meanwhile, by an import or a first use, can end the program. A
screen reader has such questions asked thousands of times, a repaint by the style sheet some. PySide 6.12 still has
this; from Python 3.12 on each class keeps its own answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QObject, Signal

from terrace_desktop.ui.later import soon
from terrace_desktop.work.collector import settle


def pieces() -> Iterator[None]:
    """Load the builder, the plots and what else opens by a click; between two pieces the window can answer."""
    for module in (QtCore, QtGui, QtWidgets):  # PySide makes a class when it is first named; pyqtgraph names them all
        for name in dir(module):
            getattr(module, name)
        yield
    import pyqtgraph  # noqa: F401

    yield
    import terrace_desktop.plots.view

    yield
    import terrace_desktop.builder.sections.fixed

    yield
    import terrace_desktop.builder.sections.levels

    yield
    import terrace_desktop.builder.live

    yield
    import terrace_desktop.builder.form
    import terrace_desktop.builder.preview

    yield
    import terrace_desktop.filters.popup

    yield
    import terrace_desktop.variables.page

    yield
    import terrace_desktop.variables.panel

    yield
    import terrace_desktop.figure.page
    import terrace_desktop.figure.panel

    yield
    import terrace_desktop.reporting.page
    import terrace_desktop.reporting.panel

    yield
    import terrace_desktop.upkeep.check_page
    import terrace_desktop.upkeep.crash_page

    yield
    import terrace_desktop.ui.licences_dialog  # noqa: F401


class Loader(QObject):
    """Takes one piece after the other, and lets the events that have come in go first."""

    ended = Signal()

    def __init__(self, parent: QObject, work: Iterator[None]) -> None:
        super().__init__(parent)
        self.setObjectName("loader")
        self._work = work

    def begin(self) -> None:
        """Load the next piece as soon as the window has nothing else to do, and so on to the last."""
        soon(self, self._next)

    def _next(self) -> None:
        if next(self._work, self) is None:
            self.begin()
        else:
            settle()
            self.ended.emit()
