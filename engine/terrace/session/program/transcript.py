"""What `log using` writes: each command with what it printed, as a terminal shows it."""

from __future__ import annotations

from terrace.session.contract import Outcome
from terrace.session.outcome import pointed


def write_log(path: str, outcome: Outcome) -> None:
    """Append one command. A file that cannot be written any more is left alone: the session goes on."""
    shown = outcome.text if outcome.ok else pointed(outcome)
    lines = "\n> ".join(outcome.command.strip().split("\n"))
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(f". {lines}\n" + (f"{shown}\n\n" if shown else ""))
    except OSError:
        return
