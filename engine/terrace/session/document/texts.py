r"""Texts of notes and titles as commands hold them: one line between quotation marks, whatever is in them.

``\n`` stands for the end of a line, ``\t`` for a tab, ``\\`` for a backslash and ``\x22`` for the sign of that number
in hexadecimal: a quotation mark, and what would begin a macro. A backslash before anything else is itself, so that
what people type needs no care.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\(n|t|\\|x[0-9A-Fa-f]{2})")
_SIGNS = {"n": "\n", "t": "\t", "\\": "\\"}
_WRITTEN = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_UNSAFE = re.compile("[\\\\\x00-\x1f\"`$\x7f\x85\xa0\u2028\u2029]")


def read_text(written: str) -> str:
    """The text that a command holds."""
    return _ESCAPED.sub(lambda found: _SIGNS.get(found[1]) or chr(int(found[1][1:], 16)), written)


def written_text(text: str) -> str:
    """A text as a command holds it, with its quotation marks; `read_text` gives it back without these."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return f'"{_UNSAFE.sub(_written, lines)}"'


def _written(found: re.Match[str]) -> str:
    sign = found.group()
    if sign in _WRITTEN:
        return _WRITTEN[sign]
    return f"\\x{ord(sign):02x}" if ord(sign) < 256 else "\\n"
