"""Why a file cannot be written: an `OSError` in words for the user."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from terrace.errors import DataError

_FREE = "Free some space, or choose another disk."
_ALLOWED = "Choose a folder that you can write to."
_AGAIN = "Connect to it again, or choose another folder."
_SHARE = "the network drive cannot be reached"
_NAME = "Choose another name."
_REASONS: dict[str, tuple[str, str]] = {
    "ENOSPC": ("the disk is full", _FREE),
    "EDQUOT": ("your quota on this disk is used up", _FREE),
    "EFBIG": ("the disk is full, or does not take a file of this size", _FREE),
    "ENOMEM": ("there is not enough memory", "Close other programs."),
    "EROFS": ("the disk is read-only", _ALLOWED),
    "EACCES": ("permission denied", _ALLOWED),
    "EPERM": ("permission denied", _ALLOWED),
    "EIO": ("the disk reports an error", "Choose another disk, and check this one for errors."),
    "ENOENT": ("the folder is gone", "Choose another folder."),
    "ENOTDIR": ("its folder is a file", "Choose another folder."),
    "ENAMETOOLONG": ("the name is too long", _NAME),
    "EINVAL": ("the name has characters that are not allowed there", _NAME),
    "EILSEQ": ("the name has characters that are not allowed there", _NAME),
    "ELOOP": ("it is a link that leads back to itself", _NAME),
    "EBUSY": ("another program has it open", "Close it there."),
    "ETXTBSY": ("another program has it open", "Close it there."),
    "EMFILE": ("too many files are open", "Close other programs."),
    "ENFILE": ("too many files are open", "Close other programs."),
    **dict.fromkeys(("ESTALE", "ENOTCONN", "ENETUNREACH", "ENETDOWN", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT",
                     "ECONNRESET", "EREMOTEIO", "ENODEV", "ENXIO"), (_SHARE, _AGAIN)),
}  # fmt: skip
_BY_NUMBER = {number: _REASONS[name] for name in _REASONS if (number := getattr(errno, name, None)) is not None}
_OPEN_ELSEWHERE = (5, 32, 33)
"""Numbers of Windows for a file that another program has open, or may not be changed."""


def reason(error: OSError) -> tuple[str, str]:
    """Why the system refuses, as the end of a sentence, and what to do."""
    if error.errno == errno.ENOENT and error.strerror not in (None, "", os.strerror(errno.ENOENT)):
        return error.strerror.replace("No usable", "no usable"), _FREE  # `tempfile`, where all disks are full
    return _BY_NUMBER.get(error.errno or 0, (error.strerror or str(error), "Choose another folder."))


def refused(path: str | os.PathLike[str], error: OSError) -> DataError:
    """The `DataError`, code ``cannot-write``, that says why `path` cannot be written."""
    why, advice = reason(error)
    if getattr(error, "winerror", None) in _OPEN_ELSEWHERE and Path(path).exists():
        why, advice = "another program has it open, or you may not change it", "Close it there, or choose another name."
    return DataError(f"{path} cannot be written: {why}.", code="cannot-write", subject=str(path), advice=advice)


def as_os_error(error: BaseException) -> OSError | None:
    """What the system said, also where a library has it in its own way (lxml: ``IO_ENOSPC``); None for other errors."""
    if isinstance(error, OSError):
        return error
    said = re.fullmatch(r"IO_(E[A-Z0-9]+)", str(error))
    number = getattr(errno, said[1], None) if said else None
    return None if number is None else OSError(number, os.strerror(number))
