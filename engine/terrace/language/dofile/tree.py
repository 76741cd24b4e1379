"""Commands of a do-file as a tree: loops, branches, programs and blocks under a prefix.

::

    foreach x in|of varlist|of newlist|of numlist|of local|of global ... {     forvalues i = 1/10 {
    while expression {        if expression { ... }  else if expression { ... }  else { ... }
    program [define] name ... end           quietly|noisily|capture {

Nothing is run or expanded here. A body may stand on one line between its braces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from terrace.errors import CommandError
from terrace.language.dofile.lines import DoCommand, read_commands
from terrace.language.grammar.options import abbreviates
from terrace.language.grammar.tokens import NAME

_PREFIX = re.compile(r"(?:(?:qui(?:e|et|etl|etly)?|n(?:o|oi|ois|oisi|oisil|oisily)?|cap(?:t|tu|tur|ture)?)\b\s*:?\s*)+")
_LOOPS = ("foreach", "forvalues", "while")
_SHORTEST = {"foreach": "foreach", "forvalues": "forv", "while": "while"}
_DEEPEST = 50
_NO_BODY = frozenset(("drop", "dir", "list", "di", "l"))


@dataclass(frozen=True, slots=True)
class Loop:
    """``kind`` is foreach, forvalues or while; ``header`` what stands between that word and the brace."""

    kind: str
    header: str
    body: tuple[Node, ...]
    line: int
    text: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """Conditions with the commands that each lets run, in order; the condition of ``else`` is empty."""

    arms: tuple[tuple[str, tuple[Node, ...]], ...]
    line: int
    text: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Commands between braces, each under ``prefix`` (``quietly``, ``capture noisily``)."""

    prefix: str
    body: tuple[Node, ...]
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ProgramText:
    """The commands between ``program define name`` and ``end``; ``source`` is all of it, to be run again."""

    name: str
    body: tuple[Node, ...]
    line: int
    text: str
    prefix: str = ""
    source: str = ""

    @property
    def rclass(self) -> bool:
        """True where the program says that its results replace those in r()."""
        return "rclass" in self.text.partition(",")[2].replace(",", " ").split()


Node = DoCommand | Loop | Branch | Block | ProgramText


def parse_flow(commands: Sequence[DoCommand]) -> tuple[Node, ...]:
    """The tree of a list of commands. Raises `CommandError` at a block that is never closed or never opened."""
    reader = _Reader(list(commands))
    out = reader.nodes(None)
    return tuple(out)


def read_flow(text: str) -> tuple[Node, ...]:
    """The tree of the text of a do-file."""
    return parse_flow(read_commands(text))


def split_if(text: str) -> tuple[str, str]:
    """``x == 1 display "a"`` as the condition and the command: the shortest expression that a command follows.

    The command is empty where the whole text is an expression. Raises `CommandError` where it is neither.
    """
    from terrace.language.expressions.entry import parse_expression

    for i, c in _outside(text):
        rest = text[i:].lstrip()
        if not c.isspace() or not i or not NAME.match(rest):
            continue
        try:
            parse_expression(text[:i])
        except CommandError:
            continue
        return text[:i], rest
    return text, ""


