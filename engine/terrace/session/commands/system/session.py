"""The session itself: ``set``, ``undo``, ``redo``, ``do``, ``version``, ``exit``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, did_you_mean, rules
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.language.mixed_options import number, read_format
from terrace.results.table import Column, Row, Table
from terrace.session.effects import Effect
from terrace.session.program.running import left, placed, scope
from terrace.session.registry import command
from terrace.session.session import Session, read_do_file
from terrace.session.state import CommandResult, Settings
from terrace.session.steps import with_work

# Settings of other programs that do-files carry along; they have no meaning here.
_IGNORED = frozenset(
    (
        *("dp", "graphics", "linesize", "matsize", "maxvar", "memory", "more", "notifyuser", "pagesize"),
        *("processors", "rmsg", "scheme", "searchdefault", "trace", "tracedepth", "type", "varabbrev"),
    )
)
_SWITCHES = ("showomitted", "showemptycells", "fvlabel", "lstretch")
_NAMES = (
    *("level", "showbaselevels", *_SWITCHES),
    *("fvwrap", "fvwrapon", "cformat", "pformat", "sformat", "seed"),
)


@command(
    "set",
    syntax="set [NAME VALUE]",
    help="Change a setting (" + ", ".join(_NAMES) + "). Without a name, list all settings.",
    effects=Effect.NONE,
)
def set_(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = words(parsed.clauses.body)
    if not parts:
        return _settings(session.state.settings)
    name = str(parts[0])
    value = parsed.clauses.body.after(parts[0].end).strip()
    if name == "obs":
        from terrace.session.commands.helpers.growing import set_rows

        return set_rows(session, parts[0], int(_number(name, value, integer=True)) if value else 0)
    if name in _IGNORED:
        return CommandResult()
    if name not in _NAMES:
        raise parts[0].error(
            f"There is no setting named {name!r}.",
            code="no-such-setting",
            subject=name,
            advice=did_you_mean(name, _NAMES, otherwise=True),
        )
    if not value:
        raise parts[0].error(f"set {name} needs a value.", code="setting-value", subject=name)
    if name == "seed":
        seed = int(_number(name, value, integer=True))
        return CommandResult(state=replace(session.state, rng=np.random.default_rng(seed)))
    changed = replace(session.state.settings, **{name: _value(name, value)})
    return CommandResult(state=replace(session.state, settings=changed))


def _value(name: str, piece: Piece) -> Any:
    text = str(piece)
    if name == "level":
        level = _number(name, piece)
        if not 10 <= level <= 99.99:
            raise piece.error("The confidence level must be between 10 and 99.99.", code="setting-value")
        return level
    if name in ("cformat", "pformat", "sformat"):
        return read_format(Option(name, piece, piece))
    if name == "fvwrap":
        return int(_number(name, piece, integer=True))
    allowed = {
        "showbaselevels": ("on", "off", "all"),
        "fvwrapon": ("word", "width"),
    }.get(name, ("on", "off"))
    if text not in allowed:
        raise piece.error(f"set {name} takes {' or '.join(allowed)}, not {text!r}.", code="setting-value", subject=name)
    return text == "on" if name in _SWITCHES else text


def _number(name: str, piece: Piece, *, integer: bool = False) -> float:
    return number(Option(name, piece, piece), integer=integer)


def _settings(settings: Settings) -> CommandResult:
    def shown(value: object) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        return "automatic" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    names = [n for n in _NAMES if n != "seed"]
    table = Table(
        title="Settings",
        columns=(Column("value", "Value", "text"),),
        rows=tuple(Row(n, (shown(getattr(settings, n)),)) for n in names),
        stub="Setting",
        key="settings",
    )
    return CommandResult(tables=(table,))


# --- undo -------------------------------------------------------------------------------------------------
_STEPS = Effect.DATA | Effect.OUTLINE | Effect.BRIEF


@command(
    "undo",
    syntax="undo",
    help="Undo the last step: a change to the data, a model, a note or another result. Opening data is not undone.",
    effects=_STEPS,
)
def undo(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    if not session.undo_steps:
        raise parsed.word.error("There is nothing to undo.", code="nothing-to-undo")
    step = session.undo_steps[-1]
    return CommandResult(
        text=f"Undone: {step.name}", state=with_work(session.state, step.before), payload={"undone": step.name}
    )


@command(
    "undo join",
    syntax='undo join # "NAME"',
    help="Make one step of the last steps that can be undone, under a name: what was done together is undone together.",
    effects=Effect.NONE,
)
def undo_join(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = words(parsed.clauses.body)
    if len(parts) != 2 or not str(parts[0]).isdecimal():
        raise parsed.word.error(
            "undo join takes a number of steps and a name.", code="syntax", advice='Write undo join 3 "Name".'
        )
    return CommandResult(payload={"joins": (int(str(parts[0])), unquoted(parts[1]))})


@command("redo", syntax="redo", help="Redo the last step that was undone.", effects=_STEPS)
def redo(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    if not session.redo_steps:
        raise parsed.word.error("There is nothing to redo.", code="nothing-to-redo")
    step = session.redo_steps[-1]
    return CommandResult(
        text=f"Redone: {step.name}", state=with_work(session.state, step.before), payload={"redone": step.name}
    )


# --- do-files ---------------------------------------------------------------------------------------------
@command(
    "do", syntax="do FILE [arguments]", help="Run the commands in a do-file. If one fails, none takes effect.",
    effects=Effect.NONE,
)
@command("run", minimum="ru", syntax="run FILE [arguments]", help="Same as do, without output.", effects=Effect.NONE)
def do(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = words(parsed.clauses.body)
    if not parts:
        raise parsed.word.error("The name of a do-file is missing.", code="no-file", advice="do file.do")
    path, whole = session.state.path(unquoted(parts[0])), session.state.path(unquoted(parsed.clauses.body))
    if not path.exists() and whole.exists():  # a name with blanks, without quotes
        path, parts = whole, []
    if not path.exists() and not path.suffix:
        path = path.with_suffix(".do")
    read_do_file(path, session.state)  # a file that is not there is the error of this command, not of one in it
    child = scope(session, str(parsed.arguments.after(parts[0].end)) if parts else "", path.name)
    texts: list[str] = []
    out = CommandResult()
    echo: list[str] = []
    for outcome in child.run_do(
        path, progress=session.progress, cancel=session.cancel, before=lambda text, line: echo.append(f". {text}")
    ):
        if outcome.error is not None:
            raise placed(outcome, f"{path.name}, ")
        texts += [*echo, *([outcome.text] if outcome.text else [])]
        echo.clear()
        out = replace(
            out,
            tables=(*out.tables, *outcome.tables),
            plots=(*out.plots, *outcome.plots),
            warnings=(*out.warnings, *outcome.warnings),
            fit=outcome.fit or out.fit,
        )
    text = "" if parsed.name == "run" else "\n".join([*texts, *echo])
    return replace(out, text=text, state=left(session, child))


# --- about ------------------------------------------------------------------------------------------------
@command("version", minimum="vers", syntax="version", help="Show the version of Terrace.", effects=Effect.NONE)
def version(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.version import __version__

    # Do-files name the version of the program they were written for; it changes nothing here.
    return CommandResult(text=f"Terrace {__version__}" if not parsed.arguments else "")


@command("exit", minimum="e", syntax="exit", help="End a do-file.", effects=Effect.NONE)
def exit_(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules(already="clear"))
    return CommandResult()
