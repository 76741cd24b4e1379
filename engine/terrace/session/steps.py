"""Steps that can be undone: all that belongs to the work, as it was, under a name in words.

A step shares whatever it did not change with its neighbours: columns of the data, fits, items of the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from terrace.session.document.items import Document
from terrace.session.state import State

MAX_UNDO = 100
"""Steps that can be undone."""
WORK = (
    *("dataset", "document", "fit", "stored", "margins", "posted", "tested", "graphs", "label_sets", "origins"),
    *("reshaped", "bases", "filter"),
)
"""The members of `State` that a step brings back. What belongs to the session stays: settings, macros, programs,
the folder, the log, random numbers."""
STEPPED = ("undone", "redone", "joins")
"""What the payload of a command has that took a step back, did one again, or joined some."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Step:
    """A change of the work: its name, such as ``edit of wave``, and the `WORK` before it (after it, to redo)."""

    name: str
    before: Mapping[str, Any]


def work_of(state: State) -> Mapping[str, Any]:
    """What belongs to the work, by the names in `WORK`."""
    return {name: getattr(state, name) for name in WORK}


def with_work(state: State, work: Mapping[str, Any]) -> State:
    """The state with the work of another time; the ids of items that came since are not given again."""
    then: Document = work["document"]
    most = max(then.next_id, state.document.next_id)
    if _same(then, state.document):
        then = state.document
    elif then.next_id != most:
        then = replace(then, next_id=most)
    return replace(state, **{**work, "document": then})


def joined(steps: Sequence[Step], count: int, name: str) -> list[Step]:
    """The last `count` steps, or as many as there are, as one that brings back what was before the first of them."""
    at = max(len(steps) - count, 0)
    return [*steps[:at], *(Step(name, s.before) for s in steps[at : at + 1])]


def _same(a: Document, b: Document) -> bool:
    """True where two documents show the same; items are shared, so that none is looked into."""
    alike = len(a.items) == len(b.items) and all(x is y for x, y in zip(a.items, b.items))
    said = (a.title, a.look, a.figure_style, a.report)
    return alike and said == (b.title, b.look, b.figure_style, b.report)
