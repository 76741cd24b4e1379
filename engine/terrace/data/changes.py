"""What is different between two states of the data, told from their columns: shared ones are not looked into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset

_SAID = ("label", "measure", "value_labels", "missing_codes", "missing_ranges", "format")
"""What is known of a variable, in the order in which a change of it is told."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences of two datasets: variables that came, went, have other values, or are described otherwise.

    ``described`` pairs a variable with the member of `Variable` that changed. ``rows`` is how many rows there are
    more; ``other_rows`` says that they are not the same ones, or stand in another order.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    edited: tuple[str, ...] = ()
    described: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    other_rows: bool = False
    moved: bool = False


def changes(then: Dataset, now: Dataset) -> Changes:
    """What became different from `then` to `now`. Values are compared only where the rows are the same ones."""
    other = then.lineage is not now.lineage or not _same_ids(then, now)
    old, new = set(then.names), set(now.names)
    both = [n for n in then.names if n in new]
    added = tuple(n for n in now.names if n not in old)
    removed = tuple(n for n in then.names if n not in new)
    renamed: tuple[tuple[str, str], ...] = ()
    if added and len(added) == len(removed) and not other and len(then.names) == len(now.names):
        pairs = [(a, b) for a, b in zip(then.names, now.names) if a != b]
        if all(same_values(then.frame[a], now.frame[b]) for a, b in pairs):
            renamed, added, removed = tuple(pairs), (), ()
    return Changes(
        added,
        removed,
        renamed,
        () if other else tuple(n for n in both if not same_values(then.frame[n], now.frame[n])),
        tuple((n, what) for n in both for what in _described(then, now, n)),
        len(now) - len(then),
        other,
        both != [n for n in now.names if n in old],
    )


def _same_ids(then: Dataset, now: Dataset) -> bool:
    if len(then) != len(now):
        return False
    return then.row_ids is now.row_ids or np.array_equal(then.ids, now.ids)


def _described(then: Dataset, now: Dataset, name: str) -> tuple[str, ...]:
    old, new = then.variable(name), now.variable(name)
    return () if old is new else tuple(w for w in _SAID if getattr(old, w) != getattr(new, w))


def same_values(old: pd.Series, new: pd.Series) -> bool:
    """True where two columns hold the same values in the same type; those that share memory are not looked into."""
    if old is new:
        return True
    if len(old) != len(new) or old.dtype != new.dtype:
        return False
    place = memory_of(old)
    return (place is not None and place == memory_of(new)) or bool(old.equals(new))


def memory_of(column: pd.Series) -> tuple[int, tuple[int, ...]] | None:
    """Where the values of a column lie, and how far apart; None for columns that are no plain array."""
    if not isinstance(column.dtype, np.dtype):
        return None
    values = column.array.to_numpy()
    return values.ctypes.data, values.strides
