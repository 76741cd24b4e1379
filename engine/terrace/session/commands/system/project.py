"""Project files and what windows left behind: ``project save``, ``project use``, ``project recover``."""

from __future__ import annotations

import os
from pathlib import Path

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.session.commands.helpers.files import file_name, with_ending
from terrace.session.commands.helpers.projects import EXTENSION, opened_project, recovered_project
from terrace.session.effects import Effect
from terrace.session.opened import ProjectFile, stamp_of
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

DAMAGED = "damaged"


@command(
    "project save",
    syntax="project save FILE [, replace nodata]",
    help="Save all work to a project file (.terrace): the data, models, results, notes and history. nodata leaves out "
    "the data and whatever identifies rows in plots. A file that was damaged when it was opened is kept as a copy.",
    effects=Effect.FILES | Effect.BRIEF,
)
def project_save(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.disk.held import Held, hold_file
    from terrace.disk.writing import copy_aside
    from terrace.session.project.file import save_project
    from terrace.session.project.parts import Project

    options = parsed.options(rules("replace nodata"))
    path = with_ending(Path(file_name(session, parsed.clauses.body, "project save")), EXTENSION)
    bare = "nodata" in options
    now = session.file
    place = path.absolute()  # wherever the session goes from here
    again = now is not None and os.path.realpath(now.path) == os.path.realpath(place)
    own = now.held if now is not None and again else None
    kept: list[str] = []
    mark = _kept_as(now) if again and path.is_file() else ""
    session.report(f"Writing {path.name}")
    save_project(Project.of(session), path, replace="replace" in options, without_data=bare, held=own,
                 first=lambda: kept.append(copy_aside(path, mark).name) if mark else None)  # fmt: skip
    if session.holds and not bare:
        held = own or hold_file(path)
        if now is not None and own is None:
            now.release()
        session.belongs_to(ProjectFile(place, held=held if isinstance(held, Held) else None, stamp=stamp_of(path)))
    was = "damaged" if mark == DAMAGED else "original"
    aside = f"The {was} file was kept as {kept[0]}." if kept else ""
    if bare:
        told, payload = f"A copy without the data is in {path}.", {"copy": str(path), "aside": aside}
    else:
        told, payload = f"The project is in {path}.", {"project": str(path), "aside": aside}
    return CommandResult(text=" ".join(t for t in (told, aside) if t), payload=payload)


def _kept_as(file: ProjectFile | None) -> str:
    """How a copy is called of a file of which less came back than it holds; empty where none is kept."""
    from terrace.session.project.versions import compared

    if file is None:
        return ""
    if compared(file.program) > 0:
        return f"Terrace {file.program}"
    return DAMAGED if file.lost else ""


@command(
    "project use",
    syntax="project use FILE [, clear]",
    help="Open a project file (.terrace) in place of all that is open: its data, models, results, notes and history.",
    effects=Effect.OPENS | Effect.OUTLINE | Effect.RETURNS | Effect.BRIEF,
)
def project_use(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules("", already="clear replace"))
    name = file_name(session, parsed.clauses.body, "project use")
    return opened_project(session, with_ending(Path(name), EXTENSION))


@command(
    "project recover",
    syntax="project recover FOLDER",
    help="Bring back, in place of all that is open, the work that a window left in the folder of its journal when it "
    "ended without saving. The folder stays as it is.",
    effects=Effect.OPENS | Effect.OUTLINE | Effect.RETURNS | Effect.BRIEF,
)
def project_recover(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    return recovered_project(session, Path(file_name(session, parsed.clauses.body, "project recover")))
