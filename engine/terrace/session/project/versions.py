"""What a project that another version of the program has saved means for its user.

``number_changes.json`` among the resources lists, by version, what gives other numbers since: ``[{"version": "0.2.0",
"changes": ["Standard errors of ... were too small where ..."]}]``, each a sentence that says which numbers and when. It
is empty as long as no release has changed one.
"""

from __future__ import annotations

import json
from pathlib import Path

from terrace.data.resources import resource_path
from terrace.version import __version__


def compared(program: str, now: str = __version__) -> int:
    """-1 for an earlier version than the present one, 1 for a later one, 0 for the same and for what is no version."""
    from packaging.version import InvalidVersion, Version

    try:
        found, here = Version(program), Version(now)
    except InvalidVersion:
        return 0
    return (found > here) - (found < here)


def numbers_changed(since: str, *, file: Path | None = None) -> tuple[str, ...]:
    """What gives other numbers now than in the version `since`, the newest first."""
    from packaging.version import Version

    entries = json.loads((file or resource_path("number_changes.json")).read_text(encoding="utf-8"))
    later = [e for e in entries if compared(since, e["version"]) < 0]
    later.sort(key=lambda e: Version(e["version"]), reverse=True)
    return tuple(str(change) for e in later for change in e["changes"])


def notes_on(name: str, program: str, *, converted: bool, models: bool, left_out: bool) -> tuple[str, ...]:
    """What to say when a project is opened that another version has saved; nothing for the present one.

    `converted` says that its form was an earlier one, `models` that it has results of models, `left_out` that a later
    version has saved what this one does not know.
    """
    order = compared(program)
    if order > 0:
        told = f"{name} was saved by Terrace {program}, a later version than this one."
        left = " What only that version knows was left out." if left_out else ""
        return (f"{told}{left} When you save, a copy of the file as it is now is kept.",)
    if order == 0:
        return ()
    told = f"{name} was saved by Terrace {program}."
    if converted:
        told += f" Once you save it here, Terrace {program} cannot open it."
    if not models:
        return (told,) if converted else ()
    told += " Its results keep the numbers of that version until you fit the models again."
    changes = numbers_changed(program)
    return (told, *(f"Changed since: {change}" for change in changes))
