"""Rows and variables: ``drop``, ``keep``, ``sort``, ``gsort``, ``order``, ``format``, ``count``, ``clonevar``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import Piece, split, words
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.row_lists import row_list
from terrace.session.commands.helpers.streamed import count_rows as streamed_count
from terrace.session.commands.helpers.working import by_groups, changed, chosen, new_name, plural, shown
from terrace.session.effects import Effect
from terrace.session.groups import sort_rows
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


# --- rows and variables out -------------------------------------------------------------------------------
@command("drop", syntax="drop variables | drop if condition | drop in range | drop, rows(numbers)",
         help="Remove variables or rows.", by="native", effects=Effect.DATA)  # fmt: skip
@command("keep", syntax="keep variables | keep if condition | keep in range | keep, rows(numbers)",
         help="Keep only these variables or rows.", by="native", effects=Effect.DATA)  # fmt: skip
def drop_or_keep(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "rows"))
    data, clauses = session.data, parsed.clauses
    dropping = parsed.name == "drop"
    by_rows = clauses.condition is not None or clauses.range_ is not None or "rows" in options
    if by_rows == bool(clauses.body):
        raise (clauses.body if by_rows else parsed.word).error(
            f"{parsed.name} takes variables, or rows by if or in.",
            code="syntax",
            advice=f"Write {parsed.name} x1 x2, or {parsed.name} if x1 > 0.",
        )
    if not by_rows:
        names = parse_names(clauses.body, data.names)
        gone = set(names) if dropping else set(data.names) - set(names)
        return changed(session, data.select([n for n in data.names if n not in gone])) if gone else CommandResult()
    found = chosen(session, clauses, by_groups(session, parsed))
    if "rows" in options:
        listed = np.zeros(len(data), dtype=bool)
        listed[row_list(argument(options["rows"]), len(data))] = True
        found &= listed
    stay = ~found if dropping else found
    count = int((~stay).sum())
    text = f"({plural(count, 'observation')} deleted)"
    return changed(session, data.rows(stay), text) if count else CommandResult(text=text)


@command("count", minimum="cou", syntax="count [if] [in]", help="Count rows.", by="loop", effects=Effect.RETURNS)
def count_rows(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    if parsed.clauses.body:
        raise parsed.clauses.body.error("count takes only if and in.", code="syntax", advice="Write count if x > 0.")
    source = session.source
    if isinstance(source, StreamedData):
        n = streamed_count(session, source, parsed.clauses)
    else:
        n = int(chosen(session, parsed.clauses).sum())
    return shown(session, (), {"N": float(n)}, text=f"{n:,}")


# --- order ------------------------------------------------------------------------------------------------
@command(
    "sort",
    minimum="so",
    syntax="sort variables",
    help="Sort the rows; missing values come last.",
    effects=Effect.DATA,
)
def sort(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules(already="stable"))
    names = _needed(parsed, session.data)
    data = sort_rows(session.data, names)
    return CommandResult() if data is session.data else changed(session, data)


@command(
    "gsort",
    minimum="gsort",
    syntax="gsort [+|-]variable ... [, mfirst generate(name)]",
    help="Sort the rows, descending by variables with a minus sign; missing values come last.",
    effects=Effect.DATA,
)
def gsort(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.grouping import group
    from terrace.data.transforms.rows import sort_signed

    options = parsed.options(rules("mfirst", "g:enerate"))
    names = Names(session.data.names)
    keys: list[tuple[str, bool]] = []
    sign = ""
    for item in words(parsed.clauses.body):
        text = str(item)
        if text in "+-":
            sign = text
            continue
        if text[0] in "+-":
            sign, item = text[0], item.after(item.start + 1)
        keys += [(n, sign == "-") for n in names.expand(item)]
        sign = ""
    if not keys:
        raise parsed.word.error("gsort needs a variable.", code="syntax", advice="Write gsort -score name.")
    data = sort_signed(session.data, keys, missing_first="mfirst" in options)
    if "generate" in options:
        name = new_name(argument(options["generate"]), data)
        codes = group(data, [n for n, _ in keys]).codes
        numbers = np.cumsum(np.r_[True, codes[1:] != codes[:-1]]) if len(data) else np.zeros(0)
        data = data.with_column(name, numbers.astype(np.float64))
    return changed(session, data)


@command(
    "order",
    minimum="order",
    syntax="order variables [, first last before(variable) after(variable) alphabetic]",
    help="Put variables first, last, or beside another one.",
    effects=Effect.DATA,
)
def order(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.rows import reordered

    options = parsed.options(rules("last alpha:betic seq:uential", "b:efore a:fter", already="first"))
    data = session.data
    names = list(_needed(parsed, data))
    if "alphabetic" in options or "sequential" in options:
        names.sort(key=_natural if "sequential" in options else str.lower)
    anchor: str | None = None
    last = "last" in options
    beside = options.get("before") or options.get("after")
    if beside is not None:
        anchor = Names(data.names).one(argument(beside))
        if anchor in names:
            raise beside.piece.error(f"{anchor} is among the variables to move.", code="syntax", subject=anchor)
        if beside.name == "after":
            rest = [n for n in data.names if n not in names]
            at = rest.index(anchor) + 1
            anchor, last = (rest[at], False) if at < len(rest) else (None, True)
    return changed(session, data.select(reordered(data.names, names, anchor, last=last)))


def _natural(name: str) -> tuple[str, int]:
    """Names with their numbers in numerical order: x2 before x10."""
    stem = name.rstrip("0123456789")
    return stem.lower(), int(name[len(stem) :] or -1)


def _needed(parsed: ParsedCommand, data: Dataset) -> tuple[str, ...]:
    names = parse_names(parsed.clauses.body, data.names)
    if not names:
        raise parsed.word.error(f"{parsed.name} needs a variable.", code="syntax", advice=f"Write {parsed.name} x.")
    return names


# --- looks ------------------------------------------------------------------------------------------------
@command(
    "format",
    minimum="form",
    syntax="format variables %format",
    help="Set how a variable's values are shown.",
    effects=Effect.DATA,
)
def format_(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.dates import is_date_format, is_period_format
    from terrace.report.numbers import parse_format

    parsed.options(())
    data = session.data
    items = words(parsed.clauses.body)
    formats = [i for i in items if str(i).startswith("%")]
    names = [n for i in items if i not in formats for n in parse_names(i, data.names)]
    if not formats:
        return _formats(session, names or list(data.names))
    if len(formats) > 1 or not names:
        raise parsed.clauses.body.error(
            "format takes variables and one format.", code="syntax", advice="Write format x1 x2 %9.3f."
        )
    form = str(formats[0])
    for name in names:
        if data.is_text(name) != form.endswith("s"):
            kind = "text" if data.is_text(name) else "numbers"
            raise formats[0].error(f"{form} does not fit {name}, which holds {kind}.", code="bad-format", subject=name)
        if not data.is_text(name) and not (is_date_format(form) or is_period_format(form)):
            parse_format(form)
        data = data.with_variable(replace(data.variable(name), format=form))
    return changed(session, data)


def _formats(session: Session, names: list[str]) -> CommandResult:
    from terrace.results.table import Column, Row, Table

    rows = tuple(Row(n, (session.data.variable(n).format or "automatic",)) for n in names)
    table = Table("Display formats", (Column("format", "Format", "text"),), rows, "Variable", key="format")
    return CommandResult(tables=(table,))


@command(
    "clonevar", syntax="clonevar new = variable [if] [in]", help="Copy a variable with its labels and format.",
    effects=Effect.DATA,
)
def clonevar(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.columns import take

    parsed.options(())
    data = session.data
    parts = split(parsed.clauses.body, "=")
    if len(parts) != 2:
        raise parsed.arguments.strip().error("Write clonevar new = variable.", code="syntax")
    name, source = new_name(parts[0].strip(), data), Names(data.names).one(parts[1].strip())
    rows = np.where(chosen(session, parsed.clauses), np.arange(len(data)), -1)
    column = take(data.frame[source], rows)
    return changed(session, data.with_column(name, column, replace(data.variable(source), name=name)))


def list_of(piece: Piece | None, data: Dataset) -> tuple[str, ...]:
    """Variables of an option's argument; none where there is no option."""
    return () if piece is None else parse_names(piece, data.names)
