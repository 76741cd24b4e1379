"""Fields of frozen dataclasses that are made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Deferred(Generic[T]):
    """What stands in a deferred field until somebody asks for it. `make` gives the same whenever it runs, so that two
    threads that ask at once do no harm."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make


class _Field:
    """A field that may hold a `Deferred`: reading it makes the value and keeps it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        if instance is None:
            raise AttributeError(self.name)  # a class has no value, so that dataclasses see no default
        try:
            value = instance.__dict__[self.name]
        except KeyError:
            raise AttributeError(self.name) from None
        if isinstance(value, Deferred):
            value = instance.__dict__[self.name] = value.make()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value


def deferrable(cls: type[Any], *names: str) -> None:
    """Let these fields of a frozen dataclass hold a `Deferred`."""
    for name in names:
        setattr(cls, name, _Field(name))


def waits(instance: object, name: str) -> bool:
    """Whether a deferrable field has not been made yet."""
    return isinstance(instance.__dict__.get(name), Deferred)
