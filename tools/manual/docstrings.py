"""What Sphinx has to be helped with in signatures and docstrings. An extension of Sphinx."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("autodoc-process-signature", _put)
    kept: dict[str, list[str]] = {}

    def keep(_app: Sphinx, what: str, name: str, _obj: object, _options: object, lines: list[str]) -> None:
        if what == "property":
            kept[name] = list(lines)

    def put_back(_app: Sphinx, _what: str, name: str, _obj: object, _options: object, lines: list[str]) -> None:
        lines[:] = kept.pop(name, lines)

    # napoleon, which comes between them, takes what stands before a colon for the type of a property
    app.connect("autodoc-process-docstring", keep, priority=400)
    app.connect("autodoc-process-docstring", put_back, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def readable(signature: str) -> str:
    """With defaults as Python has them: one that is no expression, as of an enumeration, spoils the whole signature."""
    return re.sub(r"<(\w+\.\w+): [^<>]*>", r"\1", signature.replace("<factory>", "..."))


def _put(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    return None if signature is None else (readable(signature), returns)
