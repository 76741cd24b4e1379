"""The one model of a table: typed cells under typed columns, no mark-up.

Results and post-estimation make these; `terrace.report` renders them as text, HTML, Word, Excel, LaTeX,
Markdown and CSV, and the window shows the HTML. A cell keeps its full-precision value; how many digits are
shown is decided by the renderer from the column's format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypedDict

Format = Literal[
    "text",
    "estimate",   # at least three significant figures a column, aligned on the decimal point
    "statistic",  # two decimals (z, t, F, chi2)
    "p",          # p value: < .001 without the leading zero in journal style
    "df",         # degrees of freedom: an integer, or one decimal
    "count",      # integer with thousands separators in journal style
    "share",      # three decimals of what cannot exceed 1: .181 without the leading zero in journal style
    "percent",    # the cell is a proportion: 0.123 is shown as 12.3%
    "interval",   # a cell holding (lower, upper): shown [lower, upper] in journals, two columns as text
    "fixed",      # `decimals` decimals
    "general",    # each cell by itself, as program listings print: seven significant digits in nine places
    "bracketed",  # an estimate in parentheses: the standard error under a coefficient
]


RowKind = Literal["row", "group", "total"]
Single = float | str | None
CellValue = Single | tuple[Single, Single]
"""What a cell holds: a number, a text, both ends of an interval; None for missing."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a stable `key` for programs, a `title` for people, and how its cells are shown.

    ``code`` is the name that programs use for the column where the title is for people, as in `Row`.
    ``display`` is a display format (``%10.0g``) that says how numbers look in place of ``format`` and ``decimals``.
    """

    key: str
    title: str
    format: Format = "estimate"
    decimals: int | None = None
    code: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. The label is the first cell on paper; `values` has one entry a column, None for missing.

    ``kind`` is ``"row"``, ``"group"`` (a heading inside the table: a level, a factor) or ``"total"`` (set
    off by a rule). ``indent`` counts steps under the last group heading. ``code`` is the name that programs
    use for the row (``1.sector#c.ses``) where the label is for people (``sector: Catholic × ses``).
    ``format``, ``decimals`` and ``display`` replace those of the columns for this row: models side by side have a row
    of counts under rows of coefficients. A string in a column of numbers is shown as it stands (``reference``).
    ``around`` stands before and after each number of the row, ``marks`` after those of each column: stars.
    """

    label: str
    values: tuple[CellValue, ...] = ()
    kind: RowKind = "row"
    indent: int = 0
    code: str = ""
    format: Format | None = None
    decimals: int | None = None
    display: str = ""
    around: tuple[str, str] = ("", "")
    marks: tuple[str, ...] = ()


class PlainTable(TypedDict):
    """A table as JSON has it: every cell of a row after its label, an interval as two cells."""

    title: str
    columns: list[str]
    rows: list[list[Single | list[Single]]]


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table with notes underneath. `stub` heads the label column. ``alike`` where its columns hold the same
    quantities, such as models of one outcome: they have their decimals in common."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    stub: str = ""
    notes: tuple[str, ...] = ()
    key: str = ""
    alike: bool = False

    def cell(self, row: Row, key: str) -> CellValue:
        """What a row has in the column of this key, wherever that stands; None where the row is a heading.

        Raises `KeyError` where there is no such column.
        """
        at = next((k for k, c in enumerate(self.columns) if c.key == key), None)
        if at is None:
            raise KeyError(key)
        return row.values[at] if row.values else None

    def plain(self) -> PlainTable:
        """``{"title", "columns", "rows"}`` with plain cells, label first: the JSON form of a table."""
        names: list[str] = [self.stub]
        for c in self.columns:
            names += [f"{c.key} lower", f"{c.key} upper"] if c.format == "interval" else [c.code or c.title]
        return {
            "title": self.title,
            "columns": names,
            "rows": [
                [r.code or r.label, *_flat(self.columns, r.values)] for r in self.rows if r.kind != "group"
            ],
        }


def _flat(columns: Sequence[Column], values: Sequence[CellValue]) -> list[Single | list[Single]]:
    out: list[Single | list[Single]] = []
    for column, value in zip(columns, values):
        if column.format == "interval":
            out += [_plain(v) for v in value] if isinstance(value, tuple) else [None, None]
        else:  # a row of intervals may stand in a column of numbers
            out.append([_plain(v) for v in value] if isinstance(value, tuple) else _plain(value))
    return out


def _plain(value: Single) -> Single:
    if value is None or isinstance(value, str | bool):
        return value
    number = float(value)
    if not isfinite(number):
        return None
    return int(value) if isinstance(value, int) else number
