"""What a report of a crash says. It holds no data: commands without their numbers and texts, and places in the code.

Names of variables are data of a kind, so they are letters with numbers (``v1``) unless the user wants them in. What is
a name is told by what is none: words of commands stay, those of options after the comma, functions before their
parenthesis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from terrace_desktop.upkeep.step_lines import versions
from terrace_desktop.work.logs import COMMAND

MOST_COMMANDS = 15
_WORD = re.compile(r"[^\W\d]\w*")
_JOINING = frozenset({"i", "c", "o", "if", "in", "using", "_cons", "_all", "_n", "_N"})
_SHORTEST = 2  # letters of a word that stands for a longer one, as cov( does


@dataclass(frozen=True, slots=True)
class Crash:
    """What is known: the version and time that the window began with, its last commands, and what went wrong."""

    program: str
    commands: tuple[str, ...]
    trace: str
    crashed: bool


def what_crashed(noted: str) -> Crash:
    """Of what a window has left that crashed."""
    lines = noted.splitlines()
    commands = [line.removeprefix(COMMAND) for line in lines if line.startswith(COMMAND)]
    trace = [line for line in lines[1:] if not line.startswith(COMMAND)]
    return Crash(lines[0] if lines else "", tuple(commands), "\n".join(trace).strip(), True)


def what_failed(trace: str, noted: str) -> Crash:
    """Of an error that was caught while the program went on; `trace` has no data."""
    here = what_crashed(noted)
    return Crash(here.program, here.commands, trace.strip(), False)


def crash_text(found: Crash, known: Mapping[str, str], *, names: bool = False, doing: str = "") -> str:
    """The report as it can be sent; `known` are the commands with their syntax, `doing` is what the user says."""
    last = found.commands[-MOST_COMMANDS:]
    shown = last if names else hidden_names(last, known)
    happened = "The program stopped unexpectedly." if found.crashed else "An unforeseen error, after which it went on."
    parts = [
        "Terrace report", happened, "",
        f"Began as: {found.program}" if found.program else "", f"Now: {versions()}",
        *(("", "What I was doing:", doing.strip()) if doing.strip() else ()),
        "", "Last commands, without numbers and texts" + ("" if names else " and without names of variables") + ":",
        *(f"  {line}" for line in shown or ("none",)),
        "", "Where in the program:", _without_home(found.trace) or "not known",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def hidden_names(lines: Iterable[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Commands with ``v1``, ``v2`` … in place of all that is not a word of the language."""
    commands, options, calls = vocabulary(tuple(known.items()))
    numbers: dict[str, str] = {}

    def instead(found: re.Match[str]) -> str:
        word = found[0]
        words = options if "," in found.string[: found.start()] else commands
        called = found.string[found.end() : found.end() + 1] == "("
        short = called and len(word) >= _SHORTEST and any(w.startswith(word) for w in words)
        stays = word in words or short or (called and word in calls)
        return word if stays else numbers.setdefault(word, f"v{len(numbers) + 1}")

    return tuple(_WORD.sub(instead, line) for line in lines)


@cache
def vocabulary(known: tuple[tuple[str, str], ...]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The words of commands; these with those of options, and structures with their short forms; functions."""
    from terrace.covariance.registry import RESIDUALS, STRUCTURES
    from terrace.language.expressions.functions import functions

    commands = {word for name, _ in known for word in _WORD.findall(name)} | _JOINING
    options = {word for _, syntax in known for word in _WORD.findall(syntax.partition(",")[2])}
    for structures in (STRUCTURES, RESIDUALS):
        for key, structure in structures.items():
            options |= {key, structure.short}
    return frozenset(commands), frozenset(commands | options), frozenset(functions())


def _without_home(text: str) -> str:
    home = str(Path.home())
    return re.sub(re.escape(home), "~", text, flags=re.IGNORECASE) if len(home) > 1 else text
