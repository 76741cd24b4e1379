"""What is dear to make and asked for again: a few values, each held with what it was made of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """The last `most` values. What a value was made of is held with it, so that a key may have its ``id`` in it.

    Several threads may ask; where two do so at once, both make the value, and one of them stays.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, tuple[object, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, about: object, make: Callable[[], T]) -> T:
        """The value of this key, or what `make` gives now."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                found: T = self._values[key][1]
                return found
        made = make()
        with self._lock:
            self._values[key] = (about, made)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return made
