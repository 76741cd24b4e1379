"""What a do-file would do to files, told before it runs: its text is read, and nothing of it is run.

What a command does is declared where it is registered (`terrace.session.effects`). Where the name of its file stands is
read from its syntax line: a FILE or FOLDER before the options, or the options that name a file. What macros put
together is known only while it runs: such a name is told as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from terrace.errors import TerraceError
from terrace.language.dofile.lines import DoCommand
from terrace.language.dofile.tree import Block, Branch, Loop, Node, ProgramText, read_flow, split_if
from terrace.language.grammar.command import ParsedCommand, parse_command
from terrace.language.grammar.macros import expand
from terrace.language.grammar.options import scan_options
from terrace.language.grammar.tokens import Piece, split, top_level, unquoted, words
from terrace.session import registry
from terrace.session.effects import Effect

Deed = Literal["writes", "erases", "logs", "makes a folder", "moves to a folder", "runs", "unknown"]

_DEEDS: dict[str, Deed] = {
    "erase": "erases",
    "log using": "logs",
    "mkdir": "makes a folder",
    "cd": "moves to a folder",
    "do": "runs",
    "run": "runs",
}
"""What commands do to the file that they name, where that is something else than to write it."""
TOUCHES = frozenset({"writes", "erases", "logs", "makes a folder"})
"""What a history that is run again leaves undone unless that is asked for."""
_OPTIONS = ("saving", "export")
"""Options that name a file to be written, of commands and of prefixes."""
_NAMED = re.compile(r"\b(?:FILE|FOLDER)\b")
_UNKNOWN, _PLAIN, _TEMPORARY = "ꙮ", "ꙭ", "ꙩ"
"""What stands for a macro while the text is read: letters, so that it may be a part of a name. Of these a plain one
holds a number or the name of a variable, and a temporary one the name of a file that ends with the do-file."""
_PLAIN_WORDS = re.compile(r"[\w\s]*")


@dataclass(frozen=True, slots=True)
class Planned:
    """What one command would do.

    ``line`` counts from 1; ``command`` is its text as typed, on one line. ``target`` is the file or folder as the
    command names it, with ``*`` for the number or variable of a loop, empty for the file that the data came from, and
    None where macros make it, or where they make the command (the deed is then ``unknown``).
    """

    line: int
    command: str
    deed: Deed
    target: str | None


def written_by(text: str) -> tuple[Planned, ...]:
    """What the text of a do-file would write, erase, log or run, and where it would go to, in the order of its lines.

    A program is told where it is defined. What ``tempfile`` names is not told. ``log close`` is not either: it ends a
    file that ``log using`` began. Raises `CommandError` where the blocks of the text cannot be read, in which case it
    does not run either.
    """
    registry.load()
    nodes = read_flow(text)
    commands = list(_commands(nodes, {}))
    temporary, assigned = _assigned(c for c, _ in commands)
    any_of_them = any(_UNKNOWN in name for name in assigned)  # a macro names the macro that is given contents
    out: list[Planned] = []
    for command, plain in commands:
        known = _Marks() if any_of_them else _Marks(plain - assigned, temporary - assigned)
        out += _planned(command, known)
    return tuple(out)


# --- macros ---------------------------------------------------------------------------------------------------
class _Marks:
    """A `MacroSource` that puts a mark in the place of each macro."""

    def __init__(self, plain: frozenset[str] = frozenset(), temporary: frozenset[str] = frozenset()) -> None:
        self.plain, self.temporary = plain, temporary

    def local(self, name: str) -> str:
        return _PLAIN if name in self.plain else _TEMPORARY if name in self.temporary else _UNKNOWN

    def global_(self, name: str) -> str:
        return _UNKNOWN

    def step(self, name: str, by: int) -> str:
        return _PLAIN  # only a number can be counted up

    def value(self, expression: str) -> str:
        return _UNKNOWN

    def function(self, text: str) -> str:
        return _UNKNOWN

    def stored(self, kind: str, name: str) -> str:
        return _UNKNOWN


def _assigned(commands: Iterable[DoCommand]) -> tuple[frozenset[str], frozenset[str]]:
    """The macros that ``tempfile`` names, and those that anything else may give contents to."""
    temporary: set[str] = set()
    others: set[str] = set()
    for command in commands:
        parsed = _parsed(command.text, _Marks())
        if parsed is None:
            continue
        try:
            found, parsed = registry.find(parsed)
            name = found.name
            if name == "tempfile":
                temporary |= set(str(parsed.arguments).split())
            elif name in ("local", "args", "tempvar", "tempname", "unab", "numlist", "syntax"):
                others |= set(re.findall(r"\w+", str(parsed.arguments))[: None if name in ("args", "syntax") else 1])
            else:
                others |= {o.value for o in scan_options(parsed.clauses.options) if "local".startswith(o.name)}
        except TerraceError:
            continue
    return frozenset(temporary), frozenset(others)


def _parsed(text: str, marks: _Marks) -> ParsedCommand | None:
    try:
        return parse_command(expand(text, marks))
    except TerraceError:
        return None


# --- commands of a tree -----------------------------------------------------------------------------------------
def _commands(nodes: Sequence[Node], plain: dict[str, bool]) -> Iterator[tuple[DoCommand, frozenset[str]]]:
    """Every command in blocks, loops and programs, with the macros of loops around it that hold plain words."""
    for node in nodes:
        if isinstance(node, DoCommand):
            yield node, frozenset(name for name, is_plain in plain.items() if is_plain)
        elif isinstance(node, Loop):
            yield from _commands(node.body, {**plain, **_loop_macro(node)})
        elif isinstance(node, Branch):
            for condition, body in node.arms:
                yield from _commands(body or _alone(condition, node), plain)
        elif isinstance(node, ProgramText):
            yield from _commands(node.body, {})  # it has macros of its own
        elif isinstance(node, Block):
            yield from _commands(node.body, plain)


def _loop_macro(loop: Loop) -> dict[str, bool]:
    """The macro of a loop, and whether all that it can hold are plain words; none of ``while``."""
    parts = loop.header.replace("=", " = ").split(maxsplit=2)
    if loop.kind == "while" or len(parts) < 3:
        return {}
    name, sort, rest = parts
    if loop.kind == "forvalues":
        return {name: True}
    if sort == "of":
        return {name: any(len(w) >= 3 and k.startswith(w) for w in rest.split()[:1]
                          for k in ("varlist", "newlist", "numlist"))}  # fmt: skip
    return {name: _PLAIN_WORDS.fullmatch(rest) is not None}


def _alone(condition: str, node: Branch) -> tuple[DoCommand, ...]:
    """The command of ``if x == 1 command``, on one line; where macros hide it, all that follows ``if``."""
    if not condition or "{" in node.text:
        return ()
    alone = split_if(condition)[1] or split_if(_marked(condition, _Marks()))[1] or condition
    return (DoCommand(alone, node.line, node.line),)


# --- one command ------------------------------------------------------------------------------------------------
def _planned(command: DoCommand, marks: _Marks) -> list[Planned]:
    told = Planned(command.line, " ".join(command.text.split()), "unknown", None)
    parsed = _parsed(command.text, marks)
    if parsed is None:
        return [told] if _UNKNOWN in _marked(command.text, marks) else []  # without macros it cannot run at all
    out: list[Planned] = []
    for prefix in parsed.prefixes:
        out += _by_options(replace(told, deed="writes"), prefix.arguments)
    if _UNKNOWN in str(parsed.word):
        return [*out, told]
    try:
        known, parsed = registry.find(parsed)
    except TerraceError as error:  # a program, which is told where it is defined
        return [*out, told] if _UNKNOWN in error.subject else out
    if _UNKNOWN in str(parsed.arguments).strip().partition(" ")[0] and _has_writers(known.words):
        return [*out, told]
    deed = _DEEDS.get(known.name)
    if deed is None and not known.effects & (Effect.SAVES | Effect.FILES):
        return out
    told = replace(told, deed=deed or "writes")
    if deed or _NAMED.search(known.syntax.partition("[,")[0]):
        return [*out, *_by_name(told, parsed)]
    return [*out, *_by_options(told, parsed.arguments)]


def _has_writers(typed: tuple[str, ...]) -> bool:
    """True where commands of two words begin like this one of a single word, and one of them makes files."""
    of_files = Effect.SAVES | Effect.FILES
    return len(typed) == 1 and any(
        c.words[:1] == typed and len(c.words) == 2 and c.effects & of_files for c in registry.COMMANDS.values()
    )


def _marked(text: str, marks: _Marks) -> str:
    try:
        return expand(text, marks)
    except TerraceError:
        return _UNKNOWN


def _by_name(told: Planned, parsed: ParsedCommand) -> list[Planned]:
    """Of a command that names its file before its options, or after ``using``."""
    try:
        named = parsed.clauses.file
        if told.deed == "runs":  # arguments may follow
            named = words(named)[0] if words(named) else named
    except TerraceError:
        named = parsed.arguments
    name = unquoted(named)
    if not name and told.deed == "moves to a folder":
        return []  # it tells where it is
    return _told(told, name)


def _by_options(told: Planned, arguments: Piece) -> list[Planned]:
    """Of a command or prefix that writes what its options name."""
    try:
        parts = split(arguments, ",")
        options = scan_options(arguments.after(parts[1].start if len(parts) > 1 else arguments.end))
        loose = {c for i, c in top_level(arguments)}
    except TerraceError:
        return [replace(told, target=None)] if _UNKNOWN in str(arguments) else []
    out: list[Planned] = []
    for option in options:
        if option.argument is not None and any(o.startswith(option.name) for o in _OPTIONS):
            out += _told(told, unquoted(split(option.argument, ",")[0]))
    if _UNKNOWN in loose:  # it may hold a comma and options
        out.append(replace(told, target=None))
    return out


def _told(told: Planned, name: str) -> list[Planned]:
    if _UNKNOWN in name:
        return [replace(told, target=None)]
    if _TEMPORARY in name:
        return []
    return [replace(told, target=name.replace(_PLAIN, "*"))]
