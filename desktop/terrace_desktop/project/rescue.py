"""Work that windows left behind in their journals: what there is to bring back, and what may go."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from terrace_desktop.project.about import About, read_about

if TYPE_CHECKING:
    from terrace.session.project.journal import Recoverable

OLD = 3600.0  # seconds after which a folder without any work is not one that a window is just making


@dataclass(frozen=True, slots=True)
class Rescued:
    """The work of a window that is gone. ``closed`` where it ended in order, without saving; else it broke off."""

    folder: Path
    name: str
    when: dt.datetime
    closed: bool
    about: About
    file: str = ""


def rescued(root: Path) -> list[Rescued]:
    """All that can be brought back, the newest first. Work that is in its file, and folders without work, are deleted.

    Looks at files only, so it is for another thread than the window's.
    """
    from terrace.session.project.journal import discard, list_recoverable

    found = []
    for left in list_recoverable(root):
        if _in_its_file(left):
            discard(left.folder)
        else:
            found.append(_as_rescued(left))
    there = {r.folder for r in found}
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.is_dir() and folder not in there and not any(folder.glob("state-*.json")) and _is_old(folder):
            discard(folder)  # which leaves alone what belongs to a window
    return found


def drop(folder: Path) -> None:
    """Delete work that is not wanted, or is somewhere else by now."""
    from terrace.session.project.journal import discard

    discard(folder)


def _in_its_file(left: Recoverable) -> bool:
    """True where nothing had changed since it was saved, and that file is there as it was."""
    from terrace.session.opened import stamp_of

    file, stamp = left.about.get("file"), left.about.get("stamp")
    if not left.about.get("saved") or not isinstance(file, str) or not isinstance(stamp, list):
        return False
    return bool(file) and stamp_of(Path(file)) == tuple(stamp)


def _as_rescued(left: Recoverable) -> Rescued:
    about = read_about(left.about.get("about"))
    file = left.about.get("file")
    file = file if isinstance(file, str) else ""
    name = Path(file).stem if file else about.title or left.title or Path(left.source).stem
    try:
        when = dt.datetime.fromisoformat(left.when).astimezone().replace(tzinfo=None)
    except ValueError:
        when = dt.datetime.fromtimestamp(left.folder.stat().st_mtime)
    return Rescued(left.folder, name, when, bool(left.about.get("closed")), about, file)


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > OLD
    except OSError:
        return False
