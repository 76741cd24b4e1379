"""Puts a style sheet on the application without the window standing still, and without half of it being seen.

Left to itself Qt (6.12, `QStyleSheetStyle::repolish`) polishes each widget once for every widget that it is inside
of, and closed menus and forms as carefully as what is seen: half a second for a full window. It goes through the
widgets whose rules it remembers; here it is first made to forget them, and each widget is polished once.

What is seen takes 0.2 s even so. It is done in slices of the event loop, while windows keep the picture that they
have; when all is done they are painted once. What is hidden follows after that.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

SLICE = 0.012  # s of work on what is seen before other events have their turn
BESIDE = 0.01  # s of work on what is hidden


class Wardrobe(QObject):
    """Dresses what is seen, and then what is hidden. `then` of `put_on` is called once widgets have their new style."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] = iter(())
        self._still: list[QWidget] = []  # windows that keep their picture
        self._wanted: deque[tuple[QObject, Callable[[], object]]] = deque()
        self._dressing = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)

    def put_on(self, app: QApplication, sheet: str, then: Callable[[], object], *, at_once: bool = True) -> None:
        """Change the style sheet of the application; unless `at_once`, what is seen follows within a moment."""
        if not app.styleSheet():
            app.setStyleSheet(sheet)
            then()
            return
        if not at_once:
            for window in (w for w in app.topLevelWidgets() if w.isVisible() and w.updatesEnabled()):
                window.setUpdatesEnabled(False)
                self._still.append(window)
        app.style().unpolish(app)  # the rules that it remembers, and with them the widgets
        app.setStyleSheet(sheet)
        widgets = app.allWidgets()
        self._wanted.clear()
        self._dressing = True
        self._steps = self._all(
            [w for w in widgets if w.isVisible()], [w for w in widgets if not w.isVisible()], then
        )
        if at_once:
            self.finish()
        self._timer.start(0)

    def before_seen(self, owner: QObject, do: Callable[[], object]) -> None:
        """Call `do` in a slice of its own before windows are painted, unless `owner` is gone by then.

        At once where nothing is being dressed.
        """
        if self._dressing:
            self._wanted.append((owner, do))
        else:
            do()

    def finish(self) -> None:
        """Dress all that is seen now."""
        while self._dressing:
            next(self._steps)

    def _all(self, seen: list[QWidget], hidden: list[QWidget], then: Callable[[], object]) -> Iterator[None]:
        yield from _polish(seen)
        then()
        yield
        while self._wanted:
            owner, do = self._wanted.popleft()
            if isValid(owner):
                do()
                yield
        self._dressing = False
        for window in filter(isValid, self._still):
            window.setUpdatesEnabled(True)
        self._still.clear()
        yield
        for widget in hidden:
            yield from _polish([widget])

    def _go_on(self) -> None:
        end = time.perf_counter() + (SLICE if self._dressing else BESIDE)
        while time.perf_counter() < end:
            if next(self._steps, self) is self:
                self._timer.stop()
                return


def _polish(widgets: Iterable[QWidget]) -> Iterator[None]:
    there = list(widgets)
    for widget in filter(isValid, there):
        widget.style().polish(widget)
        yield
    for widget in filter(isValid, there):  # once all know how large they are
        QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
        yield
