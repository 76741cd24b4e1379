"""The text of a do-file: one place for running it and for looking through it, which have to see the same commands."""

from __future__ import annotations

import codecs
from pathlib import Path

from terrace.data import regular_file
from terrace.errors import DataError

LONGEST = 1 << 26
"""Bytes of a do-file; data that were taken for one are longer."""


def read_script(path: Path) -> str:
    """UTF-8, UTF-16 with its mark, or else cp1252. Raises `DataError` where there is no such file or it is none."""
    if not path.exists():
        raise DataError(f"There is no do-file {path}.", code="no-such-file", subject=str(path))
    content = regular_file.whole(path, LONGEST)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
