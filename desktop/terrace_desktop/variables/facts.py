"""What the editor shows of a variable: its values with their labels and counts, its notes, the models that use it.

Without Qt, so that it can be found on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terrace.data.missing import code_text
from terrace.data.value import Value

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.document.items import Document, Item
    from terrace.session.state import State

MOST = 20_000  # values that are listed; no list of labels is longer
Counts = Mapping[Value, int]


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
    counts: Counts | None = None


def counts_of(data: Dataset, name: str) -> dict[Value, int]:
    """In how many rows each value stands, those that are declared missing too; what is missing itself is left out."""
    column = data.frame[name]
    found = column[column != ""] if data.is_text(name) else column
    return {_plain(value): int(n) for value, n in found.value_counts(dropna=True).items()}


def listed(data: Dataset, name: str, counts: Counts | None = None) -> Listed:
    """The values of a variable, those for missing last: all that occur or have a label; of a continuous one, and of
    one with more values than a list is good for, only those that have a label or stand for missing.
    """
    v = data.variable(name)
    if counts is None:
        counts = counts_of(data, name)
    said = dict.fromkeys([*v.value_labels, *v.missing_codes])
    every = dict.fromkeys([*counts, *said])
    values = said if v.measure.value == "continuous" else every
    if len(values) > MOST:
        values = dict.fromkeys([*said, *sorted(counts, key=_order)[: MOST - len(said)]])
    text = data.is_text(name)
    codes, ranges = set(v.missing_codes), v.missing_ranges
    levels = [
        Level(x, v.value_labels.get(x, ""), counts.get(x, 0), x in codes or _within(ranges, x, text)) for x in values
    ]
    levels.sort(key=lambda level: (level.missing, _order(level.value)))
    return Listed(tuple(levels), len(every), counts)


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
