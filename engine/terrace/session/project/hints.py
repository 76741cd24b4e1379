"""Whether a value is of the type that a hint in the sources promises: the schema of what is read from a file."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, Union

import numpy as np

_known: dict[type, dict[str, Any]] = {}


def members(kind: type, classes: Mapping[str, type]) -> dict[str, Any]:
    """The hints of the members of a dataclass; `classes` are names that its module only has for type checkers."""
    found = _known.get(kind)
    if found is None:
        hints = typing.get_type_hints(kind, localns=dict(classes))
        found = _known[kind] = {f.name: hints[f.name] for f in dataclasses.fields(kind) if f.init}
    return found


def agrees(value: Any, hint: Any) -> bool:
    """True where the value is of the type of the hint, inside containers too.

    A NumPy number stands for one of Python, and a whole number for a real one.
    """
    if hint is Any or hint is object or isinstance(hint, typing.TypeVar):
        return True
    if hint is None or hint is type(None):
        return value is None
    origin = typing.get_origin(hint)
    if origin is None:
        return _is_a(value, hint)
    return _inside(value, origin, _arguments(hint))


@lru_cache(maxsize=1000)
def _arguments(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint)


def _is_a(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int | np.integer)
    if kind is bool:
        return isinstance(value, bool | np.bool_)
    if kind is dict:
        return isinstance(value, Mapping)
    return isinstance(value, kind) if isinstance(kind, type) and not getattr(kind, "_is_protocol", False) else True


def _inside(value: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if origin is Union or origin is types.UnionType:
        return any(agrees(value, a) for a in arguments)
    if origin is Literal:
        return any(value == a and type(value) is type(a) for a in arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return all(agrees(v, arguments[0]) for v in value)
        return len(value) == len(arguments) and all(map(agrees, value, arguments))
    if origin is np.ndarray:
        return isinstance(value, np.ndarray) and _dtype_agrees(value, arguments[1])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            agrees(k, arguments[0]) and agrees(v, arguments[1]) for k, v in value.items()
        )
    if isinstance(origin, type) and issubclass(origin, list | set | frozenset):
        return isinstance(value, origin) and all(agrees(v, arguments[0]) for v in value)
    return isinstance(value, origin) if isinstance(origin, type) else True


def _dtype_agrees(value: np.ndarray[Any, Any], hint: Any) -> bool:
    wanted = typing.get_args(hint)
    kind = wanted[0] if wanted else Any
    if kind is Any or isinstance(kind, typing.TypeVar) or not isinstance(kind, type):
        return True
    if issubclass(kind, np.bool_):
        return bool(value.dtype == bool)
    if issubclass(kind, np.number):  # a column of whole numbers where real ones are promised is no damage
        return value.dtype.kind in "iufb"
    return True
