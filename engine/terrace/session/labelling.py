"""How the variables of kept models are called by now: labels change everywhere at once.

The data of a model are those that it was fitted to, with the labels of that day. Where the open data are of the same
source, variables go by the labels that they have there. A value label holds for a level of a model as long as the level
is still the same value in most of its rows: after a recoding, a code may mean something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from terrace.data.changes import memory_of
from terrace.results.labels import described, relabelled, table_labels
from terrace.session.document.fits import model_of
from terrace.session.document.retitled import retitled
from terrace.session.out_of_date import of_one_source, position_of

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable
    from terrace.data.value import Value
    from terrace.results.fit import FitResult
    from terrace.session.document.items import Document, Item
    from terrace.session.state import State


def descriptions(state: State) -> dict[int, tuple[Variable, ...]]:
    """The variables of models of the document whose labels are others by now, as they are described now, by the ids of
    the models."""
    found: dict[int, tuple[Variable, ...]] = {}
    known: dict[int, tuple[Variable, ...]] = {}  # models of the same data share the answer
    for item in state.document.models():
        if item.data is not None and state.dataset is not None:
            key = id(item.data)
            if key not in known:
                known[key] = changed_labels(item.data, state.dataset)
            if known[key]:
                found[item.id] = known[key]
    return found


def changed_labels(then: Dataset, now: Dataset) -> tuple[Variable, ...]:
    """The variables of `then` whose own label or value labels are others in `now`, with those of `now`."""
    if then is now or not of_one_source(then, now):
        return ()
    at = {v.name: v for v in now.variables}
    out = []
    for old in then.variables:
        new = at.get(old.name)
        if new is None or new is old or (new.label, new.value_labels) == (old.label, old.value_labels):
            continue
        values = old.value_labels
        if values != new.value_labels:
            values = _value_labels(then, now, old, new)
        if (new.label, values) != (old.label, old.value_labels):
            out.append(replace(old, label=new.label, value_labels=values))
    return tuple(out)


def _value_labels(then: Dataset, now: Dataset, old: Variable, new: Variable) -> Mapping[Value, str]:
    before, after = then.frame[old.name], now.frame[old.name]
    if before is after or (memory_of(before) is not None and memory_of(before) == memory_of(after)):
        return new.value_labels
    rows = position_of(then, now)
    if rows is None or before.dtype.kind != after.dtype.kind:
        return old.value_labels
    there = rows[0] >= 0
    before, after = before[there].reset_index(drop=True), after.take(rows[0][there]).reset_index(drop=True)
    out = dict(new.value_labels)
    for value in {*old.value_labels, *new.value_labels}:
        if old.value_labels.get(value) == new.value_labels.get(value):
            continue
        was = (before == value).fillna(False)
        still = int((was & (after == value).fillna(False)).sum())
        if 2 * still < int(was.sum()):
            out.pop(value, None)
            out |= {value: old.value_labels[value]} if value in old.value_labels else {}
    return out


def titles_now(document: Document, before: Dataset | None, now: Dataset | None) -> Document:
    """The document after a command, in which titles follow the labels of the data where these have changed."""
    if before is None or now is None or before.variables is now.variables or not of_one_source(before, now):
        return document
    was = {v.name: v.label for v in before.variables}
    if all(was.get(v.name, v.label) == v.label for v in now.variables) or document.look.labels is False:
        return document
    return retitled(document, now, of_one_source)


def data_now(state: State, item: Item) -> Dataset | None:
    """The data that a model was fitted to, described as its variables are by now."""
    if item.data is None or state.dataset is None:
        return item.data
    return described(item.data, changed_labels(item.data, state.dataset))


def fit_now(state: State, fit: FitResult) -> FitResult:
    """A fit with the value labels that its variables have by now, where it is a model of the document."""
    item = model_of(state.document, fit)
    now = None if item is None else data_now(state, item)
    return fit if item is None or item.data is None or now is None else relabelled(fit, item.data, now)


def labels_now(state: State, fits: Sequence[FitResult]) -> dict[str, str]:
    """The labels that stand for the variables of these fits in tables: none where the page shows names."""
    if state.document.look.labels is False:
        return {}
    out: dict[str, str] = {}
    for fit in fits:
        item = model_of(state.document, fit)
        data = state.dataset if item is None or item.data is None else data_now(state, item)
        out |= table_labels(fits, data)
    return out


def as_shown(state: State, data: Dataset) -> Dataset:
    """The data for what names its variables by their labels: without these where the page shows names."""
    if state.document.look.labels is not False:
        return data
    return described(data, [replace(v, label="") for v in data.variables if v.label])
