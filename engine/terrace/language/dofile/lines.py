"""Do-files to commands: comments, continuation lines, ``#delimit``; with the line each command begins on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from terrace.errors import CommandError

_DELIMIT = re.compile(r"[ \t]*#d(?:elimit)?[ \t]+(;|cr)[^\n]*")


@dataclass(frozen=True, slots=True)
class DoCommand:
    """One command of a do-file; ``line`` and ``last_line`` count from 1."""

    text: str
    line: int
    last_line: int


def read_commands(text: str) -> list[DoCommand]:
    """The commands of a do-file, in order, without comments.

    ``*`` begins a comment where a command could begin, ``//`` after white space to the end of the line,
    ``/* */`` anywhere (they nest), and ``///`` joins the next line. Raises `CommandError` where a comment
    is not closed.
    """
    return _Lexer(text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")).read()


class _Lexer:
    """One pass over the characters. ``buffer`` holds the command being read, ``start`` its first line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.i = 0
        self.line = 1
        self.delimiter = "\n"
        self.buffer: list[str] = []
        self.begun = False  # something other than white space is in the buffer
        self.start = 1
        self.out: list[DoCommand] = []

    def read(self) -> list[DoCommand]:
        while self.i < len(self.text):
            self._step()
        self._finish()
        return self.out

    def _step(self) -> None:
        text, i = self.text, self.i
        fresh = not self.begun
        if fresh and (found := _DELIMIT.match(text, i)) and self._at_line_start():
            self.delimiter = ";" if found[1] == ";" else "\n"
            self._clear()
            self._move(found.end() - i)
        elif text.startswith("/*", i):
            self._block_comment()
        elif text.startswith("///", i) and self._after_space():
            self._line_comment(joins=True)
        elif text.startswith("//", i) and self._after_space():
            self._line_comment(joins=False)
        elif fresh and text[i] == "*":
            self._star_comment()
        elif text[i] == '"' or text.startswith('`"', i):
            self._string()
        elif text[i] == self.delimiter:
            self._finish()
            self._move(1)
        else:
            self._add(" " if text[i] == "\n" else text[i])
            self._move(1)

    def _add(self, text: str) -> None:
        if not self.begun and not text.isspace():
            self.begun = True
            self.start = self.line
        self.buffer.append(text)

    def _finish(self) -> None:
        if self.begun:
            self.out.append(DoCommand("".join(self.buffer).strip(), self.start, self.line))
        self._clear()

    def _clear(self) -> None:
        self.buffer.clear()
        self.begun = False

    def _move(self, count: int) -> None:
        self.line += self.text.count("\n", self.i, self.i + count)
        self.i += count

    def _at_line_start(self) -> bool:
        return not self.text[self.text.rfind("\n", 0, self.i) + 1 : self.i].strip()

    def _after_space(self) -> bool:
        return self.i == 0 or self.text[self.i - 1].isspace() or self.text[self.i - 1] == ";"

    def _line_comment(self, *, joins: bool) -> None:
        end = self.text.find("\n", self.i)
        end = len(self.text) if end < 0 else end
        if joins:  # the line break and the indentation of the next line go too
            end = min(end + 1, len(self.text))
            while end < len(self.text) and self.text[end] in " \t":
                end += 1
            while self.buffer and self.buffer[-1].isspace():
                self.buffer.pop()
        self.buffer.append(" ")
        self._move(end - self.i)

    def _star_comment(self) -> None:
        """To the delimiter; within it ``///`` still joins the next line."""
        while self.i < len(self.text) and self.text[self.i] != self.delimiter:
            if self.text.startswith("///", self.i):
                self._line_comment(joins=True)
            else:
                self._move(1)
        self._clear()

    def _block_comment(self) -> None:
        opened = self.line
        depth = 0
        while self.i < len(self.text):
            if self.text.startswith("/*", self.i):
                depth += 1
                self._move(2)
            elif self.text.startswith("*/", self.i):
                depth -= 1
                self._move(2)
                if not depth:
                    self.buffer.append(" ")
                    return
            else:
                self._move(1)
        raise CommandError(
            f"The comment that starts in line {opened} is not closed.",
            code="open-comment",
            advice="Add */ at its end.",
        )

    def _string(self) -> None:
        """A string is copied whole; one that is not closed in its line is left to the parser to refuse."""
        closing = "\"'" if self.text[self.i] == "`" else '"'
        end = self.text.find(closing, self.i + len(closing))
        stop = self.text.find("\n", self.i)
        stop = len(self.text) if stop < 0 else stop
        end = stop if end < 0 or end > stop else end + len(closing)
        self._add(self.text[self.i : end])
        self._move(end - self.i)
