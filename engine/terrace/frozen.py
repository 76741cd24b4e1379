"""Arrays and mappings that are handed out and must not change under those who hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

K = TypeVar("K")
V = TypeVar("V")


def read_only(*arrays: npt.NDArray[Any] | None) -> None:
    """Marks arrays as read-only: writing into them raises `ValueError`. What they are views of stays as it is."""
    for array in arrays:
        if isinstance(array, np.ndarray):
            array.setflags(write=False)


def proxy(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A view of a copy of the mapping: it cannot be changed, nor does it change with the original."""
    return MappingProxyType(dict(mapping))


def freeze(owner: object, arrays: Iterable[str] = (), mappings: Iterable[str] = ()) -> None:
    """Freezes what the fields of a frozen dataclass hold, from its ``__post_init__``."""
    for name in arrays:
        read_only(getattr(owner, name))
    for name in mappings:
        object.__setattr__(owner, name, proxy(getattr(owner, name)))
