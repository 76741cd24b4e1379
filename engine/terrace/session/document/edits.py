"""Changes of the results document by its user: each gives a new document and leaves the old one as it was.

Ids are those of items that are there; where a place is asked for that cannot be, `DataError` says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from terrace.errors import DataError
from terrace.session.document.items import Document, Item, Look

HOLDERS = ("model", "data")
"""Kinds of items that others can stand under; they stand at the top themselves, as headings do."""
_AT_TOP = (*HOLDERS, "heading")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item goes: behind or before another, under one (0: the top), first or last among its like."""

    after: int | None = None
    before: int | None = None
    under: int | None = None
    first: bool = False
    last: bool = False


def renamed(document: Document, id_: int, title: str) -> Document:
    """The document in which an item has a title of the user's; an empty one brings back the program's."""
    return _changed(document, id_, title=title)


def rewritten(document: Document, id_: int, text: str) -> Document:
    """The document in which a note has another text, or a heading other words."""
    item = document.items[document.place(id_)]
    return _changed(document, id_, title=text) if item.kind == "heading" else _changed(document, id_, text=text)


def folded(document: Document, ids: Iterable[int], fold: bool) -> Document:
    """The document in which items show their heading only, or all of themselves."""
    chosen = set(ids)
    items = (replace(i, folded=fold) if i.id in chosen and i.folded is not fold else i for i in document.items)
    return _with_items(document, items)


def titled(document: Document, title: str) -> Document:
    """The document under a title."""
    return document if title == document.title else replace(document, title=title)


def looking(document: Document, id_: int | None, look: Look) -> Document:
    """The document in which an item has this look, or all have that say nothing else (`id_` None)."""
    if id_ is not None:
        return _changed(document, id_, look=look)
    return document if look == document.look else replace(document, look=look)


def added(document: Document, item: Item, place: Place) -> Document:
    """The document with a new item; without a place it stands at the end."""
    item = replace(item, id=document.next_id)
    grown = replace(document, items=(*document.items, item), next_id=document.next_id + 1)
    return grown if place == Place() else moved(grown, item.id, place)


def deleted(document: Document, ids: Iterable[int]) -> Document:
    """The document without these items and what stands under them; who came from a model comes from its origin."""
    gone = {i.id: i for id_ in ids for i in document.family(id_)}

    def left(item: Item) -> Item:
        origin = item.origin
        while origin in gone:
            origin = gone[origin].origin
        return item if origin == item.origin else replace(item, origin=origin)

    return _with_items(document, (left(i) for i in document.items if i.id not in gone))


def moved(document: Document, id_: int, place: Place) -> Document:
    """The document in which an item, with what is under it, stands elsewhere. Raises `DataError` where it cannot."""
    family = document.family(id_)
    item, own = family[0], {i.id for i in family}
    for other in (place.after, place.before, place.under):
        if other in own:
            raise DataError("An item cannot be moved next to or under itself.", code="misplaced-item", subject=str(id_))
    rest = replace(document, items=tuple(i for i in document.items if i.id not in own))
    at, under = _goal(rest, item, place)
    head = item if item.under == under else replace(item, under=under)
    return _with_items(document, (*rest.items[:at], head, *family[1:], *rest.items[at:]))


def _goal(rest: Document, item: Item, place: Place) -> tuple[int, int]:
    """Where an item goes among the others, and the id of what it then belongs to."""
    beside = place.after if place.after is not None else place.before
    under = place.under
    if under:
        _check_holder(rest, item, under)
    if beside is not None:
        neighbour = rest.items[rest.place(beside)]
        wanted = neighbour.under if under is None else under
        if item.kind in _AT_TOP or (wanted == 0 and neighbour.under):
            neighbour, wanted = _top(rest, neighbour), 0
        if neighbour.under != wanted:
            raise DataError(f"Item {beside} is not under item {wanted}.", code="misplaced-item")
        at = rest.place(neighbour.id) if place.after is None else rest.end_of(neighbour.id)
        return at, wanted
    if under is None:
        under = item.under
    elif under == 0 and not (place.first or place.last) and item.under:
        return rest.end_of(item.under), 0  # it comes out from under what it stood under
    if place.first:
        return (rest.place(under) + 1 if under else 0), under
    return (rest.end_of(under) if under else len(rest.items)), under


def _check_holder(document: Document, item: Item, under: int) -> None:
    holder = document.items[document.place(under)]
    if item.kind in _AT_TOP:
        what = {"model": "Models", "data": "Data"}.get(item.kind, "Headings")
        raise DataError(f"{what} can only be at the top level.", code="misplaced-item", subject=str(item.id))
    if holder.kind not in HOLDERS:
        raise DataError("Items can only be under a model or under data.", code="misplaced-item", subject=str(under),
                        advice="For the numbers of models and data, use outline.")  # fmt: skip


def _top(document: Document, item: Item) -> Item:
    while item.under:
        item = document.items[document.place(item.under)]
    return item


def _changed(document: Document, id_: int, **members: object) -> Document:
    items = (
        replace(i, **members)  # type: ignore[arg-type]  # the members are those of an Item
        if i.id == id_ and any(getattr(i, n) != v for n, v in members.items())
        else i
        for i in document.items
    )
    return _with_items(document, items)


def _with_items(document: Document, items: Iterable[Item]) -> Document:
    """The document with other items; the same one where they are the same, so that nothing counts as a change."""
    new = tuple(items)
    if len(new) == len(document.items) and all(a is b for a, b in zip(new, document.items)):
        return document
    return replace(document, items=new)
