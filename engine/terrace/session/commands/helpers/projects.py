"""What opens a project file or brings back a journal, by whatever command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.disk.held import Held, Holder, hold_file, holder_of
from terrace.errors import DataError
from terrace.session.commands.helpers.working import plural
from terrace.session.opened import Lost, ProjectFile, stamp_of
from terrace.session.project.versions import compared
from terrace.session.session import Session, Work
from terrace.session.state import CommandResult

if TYPE_CHECKING:
    from terrace.session.project.parts import Project

EXTENSION = ".terrace"


def opened_project(session: Session, path: Path, *, returned: bool = True) -> CommandResult:
    """Open a project file: the session holds what it has once the command has ended; r() too, with `returned`.

    Raises as `open_project` does.
    """
    from terrace.session.project.file import open_project

    session.report(f"Opening {path.name}")
    project, file = open_project(path.absolute(), hold=session.holds)
    return _taken_over(session, project, file, path.name, file.lost, file.notes, returned=returned)


def recovered_project(session: Session, folder: Path) -> CommandResult:
    """What a window left behind in its journal. Raises `DataError` where there is nothing, or the window lives.

    It belongs to the project file that it belonged to, unless that was written again since.
    """
    from terrace.session.project.journal import LOCK, latest_with_about

    if holder_of(folder, name=LOCK) is not None:
        raise DataError("That work belongs to a window that is open.", code="open-elsewhere", subject=str(folder))
    session.report("Bringing work back")
    found = latest_with_about(folder)
    if found is None:
        raise DataError(f"{folder} has no work to restore.", code="no-such-file", subject=str(folder))
    project, lost, about = found
    path, stamp = Path(str(about.get("file") or ".")), tuple(about.get("stamp") or ())
    notes: list[str] = []
    # what was lost when the file was opened is still in it alone, and neither in the journal
    before = tuple(Lost(what, "it was lost before") for what in about.get("lost") or () if isinstance(what, str))
    file = None
    if path.is_file() and stamp_of(path) == stamp:
        held = hold_file(path) if session.holds else None
        file = ProjectFile(path, (*lost, *before), (), held if isinstance(held, Held) else None,
                           held if isinstance(held, Holder) else None, stamp_of(path))  # fmt: skip
        if file.holder is not None:
            notes.append(f"{path.name} is open elsewhere: {file.holder}. Save this under another name.")
    elif path.is_file():
        notes.append(f"{path.name} has been saved again since. Save this under another name.")
    return _taken_over(session, project, file, "The work that was rescued", lost, tuple(notes))


def _taken_over(
    session: Session, project: Project, file: ProjectFile | None, name: str, lost: tuple[Lost, ...],
    notes: tuple[str, ...], *, returned: bool = True,
) -> CommandResult:  # fmt: skip
    """The result of a command after which the session holds this project and nothing else."""
    kept, own = project.state, session.state
    state = replace(kept, folder=own.folder, log=own.log, pending=own.pending)
    if not returned:
        state = replace(state, returned=own.returned)
    session.take_over(Work(state, project.history, project.undo, project.redo, project.drafts, project.layout, file))
    warnings = (*(f"Lost: {found}" for found in lost), *notes)
    models = len(kept.document.models())
    others = len(kept.document) - models
    held = [plural(models, "model")] if models else []
    held += [plural(others, "other result")] if others else []
    told = [f"{name}: {' and '.join(held)}" if held else f"{name} has no results yet."]
    if kept.dataset is not None:
        told.append(f"{plural(len(kept.dataset), 'row')}, {plural(len(kept.dataset.names), 'variable')}")
    payload = {"project": "" if file is None else str(file.path), "lost": [found.what for found in lost],
               "version": compared("" if file is None else file.program)}  # fmt: skip
    return CommandResult(text="\n".join([*told, *warnings]), warnings=warnings, state=state, payload=payload)
