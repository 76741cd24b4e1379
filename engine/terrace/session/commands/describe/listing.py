"""The data row by row: ``list``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.streams.batches import StreamedData
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import rules
from terrace.language.mixed_options import argument, number
from terrace.results.table import CellValue, Table
from terrace.session.commands.helpers.lists import list_table
from terrace.session.commands.helpers.streamed import first_rows
from terrace.session.commands.helpers.working import chosen
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

"""Rows that ``list`` prints at most: more than anyone reads, fewer than would fill the memory."""


@command(
    "list",
    minimum="l",
    syntax="list [variables] [if] [in] [, noobs sepby(variables) separator(#) nolabel clean noheader "
    "abbreviate(#) string(#)]",
    help="Show the data row by row.",
    by="loop",
    effects=Effect.NONE,
)
def list_rows(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(
        rules("noo:bs nol:abel clean nohead:er", "sepby sep:arator ab:breviate str:ing", already="fast")
    )
    data = session.source
    names = parsed.variables(data.names) or data.names
    if isinstance(data, StreamedData):
        if session.filtering.expression:
            raise data.needs_rows()
        rows = first_rows(data, parsed.clauses)
    else:
        rows = np.flatnonzero(chosen(session, parsed.clauses))
    if not len(rows):
        return CommandResult()
    by = parse_names(argument(options["sepby"]), data.names) if "sepby" in options else ()
    every = int(number(options["separator"], integer=True)) if "separator" in options else 0
    table = list_table(
        data, names, rows, numbers="noobs" not in options, labels="nolabel" not in options, sepby=by, every=every
    )
    if "abbreviate" in options:
        table = _abbreviated(table, int(number(options["abbreviate"], integer=True, least=5)))
    if "string" in options:
        table = _cut(table, int(number(options["string"], integer=True, least=1)))
    if "clean" in options or "noheader" in options:
        text = _bare(table, clean="clean" in options, head="noheader" not in options)
        return CommandResult(tables=(table,), text=text)
    return CommandResult(tables=(table,))


def _abbreviated(table: Table, places: int) -> Table:
    """The table with names in at most so many places: ``abbrevi~n``."""

    def short(name: str) -> str:
        return name if len(name) <= places else f"{name[: places - 2]}~{name[-1]}"

    columns = tuple(replace(c, title=short(c.title), code=c.title) for c in table.columns)
    return replace(table, columns=columns, stub=short(table.stub))


def _cut(table: Table, places: int) -> Table:
    """The table with texts in at most so many places, two points behind those that were cut."""

    def short(cell: CellValue, k: int) -> CellValue:
        if isinstance(cell, str) and table.columns[k].format == "text" and len(cell) > places:
            return f"{cell[:places]}.."
        return cell

    rows = tuple(replace(r, values=tuple(short(v, k) for k, v in enumerate(r.values))) for r in table.rows)
    return replace(table, rows=rows)


def _bare(table: Table, *, clean: bool, head: bool) -> str:
    """The text of a listing without its rules (`clean`), or without the line of names."""
    from terrace.report.text.text import table_text

    width = 10_000 if clean else 80
    lines = table_text(table, width).splitlines()
    rule = [bool(x) and set(x) == {"-"} for x in lines]
    if not head and len(lines) > 2 and rule[0] and rule[2]:
        lines, rule = lines[2:], rule[2:]
    if clean:
        lines = [x for x, is_rule in zip(lines, rule) if not is_rule]
    return "\n".join(lines)


