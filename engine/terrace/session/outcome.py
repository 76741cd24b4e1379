"""From what a handler gives back, or the error it raised, to an `Outcome`."""

from __future__ import annotations

from terrace.errors import TerraceError
from terrace.session.contract import Outcome
from terrace.session.effects import Effect
from terrace.session.filter import Filtered
from terrace.session.state import CommandResult
from terrace.version import __version__


def success(
    command: str, name: str, result: CommandResult, quiet: bool, effects: Effect = Effect.NONE,
    told: Filtered | None = None,
) -> Outcome:
    """The outcome of a command that ran; under ``quietly`` it has no text. `effects` are those declared for it, `told`
    is the filter that it was restricted by."""
    return Outcome(
        command,
        name,
        "ok",
        0.0,
        text="" if quiet else result_text(result),
        warnings=result.warnings,
        tables=result.tables,
        plots=result.plots,
        fit=result.fit,
        quiet=quiet,
        payload=dict(result.payload),
        effects=effects,
        filter=told,
        program=__version__ if result.tables or result.plots or result.fit is not None else "",
    )


def result_text(result: CommandResult) -> str:
    """The text of a result, made from its tables where it has none of its own."""
    if result.text or not result.tables:
        return result.text
    from terrace.report.text.text import table_text

    return "\n\n".join(table_text(t).strip("\n") for t in result.tables)


def failure(command: str, name: str, error: TerraceError) -> Outcome:
    """The outcome of a command that failed, pointing into the command where the error points into it."""
    return Outcome(
        command,
        name,
        "error",
        0.0,
        error=(error.code, error.message),
        error_at=_place(command, error),
        error_advice=str(error.advice),
        error_instead=error.instead,
    )


# What do-files ask _rc for, by the numbers of the program that they were written for.
_RETURN_CODES = {
    "no-such-variable": 111,
    "ambiguous-variable": 111,
    "no-such-estimates": 111,
    "no-such-coefficient": 111,
    "no-such-matrix": 111,
    "no-such-scalar": 111,
    "no-such-command": 199,
    "no-such-file": 601,
    "file-exists": 602,
    "unreadable-file": 603,
    "variable-exists": 110,
    "type-mismatch": 109,
    "no-data": 2000,
    "no-observations": 2000,
    "no-fit": 301,
    "no-stored-results": 301,
    "convergence": 430,
    "assertion": 9,
    "not-a-name": 7,
    "numlist": 121,
    "matrix-size": 503,
}


def return_code(error: TerraceError) -> int:
    """What ``_rc`` holds after ``capture`` caught an error: 198 where nothing closer is known."""
    return error.rc if isinstance(error, CodedError) else _RETURN_CODES.get(error.code, 198)


class CodedError(TerraceError):
    """What the command ``error #`` raises: ``rc`` is the number."""

    def __init__(self, rc: int) -> None:
        super().__init__(f"The program ended with error {rc}.", code="user-error")
        self.rc = rc


def captured(command: str, name: str, error: TerraceError) -> Outcome:
    """The outcome of a command that failed under ``capture``: nothing happened, and that is all right."""
    return Outcome(command, name, "ok", 0.0, warnings=(error.message,), quiet=True)


def _place(command: str, error: TerraceError) -> tuple[int, int] | None:
    """The range of the command that an error means; its own text may be a part of the command."""
    if error.start is None or not error.text:
        return None
    offset = command.find(error.text)
    if offset < 0:
        return None
    start = offset + error.start
    return start, max(start + 1, offset + (error.end if error.end is not None else error.start + 1))


def pointed(outcome: Outcome) -> str:
    """The error of an outcome with the command and a caret line under its place, for a terminal."""
    if outcome.error is None:
        return ""
    start, end = outcome.error_at or (None, None)
    command = outcome.command
    if start is not None and "\n" in command:  # point into the line that is meant
        line_start = command.rfind("\n", 0, start) + 1
        line_end = command.find("\n", start)
        command = command[line_start : line_end if line_end >= 0 else len(command)]
        start, end = start - line_start, min((end or start) - line_start, len(command))
    return TerraceError(outcome.error[1], advice=outcome.error_advice, text=command, start=start, end=end).pointed()
