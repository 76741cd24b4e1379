"""A case of the validation, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from terrace.validation.agreement import Check

Outcomes = Sequence[dict[str, Any]]
"""What a session said to the commands of a case, a command each, as ``terrace run --json`` writes it."""


@dataclass(frozen=True, slots=True)
class Case:
    """Commands on data that ship with the program, and a judge of their results.

    `kind` is ``published`` (printed by others) or ``R`` (computed by R once, with the script that ships beside the
    numbers). `opening` are the commands that open and prepare the data, `data` is the file under ``resources``.
    ``judge(outcomes)`` compares the outcomes of `commands` with the numbers of the source, number by number.
    """

    id: str
    kind: str
    source: str
    data: str
    opening: tuple[str, ...]
    commands: tuple[str, ...]
    judge: Callable[[Outcomes], list[Check]]


@dataclass(frozen=True)
class Verdict:
    """What came of a case. `error` is what a command said that failed; there are no checks then."""

    case: Case
    data_sha256: str
    checks: tuple[Check, ...] = ()
    error: str = ""

    @cached_property
    def passed(self) -> bool:
        """True where something was compared and all of it agrees."""
        return not self.error and bool(self.checks) and all(c.passed for c in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not agree."""
        return tuple(c for c in self.checks if not c.passed)
