"""The data row by row: ``list``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.dates import date_text, is_date_format, is_period_format, period_text
from terrace.data.extended import extended_name
from terrace.data.streamed import StreamedData
from terrace.data.transforms.grouping import group
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument, number
from terrace.language.names import parse_names
from terrace.language.options import rules
from terrace.results.table import CellValue, Column, Row, Table
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.session.streamed import first_rows
from terrace.session.working import chosen

MAX_LISTED = 10_000
"""Rows that ``list`` prints at most: more than anyone reads, fewer than would fill the memory."""

_NUMERIC = re.compile(r"%-?0?\d*(\.\d+)?[fgeFGE]c?")


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
    from terrace.report.text import table_text

    width = 10_000 if clean else 80
    lines = table_text(table, width).splitlines()
    rule = [bool(x) and set(x) == {"-"} for x in lines]
    if not head and len(lines) > 2 and rule[0] and rule[2]:
        lines, rule = lines[2:], rule[2:]
    if clean:
        lines = [x for x, is_rule in zip(lines, rule) if not is_rule]
    return "\n".join(lines)


def list_table(
    data: Dataset,
    names: Sequence[str],
    rows: npt.NDArray[np.int64],
    *,
    numbers: bool = True,
    labels: bool = True,
    sepby: Sequence[str] = (),
    every: int = 0,
) -> Table:
    """These rows (from 0) of these variables, at most `MAX_LISTED`.

    A rule stands where a variable of `sepby` changes, and after `every` rows. Without `numbers` the first
    variable takes the place of the row numbers.
    """
    shown = rows[:MAX_LISTED]
    cells = {n: value_texts(data, n, shown, labels=labels) for n in names}
    breaks = _breaks(data, sepby, shown) if sepby else set(range(every, len(shown), every)) if every else set()
    stub, *others = names if not numbers else ("Row", *names)
    heads = [str(r + 1) for r in shown] if numbers else _padded(data, stub, cells[stub])
    notes: tuple[str, ...] = ()
    if len(rows) > len(shown):
        notes = (f"The first {len(shown):,} of {len(rows):,} rows; choose others with in or if.",)
    return Table(
        title="",
        columns=tuple(Column(n, n, "text" if _is_words(data, n, labels) else "general") for n in others),
        rows=tuple(
            Row(heads[k], tuple(cells[n][k] for n in others), "total" if k in breaks else "row")
            for k in range(len(shown))
        ),
        stub=stub,
        notes=notes,
        key="list",
    )


def _padded(data: Dataset, name: str, texts: list[str]) -> list[str]:
    """Texts of the first column, numbers to the right."""
    if data.is_text(name):
        return texts
    width = max((len(t) for t in texts), default=0)
    return [t.rjust(width) for t in texts]


def _is_words(data: Dataset, name: str, labels: bool) -> bool:
    return data.is_text(name) or (labels and bool(data.variable(name).value_labels))


def _unlabelled(value: float, format: str, numeric: str) -> str:
    from terrace.report.numbers import formatted, of_data

    if name := extended_name(value):
        return name
    if is_date_format(format):
        return date_text(value, format)
    if is_period_format(format):
        return period_text(value, format)
    return formatted(value, numeric) if numeric else of_data(value)


def value_texts(
    data: Dataset, name: str, rows: npt.NDArray[np.int64], *, labels: bool = True
) -> list[str]:
    """The values of a variable in these rows as they are shown: with labels, in its display format."""
    v = data.variable(name)
    values = data.frame[name].to_numpy()[rows]
    if data.is_text(name):
        return ["" if x is None or x is pd.NA or isinstance(x, float) else str(x) for x in values]
    form = v.format if _NUMERIC.fullmatch(v.format) else ""
    known: dict[float, str] = {}
    out: list[str] = []
    for x in values.tolist():
        if x is None or x != x:  # NaN is not equal to itself  # noqa: PLR0124
            out.append(".")
            continue
        if x not in known:
            label = v.value_labels.get(x) if labels else None
            if label is None:
                label = _unlabelled(x, v.format, form)
            known[x] = label
        out.append(known[x])
    return out


def _breaks(data: Dataset, names: Sequence[str], rows: npt.NDArray[np.int64]) -> set[int]:
    """Positions in `rows` before which a rule stands: where one of the variables changes."""
    codes = group(data, names).codes[rows]
    return set((np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist())
