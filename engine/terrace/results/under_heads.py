"""Rows of a table under heads that name once what several of them have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from terrace.results.table import Row


def under_heads(rows: Iterable[tuple[Sequence[str], Row]]) -> tuple[Row, ...]:
    """The rows in their order, each given with its heads from the outermost on: those that differ from the heads of the
    row before stand above it as groups, and each step inwards is an indent."""
    out: list[Row] = []
    before: tuple[str, ...] = ()
    for heads, row in rows:
        now = tuple(heads)
        same = next((k for k, pair in enumerate(zip(now, before)) if pair[0] != pair[1]), min(len(now), len(before)))
        out += [Row(now[k], kind="group", indent=k) for k in range(same, len(now))]
        out.append(replace(row, indent=len(now)))
        before = now
    return tuple(out)
