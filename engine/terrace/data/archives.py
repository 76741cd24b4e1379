"""Workbooks and other files that are zip archives: what they would take when they are unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from terrace.data.memory import available_memory
from terrace.errors import DataError

_SMALL = 1 << 26  # bytes that may be packed as tightly as they like
_TIGHTEST = 250  # times that the XML of a real sheet is packed; it is 10 to 50, and a bomb has 1000


def refuse_bomb(file: Path) -> None:
    """`DataError` for an archive that unpacks to more than memory, or to far more than real data would.

    Sizes are those that the archive declares, beyond which nothing is unpacked. An archive whose directory is damaged
    is left to its reader.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return
    size = sum(m.file_size for m in members)
    left = available_memory()
    packed = max(1, min(file.stat().st_size, sum(m.compress_size for m in members)))
    if size <= _SMALL or (size / packed <= _TIGHTEST and (left is None or size <= left)):
        return
    raise DataError(
        f"{file.name} unpacks to {size / 1e9:,.1f} GB from {packed / 1e6:,.1f} MB. It is damaged, or made to fill up "
        "memory.",
        code="unpacks-too-large",
        subject=str(file),
        advice="Open it in the program that wrote it, and save the data as text.",
    )
