"""How many decimals a table shows where its reader chose: those of estimates, and those of p values."""

from __future__ import annotations

from dataclasses import replace

from terrace.results.table import Format, Table

ESTIMATES: tuple[Format, ...] = ("estimate", "interval", "bracketed")
"""Formats of numbers that the decimals of estimates are for."""


def with_decimals(table: Table, estimates: int | None, p: int | None = None) -> Table:
    """The table with these decimals in its estimates and its p values; None leaves them as they are."""

    def asked(format_: Format | None, own: int | None) -> int | None:
        if format_ in ESTIMATES and estimates is not None:
            return estimates
        return p if format_ == "p" and p is not None else own

    columns = tuple(replace(c, decimals=asked(c.format, c.decimals)) for c in table.columns)
    rows = tuple(replace(r, decimals=asked(r.format, r.decimals)) for r in table.rows)
    return replace(table, columns=columns, rows=rows)
