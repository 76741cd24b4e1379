"""What long work reports, and how it learns that it should stop."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
_LOOK = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """What long work reports, at least every 50 ms of Python time.

    ``stage`` is short text for people (``"Fitting"``, ``"Standard errors"``); ``fraction`` is None where the
    end is not known. ``iteration`` and ``ll`` are set while a model is fitted; ``elapsed`` is in seconds.
    """

    stage: str
    iteration: int | None = None
    ll: float | None = None
    fraction: float | None = None
    elapsed: float = 0.0


ProgressCallback = Callable[[Progress], None]
CancelCheck = Callable[[], bool]


def waited_for(work: Callable[[], T]) -> T:
    """What `work` gives: one call into a compiled library that may take long, on a thread of its own.

    Python can interrupt its own code only, and cannot come to this thread before such a call ends. Waiting is Python
    code: who is interrupted here leaves the library to finish by itself, and nobody takes what it makes. A process ends
    only after that, since libraries do not outlive being unloaded under them.
    """
    found: list[T] = []
    failed: list[BaseException] = []
    context = contextvars.copy_context()  # what NumPy says of overflows and the like

    def run() -> None:
        try:
            found.append(context.run(work))
        except BaseException as error:  # it belongs to the one who waits
            failed.append(error)

    thread = threading.Thread(target=run, name="library")
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK)
    if failed:
        raise failed[0]
    return found[0]
