"""Macros and programs: ``local``, ``global``, ``macro``, ``tempvar``, ``tokenize``, ``args``, ``program``."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.macros import macro_words, number_text
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import NAME, Piece, unquoted, words
from terrace.language.grammar.wildcards import wildcard
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.locals import held, with_locals
from terrace.session.effects import Effect
from terrace.session.program.macro_functions import call
from terrace.session.program.macros import SessionMacros
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_ASSIGNED = re.compile(r"\s*(?P<step>\+\+|--)?\s*(?P<name>\w+)(?P<rest>.*)", re.S)


@command(
    "local",
    minimum="loc",
    syntax="local NAME [text | = expression | : function]",
    help="Set a local macro. `NAME' is then replaced by its contents.",
    effects=Effect.NONE,
)
@command(
    "global",
    minimum="gl",
    syntax="global NAME [text | = expression | : function]",
    help="Set a global macro. $NAME is then replaced by its contents.",
    effects=Effect.NONE,
)
def assign(session: Session, parsed: ParsedCommand) -> CommandResult:
    name, value = assigned(session, parsed)
    if parsed.name == "local":
        return CommandResult(state=with_locals(session.state, {name: value}))
    return CommandResult(state=replace(session.state, globals=held({**session.state.globals, name: value})))


def assigned(session: Session, parsed: ParsedCommand) -> tuple[str, str]:
    """The name and the contents of ``local x = 1``. Raises `CommandError` at what cannot be read."""
    found = _ASSIGNED.fullmatch(str(parsed.arguments))
    if not found:
        raise parsed.word.error(
            f"{parsed.name} needs a name.",
            code="bad-name",
            advice=f"Write {parsed.name} x 3, or {parsed.name} x = 1 + 2.",
        )
    name, rest = found["name"], found["rest"]
    place = parsed.arguments.after(parsed.arguments.start + found.start("rest"))
    if rest and not rest[0].isspace() and rest[0] not in '=:"`,':
        raise parsed.arguments.strip().error(f"{name}{rest.split()[0]} cannot be the name of a macro.", code="bad-name")
    if found["step"]:
        held = session.state.locals.get(name, "0")
        try:
            return name, number_text(float(held) + (1 if found["step"] == "++" else -1))
        except ValueError:
            raise place.error(f"The macro {name} holds {held!r}, which is not a number.", code="macro") from None
    content = place.strip()
    text = str(content)
    if text.startswith("=") and not text.startswith("=="):
        from terrace.language.expressions.entry import evaluate_scalar

        value = evaluate_scalar(content.after(content.start + 1), session.dataset, session.context())
        return name, value if isinstance(value, str) else number_text(value)
    if text.startswith(":"):
        return name, call(session, text[1:])
    if text.startswith(("\"", "`\"")) and len(macro_words(text)) == 1:
        return name, unquoted(content)
    return name, text


@command(
    "macro list",
    minimum="ma l",
    syntax="macro list [names]",
    help="List macros. Local ones have _ in front.",
    effects=Effect.NONE,
)
@command("macro dir", minimum="ma di", syntax="macro dir", help="Same as macro list.", effects=Effect.NONE)
def macro_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    state = session.state
    known = {**state.globals, **{f"_{k}": v for k, v in state.locals.items()}}
    wanted = [str(w) for w in words(parsed.arguments)]
    for name in wanted:
        if name not in known and name != "_all":
            raise parsed.arguments.strip().error(
                f"There is no macro {name}.", code="no-such-macro", advice=did_you_mean(name, list(known))
            )
    shown = {k: v for k, v in known.items() if not wanted or "_all" in wanted or k in wanted}
    if not shown:
        return CommandResult(text="There are no macros.")
    table = Table(
        title="Macros",
        columns=(Column("value", "Contents", "text"),),
        rows=tuple(Row(n, (v,)) for n, v in shown.items()),
        stub="Name",
        key="macros",
    )
    return CommandResult(tables=(table,))


@command(
    "macro drop",
    minimum="ma drop",
    syntax="macro drop names|_all",
    help="Delete macros. Write _ in front of local ones.",
    effects=Effect.NONE,
)
def macro_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    wanted = [str(w) for w in words(parsed.arguments)]
    if not wanted:
        raise parsed.word.error("Give the macros to delete.", code="bad-name", advice="Write macro drop NAME, or _all.")
    if "_all" in wanted:
        return CommandResult(state=replace(session.state, globals={}))
    state = session.state
    return CommandResult(
        state=replace(
            state,
            globals={k: v for k, v in state.globals.items() if not _fits(k, wanted)},
            locals={k: v for k, v in state.locals.items() if not _fits(f"_{k}", wanted)},
        )
    )


def _fits(name: str, patterns: list[str]) -> bool:
    return any(wildcard(p)(name) for p in patterns)


# --- temporary names ----------------------------------------------------------------------------------------
@command(
    "tempvar",
    syntax="tempvar names",
    help="Names for variables that are deleted when the do-file or program ends.",
    effects=Effect.NONE,
)
@command(
    "tempname",
    syntax="tempname names",
    help="Unused names for scalars and matrices.",
    effects=Effect.NONE,
)
@command("tempfile", syntax="tempfile names", help="Names for files that are deleted when Terrace "
                                                   "ends.", effects=Effect.NONE)
def temporary(session: Session, parsed: ParsedCommand) -> CommandResult:
    wanted = [str(w) for w in words(parsed.arguments)]
    for name in wanted:
        if not re.fullmatch(r"\w+", name):
            raise parsed.arguments.strip().error(f"{name!r} cannot be the name of a macro.", code="bad-name")
    if not wanted:
        raise parsed.word.error(f"{parsed.name} needs names.", code="bad-name", advice=f"Write {parsed.name} a.")
    files = parsed.name == "tempfile"
    made = {n: _temporary_file() if files else temporary_name(session, k) for k, n in enumerate(wanted)}
    return CommandResult(state=with_locals(session.state, made))


def temporary_name(session: Session, k: int = 0) -> str:
    """A name that no variable, scalar or matrix has: ``__000000`` and so on."""
    state = session.state
    taken = {*(session.dataset.names if session.dataset is not None else ()), *state.scalars, *state.matrices}
    taken |= set(state.locals.values())
    number = 0
    while True:
        name = f"__{number:06d}"
        if name not in taken:
            if not k:
                return name
            k -= 1
        number += 1


def _temporary_file() -> str:
    import uuid

    return f"{_temporary_folder()}/{uuid.uuid4().hex[:12]}.dta"


@cache
def _temporary_folder() -> str:
    """A folder of this process that goes when it ends."""
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="terrace-").replace("\\", "/")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# --- words --------------------------------------------------------------------------------------------------
@command(
    "tokenize",
    minimum="token",
    syntax="tokenize text",
    help="Put the words of a text into `1', `2', ...",
    effects=Effect.NONE,
)
def tokenize(session: Session, parsed: ParsedCommand) -> CommandResult:
    text = unquoted(parsed.arguments.strip())
    found = macro_words(text)
    cleared = {k: "" for k in session.state.locals if k.isdigit() and k != "0"}
    made = {**cleared, **{str(k): w for k, w in enumerate(found, start=1)}, "*": " ".join(found)}
    return CommandResult(state=with_locals(session.state, made))


@command(
    "args",
    syntax="args names",
    help="Name the arguments of a program or do-file: the first is `1', and so on.",
    effects=Effect.NONE,
)
def args(session: Session, parsed: ParsedCommand) -> CommandResult:
    macros = SessionMacros(session)
    made = {str(w): macros.local(str(k)) for k, w in enumerate(words(parsed.arguments), start=1)}
    return CommandResult(state=with_locals(session.state, made))


# --- programs -----------------------------------------------------------------------------------------------
@command(
    "program drop",
    minimum="pr drop",
    syntax="program drop names|_all",
    help="Delete programs.",
    effects=Effect.NONE,
)
def program_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    programs = session.state.programs
    gone: set[str] = set()
    for item in words(parsed.arguments):
        name = str(item)
        if name == "_all":
            gone |= set(programs)
        elif name in programs:
            gone.add(name)
        else:
            raise item.error(f"There is no program {name}.", code="no-such-command", subject=name)
    return CommandResult(state=replace(session.state, programs={k: v for k, v in programs.items() if k not in gone}))


@command("program dir", minimum="pr di", syntax="program dir", help="List programs.", effects=Effect.NONE)
def program_dir(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    programs = session.state.programs
    return CommandResult(text="\n".join(programs) or "There are no programs.")


@command(
    "program define",
    minimum="pr de",
    syntax="program define NAME ... end",
    help="Define a command made of several others.",
    effects=Effect.NONE,
)
@command("program", minimum="pr", syntax="program NAME ... end", help="Same as program define.", effects=Effect.NONE)
@command(
    "foreach",
    syntax="foreach x in|of varlist|of newlist|of numlist|of local|of global LIST { ... }",
    help="Repeat commands for each item in a list.",
    effects=Effect.NONE,
)
@command(
    "forvalues",
    minimum="forv",
    syntax="forvalues i = 1/10 { ... }",
    help="Repeat commands for each number in a range.",
    effects=Effect.NONE,
)
@command(
    "while",
    syntax="while expression { ... }",
    help="Repeat as long as the expression is not zero.",
    effects=Effect.NONE,
)
@command(
    "if",
    syntax="if expression { ... } [else { ... }]",
    help="Run commands only if an expression is not zero.",
    effects=Effect.NONE,
)
@command(
    "continue",
    syntax="continue [, break]",
    help="Go on to the next value of a loop, or end the loop.",
    effects=Effect.NONE,
)
@command("end", syntax="end", help="End a program.", effects=Effect.NONE)
def misplaced(session: Session, parsed: ParsedCommand) -> CommandResult:
    """Where these stand as they should, the tree of the commands is made of them, and they come not here."""
    if parsed.name in ("continue", "end"):
        where = "a loop" if parsed.name == "continue" else "a program"
        raise parsed.word.error(f"{parsed.name} can only be used in {where}.", code="misplaced-command")
    whole = Piece(parsed.text, parsed.word.start, len(parsed.text)).strip()
    raise whole.error(
        f"{parsed.name} is not complete.", code="misplaced-command", advice=f"Write {registered(parsed.name)}."
    )


def registered(name: str) -> str:
    """The syntax of a command."""
    from terrace.session.registry import COMMANDS

    return COMMANDS[name].syntax


# --- lists -------------------------------------------------------------------------------------------------
@command(
    "unab",
    syntax="unab NAME : variables",
    help="Put the full names of a list of variables into a local macro.",
    effects=Effect.NONE,
)
def unab(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.grammar.names import parse_names

    name, colon, _ = str(parsed.arguments).partition(":")
    if not colon or not NAME.fullmatch(name.strip()):
        raise parsed.word.error("unab needs a macro and a list.", code="syntax", advice="Write unab all : _all.")
    rest = parsed.arguments.after(parsed.arguments.start + len(name) + 1).strip()
    found = " ".join(parse_names(rest, session.data.names))
    return CommandResult(state=with_locals(session.state, {name.strip(): found}))


@command(
    "numlist",
    minimum="numlist",
    syntax='numlist "1/5"',
    help="Expand a list of numbers into r(numlist).",
    effects=Effect.RETURNS,
)
def numlist(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.grammar.numlist import parse_numlist
    from terrace.session.state import Returned

    body = parsed.clauses.body
    text = unquoted(body)
    if not text:
        raise CommandError("numlist needs a list of numbers.", code="numlist", advice='Write numlist "1/5".')
    found = " ".join(number_text(x) for x in parse_numlist(Piece.of(text)))
    return CommandResult(state=replace(session.state, returned=Returned(macros={"numlist": found})))
