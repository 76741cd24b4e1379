"""Cancel for commands that do not look for it themselves.

Long work asks ``cancelled()`` between its steps, and ends in good order. What never asks, such as an expression or the
making of a list, is interrupted: a moment after the wish `Cancelled` is raised inside the thread that works, wherever
it is in Python code, as Ctrl+C does in a terminal. Nothing is half done then, since commands change no state but give
a new one. A single call into a library of compiled code is not interrupted: what takes long there is waited for beside
it (`data/beside.py`), or has to be refused by its size.
"""

from __future__ import annotations

import ctypes
import threading
from types import TracebackType

from terrace.errors import Cancelled
from terrace.progress import CancelCheck

_POLL, _PATIENCE = 0.1, 0.3
"""Seconds between looks at the wish to cancel; and until work that goes on is interrupted, each time."""

_lock = threading.Lock()  # around all below, and around every interruption
_watched: dict[int, CancelCheck] = {}
_awake = threading.Event()
_watcher: threading.Thread | None = None


class stopped_when:
    """Interrupts what runs inside by `Cancelled` soon after ``cancel()`` is true.

    Inside another of the same thread it does nothing: the outer one watches. The block that it stands in has to take
    a `Cancelled` that comes at its very end (`over` says when none can come any more).
    """

    def __init__(self, cancel: CancelCheck | None) -> None:
        self._cancel = cancel
        self._thread = 0

    def __enter__(self) -> stopped_when:
        me = threading.get_ident()
        if self._cancel is not None and me not in _watched:
            self._thread = me  # first, so that `over` knows of what may be interrupted from here on
            with _lock:
                _watched[me] = self._cancel
            _wake()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over()

    def over(self) -> None:
        """No longer watch; also takes back an interruption that is on its way."""
        if self._thread:
            with _lock:
                _watched.pop(self._thread, None)
                _raise(self._thread, None)
            self._thread = 0


def _wake() -> None:
    global _watcher  # noqa: PLW0603 (one thread for the process)
    if _watcher is None or not _watcher.is_alive():
        with _lock:
            if _watcher is None or not _watcher.is_alive():
                _watcher = threading.Thread(target=_watch, name="stopping", daemon=True)
                _watcher.start()
    if not _awake.is_set():
        _awake.set()


def _watch() -> None:
    asked: dict[int, float] = {}
    pause = threading.Event()  # never set: it waits without holding anything
    while True:
        _awake.wait()
        pause.wait(_POLL)
        wanted = {thread: cancel for thread, cancel in list(_watched.items()) if cancel()}
        with _lock:
            asked = {thread: asked.get(thread, -_POLL) + _POLL for thread in wanted}
            for thread, cancel in wanted.items():
                if asked[thread] >= _PATIENCE and _watched.get(thread) is cancel:
                    _raise(thread, Cancelled)
                    asked[thread] = 0.0
            if not _watched:
                _awake.clear()


def _raise(thread: int, error: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error) if error else None)
