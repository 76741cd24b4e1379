"""Files and folders around a do-file: ``log``, ``cd``, ``pwd``, ``mkdir``, ``erase``."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from terrace.disk.appending import add_to_log, begin_log
from terrace.disk.reasons import reason
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import unquoted
from terrace.session.commands.helpers.files import with_ending
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command("log", syntax="log", help="Show whether a log is open.", effects=Effect.NONE)
def log(session: Session, parsed: ParsedCommand) -> CommandResult:
    if parsed.arguments:
        raise parsed.arguments.strip().error(
            "Say what log should do.", code="syntax", advice="Write log using FILE, or log close."
        )
    path = session.state.log
    return CommandResult(text=f"The log is {path}." if path else "No log is open.")


@command(
    "log using",
    minimum="log us",
    syntax="log using FILE [, replace append]",
    help="Write the commands that follow and what they print to a text file, as each of them ends. A log that can "
    "no longer be written ends with an error, and a file that it replaced is restored.",
    effects=Effect.FILES,
)
def log_using(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("replace append", already="text nomsg"))
    if session.state.log:
        raise parsed.word.error(
            f"The log {session.state.log} is already open.", code="log-open", advice="Use log close first."
        )
    path = with_ending(session.state.path(_name(parsed)), ".log").absolute()
    opened = f"log: {path}\nopened: {_now()}\n\n"
    begin_log(path, opened, replace="replace" in options, append="append" in options)
    return CommandResult(text=f"The log is {path}.", state=replace(session.state, log=str(path)))


@command("log close", minimum="log c", syntax="log close", help="End the log.", effects=Effect.FILES)
@command("log off", syntax="log off", help="Same as log close.", effects=Effect.FILES)
def log_close(session: Session, parsed: ParsedCommand) -> CommandResult:
    path = session.state.log
    if not path:
        raise parsed.word.error("No log is open.", code="no-log", advice="Write log using FILE to open one.")
    add_to_log(Path(path), f"\nclosed: {_now()}\n", last=True)
    return CommandResult(text=f"The log {path} is closed.", state=replace(session.state, log=""))


def _now() -> str:
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _name(parsed: ParsedCommand) -> str:
    name = unquoted(parsed.clauses.body)
    if not name:
        raise parsed.word.error("A name is missing.", code="no-file", advice=f"Write {parsed.name} NAME.")
    return name


@command("pwd", syntax="pwd", help="Show the working folder.", effects=Effect.NONE)
@command("cd", syntax="cd [FOLDER]", help="Change the working folder.", effects=Effect.NONE)
def cd(session: Session, parsed: ParsedCommand) -> CommandResult:
    text = unquoted(parsed.arguments.strip())
    if text and parsed.name == "cd":
        folder = session.state.path(text)
        try:
            os.stat(os.path.join(folder, "."))  # it is there, it is a folder, and it may be entered
        except OSError as error:
            known = {FileNotFoundError: "it is not there", NotADirectoryError: "it is a file"}
            why = known.get(type(error)) or reason(error)[0]
            raise DataError(
                f"The folder {folder} cannot be opened: {why}.", code="no-such-folder", subject=str(folder)
            ) from None
        found = str(folder.resolve())
        return CommandResult(text=found, state=replace(session.state, folder=found))
    return CommandResult(text=str(session.state.path(".").absolute()))


@command("mkdir", syntax="mkdir FOLDER", help="Create a folder.", effects=Effect.FILES)
def mkdir(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    folder = session.state.path(_name(parsed))
    try:
        folder.mkdir()
    except OSError as error:
        why, advice = reason(error)
        if folder.exists():
            why, advice = "it already exists", ""
        elif isinstance(error, FileNotFoundError):
            why, advice = f"there is no folder {folder.parent}", "Make that first."
        raise DataError(
            f"The folder {folder} cannot be created: {why}.",
            code="file-exists" if folder.exists() else "cannot-write",
            subject=str(folder),
            advice=advice,
        ) from None
    return CommandResult()


@command("erase", syntax="erase FILE", help="Delete a file.", effects=Effect.FILES)
def erase(session: Session, parsed: ParsedCommand) -> CommandResult:
    path = session.state.path(_name(parsed))
    if not path.is_file():
        raise DataError(f"The file {path} does not exist.", code="no-such-file", subject=str(path))
    try:
        path.unlink()
    except OSError as error:
        raise DataError(
            f"{path} cannot be deleted: {reason(error)[0]}.", code="cannot-write", subject=str(path)
        ) from None
    return CommandResult()