class _Reader:
    """Takes nodes off a list of commands."""

    def __init__(self, commands: list[DoCommand], depth: int = 0) -> None:
        self.commands = commands
        self.at = 0
        self.depth = depth  # of blocks inside each other

    def nodes(self, opener: DoCommand | None) -> list[Node]:
        """Up to the brace that closes the block of `opener`, or to the end where that is None."""
        out: list[Node] = []
        while self.at < len(self.commands):
            command = self.commands[self.at]
            if command.text.startswith("}"):
                if opener is None:
                    raise _error(command, "This } has no matching {.", "brackets", "")
                return out
            self.at += 1
            out.append(self._node(command))
        if opener is not None:
            raise _error(opener, "This block is not closed.", "open-block", "End it with } on a line of its own.")
        return out

    def _node(self, command: DoCommand) -> Node:
        prefix, rest = _prefix(command.text)
        found = NAME.match(rest)
        word = found.group() if found else ""
        after = rest[found.end() :] if found else rest
        kind = next((k for k in _LOOPS if abbreviates(word, k, _SHORTEST[k])), "")
        if kind:
            header, body = self._body(command, after)
            return Loop(kind, header, body, command.line, command.text, prefix)
        if word == "if":
            return self._branch(command, prefix, after)
        if word == "else":
            raise _error(command, "This else has no if before it.", "else", "")
        if abbreviates(word, "program", "pr") and (name := _program_name(after)):
            return self._program(command, prefix, name)
        if prefix and rest.startswith("{"):
            _, body = self._body(command, rest)
            return Block(prefix.strip(), body, command.line, command.text)
        return command

    def _body(self, command: DoCommand, after: str) -> tuple[str, tuple[Node, ...]]:
        """What stands before the brace, and the commands in the block."""
        brace = _brace(after)
        if brace < 0:
            raise _error(command, "The { of this block is missing.", "no-block", "Write { at the end of the line.")
        header, inside = after[:brace].strip(), after[brace + 1 :].strip()
        if self.depth >= _DEEPEST:
            raise _error(
                command, f"Blocks are nested more than {_DEEPEST} deep here.", "too-deep",
                "Move the inner ones into a program.",
            )  # fmt: skip
        if inside:
            if not inside.endswith("}"):
                raise _error(
                    command, "No command may follow { on the same line.", "no-block", "Start a new line after {."
                )
            inner = [DoCommand(c.text, command.line, command.last_line) for c in read_commands(inside[:-1])]
            return header, tuple(_Reader(inner, self.depth + 1).nodes(None))
        self.depth += 1
        body = tuple(self.nodes(command))
        self.depth -= 1
        closing = self.commands[self.at]
        if tail := closing.text[1:].strip():  # } else {
            self.commands[self.at] = DoCommand(tail, closing.line, closing.last_line)
            if not tail.startswith("else"):
                raise _error(closing, "Nothing may follow } on the same line.", "syntax", "Start a new line after }.")
        else:
            self.at += 1
        return header, body

    def _branch(self, command: DoCommand, prefix: str, after: str) -> Branch:
        arms = [self._arm(command, after)]
        while self.at < len(self.commands):
            following = self.commands[self.at]
            found = re.match(r"else\b\s*", following.text)
            if not found:
                break
            self.at += 1
            rest = following.text[found.end() :]
            again = re.match(r"if\b", rest)
            if again:
                arms.append(self._arm(following, rest[again.end() :]))
                continue
            arms.append(("", self._otherwise(following, rest)))
            break
        return Branch(tuple(arms), command.line, command.text, prefix)

    def _arm(self, command: DoCommand, after: str) -> tuple[str, tuple[Node, ...]]:
        if _brace(after) >= 0:
            header, body = self._body(command, after)
            if not header:
                raise _error(command, "if needs a condition.", "no-condition", "Write if x == 1 {.")
            return header, body
        return after.strip(), ()  # one command on the line: where it begins is seen once macros are expanded

    def _otherwise(self, command: DoCommand, rest: str) -> tuple[Node, ...]:
        if rest.startswith("{"):
            return self._body(command, rest)[1]
        return tuple(_Reader([DoCommand(rest, command.line, command.last_line)], self.depth).nodes(None))

    def _program(self, command: DoCommand, prefix: str, name: str) -> ProgramText:
        lines: list[DoCommand] = []
        while self.at < len(self.commands):
            following = self.commands[self.at]
            self.at += 1
            if following.text == "end":
                body = tuple(_Reader(lines, self.depth).nodes(None))
                source = "\n".join(c.text for c in (command, *lines, following))
                return ProgramText(name, body, command.line, command.text, prefix, source)
            lines.append(following)
        raise _error(command, f"The program {name} has no end.", "open-block", "End it with end on a line of its own.")


def _program_name(after: str) -> str:
    """The name in ``program define name, rclass``; empty for ``program drop`` and its like."""
    words = after.partition(",")[0].split()
    if words and words[0] in _NO_BODY:
        return ""
    if words and abbreviates(words[0], "define", "de"):
        words = words[1:]
    return words[0] if len(words) == 1 and NAME.fullmatch(words[0]) else ""


def _prefix(text: str) -> tuple[str, str]:
    """The prefixes that may stand before a block, and what follows them."""
    found = _PREFIX.match(text)
    return (text[: found.end()], text[found.end() :]) if found else ("", text)


def _brace(text: str) -> int:
    """Where the block opens: a { outside quotes and brackets that no $ precedes; -1 where none does."""
    return next((i for i, c in _outside(text) if c == "{" and text[i - 1 : i] != "$"), -1)


def _outside(text: str) -> list[tuple[int, str]]:
    """Positions and characters outside quotes, macros and round or square brackets; lenient with what is open."""
    out: list[tuple[int, str]] = []
    i, depth = 0, 0
    while i < len(text):
        c = text[i]
        if text.startswith('`"', i) or c == '"':
            closing = "\"'" if c == "`" else '"'
            end = text.find(closing, i + len(closing))
            i = len(text) if end < 0 else end + len(closing)
            continue
        if text.startswith("${", i):
            end = text.find("}", i)
            i = len(text) if end < 0 else end + 1
            continue
        if c in "([":
            depth += 1
        elif c in ")]":
            depth = max(depth - 1, 0)
        elif not depth:
            out.append((i, c))
        i += 1
    return out


def _error(command: DoCommand, message: str, code: str, advice: str) -> CommandError:
    return CommandError(
        f"Line {command.line}: {message}",
        code=code,
        advice=advice,
        text=command.text,
        start=0,
        end=len(command.text),
    )
