"""Files that grow: a log that a user asked for, and the program's own.

A log is on the disk as each command ends, so that it survives a crash. One that replaces an older file takes its place
with the first lines; the older one is kept under a hidden name until the log is closed, and put back where the log
cannot be written any more.
"""

from __future__ import annotations

import contextlib
import errno
import os
from io import TextIOWrapper
from pathlib import Path

from terrace.disk.leftovers import discard, hold, temporary_name
from terrace.disk.reasons import refused
from terrace.disk.writing import destination, write_text
from terrace.errors import DataError

UNFINISHED = ".unfinished"
"""The ending of what was written of a log until the disk was full, where an older file was put back."""
_BINARY = getattr(os, "O_BINARY", 0)
_before: dict[Path, tuple[Path, int]] = {}
"""The file that stood in the place of an open log: its hidden name, and a handle that holds it."""


def begin_log(path: Path, text: str, *, replace: bool = False, append: bool = False) -> None:
    """Begin a log with `text`, in a new file or after what is in the file already.

    Raises `DataError` where the file exists (with neither `replace` nor `append`) or cannot be written.
    """
    place = destination(path, replace=replace or append)
    if append and place.exists():
        add_text(path, text)
        return
    _keep(place)
    try:
        write_text(path, text)
    except DataError:
        _forget(place)
        raise


def add_to_log(path: Path, text: str, *, last: bool = False) -> None:
    """Add `text` to a log, whole or not at all; with `last` the log ends.

    Raises `DataError`, code ``log-not-written``, where that fails: the log has ended then.
    """
    place = Path(os.path.realpath(path))
    try:
        add_text(path, text)
    except DataError as error:
        raise DataError(
            f"The log {error.message}{_put_back(place, path)} The log is closed.",
            code="log-not-written",
            subject=str(path),
            advice=error.advice,
        ) from None
    if last:
        _forget(place)


def add_text(path: Path, text: str, *, private: bool = False) -> None:
    """Add `text` to a file, whole or not at all; a `private` one is made where it is missing, for its owner only.

    Raises `DataError` where it cannot be written, or is missing and not `private`.
    """
    made = os.O_CREAT if private else 0
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | made | _BINARY, 0o600)
        try:
            size = os.fstat(handle).st_size
            _add(handle, text.encode("utf-8", errors="backslashreplace"), size)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise DataError(f"{path} cannot be written: it no longer "
                            "exists.", code="cannot-write", subject=str(path)) from None
        raise refused(path, error) from None


def open_private(path: Path, *, append: bool) -> TextIOWrapper:
    """A text file of the program that stays open, for its owner only. Raises `OSError`."""

    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    return open(path, "a" if append else "w", encoding="utf-8", errors="backslashreplace", opener=private)


def _add(handle: int, content: bytes, size: int) -> None:
    left = memoryview(content)
    try:
        while left:
            left = left[os.write(handle, left) :]
        if os.fstat(handle).st_size < size + len(content):
            raise OSError(errno.EIO, "")
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, size)
        raise


def _keep(place: Path) -> None:
    """Give the file that a log replaces a second, hidden name, where the disk has such."""
    if not place.exists():
        return
    hidden = temporary_name(place)
    try:
        os.link(place, hidden)
        handle = os.open(hidden, os.O_RDONLY | _BINARY)
    except OSError:
        discard(hidden)
        return
    hold(hidden, handle)
    _before[place] = hidden, handle


def _forget(place: Path) -> None:
    hidden, handle = _before.pop(place, (None, -1))
    if hidden is not None:
        os.close(handle)
        discard(hidden)


def _put_back(place: Path, path: Path) -> str:
    """Put back the file that a log has replaced; a sentence that says so, empty where there was none."""
    if place not in _before:
        return ""
    hidden, handle = _before.pop(place)
    os.close(handle)
    unfinished = place.with_name(place.name + UNFINISHED)
    try:
        with contextlib.suppress(OSError):  # a name that is too long with the ending, for one
            os.replace(place, unfinished)
        os.replace(hidden, place)
    except OSError:
        return ""
    finally:
        discard(hidden)
    rest = f", and what the log had is in {path}{UNFINISHED}" if unfinished.exists() else ""
    return f" The previous file is back in place{rest}."
