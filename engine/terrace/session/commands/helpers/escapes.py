"""Signs that a line of a command cannot hold as they are, in the text of cells."""

from __future__ import annotations

import re

_ESCAPES = {"t": "\t", "n": "\n", "r": "\n", "q": '"', "\\": "\\"}
_ESCAPED = re.compile(r"\\([tnrq\\])")


def unescaped(text: str) -> str:
    r"""The text that is meant: ``\t`` is a tab, ``\n`` or ``\r`` ends a line, ``\q`` is ``"``, ``\\`` a backslash."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found[1]], text)


def as_escaped(text: str) -> str:
    r"""A text as `unescaped` reads it, in one line and without quotation marks."""
    out = text.replace("\\", "\\\\").replace("\t", "\\t").replace('"', "\\q")
    return out.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
