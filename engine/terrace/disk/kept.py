"""A folder of the program's own, for its owner only, whose files are written whole and stay through a power cut.

A file is written under another name, flushed, and then renamed; `settle` flushes the names of a folder. So whoever
writes what a list names, settles, and then writes the list, finds after a crash either all of it or no list.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from terrace.disk.reasons import refused

_BINARY = getattr(os, "O_BINARY", 0)
_BEGUN = ".begun-"


def make_private(folder: Path) -> None:
    """Make a folder for its owner only, where it is missing. Raises `DataError` where that is refused."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # some file systems have no permissions
            os.chmod(folder, 0o700)
    except OSError as error:
        raise refused(folder, error) from None


def put(folder: Path, name: str, content: bytes) -> None:
    """Write one file, for its owner only, in place of one of that name. Raises `DataError` where that is refused."""
    path, begun = folder / name, folder / f"{_BEGUN}{secrets.token_hex(8)}"
    try:
        handle = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(begun, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(begun)
        raise refused(path, error) from None


def settle(folder: Path) -> None:
    """Flush the names of a folder to the disk."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):  # some network drives do not allow it
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def names(folder: Path) -> dict[str, int]:
    """The files of a folder with their sizes, without those that were only begun; empty where there is none."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                with contextlib.suppress(OSError):
                    found[entry.name] = entry.stat().st_size
    return found


def remove(folder: Path, unwanted: list[str]) -> None:
    """Delete files of a folder, in order. What is gone already, or cannot be deleted now, is passed over."""
    for name in unwanted:
        with contextlib.suppress(OSError):
            os.unlink(folder / name)


def remove_begun(folder: Path) -> None:
    """Delete what a killed process had begun to write in a folder that is now ours."""
    with contextlib.suppress(OSError):
        remove(folder, [n for n in os.listdir(folder) if n.startswith(_BEGUN)])


def remove_folder(folder: Path) -> None:
    """Delete an empty folder; one that is not is left."""
    with contextlib.suppress(OSError):
        os.rmdir(folder)
