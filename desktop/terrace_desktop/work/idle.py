"""Work that can wait, in pieces and on a thread of its own: a piece begins only where nothing else is asked for.

Whatever is asked for meanwhile has its own thread and never stands behind a piece in a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer, Signal

from terrace_desktop.work.worker import Operation, Worker

Piece = Callable[[], object]
FIRST = 1000  # ms of rest before the first piece, and after something was asked for
BETWEEN = 20  # ms between two pieces, in which the window answers


class Idle(QObject):
    """Takes one piece after the other while nobody is `busy`."""

    ended = Signal()

    def __init__(
        self, worker: Worker, pieces: Callable[[], tuple[Piece, ...]], busy: Callable[[], bool], rest: int = FIRST
    ) -> None:
        super().__init__()
        self._worker, self._pieces, self._busy, self._rest = worker, pieces, busy, rest
        self._left: Iterator[Piece] = iter(())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        """Begin once there has been a rest."""
        self._left = iter(self._pieces())
        self._timer.start(self._rest)

    def stop(self) -> None:
        """Begin nothing more."""
        self._timer.stop()

    def _look(self) -> None:
        if self._busy():
            self._timer.start(self._rest)
            return
        piece = next(self._left, None)
        if piece is None:
            self.ended.emit()
            return
        # a library that does not load is told where it is needed, with what it is needed for; the log has it here
        self._worker.put(Operation(lambda _t: piece(), self._next, self._next, "loading while idle"))

    def _next(self, _how: object) -> None:
        self._timer.start(BETWEEN)
