"""What variables are: ``rename``, ``label variable``, ``label values``, ``measure``, ``missing``."""

from __future__ import annotations

from dataclasses import replace

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.extended import extended_code, extended_name
from terrace.data.missing import range_of
from terrace.data.names import MAX_LENGTH, is_legal_name
from terrace.data.value import Value
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.numlist import literal
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import plural


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
    syntax='label values NAME [value "label"]... | label values NAMES SET',
    help="Label the values of variables, one by one or with a set from label define. Without labels, remove them.",
    effects=Effect.DATA | Effect.BRIEF,
)
def label_values(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.session.commands.data.labels import attached

    by_set = attached(session, parsed)
    if by_set is not None:
        return by_set
    variable, rest = _variable(session, parsed, 'label values NAME 0 "No" 1 "Yes"')
    if [str(p) for p in rest] == ["."]:
        rest = []
    if len(rest) % 2:
        raise rest[-1].error(
            "A value has no label, or a label has no value.",
            code="syntax",
            advice='Write each value with its label: 0 "No" 1 "Yes".',
        )
    labels = {_value(session.data, variable, value): unquoted(text) for value, text in zip(rest[::2], rest[1::2])}
    return _changed(session, session.data.with_variable(replace(variable, value_labels=labels, label_set="")))


@command(
    "measure",
    syntax="measure NAME identifier|nominal|ordinal|continuous",
    help="Set the measure level of a variable, which decides how it can be used in a model.",
    effects=Effect.DATA | Effect.BRIEF,
)
def measure(session: Session, parsed: ParsedCommand) -> CommandResult:
    variable, rest = _variable(session, parsed, "measure NAME nominal")
    known = [m.value for m in Measure]
    typed = str(rest[0]).lower() if len(rest) == 1 else ""
    found = [m for m in known if typed and m.startswith(typed)]
    if len(found) != 1:
        bad = rest[0] if rest else parsed.arguments.strip()
        raise bad.error("This is not a measure level.", code="no-such-measure", advice=f"Write {', '.join(known)}.")
    level = Measure(found[0])
    if level is Measure.CONTINUOUS and session.data.is_text(variable.name):
        raise rest[0].error(
            f"{variable.name} holds text, which cannot be continuous.", code="text-variable", subject=variable.name
        )
    return _changed(session, session.data.with_variable(replace(variable, measure=level)))


@command(
    "missing",
    syntax="missing NAME [values] [low/high]",
    help="Set which values of a variable mean missing, one by one or as ranges (-9/-1, lowest/-1, 90/highest). "
    "Without values, none does.",
    effects=Effect.DATA | Effect.BRIEF,
)
def missing(session: Session, parsed: ParsedCommand) -> CommandResult:
    variable, rest = _variable(session, parsed, "missing NAME -9")
    ranges = []
    if not session.data.is_text(variable.name):
        ranges = [r for p in rest if (r := range_of(str(p))) is not None]
        rest = [p for p in rest if range_of(str(p)) is None]
    given = [_value(session.data, variable, p) for p in rest]
    lasting = [c for c in variable.missing_codes if extended_name(c)]  # .a is a missing value whatever else is
    codes = tuple(dict.fromkeys((*given, *lasting)))
    declared = replace(variable, missing_codes=codes, missing_ranges=tuple(ranges))
    return _changed(session, session.data.with_variable(declared))


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
