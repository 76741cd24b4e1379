"""What variables are: ``rename``, ``label variable``, ``label values``, ``measure``, ``missing``."""

from __future__ import annotations

import re
from dataclasses import replace

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.extended import extended_code, extended_name
from terrace.data.missing import range_of
from terrace.data.names import MAX_LENGTH, is_legal_name
from terrace.data.value import Value
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.numlist import literal
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import NAME, Piece, unquoted, words
from terrace.language.mixed_options import argument
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import plural

_SEVERAL = re.compile(rf"(?:{NAME.pattern})-(?:{NAME.pattern})|[\w]*[*?][\w*?]*")
"""A range of variables or a pattern for their names."""


@command(
    "rename",
    minimum="ren",
    syntax="rename OLD NEW | rename (OLDS) (NEWS) | rename OLD* NEW* | rename VARS =SUFFIX | "
    "rename OLDS, lower|upper|proper",
    help="Rename variables.",
    effects=Effect.DATA | Effect.BRIEF,
)
def rename(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.session.commands.helpers.renaming import is_group, renamed_group

    if is_group(parsed):
        return _changed(session, *renamed_group(parsed, session.data))
    items = _items(parsed, 2, "rename OLD NEW")
    data = session.data
    old, new = Names(data.names).one(items[0]), str(items[1])
    if not is_legal_name(new):
        raise items[1].error(
            f"{new!r} cannot be the name of a variable.",
            code="bad-name",
            subject=new,
            advice=f"Use letters, digits and _, at most {MAX_LENGTH}, and do not start with a digit.",
        )
    if new in data and new != old:
        raise items[1].error(f"A variable named {new} already exists.", code="name-taken", subject=new)
    return _changed(session, data.with_names({old: new}), f"{old} is now {new}.")


@command(
    "label variable",
    minimum="la var",
    syntax='label variable NAME ["text"]',
    help="Set or remove the label of a variable.",
    effects=Effect.DATA | Effect.BRIEF,
)
def label_variable(session: Session, parsed: ParsedCommand) -> CommandResult:
    variable, rest = _variable(session, parsed, 'label variable NAME "text"')
    if len(rest) > 1:
        raise parsed.arguments.strip().error(
            "Give one label.", code="syntax", advice='Put it in quotation marks: label variable x "text".'
        )
    text = unquoted(rest[0]) if rest else ""
    return _changed(session, session.data.with_variable(replace(variable, label=text)))


@command(
    "label values",
    minimum="la val",
    syntax='label values NAMES [value "label"]... [, modify] | label values NAMES, from(NAME) | label values NAMES SET',
    help="Label the values of variables: one by one, as another variable has them, or with a set from label define. "
    'Without labels, remove them. modify changes only the values given, and "" removes their labels.',
    effects=Effect.DATA | Effect.BRIEF,
)
def label_values(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.session.commands.data.labels import attached

    if not parsed.clauses.options and (by_set := attached(session, parsed)) is not None:
        return by_set
    options = parsed.options(rules("modify", "from"))
    names, rest = _variables(session, parsed, 'label values NAME 0 "No" 1 "Yes"', parsed.clauses.body)
    data = session.data
    if "from" in options:
        source = data.variable(Names(data.names).one(argument(options["from"])))
        if rest or "modify" in options:
            raise (rest[0] if rest else options["modify"].piece).error(
                "from() takes the labels of another variable, and no others.", code="syntax"
            )
        for name in names:
            data = _with_labels_of(data, name, source, options["from"].piece)
        return _changed(session, data)
    if [str(p) for p in rest] == ["."]:
        rest = []
    if len(rest) % 2:
        raise rest[-1].error(
            "A value has no label, or a label has no value.",
            code="syntax",
            advice='Write each value with its label: 0 "No" 1 "Yes".',
        )
    for name in names:
        v = data.variable(name)
        given = {_value(data, v, value): unquoted(text) for value, text in zip(rest[::2], rest[1::2])}
        if "modify" in options:
            given = {k: t for k, t in {**v.value_labels, **given}.items() if t}
        data = data.with_variable(replace(v, value_labels=given, label_set=""))
    return _changed(session, data)


def _with_labels_of(data: Dataset, name: str, source: Variable, piece: Piece) -> Dataset:
    if data.is_text(name) != data.is_text(source.name):
        text, numbers = (name, source.name) if data.is_text(name) else (source.name, name)
        raise piece.error(
            f"{text} holds text and {numbers} holds numbers, so their labels differ.",
            code="text-variable",
            subject=name,
        )
    v = data.variable(name)
    return data.with_variable(replace(v, value_labels=source.value_labels, label_set=source.label_set))


@command(
    "measure",
    syntax="measure NAMES identifier|nominal|ordinal|continuous",
    help="Set the measure level of variables, which decides how they can be used in a model.",
    effects=Effect.DATA | Effect.BRIEF,
)
def measure(session: Session, parsed: ParsedCommand) -> CommandResult:
    first, rest = _variable(session, parsed, "measure NAME nominal")
    known = [m.value for m in Measure]
    typed = str(rest[-1]).lower() if rest else ""
    found = [m for m in known if typed and m.startswith(typed)]
    if len(found) != 1:
        bad = rest[-1] if rest else parsed.arguments.strip()
        raise bad.error("This is not a measure level.", code="no-such-measure", advice=f"Write {', '.join(known)}.")
    level = Measure(found[0])
    data = session.data
    before = parsed.arguments.before(rest[-1].start).strip()
    for name in (first.name,) if len(rest) == 1 else parse_names(before, data.names):
        if level is Measure.CONTINUOUS and data.is_text(name):
            raise rest[-1].error(f"{name} holds text, which cannot be continuous.", code="text-variable", subject=name)
        data = data.with_variable(replace(data.variable(name), measure=level))
    return _changed(session, data)


@command(
    "missing",
    syntax="missing NAMES [values] [low/high]",
    help="Set which values of variables mean missing, one by one or as ranges (-9/-1, lowest/-1, 90/highest). "
    "Without values, none does.",
    effects=Effect.DATA | Effect.BRIEF,
)
def missing(session: Session, parsed: ParsedCommand) -> CommandResult:
    names, rest = _variables(session, parsed, "missing NAME -9", parsed.arguments)
    data = session.data
    for name in names:
        data = data.with_variable(_with_missing(data, data.variable(name), rest))
    return _changed(session, data)


def _with_missing(data: Dataset, variable: Variable, rest: list[Piece]) -> Variable:
    ranges = []
    if not data.is_text(variable.name):
        ranges = [r for p in rest if (r := range_of(str(p))) is not None]
        rest = [p for p in rest if range_of(str(p)) is None]
    given = [_value(data, variable, p) for p in rest]
    lasting = [c for c in variable.missing_codes if extended_name(c)]  # .a is a missing value whatever else is
    codes = tuple(dict.fromkeys((*given, *lasting)))
    return replace(variable, missing_codes=codes, missing_ranges=tuple(ranges))


def _items(parsed: ParsedCommand, count: int, syntax: str) -> list[Piece]:
    items = words(parsed.arguments.strip())
    if len(items) != count:
        bad = parsed.arguments.strip() if items else parsed.word
        raise bad.error(f"{parsed.name} takes {plural(count, 'name')}.", code="syntax", advice=f"Write {syntax}.")
    return items


def _variable(session: Session, parsed: ParsedCommand, syntax: str) -> tuple[Variable, list[Piece]]:
    items = words(parsed.arguments.strip())
    if not items:
        raise parsed.word.error("The name of a variable is missing.", code="syntax", advice=f"Write {syntax}.")
    return session.data.variable(Names(session.data.names).one(items[0])), items[1:]


def _variables(session: Session, parsed: ParsedCommand, syntax: str, body: Piece) -> tuple[list[str], list[Piece]]:
    """The variables that a command begins with, and what follows them: values, which for text may be bare words."""
    items = words(body.strip())
    if not items:
        raise parsed.word.error("The name of a variable is missing.", code="syntax", advice=f"Write {syntax}.")
    data = session.data
    names = Names(data.names)
    found = dict.fromkeys(names.expand(items[0]))
    rest = items[1:]
    while rest and (str(rest[0]) in data or _SEVERAL.fullmatch(str(rest[0]))):
        found |= dict.fromkeys(names.expand(rest.pop(0)))
    return list(found), rest


def _value(data: Dataset, variable: Variable, piece: Piece) -> Value:
    """A value as typed, as the column holds it: text for a text variable, else a number."""
    text = unquoted(piece)
    if data.is_text(variable.name):
        return text
    if (letter := extended_code(text)) is not None:
        return letter
    try:
        number = literal(text, piece)
    except ValueError:
        raise piece.error(
            f"{text!r} is not a number, but {variable.name} holds numbers.", code="not-a-number", subject=variable.name
        ) from None
    return int(number) if number.is_integer() else number


def _changed(session: Session, data: Dataset, text: str = "") -> CommandResult:
    return CommandResult(text=text, state=replace(session.state, dataset=data))
