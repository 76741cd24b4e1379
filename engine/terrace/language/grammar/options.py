"""Options of a command: ``name`` and ``name(argument)`` after the comma, with their abbreviations."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from terrace.errors import DidYouMean
from terrace.language.grammar.tokens import NAME, Piece, closing


@dataclass(frozen=True, slots=True)
class OptionRule:
    """What an option is called.

    ``minimum`` is its shortest spelling; ``argument`` tells whether something stands in parentheses after it.
    """

    name: str
    minimum: str = ""
    argument: Literal["none", "required", "optional"] = "none"

    def accepts(self, typed: str) -> bool:
        """True where `typed` is the name or an abbreviation that is long enough."""
        return abbreviates(typed, self.name, self.minimum or self.name)


@dataclass(frozen=True, slots=True)
class Option:
    """One option as typed: ``name`` is the full name, or what was typed where no rules are known yet."""

    name: str
    piece: Piece
    argument: Piece | None = None

    @property
    def value(self) -> str:
        """The text in the parentheses, without white space around it; empty where there is none."""
        return "" if self.argument is None else str(self.argument).strip()


def abbreviates(typed: str, name: str, minimum: str) -> bool:
    """True where `typed` is a prefix of `name` that is at least as long as `minimum`."""
    return name.startswith(typed) and len(typed) >= len(minimum)


def rule(spelling: str, argument: Literal["none", "required", "optional"] = "none") -> OptionRule:
    """A rule from a spelling in which ``:`` ends the minimum: ``noc:onstant``; without it none is shorter."""
    minimum, _, tail = spelling.partition(":")
    return OptionRule(minimum + tail, minimum, argument)


def rules(flags: str = "", valued: str = "", optional: str = "", already: str = "") -> tuple[OptionRule, ...]:
    """Rules from lists of spellings: without, with and with an optional argument.

    ``already`` are those without an argument that ask for what is so in any case, such as no dots where there are
    none: they are accepted, and nobody reads them. Every other option is read by its command.
    """
    return (
        *(rule(s) for s in (*flags.split(), *already.split())),
        *(rule(s, "required") for s in valued.split()),
        *(rule(s, "optional") for s in optional.split()),
    )


def scan_options(piece: Piece) -> list[Option]:
    """Options as typed, in order; no names are known yet. Commas and white space between them are skipped.

    Raises `CommandError` where something stands that is no option.
    """
    source = piece.source
    out: list[Option] = []
    i = piece.start
    while i < piece.end:
        if source[i].isspace() or source[i] == ",":
            i += 1
            continue
        found = NAME.match(source, i, piece.end)
        if not found:
            end = i + 1
            while end < piece.end and not source[end].isspace():
                end += 1
            raise piece.at(i, end).error(
                f"{source[i:end]!r} is not an option.",
                code="not-an-option",
                advice="After the comma come options: name or name(...).",
            )
        after = found.end()
        while after < piece.end and source[after].isspace():
            after += 1
        if after < piece.end and source[after] == "(":
            stop = closing(piece, after)
            argument = piece.at(after + 1, stop)
            out.append(Option(found.group(), piece.at(i, stop + 1), argument))
            i = stop + 1
        else:
            out.append(Option(found.group(), piece.at(i, found.end())))
            i = found.end()
    return out


def match_option(option: Option, known: Sequence[OptionRule], where: str = "") -> OptionRule:
    """The rule that a typed option means.

    An abbreviation at least as long as its minimum counts first (``m`` where the minimum is ``m``), then any
    other unambiguous beginning of a name. Raises `CommandError` with the closest names otherwise.
    """
    found = _named(option, known, where)
    name = option.piece.at(option.piece.start, option.piece.start + len(option.name))
    if found.argument == "required" and option.argument is None:
        raise name.error(
            f"{found.name}() needs something in parentheses.",
            code="option-argument",
            subject=found.name,
            advice=f"Write {found.name}(...).",
        )
    if found.argument == "none" and option.argument is not None:
        raise option.piece.error(
            f"{found.name} takes nothing in parentheses.", code="option-argument", subject=found.name
        )
    return found


def _named(option: Option, known: Sequence[OptionRule], where: str) -> OptionRule:
    typed = option.name
    for candidates in (
        [r for r in known if r.name == typed],
        [r for r in known if r.minimum == typed],
        [r for r in known if r.accepts(typed)],
        [r for r in known if r.name.startswith(typed)],
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise option.piece.error(
                f"{typed!r} could mean several options: {', '.join(r.name for r in candidates)}.",
                code="ambiguous-option",
                advice="Write out more of the name.",
                subject=typed,
            )
    raise option.piece.error(
        f"There is no option {typed!r}{where and ' for ' + where}.",
        code="no-such-option",
        subject=typed,
        advice=did_you_mean(typed, [r.name for r in known], otherwise=len(known) <= 12)
        or (f"help {where} lists them." if where and " " not in where and where.isidentifier() else ""),
    )


def match_options(
    piece: Piece | Iterable[Option], known: Sequence[OptionRule], where: str = ""
) -> dict[str, Option]:
    """Options by their full names. Raises `CommandError` where one is unknown or given twice."""
    out: dict[str, Option] = {}
    for option in scan_options(piece) if isinstance(piece, Piece) else piece:
        name = match_option(option, known, where).name
        if name in out:
            raise option.piece.error(
                f"The option {name} appears twice.",
                code="repeated-option",
                subject=name,
                advice="Remove one of them.",
            )
        out[name] = Option(name, option.piece, option.argument)
    return out


def did_you_mean(typed: str, names: Sequence[str], *, otherwise: bool = False) -> str:
    """A hint that names what is close to `typed`; empty (or all names) where nothing is."""
    close = difflib.get_close_matches(typed, names, n=3, cutoff=0.6)
    if len(close) == 1:
        return DidYouMean(close[0])
    if close:
        return "Did you mean " + " or ".join(close) + "?"
    return "Use one of: " + ", ".join(names) + "." if otherwise else ""


def members(literal: Any) -> dict[str, Any]:
    """The members of a Literal by themselves: what a text that was read makes one of them by."""
    return {m: m for m in get_args(literal)}


def choice(
    piece: Piece, value: str, allowed: str, what: str, *, subject: str = "", code: str = "bad-option-value"
) -> str:
    """The one of `allowed` (spellings as in `rule`) that `value` means.

    Raises `CommandError` at `piece` with the closest names otherwise.
    """
    known = [rule(s) for s in allowed.split()]
    typed = value.lower()
    for candidates in (
        [r for r in known if r.name == typed],
        [r for r in known if r.accepts(typed)],
        [r for r in known if typed and r.name.startswith(typed)],
    ):
        if len(candidates) == 1:
            return candidates[0].name
    names = [r.name for r in known]
    message = f"{value!r} is not {what}." if value else f"Give {what}."
    raise piece.error(message, code=code, subject=subject, advice=did_you_mean(typed, names, otherwise=True))
