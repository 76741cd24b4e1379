"""Where defects are written down: one text file under the user's log folder, shortened when it grows.

No data go there, so that the file can be sent to somebody. The texts of exceptions often hold values (``could not
convert string to float: 'John Smith'``), and so do commands; of both only what names no value is kept.
"""

from __future__ import annotations

import platform
import re
import time
import traceback
from pathlib import Path

from terrace.disk.appending import add_text
from terrace.disk.writing import write_bytes
from terrace.errors import TerraceError

_VALUE = re.compile(r"[^a-z ,;_.-]")
"""Where a value may begin, after the first letter: a quotation mark, a bracket, a digit, a colon, a capital."""
_LITERAL = re.compile(r'`".*?"\'|"[^"]*"?|(?<![A-Za-z_])[\d.]*\d[\w.]*', re.DOTALL)
_LIMIT = 2_000_000  # bytes; beyond it the older half goes


def log_path() -> Path:
    """The log file; its folder need not exist yet."""
    import platformdirs

    return Path(platformdirs.user_log_dir("terrace", appauthor=False)) / "terrace.log"


def without_data(error: BaseException) -> str:
    """An exception and those that it came from: their types, places in the code, and texts up to the first value."""
    parts: list[str] = []
    told: BaseException | None = error
    seen: set[int] = set()
    while told is not None and id(told) not in seen:
        seen.add(id(told))
        places = "".join(traceback.format_tb(told.__traceback__))
        kind = f"{type(told).__module__}.{type(told).__qualname__}".removeprefix("builtins.")
        parts.append(f"{places}{kind}: {_beginning(str(told))}\n")
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return "which came of:\n".join(parts)


def without_values(command: str) -> str:
    """A command with its texts and numbers taken out."""
    return _LITERAL.sub(lambda found: "#" if found[0][0] not in '"`' else '"..."', command)


def _beginning(message: str) -> str:
    """What an exception says up to the first value; nothing where so little is left that it may be one itself."""
    first = message[:1] if message[:1].isascii() and message[:1].isalpha() else ""
    found = _VALUE.search(message, len(first))
    kept = message[: found.start()] if found else message
    kept = kept if len(kept.split()) > 2 else ""
    return f"{kept.strip()} ..." if found and kept else kept.strip() or "..."


def record_defect(error: BaseException, command: str) -> Path | None:
    """Append an unforeseen error and the command that met it, without data; None where the file cannot be written."""
    from terrace.version import __version__

    path = log_path()
    head = f"{time.strftime('%Y-%m-%d %H:%M:%S')} terrace {__version__} {platform.platform()}"
    trace = without_data(error)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LIMIT:
            kept = path.read_bytes()[-_LIMIT // 2 :]
            write_bytes(path, kept, private=True)
        add_text(path, f"{head}\ncommand: {without_values(command)}\n{trace}\n", private=True)
    except (OSError, TerraceError):
        return None
    return path
