"""What a session hands to whoever drives it: the command line, the window, a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.results.table import Table
from terrace.session.effects import Effect
from terrace.session.filter import Filtered

__all__ = ["CancelCheck", "Outcome", "Progress", "ProgressCallback"]


@dataclass(frozen=True)
class Outcome:
    """What one command did.

    ``type`` is the command's full name without its arguments (``mixed``, ``estat icc``). On an error ``error`` is
    ``(code, message)``, `error_at` the range of characters concerned, ``error_instead`` the word to write in their
    place where one is known, and the session is as it was before. ``changed`` names what a driver must refresh: any
    of ``data``, ``results``, ``settings``, ``estimates``, ``document``, ``filter``. ``effects`` are those on the data
    that came about, and the others that are declared for the command; none on an error. ``payload`` is the further
    JSON of the command (``scalars``, ``groups``, ``fixed``, ...); ``line`` is where the command begins in its
    do-file. ``number`` counts the commands of the session that gave a fit, a table or a plot, from 1, by which
    ``report`` names them; 0 for any other. ``filter`` is the one that the result was restricted by, None without one.
    ``program`` is the version of the program that gave the result, which it keeps in a project.
    """

    command: str
    type: str
    status: str
    elapsed: float
    text: str = ""
    error: tuple[str, str] | None = None
    error_at: tuple[int, int] | None = None
    error_advice: str = ""
    error_instead: str = ""
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    fit: FitResult | None = None
    changed: frozenset[str] = frozenset()
    quiet: bool = False
    payload: dict[str, Any] = field(default_factory=dict)
    line: int | None = None
    number: int = 0
    effects: Effect = Effect.NONE
    filter: Filtered | None = None
    program: str = ""

    @property
    def ok(self) -> bool:
        """True where the command ran."""
        return self.status == "ok"
