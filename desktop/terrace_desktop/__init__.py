"""The Terrace window: a PySide6 application over the engine `terrace`."""

from __future__ import annotations

import sys

from terrace_desktop.ui import overrides


def _keep_singletons_alive() -> None:
    """Make None, True and False as immortal as Python 3.12 has them.

    PySide6 6.12.0 is built for that: a call that returns None, and `emit`, which returns True, give away a
    reference that they never took. On Python 3.11 that is counted, and after some minutes of painting the
    process ends with "deallocating None" (tried: 6.11.3 does not do it). What is added here is never used up.
    """
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    import ctypes

    for value in (None, True, False, NotImplemented, Ellipsis):
        ctypes.c_ssize_t.from_address(id(value)).value += 1 << 40


_keep_singletons_alive()
overrides.watch()  # before the first class of the window is made
