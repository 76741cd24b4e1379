"""Files that lie on a drive, and words for whatever else a path can lead to: pipes, devices, drives that are gone."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from terrace.errors import DataError

GONE = frozenset(
    number
    for name in ("EIO", "ESTALE", "ENODEV", "ENXIO", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "EREMOTEIO",
                 "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")
    if (number := getattr(errno, name, None)) is not None
)  # fmt: skip
"""Errors of the system that say nothing of what a file holds."""
_KINDS = (
    (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device")
)  # fmt: skip


def first_bytes(file: Path, count: int) -> bytes:
    """The first bytes of a file, fewer where it is shorter.

    `DataError` for what is no file, and for what cannot be reached.

    What is no file is not even opened: a pipe would wait for somebody to write, and a device might begin to work.
    """
    try:
        _refuse(file, os.stat(file))
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        descriptor = os.open(file, flags)
        with os.fdopen(descriptor, "rb") as stream:
            found = os.fstat(descriptor)
            _refuse(file, found)  # it may have changed in between
            head = stream.read(count)
    except OSError as error:
        raise not_reached(file, error) from error
    if head and not found.st_size and not os.stat(file).st_size:
        raise DataError(
            f"{file} is not a file on a drive: the system makes it up as it is read.",
            code="not-a-file",
            subject=str(file),
            advice="Copy its contents into a file, and open that.",
        )
    return head


def whole(file: Path, most: int) -> bytes:
    """All bytes of a file. `DataError` for what is no file, for one of more than `most` bytes, and as `first_bytes`."""
    content = first_bytes(file, most + 1)
    if len(content) > most:
        raise DataError(
            f"{file} has more than {most:,} bytes.", code="too-large", subject=str(file),
            advice="Check that it is the right file.",
        )  # fmt: skip
    return content


@contextmanager
def openable(path: Path | BytesIO) -> Iterator[Any]:
    """What a library opens that takes every name for UTF-8: the path, or the open file where its name is none."""
    if isinstance(path, BytesIO) or is_utf8(path):
        yield path
        return
    with open(path, "rb") as file:
        yield file


def is_utf8(path: Path) -> bool:
    """False for a name with bytes that are no UTF-8, which stand in it as halves of surrogate pairs."""
    return not any("\udc80" <= letter <= "\udcff" for letter in str(path))


def state(file: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds; both change when another program writes."""
    try:
        found = os.stat(file)
    except OSError as error:
        raise not_reached(file, error) from error
    return found.st_size, found.st_mtime_ns


def not_reached(file: Path, error: OSError) -> DataError:
    """What to raise where the system does not hand out a file."""
    if isinstance(error, PermissionError):
        return DataError(
            f"{file.name} cannot be read: permission denied.",
            code="no-permission",
            subject=str(file),
            advice="Close it in other programs, or ask for read permission.",
        )
    advice = "Choose another file."
    if error.errno in GONE and error.errno not in (errno.ENAMETOOLONG, errno.ELOOP):
        advice = "Check that its drive or network is still connected, and open it again."
    return DataError(
        f"{file.name} cannot be opened: {error.strerror or type(error).__name__}.",
        code="unreadable-file",
        subject=str(file),
        advice=advice,
    )


def _refuse(file: Path, found: os.stat_result) -> None:
    for is_kind, name in _KINDS:
        if is_kind(found.st_mode):
            raise DataError(
                f"{file} is {name}, not a file.",
                code="not-a-file",
                subject=str(file),
                advice="Save its output in a file, and open that.",
            )
