"""The arrays of a fit that are made when they are first asked for: those of a fit that was read from a file.

What a reader of results sees is stored with a fit. The arrays behind it are as large as the data, and are made again
from these, once, by the first command that needs them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.inference.fitted import FittedModel


class Later:
    """A fitted model that `make` makes. ``recipe`` is what that goes by, so that it can be stored again unmade."""

    def __init__(self, make: Callable[[], FittedModel], recipe: object = None) -> None:
        self.recipe = recipe
        self._make = make
        self._made: FittedModel | None = None
        self._lock = threading.Lock()

    def get(self) -> FittedModel:
        """The model, made by the first thread that asks; the others wait. Raises whatever `make` raises."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    @property
    def is_made(self) -> bool:
        """True where somebody has asked for it."""
        return self._made is not None


_told = threading.local()


def tell(text: str) -> None:
    """A warning about a model that has just been made, for the command that asked for it."""
    waiting: list[str] = _told.__dict__.setdefault("texts", [])
    if text not in waiting:
        waiting.append(text)


def taken() -> tuple[str, ...]:
    """What was told on this thread since this was last asked."""
    waiting: list[str] = _told.__dict__.pop("texts", [])
    return tuple(waiting)
