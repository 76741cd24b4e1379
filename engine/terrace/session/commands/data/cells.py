"""The data as a table that is typed into: ``enter``, ``insobs``, ``substitute``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.names import is_legal_name
from terrace.data.transforms.entering import Entered, enter
from terrace.data.transforms.finding import Search, replace_cells
from terrace.data.transforms.rows import MOST_ROWS, insert_rows, reordered
from terrace.data.transforms.typed import Decimal
from terrace.language.grammar.clauses import range_rows
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.escapes import unescaped
from terrace.session.commands.helpers.row_lists import row_list
from terrace.session.commands.helpers.working import changed, chosen, new_name, plural, text_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.session.step_names import listed, with_names

_LISTED = 100  # refused cells in the table; more are counted
_ROWS = re.compile(r"(\d+)(?:\s*/\s*(\d+))?")


@command(
    "enter",
    syntax='enter variables [in #[/#]], cells("TEXT") [rows(numbers) before(variable) decimal(",") exact]',
    help=r"Put a block of cells into the data: \t stands for the next variable, \n for the next row, \q for a "
    r"quotation mark and \\ for a backslash. Rows past the end and variables that are new are added; before() says "
    "where new variables go. A block smaller than its place is repeated. Nothing or a dot is missing, a value label "
    "stands for its code; exact takes all for values as they are stored. A cell that cannot hold its text stays, and "
    "is told.",
    effects=Effect.DATA,
)
def enter_cells(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("exact", "cells rows decimal before"))
    if "cells" not in options:
        raise parsed.word.error(
            "enter needs the cells.", code="syntax", advice='Write enter x y in 3, cells("1\\t2").'
        )
    data = session.data_or_none
    names = _names(parsed, data)
    block = _block(options["cells"], len(names))
    rows = _rows(parsed, options, 0 if data is None else len(data), len(block))
    made = enter(data, names, rows, block, decimal=_decimal(options), exact="exact" in options)
    out = made.data
    new = [n for n in names if data is None or n not in data]
    if "before" in options and new:
        anchor = Names(out.names).one(argument(options["before"]))
        out = out.select(reordered(out.names, new, anchor))
    step = _step(data, out, names, rows, block)
    return _told(session, replace(made, data=out), step, data, options["cells"].piece)


@command(
    "insobs",
    minimum="insob",
    syntax="insobs # [, before(#) after(#)]",
    help="Insert rows of missing values: at the end, or before or after a row.",
    effects=Effect.DATA,
)
def insert(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "b:efore a:fter"))
    data = session.data
    body = parsed.clauses.body.strip()
    count = int(str(body)) if str(body).isdigit() else 0
    if not 1 <= count <= MOST_ROWS - len(data):
        raise (body if body else parsed.word).error(
            "insobs takes a number of rows.", code="syntax", advice="Write insobs 2, before(5)."
        )
    if len(options) > 1:
        raise options["after"].piece.error("Give before() or after(), not both.", code="misplaced-option")
    at = len(data)
    for option in options.values():
        typed = option.value
        if not typed.isdigit() or not 1 <= int(typed) <= max(1, len(data)):
            raise option.piece.error(
                f"{option.name}() takes a row from 1 to {len(data):,}.", code="range", subject=option.name
            )
        at = min(len(data), int(typed) - (option.name == "before"))
    return changed(session, insert_rows(data, count, at), f"({plural(count, 'row')} inserted)")


@command(
    "substitute",
    minimum="subst",
    syntax='substitute variables [if] [in], find("TEXT") with("TEXT") [rows(numbers) whole matchcase '
    'codes decimal(",")]',
    help="Find and replace in cells, in numbers and texts: a part of what a cell shows, or with whole all of it. Value "
    "labels are looked at, and with codes the values behind them. A dot is a missing value. Upper and lower case are "
    "alike without matchcase. A cell that would hold no value of its variable stays, and is told.",
    effects=Effect.DATA,
)
def substitute(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("whole match:case codes", "find with decimal rows"))
    data = session.data
    names = parse_names(parsed.clauses.body, data.names)
    if not names:
        raise parsed.word.error("substitute needs a variable.", code="syntax", advice="Write substitute _all, ...")
    for needed in ("find", "with"):
        if needed not in options:
            raise parsed.word.error(f"substitute needs {needed}().", code="syntax", subject=needed)
    text, new = (unescaped(text_of(options[o])) for o in ("find", "with"))
    if not text:
        raise options["find"].piece.error(
            "There is nothing to find.", code="syntax", advice='Write find(".") whole for missing values.'
        )
    search = Search(text, "whole" in options, "matchcase" in options, "codes" in options)
    keep = chosen(session, parsed.clauses)
    if "rows" in options:
        listed = np.zeros(len(data), dtype=bool)
        listed[row_list(argument(options["rows"]), len(data))] = True
        keep &= listed
    made = replace_cells(data, names, keep, search, new, _decimal(options))
    return _told(session, made, "", data, options["with"].piece)


# --- what stands in the command ---------------------------------------------------------------------------
def _names(parsed: ParsedCommand, data: Dataset | None) -> list[str]:
    """Variables by their full names, those that are new among them; ranges and patterns of those there are."""
    known = () if data is None else data.names
    there = set(known)
    out: list[str] = []
    for item in words(parsed.clauses.body):
        text = str(item)
        if text in there:
            out.append(text)
        elif is_legal_name(text) and text != "_all":
            out.append(new_name(item, data))
        else:
            out += parse_names(item, known)
    if not out:
        raise parsed.word.error("enter needs a variable.", code="syntax", advice='Write enter x in 3, cells("1").')
    if len(set(out)) < len(out):
        twice = next(n for n in out if out.count(n) > 1)
        raise parsed.clauses.body.error(f"{twice} appears twice.", code="repeated-name", subject=twice)
    return out


def _block(option: Option, width: int) -> list[list[str]]:
    """The cells as lines of one length, which divides the number of variables."""
    text = unescaped(text_of(option))
    lines = list(csv.reader(io.StringIO(text), delimiter="\t")) or [[""]]
    lines = [line or [""] for line in lines]
    for k, line in enumerate(lines):
        if len(line) != len(lines[0]):
            raise option.piece.error(
                f"Line {k + 1} has {plural(len(line), 'cell')}, and line 1 has {len(lines[0])}.", code="cells"
            )
    if width % len(lines[0]):
        raise option.piece.error(
            f"There are {plural(len(lines[0]), 'cell')} in a line, but {plural(width, 'variable')}.",
            code="cells",
            advice=r"Write \t between the cells of a row.",
        )
    return lines


def _rows(parsed: ParsedCommand, options: dict[str, Option], n: int, height: int) -> npt.NDArray[np.int64]:
    """The rows (from 0) that the block goes to."""
    range_ = parsed.clauses.range_
    if parsed.clauses.condition is not None:
        raise parsed.clauses.condition.error("enter takes no if.", code="syntax", advice="Use replace x = ... if.")
    if "rows" in options:
        if range_ is not None:
            raise options["rows"].piece.error("Give in or rows(), not both.", code="misplaced-option")
        rows = row_list(argument(options["rows"]), MOST_ROWS)
        where = options["rows"].piece
    elif range_ is None:
        rows, where = np.arange(max(n, height if not n else 0)), parsed.word
    else:
        where = range_
        found = _ROWS.fullmatch(str(range_).strip())
        if found:
            first = int(found[1])
            last = int(found[2]) if found[2] else first + height - 1
            if not 1 <= first <= last <= MOST_ROWS:
                raise where.error("Rows are numbered from 1, and the first comes before the last.", code="range")
            rows = np.arange(first - 1, last)
        else:
            rows = np.arange(*range_rows(str(range_), n))
    if len(rows) % height or not len(rows):
        raise where.error(
            f"There are {plural(height, 'line')} of cells for {plural(len(rows), 'row')}.", code="cells",
            advice="Give as many rows as lines, or a multiple of that.",
        )  # fmt: skip
    return rows


def _decimal(options: dict[str, Option]) -> Decimal:
    if "decimal" not in options:
        return "."
    sign = text_of(options["decimal"]).strip()
    if sign == ",":
        return ","
    if sign == ".":
        return "."
    raise options["decimal"].piece.error('decimal() takes "," or ".".', code="bad-option-value", subject="decimal")


# --- what is told -----------------------------------------------------------------------------------------
def _told(
    session: Session, made: Entered, step: str, before: Dataset | None, where: Piece
) -> CommandResult:
    """The result of a change; `CommandError` at `where` where all was refused."""
    if made.refused and not made.changes:
        first, more = made.refused[0], len(made.refused) - 1
        raise where.error(
            f"Row {first.row + 1:,}: {first.why}", code="refused-cell", subject=first.name,
            advice=f"{plural(more, 'more cell was', 'more cells were')} refused. Nothing was changed."
            if more
            else "Nothing was changed.",
        )  # fmt: skip
    text = f"({plural(made.changes, 'change')} made)"
    if made.data is before:
        return CommandResult(text=text)
    tables = []
    if made.refused:
        text = f"({plural(made.changes, 'change')} made, {plural(len(made.refused), 'cell')} refused)"
        tables = [_table(made)]
    cells = [
        {"row": c.row + 1, "variable": c.name, "text": c.text, "why": c.why} for c in made.refused[:_LISTED]
    ]
    payload = {"changes": made.changes, "refused": cells, **({"step": step} if step else {})}
    return replace(changed(session, made.data, text, tables=tables), payload=payload)


def _table(made: Entered) -> Table:
    columns = (
        Column("variable", "Variable", "text"), Column("text", "Text", "text"), Column("why", "Why", "text"),
    )  # fmt: skip
    rows = tuple(Row(f"{c.row + 1:,}", (c.name, c.text, c.why)) for c in made.refused[:_LISTED])
    more = len(made.refused) - len(rows)
    return Table("Cells that were refused", columns, rows, "Row", (f"And {more:,} more.",) if more else ())


def _step(
    before: Dataset | None, after: Dataset, names: Sequence[str], rows: npt.NDArray[np.int64],
    block: Sequence[Sequence[str]],
) -> str:  # fmt: skip
    """What undo calls it."""
    new = [n for n in names if before is None or n not in before]
    grown = len(after) - (0 if before is None else len(before))
    where = listed(tuple(names))
    cells = len(rows) * len(names)
    if new and len(new) == len(names):
        return with_names("new variable", tuple(new))
    what = "edit"
    if all(text in ("", ".") for line in block for text in line):
        what = "clearing"
    if grown:
        return f"{plural(grown, 'new row')} with {plural(cells, 'value')} of {where}"
    return f"{what} of {where} in row {rows[0] + 1:,}" if cells == 1 else f"{what} of {cells:,} cells of {where}"
