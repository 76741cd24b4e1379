"""Macros in a command: `` `name' ``, ``$name``, ``${name}`` and what may stand in their place.

Only the text is treated here; what a name stands for, a `MacroSource` knows.
"""

from __future__ import annotations

import re
from typing import Protocol

from terrace.errors import CommandError
from terrace.language.grammar.tokens import NAME

_LOCAL = re.compile(r"\w+|\*")
_STEP = re.compile(r"(?P<before>\+\+|--)?(?P<name>[^\W\d]\w*)(?P<after>\+\+|--)?")
_STORED = re.compile(r"(?P<kind>[ercs])\((?P<name>[^\s()]*)\)")
_GLOBAL = re.compile(r"[^\W\d]\w*")
_DEEPEST = 100
_MOST = 1_000_000  # macros replaced in one command
LONGEST_TEXT = 10_000_000
"""Characters of one text or command: what doubles itself again and again is refused before the memory is full."""


class MacroSource(Protocol):
    """What macros stand for. Each answers with text; one that is not known stands for nothing."""

    def local(self, name: str) -> str:
        """The contents of a local macro, or an argument (``1``, ``0``, ``*``)."""

    def global_(self, name: str) -> str:
        """The contents of a global macro."""

    def step(self, name: str, by: int) -> str:
        """Add `by` to a local macro, and give the sum."""

    def value(self, expression: str) -> str:
        """`` `=expression' ``; raises `TerraceError` where it cannot be evaluated."""

    def function(self, text: str) -> str:
        """`` `:word 2 of a b' ``; raises `TerraceError` where it is no macro function."""

    def stored(self, kind: str, name: str) -> str:
        """`` `e(N)' ``, `` `r(mean)' ``, `` `c(pwd)' ``."""


def has_macro(text: str) -> bool:
    """True where `expand` could change the text."""
    return "`" in text or "$" in text


def escaped(text: str) -> str:
    """A text, such as the path of a file, in which nothing is taken for a macro."""
    return re.sub(r"`(?!\")|\$", lambda found: "\\" + found.group(), text)


def quoted(text: str) -> str:
    """A string of the command language, whatever it holds: compound quotes where it has quotation marks, and no macro.
    """
    text = escaped(text)
    return f'`"{text}"\'' if '"' in text else f'"{text}"'


def expand(text: str, source: MacroSource) -> str:
    r"""The text with each macro replaced by what it stands for, innermost first.

    What is put in is looked through again. ``\`` before `` ` `` or ``$`` keeps the sign; compound quotes and
    what cannot be the name of a macro stay as they are. Raises `CommandError` where macros stand for each
    other without end, and what `source` raises.
    """
    return _Expander(source).text(text, 0) if has_macro(text) else text


