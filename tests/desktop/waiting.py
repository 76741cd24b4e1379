"""How tests of the window wait: for a state or a signal, with pytest-qt's `qtbot`, and never for a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from terrace_desktop.work.controller import Controller

PATIENCE = 30_000  # ms; a test that waits longer fails
BOTS: list[QtBot] = []  # the last is that of the test that runs, for helpers that are no fixtures


def wait_until(done: Callable[[], bool], what: str = "") -> None:
    """Let events happen until `done`; fails after a long while."""
    __tracebackhide__ = True

    def look() -> None:
        assert done(), f"waited in vain for {what or done}"

    _bot().waitUntil(look, timeout=PATIENCE)


def wait_idle(controller: Controller) -> None:
    """Until the session is there and all that was asked for has been answered."""
    bot = _bot()
    while not controller.is_ready:
        bot.waitSignal(controller.ready, timeout=PATIENCE).wait()
    while controller.busy or controller.view_worker.busy:
        worker = controller.worker if controller.busy else controller.view_worker
        bot.waitSignal(worker.ended, timeout=PATIENCE).wait()


def show(widget: QWidget) -> None:
    """Show a window, until it is on the screen and laid out."""
    with _bot().waitExposed(widget, timeout=PATIENCE):
        widget.show()
        settled()


def settled() -> None:
    """Until all that Qt has queued by now is done: a mark is put behind it, and waited for.

    For layouts, and for what must not have happened; where there is a state to wait for, `wait_until` says more.
    """
    mark = Mark()
    with _bot().waitSignal(mark.passed, timeout=PATIENCE):
        QTimer.singleShot(0, mark.passed.emit)
    QApplication.sendPostedEvents()


class Mark(QObject):
    """What `settled` waits for."""

    passed = Signal()


def _bot() -> QtBot:
    return BOTS[-1]
