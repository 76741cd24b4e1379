"""How a reader says how far it is, and learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable

from terrace.errors import Cancelled

Progress = Callable[[str, float | None], None]
"""Called with a short stage text and the fraction done (None where the end is not known)."""
Cancel = Callable[[], bool]


class Report:
    """Call it with the fraction done: it passes that on, and raises `Cancelled` when asked to stop."""

    def __init__(self, stage: str, progress: Progress | None = None, cancel: Cancel | None = None) -> None:
        self._stage = stage
        self._progress = progress
        self._cancel = cancel

    def check(self) -> None:
        """Raise `Cancelled` when asked to stop, and say nothing."""
        if self._cancel is not None and self._cancel():
            raise Cancelled

    def __call__(self, fraction: float | None = None) -> None:
        self.check()
        if self._progress is not None:
            self._progress(self._stage, fraction)
