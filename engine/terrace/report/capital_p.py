"""The letter of probability values: a capital in AMA style (AMA Manual of Style, 11th ed., section 19.5)."""

from __future__ import annotations

import re
from dataclasses import replace

from terrace.results.table import Table

_SMALL = re.compile(r"(?<![\w.])p(?=\*?\s*\\?[<=>])")


def in_table(table: Table) -> Table:
    """The table with a capital in its heads, its rows and its notes."""
    columns = tuple(replace(c, title="P") if c.title == "p" else c for c in table.columns)
    rows = tuple(replace(r, label="P") if r.label == "p" else r for r in table.rows)
    return replace(table, columns=columns, rows=rows, notes=tuple(map(in_text, table.notes)))


def in_text(text: str) -> str:
    """A text that the program made, plain or with marks of Markdown."""
    return _SMALL.sub("P", text)
