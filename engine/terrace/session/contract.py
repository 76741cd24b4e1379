"""What a session hands to whoever drives it: the command line, the window, a notebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.results.table import Table


@dataclass(frozen=True, slots=True)
class Progress:
    """What long work reports, at least every 50 ms of Python time.

    ``stage`` is short text for people (``"Fitting"``, ``"Standard errors"``); ``fraction`` is None where the
    end is not known. ``iteration`` and ``ll`` are set while a model is fitted.
    """

    stage: str
    iteration: int | None = None
    ll: float | None = None
    fraction: float | None = None
    elapsed: float = 0.0


ProgressCallback = Callable[[Progress], None]
CancelCheck = Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """What one command did.

    ``type`` is the command's full name without its arguments (``mixed``, ``estat icc``). On an error
    ``error`` is ``(code, message)``, `error_at` the range of characters concerned, and the session is as it
    was before. ``changed`` names what a driver must refresh: any of ``data``, ``results``, ``settings``,
    ``estimates``. ``payload`` is the further JSON of the command (``scalars``, ``groups``, ``fixed``, ...).
    """

    command: str
    type: str
    status: str
    elapsed: float
    text: str = ""
    error: tuple[str, str] | None = None
    error_at: tuple[int, int] | None = None
    error_advice: str = ""
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    fit: FitResult | None = None
    changed: frozenset[str] = frozenset()
    quiet: bool = False
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True where the command ran."""
        return self.status == "ok"
