"""What a draft was before each change of it, for those that have an undo of their own."""

from __future__ import annotations

import sys
from typing import Generic, TypeVar

T = TypeVar("T")


class Steps(Generic[T]):
    """The states before the present one and those that were taken back, each list with the nearest last."""

    def __init__(self, most: int = sys.maxsize) -> None:
        """`most` states before the present one are kept."""
        self._most = most
        self.back: list[T] = []
        self.forward: list[T] = []

    def add(self, before: T) -> None:
        """There is a new state; `before` is the one that it takes the place of."""
        self.back.append(before)
        del self.back[: -self._most]
        self.forward.clear()

    def undo(self, now: T) -> T:
        """The state before; only where `back` has one."""
        self.forward.append(now)
        return self.back.pop()

    def redo(self, now: T) -> T:
        """The state that was taken back last; only where `forward` has one."""
        self.back.append(now)
        return self.forward.pop()

    def clear(self) -> None:
        """There is nothing to undo or redo."""
        self.back.clear()
        self.forward.clear()
