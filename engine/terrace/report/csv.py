"""Tables as CSV and TSV: every cell at full precision, intervals as two columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from terrace.report.cells import has_pairs
from terrace.results.plot import Plot
from terrace.results.table import Single, Table

_FORMULA = re.compile(r"(?![+-]?(?:[\d.,]+(?:[eE][+-]?\d+)?|inf)\Z)\s*[=+\-@].|[\t\r]", re.DOTALL)


def table_csv(table: Table) -> str:
    """A table as comma-separated values, head first, without title and notes."""
    return _text(table_cells(table), ",")


def table_tsv(table: Table) -> str:
    """A table as tab-separated values, for spreadsheets on the clipboard."""
    clean = ([harmless(x.replace("\t", " ").replace("\n", " ")) for x in row] for row in table_cells(table))
    return "".join("\t".join(row) + "\n" for row in clean)


def table_cells(table: Table) -> Iterator[list[str]]:
    """The head and the rows of a table as texts. A row under a heading keeps the heading in a first column.

    Without headings there is no such column.
    """
    grouped = any(r.kind == "group" for r in table.rows)
    head = ["Group"] if grouped else []
    head.append(table.stub)
    for column in table.columns:
        title = column.title.replace("\n", " ")
        head += [f"{title} lower", f"{title} upper"] if has_pairs(column) else [title]
    yield head
    group = ""
    for row in table.rows:
        if row.kind == "group" and not any(v is not None for v in row.values):
            group = row.label
            continue
        if row.indent == 0:
            group = ""
        cells = [group] if grouped else []
        cells.append(row.label)
        for j, column in enumerate(table.columns):
            value = row.values[j] if j < len(row.values) else None
            if has_pairs(column):
                cells += [exact(v) for v in value] if isinstance(value, tuple | list) else ["", ""]
            else:
                # a row of intervals may stand in a column of numbers
                cells.append(f"[{', '.join(map(exact, value))}]" if isinstance(value, tuple) else exact(value))
        yield cells


def harmless(text: str) -> str:
    """The text of a cell so that no spreadsheet runs it as a formula: an apostrophe in front; numbers as they are."""
    return f"'{text}" if _FORMULA.match(text) else text


def exact(value: Single) -> str:
    """A number with all its digits, text as it is, missing as nothing."""
    if value is None:
        return ""
    if isinstance(value, str | bool):
        return str(value)
    x = float(value)
    if np.isnan(x):
        return ""
    return str(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)


def plot_csv(plot: Plot, delimiter: str = ",") -> str:
    """The data behind a plot: one line a mark, with its panel and layer; what is hidden comes behind in its panel."""

    def rows() -> Iterator[list[str]]:
        yield ["panel", "layer", "kind", "x", "y", "lower", "upper", "row", "label"]
        for p, panel in enumerate(plot.panels, 1):
            for m, marks in enumerate((*panel.marks, *panel.hidden), 1):
                x, y = np.atleast_1d(marks.x), np.atleast_1d(marks.y)
                for i in range(max(len(x), len(y))):
                    five = y[i] if y.ndim == 2 else None  # the five numbers of a box
                    yield [
                        panel.title or str(p),
                        marks.label or str(m),
                        marks.kind,
                        _at(x, i),
                        _at(y, i) if five is None else " ".join(exact(v) for v in five),
                        _at(marks.lower, i),
                        _at(marks.upper, i),
                        "" if marks.rows is None else exact(marks.rows[i]),
                        marks.labels[i] if i < len(marks.labels) else "",
                    ]

    return _text(rows(), delimiter)


def _at(values: npt.NDArray[np.float64] | None, i: int) -> str:
    return "" if values is None or i >= len(values) else exact(values[i])


def _text(rows: Iterator[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(map(harmless, row) for row in rows)
    return out.getvalue()
