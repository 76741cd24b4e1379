"""Python's cycle collector, on the window's thread only.

Widgets often end in reference cycles. Left to itself Python collects them on whichever thread happens to allocate,
and a Qt object that is deleted on the worker's thread takes the program down. So the automatic collector is off,
and a timer of the window's thread does its work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

PAUSE = 500  # ms between two looks


class Collector(QObject):
    """Collects cycles while the event loop runs, until it is deleted with its parent."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("collector")
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the generations whose counters have passed their thresholds, the youngest first."""
        for generation, (count, limit) in enumerate(zip(gc.get_count(), self._thresholds)):
            if count > limit:
                gc.collect(generation)


def settle() -> None:
    """Leave what there is by now out of every look to come.

    Libraries, classes and the window stay until the program ends, and to look through them takes a tenth of a second.
    """
    gc.freeze()
