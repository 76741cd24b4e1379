"""Do-files from elsewhere: what one would do outside of the folders that it may write to, shown before it runs.

A do-file may write, erase and log in its own folder. One that lies in the working folder, or below it, may do so in all
of that folder, and names that its macros make, or that only the data tell, are taken to be the user's own business. For
one that lies elsewhere, such as in a folder of downloads, they count as unknown, and are shown.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from terrace.errors import TerraceError
from terrace.session.paths import path_of
from terrace.session.script_file import read_script
from terrace.session.writes import Planned, written_by


def to_be_shown(file: Path, *, begins: Path, working: Path | None = None) -> tuple[Planned, ...]:
    """What has to be shown before a do-file runs, in the order of its lines; empty where nothing has to be.

    Parameters
    ----------
    file
        The do-file. One that cannot be read is not shown: running it says why.
    begins
        The folder that names of files in it begin from.
    working
        The folder in which the user works, where there is one: a do-file in it is not from elsewhere.
    """
    own = file.parent
    at_home = working is not None and _inside(file, working)
    within = [own, working] if at_home and working is not None else [own]
    found = _beyond(file, begins, within, set())
    return tuple(p for p in found if p.target or not at_home)


def shown_of_typed(text: str, folder: str) -> tuple[Planned, ...]:
    """What has to be shown before commands run that were typed: of the do-files that these run, and of nothing else.

    `folder` is where their names of files begin. Where it was chosen, by ``cd``, the user works there; the folder that
    the program was started in (`folder` empty) is nobody's choice, and a do-file may write in its own only.
    """
    try:
        planned = written_by(text)
    except (TerraceError, RecursionError):  # it does not run either
        return ()
    begins: Path | None = Path(folder or Path.cwd())
    working = begins if folder else None
    out: list[Planned] = []
    for p in planned:
        path = _path(begins, p.target)
        if p.deed == "moves to a folder":
            begins = working = path
        elif p.deed == "runs" and path is None:
            out.append(replace(p, target=None))
        elif p.deed == "runs" and path is not None:
            file = _called(path, p, begins)
            out += to_be_shown(file, begins=begins or file.parent, working=working)
    return tuple(out)


def as_lines(planned: Sequence[Planned]) -> list[str]:
    """One line for each, for people: ``line 3 writes /etc/passwd: save /etc/passwd``."""
    return [f"line {p.line} {deed(p)}: {p.command}" for p in planned]


def deed(planned: Planned) -> str:
    """What is done to what: ``erases ../x.dta``, ``writes a file whose name comes from macros``."""
    if planned.deed == "unknown":
        return "runs commands that come from macros"
    if planned.target is None:
        what = {"makes a folder": "", "moves to a folder": "", "runs": "a do-file "}.get(planned.deed, "a file ")
        return f"{planned.deed} {what}whose name comes from macros"
    return f"{planned.deed} {planned.target or 'the file of the data'}"


def _text(file: Path) -> str:
    try:
        return read_script(file)
    except (OSError, TerraceError):
        return ""


def _beyond(file: Path, begins: Path, within: Sequence[Path], seen: set[str]) -> list[Planned]:
    """Of a do-file and of those that it runs, each looked through once: ``seen`` gathers them."""
    seen.add(os.path.realpath(file))
    try:
        planned = written_by(_text(file))
    except (TerraceError, RecursionError):  # its blocks cannot be read: it does not run either
        return []
    folder: Path | None = begins
    out: list[Planned] = []
    for p in planned:
        path = _path(folder, p.target)
        if p.deed == "moves to a folder":
            folder = path
        if p.deed == "runs" and path is not None:
            called = _called(path, p, folder)
            known = os.path.realpath(called) in seen
            inner = [] if known else _beyond(called, folder or begins, within, seen)
            out += [replace(i, line=p.line, command=f"{p.command}: {i.command}") for i in inner]
        elif path is None or not any(_inside(path, w) for w in within):
            out.append(p if path is not None or p.target == "" else replace(p, target=None))
    return out


def _called(path: Path, planned: Planned, folder: Path | None) -> Path:
    """The do-file that a command runs, found as ``do`` finds it: its name may have blanks and no quotation marks."""
    name = planned.target or ""
    at = planned.command.find(name)
    whole = _path(folder, planned.command[at:].partition(",")[0].strip()) if at >= 0 else None
    if not path.exists() and whole is not None and whole.exists():
        return whole
    return path if path.suffix or path.exists() else path.with_suffix(".do")


def _path(folder: Path | None, target: str | None) -> Path | None:
    """Where a name leads to; None where that is not known."""
    if not target:
        return None
    try:
        path = path_of(target)
    except TerraceError:
        return None
    if not path.is_absolute() and folder is None:
        return None
    return path if folder is None else folder / path


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
