"""What data have besides values, and which formats keep it: the notes at writing and the table of the help page.

`DataFormat.holds` names the features of a format by their keys; what of a feature is cut or changed in such a format
its writer tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terrace.wording import enumerated

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable

_MOST = 8  # names in a note
_PLAIN = ("", "%td", "%tc")  # formats that the values themselves tell


@dataclass(frozen=True, slots=True)
class Feature:
    """``of`` gives the names of the variables that have it, or a single empty name where the data have it."""

    key: str
    title: str
    of: Callable[[Dataset], list[str]]


def _variables(has: Callable[[Variable], object]) -> Callable[[Dataset], list[str]]:
    return lambda data: [v.name for v in data.variables if has(v)]


def _data(has: Callable[[Dataset], object]) -> Callable[[Dataset], list[str]]:
    return lambda data: [""] * bool(has(data))


def _measured(data: Dataset) -> list[str]:
    """The variables whose level of measurement a reader would not guess."""
    from terrace.data.measure import guess_measure

    out = []
    for v in data.variables:
        if v.format.startswith("%t"):
            continue
        column = data.frame[v.name]
        if v.declares_missing:
            column = column.where(~column.isin(data.missing_values(v.name)))
        if guess_measure(v.name, column, labels=v.value_labels) is not v.measure:
            out.append(v.name)
    return out


FEATURES = (
    Feature("label", "the label of the data", _data(lambda d: d.label)),
    Feature("labels", "labels of variables", _variables(lambda v: v.label)),
    Feature("value labels", "value labels", _variables(lambda v: v.value_labels)),
    Feature("label sets", "names of sets of value labels", _variables(lambda v: v.value_labels and v.label_set)),
    Feature("measures", "levels of measurement", _measured),
    Feature("formats", "display formats", _variables(lambda v: v.native_format or v.format not in _PLAIN)),
    Feature("widths", "widths of columns", _variables(lambda v: v.width)),
    Feature("documents", "notes of the data", _data(lambda d: d.documents)),
    Feature("panel", "what xtset declared", _data(lambda d: d.panel)),
)
ALL = frozenset(f.key for f in FEATURES)


def not_held(data: Dataset, holds: frozenset[str], ending: str) -> list[str]:
    """A note on all that the data have and a format does not hold; none where there is nothing."""
    lost = []
    for feature in FEATURES:
        names = [] if feature.key in holds else feature.of(data)
        if names:
            shown = [*names[:_MOST], "..."] if len(names) > _MOST else names
            lost.append(feature.title + (f" ({', '.join(shown)})" if names[0] else ""))
    return [f"A {ending} file does not hold {enumerated(lost, 'or')}."] if lost else []
