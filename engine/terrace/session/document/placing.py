"""Where a new result goes in the results document: models, what was asked about them, and the rest in time order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.session import registry
from terrace.session.document.edits import Place, moved
from terrace.session.document.fits import fits_of, free_name, model_of, next_number, same_fit
from terrace.session.document.items import Document, Item
from terrace.session.document.retitled import called_in
from terrace.session.document.titles import TITLES, output_title
from terrace.session.effects import Effect
from terrace.session.step_names import data_step
from terrace.spec.edit import variable_names
from terrace.spec.title import model_title

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.session.state import State

_OF_THE_PAGE = ("outline", "report parts", "figure check")
"""Commands that speak of the page itself."""


def placed(document: Document, outcome: Outcome, before: State, after: State, when: str) -> Document:
    """The document with the outcome of a command, where that shows something.

    Errors and cancelled commands never enter. A fit that is not there yet is a model, opened data begin a part of
    their own, what speaks of a fit goes under that, and what changed the data under these; all else stands at the end.
    Commands that are told in passing, run quietly or say nothing leave no trace.

    Parameters
    ----------
    document
        What there is.
    outcome
        What the command did, with the effects that came about.
    before, after
        The session before it and after it: the active fit, the data, stored estimates.
    when
        The time of the new item, as ISO 8601 has it.
    """
    if not outcome.ok or outcome.type in _OF_THE_PAGE or Effect.OUTLINE in outcome.effects:
        return document
    fit = outcome.fit
    new = fit is not None and model_of(document, fit) is None
    if Effect.OPENS in outcome.effects and after.dataset is not None:
        shown = None if new else outcome
        item = Item(0, "data", shown, automatic=data_title(after.dataset), when=when)
        document = _end(_without_unused(document), item)
    elif fit is None or not new:
        return _output(document, outcome, before, after, when)
    if fit is not None and new:
        document = _end(document, _model(document, outcome, fit, before, after, when))
    return document


def _output(document: Document, outcome: Outcome, before: State, after: State, when: str) -> Document:
    told = outcome.text.strip()
    shown = bool(outcome.tables or outcome.plots or outcome.warnings)
    changes = Effect.DATA in outcome.effects
    known = registry.COMMANDS.get(outcome.type)
    on_data = changes or (known is not None and Effect.DATA in known.effects)  # though it may have changed nothing
    writes = outcome.effects & (Effect.FILES | Effect.SAVES)
    passing = Effect.BRIEF in outcome.effects or (bool(on_data or writes) and "\n" not in told)
    if outcome.quiet or not (shown or (told and not passing)):
        return document
    names = () if before.fit is None else variable_names(before.fit.spec)
    called = called_in(outcome, after.dataset, names)
    item = Item(0, "output", outcome, automatic=_title(outcome, before, after), when=when, called=called)
    if outcome.payload.get("replaces") and (replaced := _in_place(document, item)) is not None:
        return replaced
    owner: Item | None = None
    if outcome.effects & (Effect.ABOUT_FIT | Effect.FITS):  # mixed alone shows the active model again
        owner = model_of(document, before.fit)
    elif changes:
        owner = next((i for i in reversed(document.items) if i.kind == "data"), None)
    return _end(document, item) if owner is None else _under(document, item, owner)


def _in_place(document: Document, item: Item) -> Document | None:
    """The document in which an output takes the place of the last of its kind, at the end; None where there is none."""
    assert item.outcome is not None
    kind = item.outcome.type
    old = next((i for i in reversed(document.items) if i.outcome is not None and i.outcome.type == kind), None)
    if old is None:
        return None
    new = replace(old, outcome=item.outcome, automatic=item.automatic, when=item.when, called=item.called, made=None)
    items = tuple(new if i is old else i for i in document.items)
    return moved(replace(document, items=items), old.id, Place(last=True))


def _title(outcome: Outcome, before: State, after: State) -> str:
    if Effect.DATA in outcome.effects and outcome.type not in TITLES and Effect.ABOUT_FIT not in outcome.effects:
        words = data_step(before.dataset, after.dataset)
        if words:
            return words[:1].upper() + words[1:]
    return output_title(outcome)


def _model(document: Document, outcome: Outcome, fit: FitResult, before: State, after: State, when: str) -> Item:
    number = next_number(document)
    data = _data_of(fit, after)
    active = model_of(document, before.fit)
    origin = active.id if active is not None and _of_one_line(active, fit, data) else 0
    return Item(
        0,
        "model",
        outcome,
        number=number,
        automatic=f"Model {number}: {model_title(fit.spec)}",
        origin=origin,
        folded=outcome.quiet,
        data=data,
        stored=free_name(document, set(after.stored)),
        when=when,
    )


def _data_of(fit: FitResult, after: State) -> Dataset | None:
    """The data that a fit was made on, where they are still the open ones."""
    data = after.dataset
    if data is None or len(data) != len(fit.sample):
        return None
    active = after.fit
    if active is not None and same_fit(active, fit):
        origin = after.origins.get(active.identity)
        if origin is not None and origin.lineage is not data.lineage:
            return None  # it came from a file
    return data


def _of_one_line(active: Item, fit: FitResult, data: Dataset | None) -> bool:
    """True where a model can be called made from the active one: of the same outcome, on rows of the same data."""
    if active.fit is None or active.data is None or data is None:
        return False
    return active.fit.outcome == fit.outcome and active.data.lineage is data.lineage


def data_title(data: Dataset) -> str:
    """What data are called: the name of their file, or the sample that they are."""
    if data.source.startswith("sample "):
        return f"Sample: {data.label.partition(':')[0] or data.source.removeprefix('sample ')}"
    return Path(data.source).name or data.label or "Data"


# --- places -------------------------------------------------------------------------------------------------
def _end(document: Document, item: Item) -> Document:
    return _at(document, item, len(document.items))


def _without_unused(document: Document) -> Document:
    """Without data that were opened last and that nothing was asked about: looking for a file leaves no headings."""
    last = document.items[-1] if document.items else None
    if last is None or last.kind != "data" or last.title or last.id != max(i.id for i in document.items):
        return document
    return replace(document, items=document.items[:-1])


def _under(document: Document, item: Item, owner: Item) -> Document:
    """Behind everything that belongs to `owner`, as the last of it."""
    return _at(document, replace(item, under=owner.id), document.end_of(owner.id))


def _at(document: Document, item: Item, at: int) -> Document:
    item = replace(item, id=document.next_id)
    items = (*document.items[:at], item, *document.items[at:])
    return replace(document, items=items, next_id=document.next_id + 1)


def with_free_names(document: Document, stored: Mapping[str, FitResult]) -> Document:
    """The document in which no model has a name that the user gave to another fit, with `stored` by these names."""
    for name, fit in fits_of(document):
        if name in stored and not same_fit(stored[name], fit):
            new = free_name(document, set(stored))
            items = (replace(i, stored=new) if i.stored == name else i for i in document.items)
            document = replace(document, items=tuple(items))
    return document
