"""One thing that the window can be asked to do, as menus and tool bar offer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


def always() -> bool:
    """For what can be done at any time."""
    return True


@dataclass(frozen=True)
class Action:
    """What it is called, what it does, and when it can be done.

    ``name`` is what menus, tool bar and tests know it by, ``text`` what the user reads. ``keys`` is a shortcut,
    several, or what the system has for the purpose. ``enabled`` is asked whenever the window has changed. ``chosen`` is
    for one of several choices, and tells whether it is the present one.
    """

    name: str
    text: str
    run: Callable[[], object]
    keys: QKeySequence.StandardKey | str | tuple[str, ...] | None = None
    enabled: Callable[[], bool] = always
    chosen: bool | None = None


@dataclass(frozen=True)
class Submenu:
    """Actions of one kind under a word of their own."""

    name: str
    text: str
    actions: tuple[Action, ...]