class _Expander:
    def __init__(self, source: MacroSource) -> None:
        self.source = source
        self.replaced = 0
        self.length = 0

    def text(self, text: str, depth: int) -> str:
        if depth > _DEEPEST:
            raise CommandError(
                "A macro refers to itself, directly or through others.",
                code="macro-loop",
                advice="Look at the contents with macro list.",
            )
        out, _, _ = self._scan(text, 0, depth, inside=False)
        return out

    def _scan(self, text: str, i: int, depth: int, *, inside: bool, nested: int = 0) -> tuple[str, int, bool]:
        """From `i` to the end, or `inside` a macro to the quote that closes it: the text, the end, whether closed."""
        if nested > _DEEPEST:
            raise CommandError(
                f"Macros are nested more than {_DEEPEST} deep.",
                code="too-deep",
                advice="To write a ` that does not begin a macro, use \\`.",
            )
        out: list[str] = []
        compound, quoted = 0, False
        while i < len(text):
            c = text[i]
            if c == '"' and not compound:
                quoted = not quoted
            if c == "\\" and text[i + 1 : i + 2] in ("`", "$") and (quoted or text[i + 1 : i + 3] != '`"'):
                out.append(text[i + 1])
                i += 2
            elif text.startswith('`"', i):
                compound += 1
                out.append('`"')
                i += 2
            elif compound and text.startswith("\"'", i):
                compound -= 1
                out.append("\"'")
                i += 2
            elif inside and c == "'":
                return "".join(out), i + 1, True
            elif c == "`":
                name, end, closed = self._scan(text, i + 1, depth, inside=True, nested=nested + 1)
                found = self._macro(name, depth) if closed else None
                self._count(found)
                out.append(f"`{name}{chr(39) * closed}" if found is None else found)
                i = end
            elif c == "$":
                found, i = self._global(text, i, depth)
                self._count(found)
                out.append(found)
            else:
                out.append(c)
                i += 1
        return "".join(out), i, False

    def _count(self, found: str | None) -> None:
        """What is put in adds up, also where macros stand for each other and double the text at each step."""
        self.replaced += 1
        self.length += len(found or "")
        if self.replaced > _MOST or self.length > LONGEST_TEXT:
            raise CommandError(
                f"With its macros replaced the command has more than {LONGEST_TEXT:,} characters or {_MOST:,} macros.",
                code="too-long",
                advice="Look at the contents with macro list.",
            )

    def _macro(self, name: str, depth: int) -> str | None:
        """What stands between the quotes; None where that is no macro."""
        name = name.strip() if name[:1].isspace() else name
        if name.startswith("="):
            return self.source.value(name[1:])
        if name.startswith(":"):
            return self.source.function(name[1:])
        if name.startswith("macval(") and name.endswith(")"):
            return self.source.local(name[7:-1].strip())
        if stored := _STORED.fullmatch(name):
            return self.source.stored(stored["kind"], stored["name"])
        step = _STEP.fullmatch(name)
        if step and step["before"]:
            return self.source.step(step["name"], 1 if step["before"] == "++" else -1)
        if step and step["after"]:
            value = self.source.local(step["name"])
            self.source.step(step["name"], 1 if step["after"] == "++" else -1)
            return value
        if not _LOCAL.fullmatch(name):
            return None if name else ""
        value = self.source.local(name)
        return self.text(value, depth + 1) if has_macro(value) else value

    def _global(self, text: str, i: int, depth: int) -> tuple[str, int]:
        if text.startswith("${", i):
            end = text.find("}", i)
            if end < 0:
                return "$", i + 1
            name = self.text(text[i + 2 : end], depth + 1).strip()
            end += 1
        else:
            found = _GLOBAL.match(text, i + 1)
            if not found:
                return "$", i + 1
            name, end = found.group(), found.end()
        if not NAME.fullmatch(name):
            return text[i:end], end
        value = self.source.global_(name)
        return (self.text(value, depth + 1) if has_macro(value) else value), end


def macro_words(text: str) -> list[str]:
    """The words of a list: split at white space outside quotes, without the quotes around them."""
    out: list[str] = []
    i = 0
    while i < len(text):
        if text[i].isspace():
            i += 1
            continue
        for opening, closing in (('`"', "\"'"), ('"', '"')):
            if text.startswith(opening, i):
                end = _closing_quote(text, i + len(opening), opening, closing)
                out.append(text[i + len(opening) : end])
                i = end + len(closing)
                break
        else:
            end = i
            while end < len(text) and not text[end].isspace():
                end += 1
            out.append(text[i:end])
            i = end
    return out


def _closing_quote(text: str, i: int, opening: str, closing: str) -> int:
    depth = 1
    while i < len(text):
        if len(opening) > 1 and text.startswith(opening, i):
            depth += 1
            i += 2
            continue
        if text.startswith(closing, i):
            depth -= 1
            if not depth:
                return i
            i += len(closing)
            continue
        i += 1
    return len(text)


def number_text(x: float) -> str:
    """A number as a macro holds it: every digit that matters, no leading zero, ``.`` for missing."""
    if x != x:  # noqa: PLR0124 (NaN is missing)
        return "."
    if x == int(x) and abs(x) < 1e16:
        return str(int(x))
    text = repr(float(x))
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
