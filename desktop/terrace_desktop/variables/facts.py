"""What the editor shows of a variable: its values with their labels and counts, its notes, the models that use it.

Without Qt, so that it can be found on a thread of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from terrace.data.missing import code_text
from terrace.data.value import Value

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.document.items import Document, Item
    from terrace.session.state import State

MOST = 20_000  # values that are listed


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a variable: its label, in how many rows it stands, and whether it stands for missing."""

    value: Value
    label: str = ""
    count: int = 0
    missing: bool = False

    @property
    def text(self) -> str:
        """The value as a user types it."""
        return code_text(self.value)


@dataclass(frozen=True)
class Listed:
    """The levels that are shown, how many there are in all, and the counts that they came from."""

    levels: tuple[Level, ...] = ()
    total: int = 0
    counts: pd.Series | None = None


def counts_of(data: Dataset, name: str) -> pd.Series:
    """In how many rows each value stands, by the values in their order, those that are declared missing too; what is
    missing itself is left out.
    """
    column = data.frame[name]
    found = column[column != ""] if data.is_text(name) else column
    return found.value_counts(dropna=True).sort_index()


def listed(data: Dataset, name: str, found: pd.Series | None = None) -> Listed:
    """The values of a variable, those for missing last: all that occur or have a label; of a continuous one those that
    have a label or stand for missing; of one with more values than a list is good for, the first.
    """
    v = data.variable(name)
    said = dict.fromkeys([*v.value_labels, *v.missing_codes])
    if v.measure.value == "continuous":
        column = data.frame[name]
        shown = found = column[column.isin(list(said))].value_counts()
    else:
        found = counts_of(data, name) if found is None else found
        few = len(found) <= MOST
        shown = found if few else pd.concat([found.iloc[:MOST], found[found.index.isin(list(said))]])
    counts = {_plain(value): int(n) for value, n in shown.items()}  # a million of them would hold the window up
    values = dict.fromkeys([*counts, *said])
    text = data.is_text(name)
    codes, ranges = set(v.missing_codes), v.missing_ranges
    levels = [
        Level(x, v.value_labels.get(x, ""), counts.get(x, 0), x in codes or _within(ranges, x, text)) for x in values
    ]
    levels.sort(key=lambda level: (level.missing, _order(level.value)))
    return Listed(tuple(levels), len(found) + sum(x.count == 0 for x in levels), found)


def _within(ranges: tuple[tuple[float, float], ...], value: Value, text: bool) -> bool:
    return not text and any(low <= float(value) <= high for low, high in ranges)


def _plain(value: object) -> Value:
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]  # a column holds numbers where it holds no text
    return int(number) if number.is_integer() else number


def _order(value: Value) -> tuple[bool, float, str]:
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")


def note_of(data: Dataset, name: str) -> str:
    """The notes on a variable, one a line."""
    head = f"{name}: "
    return "\n".join(t.removeprefix(head) for t in data.documents if t.startswith(head))


def base_of(state: State | None, name: str) -> object:
    """The reference category as ``fvset base`` keeps it; None where that is the lowest value."""
    from terrace.session.commands.helpers.bases import bases_of

    return None if state is None else bases_of(state).get(name)


def models_with(document: Document, data: Dataset, name: str) -> list[Item]:
    """The models of the results that use a variable of these data."""
    from terrace.design.streaming import model_variables
    from terrace.errors import TerraceError

    found = []
    for item in document.models():
        if item.fit is None or item.data is None or item.data.source != data.source:
            continue
        try:
            used = model_variables(item.fit.spec, item.data)
        except TerraceError:  # it was fitted with what is no variable of these data
            continue
        if name in used:
            found.append(item)
    return found
