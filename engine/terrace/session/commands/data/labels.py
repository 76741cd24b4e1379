"""Sets of value labels by name: ``label define``, ``label list``, ``label drop``; ``label data``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from terrace.data.dataset import Dataset, Measure
from terrace.data.digits import whole_text
from terrace.data.extended import extended_code, extended_name
from terrace.data.value import Value
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import did_you_mean, rules
from terrace.language.grammar.tokens import NAME, Piece, unquoted, words
from terrace.results.table import Column, Row, Table
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, State


def label_sets(state: State) -> dict[str, Mapping[Value, str]]:
    """Sets that were defined, and those that came with the data, by their names or else those of their variables."""
    out: dict[str, Mapping[Value, str]] = {}
    if state.dataset is not None:
        for v in state.dataset.variables:
            if v.value_labels:
                out[v.label_set or v.name] = v.value_labels
    return {**out, **state.label_sets}


def attached(session: Session, parsed: ParsedCommand) -> CommandResult | None:
    """``label values NAMES SET`` done; None where the command is of another form."""
    items = words(parsed.clauses.body)
    if len(items) < 2 or str(items[-1]) == "." or not NAME.fullmatch(str(items[-1])):
        return None
    parsed.options(rules(already="nofix"))
    name = str(items[-1])
    known = label_sets(session.state)
    if name not in known:
        raise items[-1].error(
            f"There is no set of labels named {name!r}.",
            code="no-such-labels",
            subject=name,
            advice=did_you_mean(name, list(known)) or f'Define it first: label define {name} 0 "No" 1 "Yes".',
        )
    data = session.data
    body = parsed.clauses.body
    for variable in parse_names(body.before(items[-1].start).strip(), data.names):
        data = _with_labels(data, variable, name, known[name], items[-1])
    return CommandResult(state=replace(session.state, dataset=data))


def _with_labels(data: Dataset, name: str, label_set: str, labels: Mapping[Value, str], piece: Piece) -> Dataset:
    if data.is_text(name):
        raise piece.error(f"{name} holds text, which cannot have these labels.", code="text-variable", subject=name)
    v = data.variable(name)
    measure = Measure.NOMINAL if v.measure is Measure.CONTINUOUS else v.measure
    return data.with_variable(replace(v, value_labels=labels, label_set=label_set, measure=measure))


@command(
    "label define",
    minimum="la de",
    syntax='label define SET value "label" ... [, add modify replace]',
    help="Define a set of value labels.",
    effects=Effect.DATA,
)
def define(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("add modify replace", already="nofix"))
    items = words(parsed.clauses.body)
    if len(items) < 3 or len(items) % 2 == 0 or not NAME.fullmatch(str(items[0])):
        raise (parsed.clauses.body or parsed.word).error(
            "label define needs a name, and values with their labels.",
            code="syntax",
            advice='Write label define yesno 0 "No" 1 "Yes".',
        )
    name = str(items[0])
    new: dict[Value, str] = {_value(v): unquoted(t) for v, t in zip(items[1::2], items[2::2])}
    old = session.state.label_sets.get(name)
    if old is not None and not options:
        raise items[0].error(
            f"A set of labels named {name} already exists.",
            code="name-taken",
            subject=name,
            advice="Use the option replace, add or modify.",
        )
    if "add" in options and old is not None and (both := [v for v in new if v in old]):
        raise items[0].error(
            f"{name} already has a label for {whole_text(both[0])}.",
            code="name-taken",
            subject=name,
            advice="Use modify.",
        )
    labels = new if old is None or "replace" in options else {**old, **new}
    labels = {v: t for v, t in sorted(labels.items()) if t}
    state = replace(session.state, label_sets={**session.state.label_sets, name: labels})
    if old is not None and state.dataset is not None:  # variables that carry the set follow it
        data = state.dataset
        for v in data.variables:
            if v.value_labels and dict(v.value_labels) == dict(old):
                data = data.with_variable(replace(v, value_labels=labels))
        state = replace(state, dataset=data)
    return CommandResult(state=state)


def _value(piece: Piece) -> int | float:
    if (letter := extended_code(str(piece))) is not None:
        return letter
    try:
        number = float(str(piece))
    except ValueError:
        raise piece.error(f"{str(piece)!r} is not a number.", code="not-a-number") from None
    return int(number) if number.is_integer() else number


@command(
    "label list",
    minimum="la l",
    syntax="label list [sets]",
    help="Show sets of value labels.",
    effects=Effect.RETURNS,
)
@command(
    "label dir",
    minimum="la di",
    syntax="label dir",
    help="List the names of sets of value labels.",
    effects=Effect.RETURNS,
)
def list_sets(session: Session, parsed: ParsedCommand) -> CommandResult:
    sets = label_sets(session.state)
    if not sets:
        return CommandResult(text="There are no value labels.")
    if parsed.name == "label dir":
        return CommandResult(text="\n".join(sets))
    wanted = [str(w) for w in words(parsed.arguments)] or list(sets)
    missing = next((w for w in words(parsed.arguments) if str(w) not in sets), None)
    if missing is not None:
        raise missing.error(f"There is no set of labels named {str(missing)!r}.", code="no-such-labels")
    tables = tuple(
        Table(
            name,
            (Column("label", "Label", "text"),),
            tuple(
                Row(v if isinstance(v, str) else extended_name(v) or whole_text(v), (t,)) for v, t in sets[name].items()
            ),
            "Value",
            key=f"labels:{name}",
        )
        for name in wanted
    )
    return CommandResult(tables=tables)


@command(
    "label drop",
    minimum="la drop",
    syntax="label drop sets|_all",
    help="Delete sets of value labels.",
    effects=Effect.NONE,
)
def drop_sets(session: Session, parsed: ParsedCommand) -> CommandResult:
    known = session.state.label_sets
    items = words(parsed.arguments)
    gone = set(known) if [str(i) for i in items] == ["_all"] else {str(i) for i in items}
    unknown = next((i for i in items if str(i) not in known and str(i) != "_all"), None)
    if unknown is not None or not items:
        raise (unknown or parsed.word).error("Give the sets of labels to delete, or _all.", code="no-such-labels")
    state = replace(session.state, label_sets={k: v for k, v in known.items() if k not in gone})
    return CommandResult(state=state)


@command(
    "label data",
    minimum="la da",
    syntax='label data ["text"]',
    help="Set or remove the title of the data.",
    effects=Effect.DATA,
)
def label_data(session: Session, parsed: ParsedCommand) -> CommandResult:
    data = replace(session.data, label=unquoted(parsed.arguments.strip()))
    return CommandResult(state=replace(session.state, dataset=data))
