"""Where defects are written down: one text file under the user's log folder, shortened when it grows."""

from __future__ import annotations

import platform
import time
import traceback
from pathlib import Path

from terrace.disk.appending import add_text
from terrace.disk.writing import write_bytes
from terrace.errors import TerraceError

_LIMIT = 2_000_000  # bytes; beyond it the older half goes


def log_path() -> Path:
    """The log file; its folder need not exist yet."""
    import platformdirs

    return Path(platformdirs.user_log_dir("terrace", appauthor=False)) / "terrace.log"


def record_defect(error: BaseException, command: str) -> Path | None:
    """Append an unforeseen error with the command that met it; None where the file cannot be written."""
    from terrace.version import __version__

    path = log_path()
    head = f"{time.strftime('%Y-%m-%d %H:%M:%S')} terrace {__version__} {platform.platform()}"
    trace = "".join(traceback.format_exception(error))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LIMIT:
            kept = path.read_bytes()[-_LIMIT // 2 :]
            write_bytes(path, kept, private=True)
        add_text(path, f"{head}\ncommand: {command}\n{trace}\n", private=True)
    except (OSError, TerraceError):
        return None
    return path
