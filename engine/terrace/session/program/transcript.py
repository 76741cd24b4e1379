"""What `log using` writes: each command with what it printed, as a terminal shows it."""

from __future__ import annotations

from pathlib import Path

from terrace.disk.appending import add_to_log
from terrace.session.contract import Outcome
from terrace.session.outcome import pointed


def write_log(path: str, outcome: Outcome) -> None:
    """Add one command. Raises `DataError`, code ``log-not-written``, where the disk does not take it."""
    shown = outcome.text if outcome.ok else pointed(outcome)
    lines = "\n> ".join(outcome.command.strip().split("\n"))
    add_to_log(Path(path), f". {lines}\n" + (f"{shown}\n\n" if shown else ""))
