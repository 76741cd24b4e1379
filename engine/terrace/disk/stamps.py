"""What this process last saw of a file, to tell when another program has changed it since."""

from __future__ import annotations

import os
from pathlib import Path

_seen: dict[str, tuple[int, int]] = {}


def note(path: str | os.PathLike[str]) -> None:
    """Remember the file as it is now: it is being read, or has just been written."""
    stamp = _stamp(path)
    if stamp is not None:
        _seen[_key(path)] = stamp


def changed(path: str | os.PathLike[str]) -> bool:
    """True where this process has read or written the file, and it is another one now. False where it is gone."""
    seen, now = _seen.get(_key(path)), _stamp(path)
    return seen is not None and now is not None and seen != now


def _key(path: str | os.PathLike[str]) -> str:
    return os.path.realpath(Path(path).expanduser())


def _stamp(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    try:
        there = os.stat(Path(path).expanduser())
    except (OSError, ValueError):
        return None
    return there.st_mtime_ns, there.st_size
