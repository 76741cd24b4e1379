"""The one list of commands: name, shortest spelling, handler, help.

A handler is a function ``(session, parsed) -> CommandResult`` under `command`; it raises `TerraceError` for
what the user can mend. Importing a module of `terrace.session.commands` registers its commands, so heavy
libraries are imported inside handlers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Literal

from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import abbreviates, did_you_mean
from terrace.language.grammar.tokens import NAME, Piece
from terrace.session.effects import Effect
from terrace.session.state import CommandResult

# of a session and a parsed command; that it is a `Session` is known to the handlers alone
Handler = Callable[..., CommandResult]
ByMode = Literal["no", "loop", "native"]

FAMILIES = {
    "data": (
        "cells", "center", "combine", "convert", "egen", "exporting", "filtering", "fvset", "generate", "joining",
        "labels", "levels",
        "manage", "metadata", "mi", "opening", "restructure", "sampling", "signature", "update", "variables",
    ),
    "describe": (
        "codebook", "correlate", "describe", "listing", "means", "panels", "quantiles", "ranks", "table", "tabstat",
        "tabulate",
    ),
    "fit": (
        "code", "columns", "compare", "estimates", "estimates_files", "mixed", "refit", "regress",
    ),
    "estat": (
        "diagnostics", "explained", "parts", "profile", "simplify", "terms",
    ),
    "after": (
        "apa", "contrasts", "hypotheses", "lrtest", "margins", "output", "predict", "slopes",
    ),
    "graphs": (
        "diagrams", "figures", "graphs", "store",
    ),
    "program": (
        "checks", "display", "macros", "matrices", "resample", "scalars", "simulate", "statsby", "syntax",
    ),
    "system": (
        "files", "help", "outline", "project", "report", "session",
    ),
}
"""Modules of `terrace.session.commands` by family; listed by name so that frozen builds find them."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    ``minimum`` is its shortest spelling, word by word (``"est sto"`` for ``estimates store``). ``by`` tells
    what ``by`` does: refuse, run the command once a group (``loop``), or leave it to the handler
    (``native``, which finds the groups in ``parsed.prefixes``). ``syntax`` and ``help`` are for people;
    ``type`` is what outcomes call it, the name unless it is another name for the same command. ``effects`` are what
    it can do.
    """

    name: str
    minimum: str
    handler: Handler
    help: str = ""
    syntax: str = ""
    by: ByMode = "no"
    group: str = ""
    type: str = ""
    effects: Effect = Effect.NONE

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name."""
        return tuple(self.name.split())

    def accepts(self, typed: tuple[str, ...]) -> bool:
        """True where each word is one of the name, or long enough a beginning of it."""
        shortest = self.minimum.split()
        return len(typed) == len(shortest) and all(abbreviates(t, w, m) for t, w, m in zip(typed, self.words, shortest))


_RANDOM = "mixed y x || id: fits the random-intercept model; the within effect is that of x less its group mean."
_CONTINUOUS = "Terrace fits only models of continuous outcomes with normal errors."
ELSEWHERE = {
    "xtreg": _RANDOM,
    "xtgls": _RANDOM,
    "areg": "Write regress y x i.group, or centre x within groups: egen m = mean(x), by(group).",
    "anova": "oneway y group compares groups; regress y i.a##i.b with estat terms or contrast does more.",
    "webuse": "Terrace does not read from the web. For data that come with it, use sample.",
    "sysuse": "For data that come with Terrace, use sample.",
    "ssc": "There are no add-ons.",
    "net": "There are no add-ons.",
    "gllamm": _CONTINUOUS,
    "runmlwin": _CONTINUOUS,
    **dict.fromkeys(("logit", "logistic", "probit", "melogit", "meprobit", "xtlogit", "xtmelogit"), _CONTINUOUS),
    **dict.fromkeys(("poisson", "mepoisson", "xtmepoisson", "nbreg", "menbreg", "meglm", "glm"), _CONTINUOUS),
    **dict.fromkeys(("ologit", "meologit", "oprobit", "meoprobit", "mlogit", "sem", "gsem"), _CONTINUOUS),
    "predictnl": "nlcom and margins give functions of the parameters with their standard errors.",
    "esttab": "etable and estimates table put models side by side.",
    "outreg2": "etable and estimates table put models side by side; report writes files.",
    "browse": "The grid of the window shows the data; list prints them.",
    "edit": "The grid of the window shows the data; replace and enter change values.",
    "log": "The history holds every command; report writes results to a file.",
    "putdocx": "report FILE.docx writes results to a Word document.",
    "putexcel": "report FILE.xlsx writes results to an Excel file.",
}
"""Commands of other programs that people reach for, and what does the same here."""

