"""A command line taken apart: prefixes, the command's words, and what follows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from terrace.language.grammar.clauses import Clauses, split_clauses
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, OptionRule, abbreviates, match_options
from terrace.language.grammar.tokens import NAME, Piece, closing, top_level

# Prefixes with their minimum abbreviations; those in _COLON are not complete without one.
PREFIXES = {
    "quietly": "qui",
    "noisily": "n",
    "capture": "cap",
    "by": "by",
    "bysort": "bys",
    "statsby": "statsby",
    "bootstrap": "bootstrap",
    "jackknife": "jackknife",
    "rolling": "rolling",
    "simulate": "simul",
    "mi estimate": "mi est",
    "xi": "xi",
}
_VERSION = re.compile(r"vers(?:i|io|ion)?\s+[\d.]+\s*:")  # without a colon it is a command
_MOST_PREFIXES = 20
_COLON = frozenset(PREFIXES) - {"quietly", "noisily", "capture"}


@dataclass(frozen=True, slots=True)
class Prefix:
    """One prefix: its full name, its arguments (before the colon), and the whole with the colon."""

    name: str
    arguments: Piece
    piece: Piece

    @property
    def clauses(self) -> Clauses:
        """The arguments taken apart."""
        return split_clauses(self.arguments)


@dataclass(frozen=True)
class ParsedCommand:
    """A command without its prefixes.

    ``name`` is the full name once the registry has found it, and before that what was typed. ``arguments``
    is what follows the name. Pieces keep their positions in ``text``, the line as given.
    """

    text: str
    prefixes: tuple[Prefix, ...]
    word: Piece
    arguments: Piece
    name: str = ""

    @property
    def quiet(self) -> bool:
        """True under ``quietly`` (or ``capture``), unless ``noisily`` stands further in."""
        quiet = False
        for prefix in self.prefixes:
            if prefix.name in ("quietly", "capture"):
                quiet = True
            elif prefix.name == "noisily":
                quiet = False
        return quiet

    def prefix(self, *names: str) -> Prefix | None:
        """The first prefix with one of these names."""
        return next((p for p in self.prefixes if p.name in names), None)

    @property
    def bare(self) -> str:
        """The command without its prefixes."""
        return self.text[self.word.start : self.arguments.end]

    @cached_property
    def clauses(self) -> Clauses:
        """The arguments taken apart into body, ``if``, ``in``, weight, ``using`` and options."""
        return split_clauses(self.arguments)

    def options(self, known: Sequence[OptionRule]) -> dict[str, Option]:
        """The options by their full names; `CommandError` where one is not among `known`."""
        return match_options(self.clauses.options, known, self.name)

    def variables(self, names: Sequence[str]) -> tuple[str, ...]:
        """The body as a list of variables."""
        return parse_names(self.clauses.body, names)

    def nothing_else(self) -> None:
        """Raise `CommandError` where the command has arguments although it takes none."""
        if self.arguments:
            raise self.arguments.strip().error(f"{self.name} takes nothing else.", code="syntax")


def parse_command(text: str) -> ParsedCommand:
    """Split one command line. Raises `CommandError` where there is no command in it."""
    rest = Piece.of(text).strip()
    prefixes: list[Prefix] = []
    while (found := _prefix(rest)) is not None:
        prefixes.append(found)
        if len(prefixes) > _MOST_PREFIXES:
            raise found.piece.error(f"A command can have at most {_MOST_PREFIXES} prefixes.", code="too-deep")
        rest = rest.after(found.piece.end).strip()
    word = _word(rest)
    if not word:
        after = f" after {prefixes[-1].name}" if prefixes else ""
        bad = rest if rest else Piece.of(text)
        raise bad.error(f"A command is missing{after}.", code="no-command")
    return ParsedCommand(text, tuple(prefixes), word, rest.after(word.end))


def _word(piece: Piece) -> Piece:
    """The command's first word: a name, or a single sign such as ``?``."""
    found = NAME.match(piece.source, piece.start, piece.end)
    if found:
        return piece.at(piece.start, found.end())
    return piece.at(piece.start, min(piece.end, piece.start + 1))


def _prefix(piece: Piece) -> Prefix | None:
    word = _word(piece)
    typed = str(word)
    end = word.end
    if typed == "mi":  # the only prefix of two words; ``mi set`` and its like are commands
        second = _word(piece.after(end).strip())
        typed, end = f"{typed} {second}", second.end
        if not (str(second) and "estimate".startswith(str(second)) and len(str(second)) >= 3):
            return None
    if found := _VERSION.match(piece.source, piece.start, piece.end):
        return Prefix("version", piece.at(end, found.end() - 1).strip(), piece.at(piece.start, found.end()))
    name = next((n for n, m in PREFIXES.items() if abbreviates(typed, n, m)), None)
    if name is None:
        return None
    rest = piece.after(end)
    if name not in _COLON:
        colon = rest.strip()
        stop = colon.start + 1 if str(colon).startswith(":") else end
        return Prefix(name, piece.at(end, end), piece.at(piece.start, stop))
    for i, c in top_level(rest):
        if c == ":":
            return Prefix(name, piece.at(end, i).strip(), piece.at(piece.start, i + 1))
    raise piece.error(
        f"{name} needs a colon before the command it works on.",
        code="no-colon",
        advice=f"Write {name} ...: command.",
    )


def by_variables(prefix: Prefix, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables of ``by`` or ``bysort``: those that make the groups, and those that order rows in them.

    ``bysort id (time): ...`` gives ``(("id",), ("time",))``. Raises `CommandError` where a name is unknown.
    """
    body = prefix.clauses.body
    for i, c in top_level(body):
        if c == "(":
            stop = closing(body, i)
            if rest := body.after(stop + 1).strip():
                raise rest.error("Nothing may follow the parentheses.", code="syntax")
            groups, order = parse_names(body.before(i), names), parse_names(body.at(i + 1, stop), names)
            break
    else:
        groups, order = parse_names(body, names), ()
    if not groups:
        raise prefix.piece.error(f"{prefix.name} needs at least one variable.", code="syntax")
    return groups, order
