"""Writing a file whole or not at all, with errors that say what to do."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from terrace.errors import TerraceError


class ExportError(TerraceError):
    """The report cannot be written as asked."""


def target(path: str | os.PathLike[str], replace: bool) -> Path:
    """The path to write to. Raises `ExportError` for a file that exists or a folder that does not."""
    out = Path(path).expanduser()
    if out.is_dir():
        raise ExportError(
            f"{out} is a folder.", code="is-a-folder", subject=str(out), advice="Add a file name."
        )
    if not out.parent.is_dir():
        raise ExportError(
            f"There is no folder {out.parent}.",
            code="no-folder",
            subject=str(out),
            advice="Create it, or choose another folder.",
        )
    if out.exists() and not replace:
        raise ExportError(
            f"{out} already exists.",
            code="file-exists",
            subject=str(out),
            advice="Choose another name, or add the option replace.",
        )
    return out


def write(path: str | os.PathLike[str], content: bytes, *, replace: bool = False) -> Path:
    """Write `content` under a temporary name beside `path`, then rename it: a reader never sees half a file.

    Raises `ExportError` where the file exists (without `replace`) or cannot be written.
    """
    out = target(path, replace)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=out.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(out))
        os.replace(temporary, out)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise ExportError(
            f"{out} cannot be written: {error.strerror or error}.",
            code="cannot-write",
            subject=str(out),
            advice="Close it where it is open, or choose a folder that you may write to.",
        ) from error
    return out


def _mode(out: Path) -> int:
    """The permissions of the file that is replaced, or those of any new file."""
    if out.exists():
        return out.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
