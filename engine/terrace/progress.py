"""What long work reports, and how it learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
