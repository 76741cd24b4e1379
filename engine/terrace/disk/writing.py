"""Files that appear whole or not at all.

What is written goes to a temporary beside its place, is read back, flushed to the disk, and takes the place by a
rename, whose folder is flushed too. Whatever fails on the way (a full disk, a quota, a share that is gone, a killed
process) leaves the file that was there before.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from terrace.disk.leftovers import discard, hold, sweep, temporary_name
from terrace.disk.reasons import as_os_error, refused
from terrace.disk.stamps import note
from terrace.errors import Cancelled, DataError, TerraceError

_BINARY = getattr(os, "O_BINARY", 0)
_PRIVATE = 0o600
_PROBE = 1 << 16  # bytes
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]|[ .]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def need_name(path: Path) -> None:
    """Raises `DataError` for a path without a name, such as ``.``, ``..`` and ``/``: a folder, whatever is there."""
    if path.name in ("", ".."):
        raise _is_folder(path)


def _is_folder(path: Path) -> DataError:
    return DataError(f"{path} is a folder.", code="is-a-folder", subject=str(path), advice="Add a file name.")


def destination(path: str | os.PathLike[str], *, replace: bool) -> Path:
    """The file that writing to `path` makes or replaces: links are followed, so that they stay links.

    Raises `DataError` for a folder, a device or a pipe, a folder that is missing, a file that exists (without
    `replace`) or is read-only, and a name that the system does not take.
    """
    shown = Path(path).expanduser()
    try:
        place = Path(os.path.realpath(shown))
        if os.name == "nt" and _NOT_ON_WINDOWS.search(place.name):
            raise OSError(errno.EINVAL, "")
        there = _status(place)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte, or that cannot be encoded
        raise refused(shown, error if isinstance(error, OSError) else OSError(errno.EINVAL, "")) from None
    if there is None and not place.parent.is_dir():
        raise DataError(
            f"The folder {place.parent} does not exist.",
            code="no-such-folder",
            subject=str(place.parent),
            advice="Create it, or choose another folder.",
        )
    if there is None:
        return place
    if stat.S_ISDIR(there.st_mode):
        raise _is_folder(shown)
    if stat.S_ISLNK(there.st_mode):
        raise refused(shown, OSError(errno.ELOOP, ""))
    if not stat.S_ISREG(there.st_mode):
        raise DataError(
            f"{shown} is a device or a pipe, not a file.",
            code="not-a-file",
            subject=str(shown),
            advice="Choose the name of a file.",
        )
    if not replace:
        raise DataError(
            f"The file {shown} already exists.",
            code="file-exists",
            subject=str(shown),
            advice="Choose another name, or replace it (option replace).",
        )
    if not there.st_mode & 0o222 or not os.access(place, os.W_OK):  # an administrator may, and should not by mistake
        raise DataError(
            f"{shown} is read-only, so it was not replaced.",
            code="read-only",
            subject=str(shown),
            advice="Choose another name, or make the file writable.",
        )
    return place


def other_names(path: str | os.PathLike[str]) -> int:
    """How many other names (hard links) the file at `path` has; these keep the old file when it is replaced."""
    try:
        return os.stat(path).st_nlink - 1
    except OSError:
        return 0


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str],
    *,
    replace: bool = True,
    private: bool = False,
    check: Callable[[Path], None] | None = None,
) -> Iterator[Path]:
    """Give a temporary file to write; on leaving without an error it takes the place of `path`.

    ``check(temporary)`` reads back what was written and raises whatever it likes where that is not what it should be.
    The permissions are those of the file that is replaced, or those of any new file; `private` files can be read by
    their owner only. Raises `DataError` as `destination` does, and where the system refuses to write.
    """
    place = destination(path, replace=replace)
    sweep(place.parent)
    temporary = temporary_name(place)
    handle = -1
    try:
        handle, mode = _made(temporary, place, private)
        yield temporary
        if check is not None:
            _look(check, temporary, path)
        os.fsync(handle)
        _dress(temporary, place, mode)
        if os.name == "nt":  # where a file that is open cannot be renamed
            os.close(handle)
            handle = -1
        os.replace(temporary, place)
        _flush_folder(place.parent)
        note(place)
    except TerraceError:
        raise
    except Exception as error:
        cause = as_os_error(error)
        if cause is None or cause.errno == errno.ENOENT:  # `tempfile` on a full disk: there is no folder to write to
            cause = _what_stops(temporary) or cause
        if cause is None:
            raise
        raise refused(path, cause) from error
    finally:
        if handle >= 0:
            os.close(handle)
        discard(temporary)


def write_bytes(
    path: str | os.PathLike[str], content: bytes, *, replace: bool = True, private: bool = False
) -> Path:
    """Write a file whole or not at all; returns its path. Raises as `replacing` does."""

    def same(temporary: Path) -> None:
        if temporary.read_bytes() != content:
            raise OSError(errno.EIO, "")

    with replacing(path, replace=replace, private=private, check=same) as temporary, open(temporary, "wb") as file:
        file.write(content)
    return Path(path).expanduser()


def write_text(path: str | os.PathLike[str], text: str, *, replace: bool = True, private: bool = False) -> Path:
    """`write_bytes` for text, in UTF-8; half a character that no file can hold becomes an escape."""
    return write_bytes(path, text.encode("utf-8", errors="backslashreplace"), replace=replace, private=private)


def copy_aside(path: Path, mark: str) -> Path:
    """Keep a copy of a file beside it, as ``name (mark).ending``, with a number where there is one; returns its path.

    Raises as `replacing` does, and `DataError` where the file cannot be read.
    """
    number, place = 1, path.with_name(f"{path.stem} ({mark}){path.suffix}")
    while os.path.lexists(place):
        number += 1
        place = path.with_name(f"{path.stem} ({mark} {number}){path.suffix}")
    with replacing(place, replace=False, check=lambda made: _same(path, made)) as temporary:
        shutil.copyfile(path, temporary)
    return place


def _same(one: Path, other: Path) -> None:
    """Raises `OSError` where two files differ."""
    if not filecmp.cmp(one, other, shallow=False):
        raise OSError(errno.EIO, "")


def move(old: Path, new: Path) -> None:
    """Give one of the program's own files another name, in place of what has that name. Raises `OSError`."""
    os.replace(old, new)
    _flush_folder(new.parent)


