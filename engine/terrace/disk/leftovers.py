"""Temporary files: hidden, private, and taken away when the process that made them was killed.

Their names have the machine, the process and a random part, so that no other program's file is ever taken for one. The
process that writes one holds a lock on it, which the system lets go when the process ends, however it ends.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import platform
import re
import secrets
import time
from pathlib import Path

from terrace.disk.processes import is_running

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted
    fcntl = None  # type: ignore[assignment]

_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_NAME = re.compile(r"\.terrace-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{12}(\.\w{1,15})?")
_DAY = 86_400.0  # seconds
_ours: set[str] = set()


def temporary_name(place: Path) -> Path:
    """A name beside `place`, with its ending, for a file of this process. Nothing is made."""
    ending = place.suffix if re.fullmatch(r"\.\w{1,15}", place.suffix) else ""
    path = place.with_name(f".terrace-{_HOST}-{os.getpid()}-{secrets.token_hex(6)}{ending}")
    _ours.add(str(path))
    return path


def hold(path: Path, handle: int, *, empty: bool = False) -> None:
    """Lock an open temporary for as long as `handle` is open: it is in use. One that is `empty` is still to be written.
    """
    _ours.add(str(path))
    if fcntl is not None:
        with contextlib.suppress(OSError):  # some network drives have no locks; the process is looked for there
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if empty and not _takes_writes(path):
                fcntl.flock(handle, fcntl.LOCK_UN)


def _takes_writes(path: Path) -> bool:
    """False where a lock keeps off other handles of the process that holds it, as on Windows shares.

    Libraries open a file by its name.
    """
    try:
        with open(path, "r+b", buffering=0) as other:
            other.write(b"0")
            other.truncate(0)
    except OSError:
        return False
    return True


def discard(path: Path) -> None:
    """Delete a temporary of this process, where it is still there."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    _ours.discard(str(path))


def sweep(folder: str | os.PathLike[str]) -> None:
    """Delete what killed processes left in a folder: their temporaries, and any that are older than a day.

    Never raises, and never touches a file that a running process is writing.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named is None or entry.path in _ours:
                continue
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False) and _abandoned(entry.path, named[1], int(named[2])):
                    os.unlink(entry.path)


def _abandoned(path: str, host: str, process: int) -> bool:
    """True where nobody writes this temporary any more."""
    age = time.time() - os.lstat(path).st_mtime
    if fcntl is None:
        return age > 60  # an open file cannot be deleted; a minute is for the moment between closing and renaming
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locks = True
    except BlockingIOError:
        return False
    except OSError:
        locks = False
    finally:
        os.close(handle)
    if host == _HOST:
        return not is_running(process) or (locks and age > _DAY)  # numbers of processes are used again
    return age > _DAY


@atexit.register
def _at_the_end() -> None:
    for path in tuple(_ours):
        if f"-{os.getpid()}-" in path:  # a fork has the names of its parent
            discard(Path(path))