COMMANDS: dict[str, Command] = {}
PREFIX_HANDLERS: dict[str, Handler] = {}
_MEANT: dict[tuple[str, ...], str] = {}
_MOST_WORDS = 5000
_NAMES = re.compile(r"\s*=(?!=)|[./\\:]")


def command(
    name: str,
    *,
    effects: Effect,
    minimum: str = "",
    help: str = "",
    syntax: str = "",
    by: ByMode = "no",
    type: str = "",
) -> Callable[[Handler], Handler]:
    """Register a handler under a name of one word or two."""

    def register(handler: Handler) -> Handler:
        if name in COMMANDS and COMMANDS[name].handler.__module__ != handler.__module__:
            raise ValueError(f"two modules register {name}")
        _MEANT.clear()
        COMMANDS[name] = Command(
            name,
            minimum or name,
            handler,
            help,
            syntax or name,
            by,
            handler.__module__.rpartition(".")[2],
            type or name,
            effects,
        )
        return handler

    return register


def prefix(name: str) -> Callable[[Handler], Handler]:
    """Register what runs a command under a prefix such as ``statsby``; it may call `Session.execute`."""

    def register(handler: Handler) -> Handler:
        PREFIX_HANDLERS[name] = handler
        return handler

    return register


def load() -> None:
    """Import every family of commands."""
    for family, names in FAMILIES.items():
        for name in names:
            import_module(f"terrace.session.commands.{family}.{name}")


def find(parsed: ParsedCommand) -> tuple[Command, ParsedCommand]:
    """The command that is meant, and the parsed command with its full name and its arguments.

    Two words are tried before one. Raises `CommandError` at a word that is no command, with what is close.
    """
    first = str(parsed.word)
    rest = parsed.arguments.strip()
    adjacent = str(parsed.arguments)[:1].isspace()
    second = NAME.match(rest.source, rest.start, rest.end) if adjacent else None
    # scalar l = 3 names a scalar, and does not list any
    # and report title.docx a file
    named = second is not None and _NAMES.match(rest.source, second.end(), rest.end) and _best((first,)) is not None
    if second is not None and not named:
        found = _best((first, second.group()))
        if found is not None:
            return found, replace(parsed, name=found.name, arguments=parsed.arguments.after(second.end()))
    found = _best((first,))
    if found is not None:
        return found, replace(parsed, name=found.name)
    family = _family(first)
    if family:
        raise _unknown_second(parsed, family, rest, second.group() if second else "")
    names = list(dict.fromkeys(c.words[0] for c in COMMANDS.values()))
    raise parsed.word.error(
        f"There is no command {first!r}.",
        code="no-such-command",
        subject=first,
        advice=ELSEWHERE.get(first, "") or did_you_mean(first.lower(), names) or "For a list of commands, use help.",
    )


def _best(typed: tuple[str, ...]) -> Command | None:
    exact = COMMANDS.get(" ".join(typed))
    if exact is not None:
        return exact
    if typed not in _MEANT:  # a loop asks for the same words again and again
        found = [c for c in COMMANDS.values() if c.accepts(typed)]
        # Where two fit, the one whose shortest spelling is nearer to what was typed is meant.
        _MEANT[typed] = max(found, key=lambda c: len(c.minimum)).name if found else ""
        if len(_MEANT) > _MOST_WORDS:
            _MEANT.clear()
            return _best(typed)
    return COMMANDS.get(_MEANT[typed])


def _family(first: str) -> str:
    """The first word of two-word commands that `first` stands for."""
    for c in COMMANDS.values():
        if len(c.words) == 2 and abbreviates(first, c.words[0], c.minimum.split()[0]):
            return c.words[0]
    return ""


def _unknown_second(parsed: ParsedCommand, family: str, rest: Piece, typed: str) -> CommandError:
    known = [c.words[1] for c in COMMANDS.values() if c.words[0] == family and len(c.words) == 2]
    if not typed:
        return parsed.word.error(
            f"{family} needs a subcommand.",
            code="no-such-command",
            subject=family,
            advice=f"Write {family} with one of: {', '.join(known)}.",
        )
    return rest.at(rest.start, rest.start + len(typed)).error(
        f"There is no command {family} {typed}.",
        code="no-such-command",
        subject=f"{family} {typed}",
        advice=did_you_mean(typed.lower(), known, otherwise=True),
    )