def _status(place: Path) -> os.stat_result | None:
    try:
        return os.lstat(place)
    except FileNotFoundError:
        return None


def _made(temporary: Path, place: Path, private: bool) -> tuple[int, int]:
    """The open temporary, and the permissions that its file shall have.

    Permissions of a new file are seen on the temporary itself, while it is empty: `os.umask` can only be asked by
    changing it, for all threads.
    """
    known = _PRIVATE if private else stat.S_IMODE(there.st_mode) if (there := _status(place)) else None
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY
    handle = os.open(temporary, flags, 0o666 if known is None else _PRIVATE)
    hold(temporary, handle, empty=True)
    if known is None:
        known = stat.S_IMODE(os.fstat(handle).st_mode)
        with contextlib.suppress(OSError):  # some file systems have no permissions
            os.chmod(temporary, _PRIVATE)
    return handle, known


def _look(check: Callable[[Path], None], temporary: Path, path: str | os.PathLike[str]) -> None:
    try:
        check(temporary)
    except (MemoryError, Cancelled):
        raise
    except Exception as error:
        cause = _what_stops(temporary)
        if cause is not None:
            raise cause from error
        raise DataError(
            f"{path} was not saved: the disk did not store it correctly.",
            code="cannot-write",
            subject=str(path),
            advice="Save again, and use another disk if this repeats. The previous file is unchanged.",
        ) from error


def _what_stops(temporary: Path) -> OSError | None:
    """What the system says to a little more at the end of a file; None where it takes it.

    Libraries that write files do not always tell why they failed, or that they did.
    """
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_APPEND | _BINARY)
    except OSError as error:
        return None if isinstance(error, FileNotFoundError) else error
    try:
        left = memoryview(bytes(_PROBE))
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError as error:
        return error
    finally:
        os.close(handle)
    return None


def _dress(temporary: Path, place: Path, mode: int) -> None:
    """Owner, group and permissions of the file that is replaced.

    A group that cannot be kept loses its rights to another: it then has those of everybody.
    """
    there = _status(place)
    if there is not None and hasattr(os, "chown"):
        now = os.lstat(temporary)
        if (there.st_uid, there.st_gid) != (now.st_uid, now.st_gid):
            try:
                os.chown(temporary, there.st_uid, there.st_gid)
            except OSError:
                try:
                    os.chown(temporary, -1, there.st_gid)
                except OSError:
                    mode = mode & ~0o070 | (mode & 0o007) << 3
    with contextlib.suppress(OSError):  # some file systems have no permissions
        os.chmod(temporary, mode)


def _flush_folder(folder: Path) -> None:
    """So that the new name survives a power cut too."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):  # some network drives do not allow it; the file is there all the same
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
