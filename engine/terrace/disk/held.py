"""Files that one program has open for changing: a small file beside each says who, since when and on which machine.

The system lets go of a lock when the process ends, however it ends, so that what is left of a killed one on the same
machine is taken over. One of another machine stands until that removes it, for nothing here can tell.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import getpass
import json
import os
import platform
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from terrace.disk.processes import is_running

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted
    fcntl = None  # type: ignore[assignment]

_BINARY = getattr(os, "O_BINARY", 0)
_YOUNG = 10.0  # seconds: whoever makes such a file has written it by then
_LONGEST = 4096  # bytes of it
_open: set[Held] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a file open. `since` is as ISO 8601 has it; all may be empty where the file does not say."""

    user: str = ""
    host: str = ""
    process: int = 0
    since: str = ""
    key: str = ""

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host else ""
        since = " since " + self.since[:16].replace("T", " ") if self.since else ""
        return f"{self.user or 'somebody'}{where}{since}"


class Held:
    """A file that this process has; `release` lets it go, as the end of the process does."""

    def __init__(self, path: Path, handle: int, holder: Holder) -> None:
        self.path, self.holder, self._handle = path, holder, handle
        _open.add(self)

    def release(self) -> None:
        """Let it go. Nothing happens where that was done before."""
        if self._handle < 0:
            return
        handle, self._handle = self._handle, -1
        _open.discard(self)
        ours = _read(self.path) == self.holder
        if ours and fcntl is not None:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
        with contextlib.suppress(OSError):
            os.close(handle)
        if ours and fcntl is None:
            with contextlib.suppress(OSError):
                os.unlink(self.path)


def hold_file(path: Path, *, name: str = "") -> Held | Holder | None:
    """Take a file, or whatever `path` names, for this process: `Held`, the `Holder` that has it already, or None where
    that cannot be told, since nothing can be written beside it.

    ``name`` is that of the small file in the folder `path`; where it is empty that stands beside the file, hidden.
    Never raises.
    """
    beside = _beside(path, name)
    holder = Holder(_user(), platform.node(), os.getpid(), _now(), secrets.token_hex(8))
    content = json.dumps(asdict(holder)).encode()
    for _ in range(5):
        try:
            handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o644)
        except FileExistsError:
            found = _taken_over(beside, content, holder)
            if isinstance(found, Held) or (found is not None and found.key):
                return found
            time.sleep(0.02)  # somebody is just making it, looking at it or taking it away
            continue
        except OSError:
            return None
        try:
            if not _locked(handle):  # whoever found the empty file has it by now
                os.close(handle)
                continue
            os.write(handle, content)
            os.fsync(handle)
        except OSError:
            os.close(handle)
            with contextlib.suppress(OSError):
                os.unlink(beside)
            return None
        return Held(beside, handle, holder)
    return _read(beside)


def holder_of(path: Path, *, name: str = "") -> Holder | None:
    """Who has a file, this process or another that is alive; None where nobody has. Takes nothing."""
    beside = _beside(path, name)
    if not beside.exists():
        return None
    if any(h.path == beside for h in _open):
        return _read(beside)
    try:
        handle = os.open(beside, os.O_RDWR | _BINARY)
    except OSError:
        return _read(beside)
    try:
        return None if _abandoned(handle, beside) else _read(beside)
    finally:
        os.close(handle)


def _beside(path: Path, name: str) -> Path:
    if name:
        return path / name
    real = Path(os.path.realpath(path))  # by whatever link it was opened
    return real.parent / f".{real.name}.lock"


def _taken_over(beside: Path, content: bytes, holder: Holder) -> Held | Holder | None:
    """What stands in the way: whoever has it, or ourselves where nobody does any more; None to try again."""
    if fcntl is None:
        try:
            os.unlink(beside)
        except FileNotFoundError:
            return None
        except OSError:
            return _read(beside)
        return None
    try:
        handle = os.open(beside, os.O_RDWR | _BINARY)
    except FileNotFoundError:
        return None
    except OSError:
        return _read(beside)
    keep = False
    try:
        if not _abandoned(handle, beside):
            return _read(beside)
        os.ftruncate(handle, 0)
        os.pwrite(handle, content, 0)
        os.fsync(handle)
        keep = True
        return Held(beside, handle, holder)
    except OSError:
        return _read(beside)
    finally:
        if not keep:
            os.close(handle)


def _abandoned(handle: int, beside: Path) -> bool:
    """True where the process that made the file is gone; the open `handle` has the lock then."""
    found = _read(beside)
    if found.host not in ("", platform.node()):
        return False
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network drives have no locks
        if not found.key:
            return time.time() - os.fstat(handle).st_mtime > _YOUNG
        return not is_running(found.process)
    try:
        return os.fstat(handle).st_ino == os.stat(beside).st_ino  # and not one that was let go meanwhile
    except OSError:
        return False


def _locked(handle: int) -> bool:
    """False where another process has the lock of the file; True where it is ours, or where there are no locks."""
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def _read(beside: Path) -> Holder:
    """What the small file says; an empty `Holder` where it says nothing that can be read."""
    try:
        with open(beside, "rb") as stream:
            raw = json.loads(stream.read(_LONGEST))
        texts = [raw[k] for k in ("user", "host", "since", "key")]
        if not all(isinstance(t, str) and len(t) < 300 for t in texts) or not isinstance(raw["process"], int):
            return Holder()
        return Holder(raw["user"], raw["host"], raw["process"], raw["since"], raw["key"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Holder()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user on this machine
        return ""


def _now() -> str:
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")


@atexit.register
def _at_the_end() -> None:
    for held in tuple(_open):
        if held.holder.process == os.getpid():  # a fork has those of its parent
            held.release()
