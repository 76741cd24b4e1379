"""Names of files in commands, with any character.

A name stands between quotation marks as it is. The few that no quotation marks hold, with a line break, a ``"'`` or
bytes that are no text, are written as a ``file://`` address (RFC 8089), in which all of these have codes.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote_to_bytes

from terrace.errors import DataError

_ADDRESS = "file://"
_NOT_IN_QUOTES = re.compile("\"'|[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_LONGEST = 255  # bytes of one name, on every system that there is


def path_of(name: str) -> Path:
    """The path that a name in a command means; ``~`` is the user's folder.

    Raises `DataError` where no file can have such a name.
    """
    if name.lower().startswith(_ADDRESS):
        rest = os.fsdecode(unquote_to_bytes(name[len(_ADDRESS) :]))
        path = Path(re.sub(r"^/(?=[A-Za-z]:)", "", rest))  # file:///C:/data
    else:
        path = Path(name)
        with suppress(RuntimeError):  # nobody has the name after the ~: it is a file's
            path = path.expanduser()
    if "\0" in str(path):
        raise DataError("The name of a file cannot hold the character 0.", code="bad-file-name", subject=name)
    if any(len(os.fsencode(part)) > _LONGEST for part in path.parts):
        raise DataError(
            f"The name of this file is too long. The limit is {_LONGEST} bytes.", code="bad-file-name", subject=name
        )
    return path


def in_command(path: str | os.PathLike[str]) -> str:
    """How a path is written between quotation marks in a command: as it is, or as an address where it cannot be."""
    text = os.fspath(path)
    return Path(text).absolute().as_uri() if _NOT_IN_QUOTES.search(text) else text
