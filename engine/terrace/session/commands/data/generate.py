"""New values by expressions: ``generate``, ``replace``, ``recode``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.measure import guess_measure
from terrace.data.plain import plain_values
from terrace.data.value import Value
from terrace.language.expressions.tree import Expression
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_new_names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import Piece, split, words
from terrace.session.commands.helpers.stepwise import refers_back, row_by_row
from terrace.session.commands.helpers.working import (
    TYPES,
    By,
    as_stored,
    by_groups,
    changed,
    chosen,
    new_name,
    plural,
    text_of,
)
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

if TYPE_CHECKING:
    from terrace.data.transforms.recode import Rule

_STORAGE = re.compile(rf"(?:{'|'.join(TYPES)}|str\d*|strL)(?=\s)")


def storage_type(piece: Piece) -> str:
    """The storage type that stands before a name; empty without one."""
    found = _STORAGE.match(piece.source, piece.start, piece.end)
    return found[0] if found else ""


def assignment(parsed: ParsedCommand, piece: Piece) -> tuple[Piece, Expression]:
    """The name and the expression of ``[type] name = expression``."""
    from terrace.language.expressions.entry import parse_expression

    found = _STORAGE.match(piece.source, piece.start, piece.end)
    rest = piece.after(found.end()).strip() if found else piece
    parts = split(rest, "=")
    if len(parts) < 2 or not parts[0] or not rest.after(parts[1].start):
        raise (rest if rest else parsed.word).error(
            f"{parsed.name} needs a name and an expression.",
            code="syntax",
            advice=f"Write {parsed.name} name = expression.",
        )
    return parts[0].strip(), parse_expression(rest.after(parts[1].start).strip())


def column_of(values: npt.NDArray[Any]) -> Any:
    """Values of an expression as a column: numbers, or text with the empty one as missing."""
    return plain_values(values)[0].array if values.dtype == object else values


def measured(name: str, column: Any) -> Measure:
    """The measure of a new variable, by its values."""
    values = pd.Series(column, copy=False)
    if pd.api.types.is_numeric_dtype(values.dtype):
        head = np.asarray(values[:1000], dtype=np.float64)
        head = head[~np.isnan(head)]
        if np.any(head != np.floor(head)):
            return Measure.CONTINUOUS  # a look at a few rows spares a look at all
    return guess_measure(name, values)


def placed(data: Dataset, name: str, options: dict[str, Option]) -> Dataset:
    """The data with the new variable where ``before()`` or ``after()`` wants it."""
    option = options.get("before") or options.get("after")
    if option is None:
        return data
    from terrace.data.transforms.rows import reordered
    from terrace.language.mixed_options import argument

    anchor = Names(data.names).one(argument(option))
    names = [n for n in data.names if n != name]
    at = names.index(anchor) + (option.name == "after")
    before = names[at] if at < len(names) else None
    return data.select(reordered(data.names, [name], before, last=before is None))


@command(
    "generate",
    minimum="g",
    syntax="generate [type] name = expression [if] [in] [, before(variable) after(variable)]",
    help="Make a variable. byte, int and long keep whole numbers; other numbers are kept in double precision.",
    by="native",
    effects=Effect.DATA,
)
def generate(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions.entry import evaluate, regex_match

    options = parsed.options(rules("", "before after"))
    data = session.data
    target, expression = assignment(parsed, parsed.clauses.body)
    name = new_name(target, data)
    by = by_groups(session, parsed)
    context = replace(session.context(), match=regex_match(parsed.clauses.condition))
    values = evaluate(expression, data, context=context, by=by.codes)
    if parsed.clauses.condition is not None or parsed.clauses.range_ is not None:
        keep = chosen(session, parsed.clauses, by)
        values = np.where(keep, values, "" if values.dtype == object else np.nan)
    kind = storage_type(parsed.clauses.body)
    values, beyond = as_stored(values, kind)
    column = column_of(values)
    data = data.with_column(name, column, Variable(name, measure=measured(name, column)))
    note = f"{plural(beyond, 'value')} beyond the range of {kind}, so missing." if beyond else ""
    notes = [note] if note else []
    return changed(session, placed(data, name, options), missing_note(values), warnings=notes)


def missing_note(values: npt.NDArray[Any]) -> str:
    """``(3 missing values generated)``; empty where there are none."""
    gone = int((values == "").sum() if values.dtype == object else np.isnan(values).sum())
    return f"({plural(gone, 'missing value')} generated)" if gone else ""


@command(
    "replace",
    syntax="replace variable = expression [if] [in]",
    help="Change the values of a variable, row by row from the first. x[_n-1] is the new value in the previous row.",
    by="native",
    effects=Effect.DATA,
)
def replace_values(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    data = session.data
    target, expression = assignment(parsed, parsed.clauses.body)
    name = Names(data.names).one(target)
    by = by_groups(session, parsed)
    keep = chosen(session, parsed.clauses, by)
    values = _values(session, parsed, expression, by)
    text = data.is_text(name)
    if text != (values.dtype == object):
        kind, given = ("text", "a number") if text else ("numbers", "text")
        raise expression.piece.error(
            f"{name} holds {kind}, but this is {given}.",
            code="type-mismatch",
            subject=name,
            advice="Use string() to turn a number into text, and real() to turn text into a number.",
        )
    if refers_back(expression, name) or refers_back(parsed.clauses.condition, name):
        new = row_by_row(session, parsed.clauses, expression, name, by)
        keep = np.ones(len(data), dtype=bool)
    else:
        new = values
    column, count = _replaced(data, name, new, keep)
    text_out = f"({plural(count, 'real change')} made)"
    if not count:
        return CommandResult(text=text_out)
    data = data.with_column(name, column)
    return changed(session, data, _with_missing(text_out, new, keep, data, name))


def _values(session: Session, parsed: ParsedCommand, expression: Expression, by: By) -> npt.NDArray[Any]:
    from terrace.language.expressions.entry import evaluate, regex_match

    context = replace(session.context(), match=regex_match(parsed.clauses.condition))
    return evaluate(expression, session.data, context=context, by=by.codes)


def _with_missing(text: str, new: npt.NDArray[Any], keep: npt.NDArray[np.bool_], data: Dataset, name: str) -> str:
    gone = (new == "") if new.dtype == object else np.isnan(new)
    to_missing = int((gone & keep).sum())
    return text.replace(" made)", f" made, {to_missing:,} to missing)") if to_missing else text


def _replaced(
    data: Dataset, name: str, new: npt.NDArray[Any], keep: npt.NDArray[np.bool_]
) -> tuple[Any, int]:
    """The column with new values in the rows to keep, in its old type where that loses nothing; changed rows."""
    from terrace.data.transforms.columns import narrow

    old = data.frame[name]
    if data.is_text(name):
        values = np.where(old.isna(), "", old.to_numpy(dtype=object))
        differ = keep & (values != new)
        return column_of(np.where(differ, new, values)), int(differ.sum())
    values = old.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(data.numeric(name))  # a missing code that is set to missing is no change
    differ = keep & (values != new) & ~(missing & np.isnan(new))
    out = np.where(differ, new, values)
    if isinstance(old.dtype, np.dtype) and old.dtype.kind in "iu":
        return narrow(out, old.dtype), int(differ.sum())
    return out, int(differ.sum())


# --- recode -------------------------------------------------------------------------------------------------
@command(
    "recode",
    syntax='recode variables (values = value ["label"]) ... [if] [in] [, generate(names) prefix(text) label(set)]',
    help="Change values by rules: 1 2 = 0, 3/5 = 1, min/9, 10/max, missing, nonmissing, else.",
    effects=Effect.DATA,
)
def recode(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.recode import recode as recoded
    from terrace.session.commands.helpers.recoding import read_rules

    options = parsed.options(rules("copy:rest", "g:enerate into pre:fix l:abel"))
    data = session.data
    names, given = read_rules(parsed.clauses.body, data.names)
    keep = chosen(session, parsed.clauses)
    targets = _targets(data, names, options)
    labels: dict[Value, str] = {r.to: r.label for r in given if r.label}
    lines = []
    source = data
    for name, target in zip(names, targets):
        old = source.numeric(name)
        new, fitted = recoded(old, given)
        inside = keep if "copyrest" in options or target == name else keep & (fitted | ~np.isnan(old))
        new = np.where(keep, new, old if target == name or "copyrest" in options else np.nan)
        count = int((keep & (new != old) & ~(np.isnan(new) & np.isnan(old))).sum())
        v = source.variable(name)
        if target == name:
            kept = _labels_left(v, new, given)
            inside &= ~(np.isnan(new) & np.isnan(old))  # why a value is missing stays
            column, _ = _replaced(source, name, new, inside)
            data = data.with_column(name, column, replace(v, value_labels={**kept, **labels}))
            lines.append(f"({name}: {plural(count, 'change')} made)")
        else:
            text = f"Recode of {v.name}" + (f" ({v.label})" if v.label else "")
            variable = Variable(target, text, measured(target, new), labels)
            if labels and variable.measure is Measure.CONTINUOUS:
                variable = replace(variable, measure=Measure.NOMINAL)
            data = data.with_column(target, new, variable)
            lines.append(f"({plural(count, 'difference')} between {name} and {target})")
    made = changed(session, data, "\n".join(lines))
    if "label" not in options:
        return made
    if not labels:
        raise options["label"].piece.error("label() needs labels in the rules.", code="misplaced-option")
    assert made.state is not None
    sets: dict[str, Mapping[Value, str]] = {**made.state.label_sets, text_of(options["label"]): labels}
    return replace(made, state=replace(made.state, label_sets=sets))


def _labels_left(v: Variable, new: npt.NDArray[np.float64], given: Sequence[Rule]) -> dict[Value, str]:
    """Value labels less those of values that the rules took away."""
    from terrace.data.transforms.recode import recode as recoded

    keys = list(v.value_labels)
    _, fitted = recoded(np.array(keys, dtype=np.float64), given)
    there = set(new[~np.isnan(new)].tolist())
    return {k: v.value_labels[k] for k, gone in zip(keys, fitted) if not gone or k in there}


def _targets(data: Dataset, names: tuple[str, ...], options: dict[str, Option]) -> list[str]:
    option = options.get("generate") or options.get("into")
    if option is not None:
        from terrace.language.mixed_options import argument

        targets = [new_name(w, data) for w in words(argument(option))]
        parse_new_names(argument(option))
        if len(targets) != len(names):
            raise option.piece.error(
                f"generate() has {plural(len(targets), 'new name')} for {plural(len(names), 'recoded variable')}.",
                code="number-of-names",
                subject="generate",
            )
        return targets
    if "prefix" in options:
        from terrace.language.mixed_options import argument

        stub = argument(options["prefix"])
        return [new_name(Piece.of(f"{stub}{n}"), data) for n in names]
    return list(names)

