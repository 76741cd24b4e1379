"""Inside programs: ``syntax``, ``marksample``, ``markout``, ``return``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from terrace.data.dataset import Variable
from terrace.errors import CommandError
from terrace.language.grammar.clauses import Clauses, split_clauses
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.macros import number_text
from terrace.language.grammar.names import parse_names, parse_new_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, OptionRule, match_options, scan_options
from terrace.language.grammar.tokens import NAME, Piece, unquoted, words
from terrace.session.commands.helpers.locals import with_locals
from terrace.session.commands.program.macros import assigned, temporary_name
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

_WEIGHTS = ("fweight", "pweight", "aweight", "iweight")
_LISTS = ("varlist", "varname", "newvarlist", "newvarname", "namelist", "name", "anything")
_ELEMENT = re.compile(r"(?P<name>[A-Za-z_]\w*/?|\*)(?P<argument>\((?:[^()]|\([^()]*\))*\))?")


@dataclass(frozen=True, slots=True)
class Element:
    """One word of ``syntax``: what it is called, what stands in its parentheses, whether it may be missing."""

    name: str
    argument: str | None
    optional: bool
    option: bool


def elements(text: str) -> tuple[Element, ...]:
    """The words of a description such as ``varlist(min=2) [if] [in] [, Level(real 95) nolog]``."""
    out: list[Element] = []
    depth, options, i = 0, False, 0
    while i < len(text):
        c = text[i]
        if c in "[]":
            depth += 1 if c == "[" else -1
        elif c == ",":
            options = True
        elif found := _ELEMENT.match(text, i):
            argument = found["argument"]
            out.append(Element(found["name"], argument and argument[1:-1].strip(), depth > 0, options))
            i = found.end()
            continue
        elif not c.isspace():
            raise CommandError(f"syntax does not know {text[i:].split(None, 1)[0]!r}.", code="syntax")
        i += 1
    return tuple(out)


@command(
    "syntax",
    minimum="syn",
    syntax="syntax [varlist] [if] [in] [using] [weight] [, OPTions name(string) number(real 1)]",
    help="Take the arguments of a program apart, into local macros of these names.",
    effects=Effect.NONE,
)
def syntax(session: Session, parsed: ParsedCommand) -> CommandResult:
    known = elements(str(parsed.arguments))
    given = split_clauses(Piece.of(session.state.locals.get("0", "")))
    made = _clauses(session, [e for e in known if not e.option], given)
    made |= _options(session, [e for e in known if e.option], given)
    return CommandResult(state=with_locals(session.state, made))


def _clauses(session: Session, known: list[Element], given: Clauses) -> dict[str, str]:
    made: dict[str, str] = {}
    allowed = {e.name.rstrip("/"): e for e in known}
    kinds = [w for w in _WEIGHTS if any(len(n) >= 2 and w.startswith(n) for n in allowed)]
    body = next((e for e in known if e.name in _LISTS), None)
    if body is not None:
        made[body.name.removeprefix("new")] = _body(session, body, given)
        if body.name == "varname":
            made["varlist"] = made["varname"]
    elif given.body:
        raise given.body.error(f"{given.body} is not understood here.", code="syntax")
    for name, piece in (("if", given.condition), ("in", given.range_), ("using", given.using)):
        if piece is None:
            if name in allowed and not allowed[name].optional:
                raise CommandError(f"{name} is required.", code="syntax")
            made[name] = ""
            continue
        if name not in allowed:
            raise piece.error(f"{name} is not allowed here.", code="syntax")
        bare = name == "using" and allowed[name].name.endswith("/")
        made[name] = unquoted(piece) if bare else f"{name} {piece}"
    made |= {"weight": "", "exp": ""}
    if given.weight is not None:
        if given.weight.kind not in kinds:
            raise given.weight.piece.error("Weights are not allowed here.", code="weight-kind")
        made |= {"weight": given.weight.kind, "exp": f"= {given.weight.expression}"}
    return made


def _body(session: Session, element: Element, given: Clauses) -> str:
    if element.name == "anything":
        text = str(given.body)
        if not text and not element.optional:
            raise CommandError("Something is required before the comma.", code="syntax")
        return text
    limits = dict(w.split("=", 1) for w in (element.argument or "").split() if "=" in w)
    kinds = {w for w in (element.argument or "").split() if "=" not in w}
    if element.name in ("name", "namelist"):
        names = tuple(map(str, words(given.body)))
    elif element.name.startswith("new"):
        names = parse_new_names(given.body)
    else:
        every = session.data.names
        names = parse_names(given.body, every)
        if not names and element.optional and element.name == "varlist" and limits.get("default") != "none":
            names = every
    one = element.name in ("varname", "newvarname", "name")
    least = int(limits.get("min", 0 if element.optional else 1))
    most = 1 if one else int(limits["max"]) if limits.get("max", "").isdigit() else len(names)
    if not least <= len(names) <= most:
        wanted = f"{least}" if least == most else f"at least {least}" if len(names) < least else f"at most {most}"
        raise given.body.error(f"{wanted} needed here, but there are {len(names)}.", code="number-of-names")
    for name in names:
        if kinds & {"numeric", "string"} and session.data.is_text(name) == ("numeric" in kinds):
            kind = "numeric" if "numeric" in kinds else "text"
            raise given.body.error(f"{name} is not {kind}.", code="type-mismatch")
    return " ".join(names)


def _rule(element: Element) -> tuple[OptionRule, bool]:
    """The rule of an option: capitals are its shortest spelling; whether ``no`` in front switches it off."""
    name = element.name
    off = name.startswith("no") and len(name) > 2 and name[2].isupper()
    spelling = name[2:] if off else name
    capitals = re.match(r"[A-Z]+", spelling)
    minimum = capitals.group().lower() if capitals else spelling.lower()
    prefix = "no" if off else ""
    argument: Literal["none", "required"] = "none" if element.argument is None else "required"
    return OptionRule(prefix + spelling.lower(), prefix + minimum, argument), off


def _options(session: Session, known: list[Element], given: Clauses) -> dict[str, str]:
    made: dict[str, str] = {"options": ""}
    rest = any(e.name == "*" for e in known)
    named = {(_rule(e)[0]).name: e for e in known if e.name != "*"}
    rules = [_rule(e)[0] for e in named.values()]
    typed = list(scan_options(given.options))
    if rest:
        other = [o for o in typed if not any(r.accepts(o.name) for r in rules)]
        made["options"] = " ".join(str(o.piece).strip() for o in other)
        typed = [o for o in typed if o not in other]
    found = match_options(typed, rules)
    for name, element in named.items():
        local = name[2:] if _rule(element)[1] else name
        option = found.get(name)
        if option is None:
            if not element.optional:
                raise CommandError(f"The option {name}() is required.", code="option-required", subject=name)
            words_of = (element.argument or "").split(None, 1)
            made[local] = words_of[1] if len(words_of) > 1 and words_of[0] in ("real", "integer") else ""
            continue
        made[local] = name if element.argument is None else _value(session, element.argument, option)
    return made


def _value(session: Session, kind: str, option: Option) -> str:
    """The contents of an option, checked against what ``syntax`` says of it."""
    piece = (option.argument or option.piece).strip()
    what = (kind or "string").partition(" ")[0]
    readers: dict[str, Callable[[], str]] = {
        "string": lambda: str(piece) if "asis" in kind else unquoted(piece),
        "passthru": lambda: str(option.piece).strip(),
        "real": lambda: _number(piece, option, whole=False),
        "integer": lambda: _number(piece, option, whole=True),
        "numlist": lambda: " ".join(number_text(x) for x in parse_numlist(piece)),
        "varlist": lambda: " ".join(parse_names(piece, session.data.names)),
        "varname": lambda: " ".join(parse_names(piece, session.data.names)),
        "name": lambda: str(piece),
        "namelist": lambda: str(piece),
    }
    return readers.get(what.partition("(")[0], readers["string"])()


def _number(piece: Piece, option: Option, *, whole: bool) -> str:
    try:
        value = float(str(piece))
    except ValueError:
        value = float("nan")
    if value != value or (whole and value != int(value)):  # noqa: PLR0124 (NaN is no number)
        raise piece.error(
            f"{option.name}() needs {'a whole number' if whole else 'a number'}.",
            code="option-number",
            subject=option.name,
        )
    return str(piece)


# --- the rows that a program works on -----------------------------------------------------------------------
@command(
    "marksample",
    syntax="marksample NAME [, novarlist strok]",
    help="A temporary variable that is 1 in the rows of if, in and varlist; its name goes into a local macro.",
    effects=Effect.DATA,
)
def marksample(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.grammar.options import rules
    from terrace.session.commands.helpers.working import chosen

    options = parsed.options(rules("nov:arlist strok", already="zeroweight noby"))
    name = str(parsed.clauses.body)
    if not NAME.fullmatch(name):
        raise parsed.word.error("marksample needs a name.", code="bad-name", advice="Write marksample touse.")
    held = session.state.locals
    clauses = split_clauses(Piece.of(f" {held.get('if', '')} {held.get('in', '')}"))
    keep = chosen(session, clauses)
    if "novarlist" not in options:
        keep = keep & _present(session, held.get("varlist", "").split(), "strok" in options)
    variable = temporary_name(session)
    data = session.data.with_column(variable, keep.astype(np.float64), Variable(variable))
    return CommandResult(state=replace(with_locals(session.state, {name: variable}), dataset=data))


@command(
    "markout",
    syntax="markout NAME variables",
    help="Set a mark to 0 where a variable is missing.",
    effects=Effect.DATA,
)
def markout(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.grammar.options import rules

    options = parsed.options(rules("strok"))
    first, *others = parse_names(parsed.clauses.body, session.data.names) or ("",)
    if not first:
        raise parsed.word.error("markout needs a mark and variables.", code="syntax")
    data = session.data
    keep = _present(session, others, "strok" in options)
    values = np.where(keep, data.numeric(first), 0.0)
    return CommandResult(state=replace(session.state, dataset=data.with_column(first, values, data.variable(first))))


def _present(session: Session, names: list[str], strok: bool) -> np.ndarray:
    data = session.data
    keep = np.ones(len(data), dtype=bool)
    for name in names:
        if data.is_text(name):
            keep &= (data.frame[name].fillna("").to_numpy() != "") if strok else False
        else:
            keep &= ~np.isnan(data.numeric(name))
    return keep


# --- results ------------------------------------------------------------------------------------------------
@command(
    "return scalar",
    minimum="ret sca",
    syntax="return scalar NAME = expression",
    help="Leave a number in r().",
    effects=Effect.NONE,
)
def return_scalar(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions.entry import evaluate_scalar

    name, equals, _ = str(parsed.arguments).partition("=")
    if not equals or not NAME.fullmatch(name.strip()):
        raise parsed.word.error("return scalar needs a name and a value.", code="syntax")
    piece = parsed.arguments.after(parsed.arguments.start + len(name) + 1)
    value = evaluate_scalar(piece, session.dataset, session.context())
    if isinstance(value, str):
        raise piece.error("A scalar in r() must be a number. For text, use return local.", code="type-mismatch")
    kept = session.state.returning
    returning = replace(kept, scalars={**kept.scalars, name.strip(): value})
    return CommandResult(state=replace(session.state, returning=returning))


@command(
    "return local",
    minimum="ret loc",
    syntax="return local NAME text",
    help="Leave a text in r().",
    effects=Effect.NONE,
)
def return_local(session: Session, parsed: ParsedCommand) -> CommandResult:
    name, value = assigned(session, parsed)
    kept = session.state.returning
    returning = replace(kept, macros={**kept.macros, name: value})
    return CommandResult(state=replace(session.state, returning=returning))


@command(
    "return matrix",
    minimum="ret mat",
    syntax="return matrix NAME = matrix",
    help="Leave a matrix in r().",
    effects=Effect.NONE,
)
def return_matrix(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.session.program.matrices import find_matrix

    name, equals, _ = str(parsed.arguments).partition("=")
    if not equals:
        raise parsed.word.error("return matrix needs a name and a matrix.", code="syntax")
    piece = parsed.arguments.after(parsed.arguments.start + len(name) + 1)
    kept = session.state.returning
    returning = replace(kept, matrices={**kept.matrices, name.strip(): find_matrix(session, piece.strip())})
    return CommandResult(state=replace(session.state, returning=returning))


@command(
    "return clear",
    minimum="ret clear",
    syntax="return clear",
    help="Clear what return has stored so far.",
    effects=Effect.NONE,
)
def return_clear(session: Session, parsed: ParsedCommand) -> CommandResult:
    return CommandResult(state=replace(session.state, returning=Returned()))
