"""Confidence levels that are asked for, rows that are kept, and what a test leaves in r()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from terrace.language.grammar.options import Option
from terrace.language.mixed_options import number as number_of
from terrace.results.table import Table
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned


def kept_rows(session: Session, tables: tuple[Table, ...]) -> CommandResult:
    """Tables, with the numbers of the last row of the last one left in r()."""
    table = tables[-1]
    scalars = {
        c.key: float(v)
        for c, v in zip(table.columns, table.rows[-1].values if table.rows else ())
        if isinstance(v, int | float) and isfinite(v)
    }
    return CommandResult(tables=tables, state=replace(session.state, returned=Returned(scalars)))


_STORED = {"ddf": "df_r"}  # the degrees of freedom of the denominator have this name in r()


def tested(
    session: Session, table: Table, scalars: Mapping[str, float] | None = None,
    macros: Mapping[str, str] | None = None, matrices: Mapping[str, Matrix] | None = None,
) -> CommandResult:  # fmt: skip
    """The result of a test, whose last row is left in r() under the keys of the columns, with further ``scalars``,
    ``macros`` and ``matrices``."""
    own = {
        _STORED.get(c.key, c.key): float(v)
        for c, v in zip(table.columns, table.rows[-1].values)
        if isinstance(v, int | float) and c.format != "interval"
    }
    returned = Returned({**own, **(scalars or {})}, macros or {}, matrices or {})
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


def level_of(options: dict[str, Option], session: Session) -> float:
    """The level of ``level()``, or that of the session's settings."""
    return number_of(options["level"]) if "level" in options else session.state.settings.level
