"""Questions about variables (``ds``, ``isid``, ``levelsof``, ``assert``, ...), and ``compress``, ``notes``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.macros import number_text
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.language.grammar.wildcards import wildcard
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.describing import describe_table, in_columns
from terrace.session.commands.helpers.locals import with_locals
from terrace.session.commands.helpers.working import by_groups, changed, chosen, plural, shown, text_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "ds",
    syntax="ds [variables] [, has(type numeric|string) not(type numeric|string) not alpha detail]",
    help="List the names of variables; r(varlist) holds them.",
    effects=Effect.RETURNS,
)
def ds(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("alpha d:etail", "has", "not"))
    data = session.data
    names = list(parsed.variables(data.names) or data.names)
    if "has" in options:
        names = [n for n in names if _has(data, n, options["has"])]
    if "not" in options:
        if options["not"].argument is None:
            names = [n for n in data.names if n not in names]
        else:
            names = [n for n in names if not _has(data, n, options["not"])]
    if "alpha" in options:
        names.sort()
    found = shown(session, (), {"k": float(len(names))}, macros={"varlist": " ".join(names)}, text=in_columns(names))
    if "detail" not in options or not names:
        return found
    return replace(found, text="", tables=(describe_table(data, names),))


def _has(data: Dataset, name: str, option: Option) -> bool:
    """True where a variable has what ``has()`` says: ``type numeric``, ``varlabel``, ``vallabel``, ``format %td*``."""
    items = [str(w).lower() for w in words(argument(option))]
    v = data.variable(name)
    what, values = items[0], items[1:]
    if what.startswith("t") and values:
        kinds = {"string": data.is_text(name), "numeric": not data.is_text(name)}
        if all(w in kinds for w in values):
            return any(kinds[w] for w in values)
    elif "varlabel".startswith(what) and len(what) > 3:
        return bool(v.label) and (not values or any(wildcard(w)(v.label.lower()) for w in values))
    elif "vallabel".startswith(what) and len(what) > 3:
        return bool(v.value_labels)
    elif what.startswith("f") and values:
        return any(wildcard(w)(v.format.lower()) for w in values)
    raise option.piece.error(
        f"{option.name}() takes type numeric, type string, varlabel, vallabel or format and a pattern.",
        code="bad-option-value",
        subject=option.name,
    )


@command(
    "lookfor",
    syntax="lookfor words",
    help="Describe variables with one of the words in their name or label.",
    effects=Effect.RETURNS,
)
def lookfor(session: Session, parsed: ParsedCommand) -> CommandResult:
    wanted = [unquoted(w).lower() for w in words(parsed.arguments)]
    if not wanted:
        raise parsed.word.error("lookfor needs a word.", code="syntax", advice="Write lookfor income.")
    data = session.data
    found = [v for v in data.variables if any(w in v.name.lower() or w in v.label.lower() for w in wanted)]
    if not found:
        return shown(session, (), {}, macros={"varlist": ""}, text="No name or label contains this.")
    table = describe_table(data, [v.name for v in found])
    return shown(session, (table,), {}, macros={"varlist": " ".join(v.name for v in found)})


@command(
    "isid",
    syntax="isid variables [, missok sort]",
    help="Check that these variables uniquely identify rows and are never missing. If not, stop with an error.",
    effects=Effect.DATA,
)
def isid(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.combine import shown_value
    from terrace.data.transforms.grouping import group

    options = parsed.options(rules("m:issok s:ort"))
    data = session.data
    names = parsed.variables(data.names)
    if not names:
        raise parsed.word.error("isid needs variables.", code="syntax", advice="Write isid id time.")
    groups = group(data, names)
    if "missok" not in options and groups.missing.any():
        row = int(np.flatnonzero(groups.missing)[0])
        raise DataError(
            f"{' '.join(names)} must never be missing, but row {row + 1} has a missing value.",
            code="missing-key",
            subject=names[0],
            advice="To allow this, use the option missok.",
        )
    if groups.n_groups < len(data):
        row = int(np.flatnonzero(groups.sizes[groups.codes] > 1)[0])
        value = ", ".join(f"{n} = {shown_value(data, n, row)}" for n in names)
        raise DataError(
            f"{' and '.join(names)} do{'es' * (len(names) == 1)} not uniquely identify rows: {value} is in "
            f"{plural(int(groups.sizes[groups.codes[row]]), 'row')}.",
            code="not-unique",
            subject=names[0],
            advice="To see them, use duplicates list.",
        )
    if "sort" not in options:
        return CommandResult()
    from terrace.session.groups import sort_rows

    return changed(session, sort_rows(data, names))


@command(
    "levelsof",
    minimum="levelsof",
    syntax="levelsof variable [if] [in] [, separate(text) missing clean local(name)]",
    help="List the distinct values of a variable; r(levels) holds them.",
    effects=Effect.RETURNS,
)
def levelsof(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("clean missing", "s:eparate l:ocal"))
    data = session.data
    names = parsed.variables(data.names)
    if len(names) != 1:
        raise (parsed.clauses.body or parsed.word).error("levelsof takes one variable.", code="one-variable")
    keep = chosen(session, parsed.clauses)
    codes, values = data.codes(names[0])
    used = codes if keep.all() else codes[keep]
    times = np.bincount(used + 1, minlength=len(values) + 1)  # of missing values first
    found = [values[k] for k in np.flatnonzero(times[1:])]
    text = data.is_text(names[0])
    plain = "clean" in options
    texts = [(str(v) if plain else f'`"{v}"\'') if text else number_text(float(v)) for v in found]
    if "missing" in options and times[0]:
        texts.append('`""\'' if text and not plain else "" if text else ".")
    separator = text_of(options.get("separate"), " ") or " "
    joined = separator.join(texts)
    scalars = {"r": float(len(texts)), "N": float(times[1:].sum())}
    result = shown(session, (), scalars, macros={"levels": joined}, text=joined)
    if "local" not in options:
        return result
    assert result.state is not None
    return replace(result, state=with_locals(result.state, {text_of(options["local"]): joined}))


@command(
    "assert",
    minimum="as",
    syntax="assert expression [if] [in] [, fast]",
    help="Check that an expression is true in every row. If not, stop with an error.",
    by="native",
    effects=Effect.NONE,
)
def assert_(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions.entry import condition, evaluate_scalar, parse_expression, variables_in

    parsed.options(rules(already="f:ast"))
    body = parsed.clauses.body
    if not body:
        raise parsed.word.error("assert needs an expression.", code="syntax", advice="Write assert x > 0.")
    expression = parse_expression(body)
    data = session.data_or_none
    if data is None or not len(data) or not (variables_in(expression, data) or "_n" in str(body)):
        value = evaluate_scalar(expression, None if data is None or not len(data) else data, session.context())
        if isinstance(value, str) or value == 0:
            raise DataError(f"This is false: {body}.", code="assertion")
        return CommandResult()
    by = by_groups(session, parsed)
    keep = chosen(session, parsed.clauses, by)
    wrong = np.flatnonzero(keep & ~condition(expression, data, session.context(), by=by.codes))
    if len(wrong):
        raise DataError(
            f"{plural(len(wrong), 'contradiction')} in {plural(int(keep.sum()), 'observation')} to {body}.",
            code="assertion",
            advice=f"The first is in row {wrong[0] + 1}: list in {wrong[0] + 1}.",
        )
    return CommandResult()


@command(
    "compress",
    minimum="compress",
    syntax="compress [variables]",
    help="Store whole numbers in as few bytes as possible. No value changes.",
    effects=Effect.DATA,
)
def compress(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules(already="nocoa:lesce"))
    data = session.data
    names = parsed.variables(data.names) or data.names
    frame = data.frame.copy(deep=False)
    saved = 0
    for name in names:
        column = data.frame[name]
        small = None if data.is_text(name) else _narrowed(column)
        if small is not None:
            saved += int(column.memory_usage(index=False)) - small.nbytes
            frame[name] = small
    if not saved:
        return CommandResult(text="(0 bytes saved)")
    return changed(session, replace(data, frame=frame), f"({plural(saved, 'byte')} saved)")


def _narrowed(column: pd.Series) -> Any:
    """Whole numbers in the narrowest type that holds them; None where nothing is gained."""
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iuf":
        return None
    values = column.to_numpy()
    if not len(values) or (values.dtype.kind == "f" and not np.isfinite(values).all()):
        return None
    low, high = values.min(), values.max()
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max and np.dtype(kind).itemsize < values.dtype.itemsize:
            small = values.astype(kind)
            return small if np.array_equal(small, values) else None
    return None


@command(
    "numlabel",
    syntax='numlabel [variables], add|remove [mask("#. ")]',
    help="Add the numbers to value labels, or remove them.",
    effects=Effect.DATA,
)
def numlabel(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("add remove", "m:ask"))
    if ("add" in options) == ("remove" in options):
        raise parsed.word.error("numlabel takes add or remove.", code="syntax", advice="Write numlabel, add.")
    mask = text_of(options.get("mask"), "#. ")
    data = session.data
    count = 0
    for name in parsed.variables(data.names) or data.names:
        v = data.variable(name)
        if not v.value_labels or data.is_text(name):
            continue
        labels = {}
        for value, label in v.value_labels.items():
            front = mask.replace("#", number_text(float(value)))
            labels[value] = front + label if "add" in options else label.removeprefix(front)
        if labels != dict(v.value_labels):
            data = data.with_variable(replace(v, value_labels=labels))
            count += 1
    return changed(session, data, f"({plural(count, 'variable')} changed)") if count else CommandResult()


@command(
    "notes",
    minimum="note",
    syntax='notes [: text] | notes replace NAME ["text"] | notes drop numbers',
    help="Show the notes of the data, or add one after a colon. notes replace says what the notes on a variable are: "
    r"\n begins the next one, \\ is a backslash.",
    effects=Effect.DATA,
)
def notes(session: Session, parsed: ParsedCommand) -> CommandResult:
    data = session.data
    rest = parsed.arguments.strip()
    before, colon, text = str(rest).partition(":")
    name = before.strip()
    if name.partition(" ")[0] == "replace" and name != "replace":
        return changed(session, _with_notes(data, words(rest)[1:]))
    if colon:
        where = "" if name in ("", "_dta") else f"{parse_names(Piece.of(name), data.names)[0]}: "
        return changed(session, replace(data, documents=(*data.documents, where + text.strip())))
    items = [str(w) for w in words(rest)]
    if items[:1] == ["drop"]:
        known = {str(k): k for k in range(1, len(data.documents) + 1)}
        bad = next((w for w in words(rest)[1:] if str(w) not in (*known, "_all", "in", "_dta")), None)
        if bad is not None or len(items) < 2:
            raise (bad or rest).error("Give the numbers of the notes to drop, or _all.", code="no-such-note")
        gone = (
            set(known.values())
            if items[1] in ("_all", "_dta") and len(items) == 2
            else {known[i] for i in items if i in known}
        )
        kept = tuple(t for k, t in enumerate(data.documents, 1) if k not in gone)
        return changed(session, replace(data, documents=kept))
    if items and items[0] not in ("list", "_dta"):
        of = parse_names(rest, data.names)
        lines = [(k, t) for k, t in enumerate(data.documents, 1) if any(t.startswith(f"{n}: ") for n in of)]
    else:
        lines = list(enumerate(data.documents, 1))
    return CommandResult(text="\n".join(f"{k}. {t}" for k, t in lines) or "There are no notes.")


def _with_notes(data: Dataset, items: list[Piece]) -> Dataset:
    """The data in which the notes on a variable are these, where those on it began."""
    from terrace.session.document.texts import read_text

    name = parse_names(items[0], data.names)[0]
    if len(items) > 2:
        advice = 'Put it in quotation marks: notes replace x "text".'
        raise items[2].error("Give one text.", code="syntax", advice=advice)
    lines = read_text(unquoted(items[1])).split("\n") if len(items) > 1 else []
    new = [f"{name}: {line.strip()}" for line in lines if line.strip()]
    there = [k for k, t in enumerate(data.documents) if t.startswith(f"{name}: ")]
    at = there[0] if there else len(data.documents)
    kept = [(k, t) for k, t in enumerate(data.documents) if k not in there]
    return replace(data, documents=(*(t for k, t in kept if k < at), *new, *(t for k, t in kept if k > at)))


@command(
    "separate",
    syntax="separate variable [if] [in], by(group or condition) [generate(stub)]",
    help="Make a variable for each group: y1 y2 ... from y.",
    effects=Effect.DATA | Effect.RETURNS,
)
def separate(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.dataset import Variable
    from terrace.language.expressions.entry import condition
    from terrace.session.commands.helpers.working import new_name

    options = parsed.options(rules("", "by g:enerate"))
    data = session.data
    names = parsed.variables(data.names)
    if len(names) != 1 or "by" not in options:
        raise parsed.word.error("Write separate y, by(group).", code="syntax")
    by, stub = argument(options["by"]), text_of(options.get("generate"), names[0])
    values = data.numeric(names[0])
    keep = chosen(session, parsed.clauses)
    if str(by) in data:
        codes, levels = data.codes(str(by))
        label = [f"{by} == {data.level_label(str(by), v)}" for v in levels]
        ends = [number_text(v) if isinstance(v, float) else str(k + 1) for k, v in enumerate(levels)]
        parts = [(ends[k], label[k], codes == k) for k in range(len(levels))]
    else:
        true = condition(by, data, session.context())
        parts = [("0", f"!({by})", ~true), ("1", str(by), true)]
    for suffix, text, rows in parts:
        name = stub + re.sub(r"\W", "_", suffix)
        new_name(Piece.of(name), data)
        data = data.with_column(
            name, np.where(rows & keep, values, np.nan), Variable(name, f"{names[0]}, {text}", Measure.CONTINUOUS)
        )
    return changed(session, data)
