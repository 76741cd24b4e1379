"""The side that reads: takes requests from its standard input until that ends, and answers on its standard output.

It never outlives the program that started it: while it waits it sees its input end, and while it reads, in native code
that looks at nothing, the system ends it by a signal (`_Leash`).
"""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from terrace.data import formats
from terrace.data.apart.messages import error_message, receive, send
from terrace.data.apart.watch import expect_crashes, keep_limit, limit_own_memory, resident
from terrace.data.progress import Report

_GROWN = 1 << 28  # bytes that a process may hold more than at its beginning, and still be used again
_BETWEEN = 0.05  # seconds between two reports of progress
_LONGEST = 3600.0  # seconds of one reading where the system has no leash


def serve() -> None:
    """Answer requests until the other side is gone."""
    requests, answers = _streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides what Ctrl+C means
    expect_crashes()
    keep_limit()
    leash = _Leash(requests.fileno())
    _load()
    begun = resident(os.getpid()) or 0
    while (request := receive(requests)) is not None:
        leash.hold()
        try:
            _answer(request, answers)
            leash.drop()  # before the other side may send its next request
            send(answers, {"used_up": (resident(os.getpid()) or 0) > begun + _GROWN})
        except BrokenPipeError:
            return


def _load() -> None:
    """Import what every reading needs, while the other side has still work of its own."""
    import pyarrow  # noqa: F401

    from terrace.data.apart import transport  # noqa: F401
    from terrace.data.readers import build  # noqa: F401


def _answer(request: dict[str, Any], answers: BinaryIO) -> None:
    from terrace.data.apart.transport import columns_of, description, send_columns

    send(answers, {"begun": True})
    limit_own_memory(request["memory"])
    report = Report("", _Told(answers))
    try:
        data = formats.function_of(request["reader"])(Path(request["path"]), report, **request["options"])
        told, columns = description(data), columns_of(data)
    except Exception as error:  # libraries raise what they like; the other side has the words for it
        send(answers, error_message(error))
        return
    send(answers, {"data": told})
    send_columns(columns, answers)


class _Told:
    """Sends how far the reading is, but not too often."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._next = 0.0

    def __call__(self, stage: str, fraction: float | None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _BETWEEN
            send(self._answers, {"fraction": fraction})


class _Leash:
    """Ends this process when the other side closes the pipe of requests, whatever native code is running then.

    While a request is worked on nothing comes through the pipe but its end, of which the system tells by SIGIO; and
    that signal ends a process by itself. Without such pipes a watchdog of the interpreter ends what takes too long.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def hold(self) -> None:
        if sys.platform == "win32":
            faulthandler.dump_traceback_later(_LONGEST, exit=True, file=2)
            return
        import fcntl

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(self._pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(self._pipe, fcntl.F_SETFL, fcntl.fcntl(self._pipe, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([self._pipe], [], [], 0)[0]:  # it was closed before the signal was asked for
            os._exit(1)

    def drop(self) -> None:
        if sys.platform == "win32":
            faulthandler.cancel_dump_traceback_later()
            return
        import fcntl

        fcntl.fcntl(self._pipe, fcntl.F_SETFL, fcntl.fcntl(self._pipe, fcntl.F_GETFL) & ~os.O_ASYNC)


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes of requests and of answers, which no library can print into."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, answers
