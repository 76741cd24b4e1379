"""What is done once Qt has laid out and painted what is waiting.

Where its owner goes first, `QTimer.singleShot` keeps what it was to call until the program ends, and all that this
refers to: a whole window. A timer that belongs to the owner goes with it, and so does the call.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def soon(owner: QObject, do: Callable[[], object]) -> None:
    """Call `do` when the event loop has its next turn, unless `owner` is gone by then."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.timeout.connect(do)
    timer.timeout.connect(timer.deleteLater)
    timer.start(0)
