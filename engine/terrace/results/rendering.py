"""How a result shows itself in terminals and notebooks.

Results know no renderer: the package says here, by kind, which function makes text, a web page or tables of one. It is
loaded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_RENDERERS: dict[str, Callable[[], Callable[..., Any]]] = {}


def register(kind: str, load: Callable[[], Callable[..., Any]]) -> None:
    """Names the renderer of a kind; ``load`` imports and gives it."""
    _RENDERERS[kind] = load


def rendered(kind: str, result: Any, **options: Any) -> Any:
    """What the renderer of that kind makes of a result."""
    return _RENDERERS[kind]()(result, **options)
