"""What opens a project file, by whatever command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.session.commands.helpers.working import plural
from terrace.session.session import Session, Work
from terrace.session.state import CommandResult

EXTENSION = ".terrace"


def opened_project(session: Session, path: Path, *, returned: bool = True) -> CommandResult:
    """Open a project file: the session holds what it has once the command has ended; r() too, with `returned`.

    Raises as `open_project` does.
    """
    from terrace.session.project.file import open_project

    session.report(f"Opening {path.name}")
    project, file = open_project(path, hold=session.holds)
    kept, own = project.state, session.state
    state = replace(kept, folder=own.folder, log=own.log, pending=own.pending)
    if not returned:
        state = replace(state, returned=own.returned)
    session.take_over(Work(state, project.history, project.undo, project.redo, project.drafts, project.layout, file))
    models = len(kept.document.models())
    others = len(kept.document) - models
    held = [plural(models, "model")] if models else []
    held += [plural(others, "other result")] if others else []
    told = [f"{path.name}: {' and '.join(held)}" if held else f"{path.name} has no results yet."]
    if kept.dataset is not None:
        told.append(f"{plural(len(kept.dataset), 'row')}, {plural(len(kept.dataset.names), 'variable')}")
    warnings = *(f"Lost: {what}" for what in file.lost), *file.notes
    return CommandResult(
        text="\n".join([*told, *warnings]), warnings=warnings, state=state, payload={"project": str(path)}
    )
