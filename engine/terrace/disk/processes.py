"""Which processes there are, for files that tell by which one they were made."""

from __future__ import annotations

import os


def is_running(process: int) -> bool:
    """True where a process of this number runs on this machine. For POSIX alone: Windows has no question like this."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
