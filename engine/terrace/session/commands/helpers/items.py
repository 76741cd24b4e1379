"""Items of the results document as commands name them: by their number, or a model by its name."""

from __future__ import annotations

import re

from terrace.language.grammar.tokens import Piece
from terrace.session.document.items import Document, Item
from terrace.session.session import Session

_LISTED = 12
_TITLE = 60  # characters of a note that stand for it


def title_of(item: Item) -> str:
    """The heading of an item, or the beginning of a note."""
    line = item.text.strip().partition("\n")[0]
    return item.heading or (line if len(line) <= _TITLE else f"{line[: _TITLE - 1]}…")


def item_of(session: Session, piece: Piece) -> Item:
    """The item of a number, or the model of a name such as m1. Raises `CommandError` that names what there is."""
    document = session.state.document
    text = str(piece).strip()
    found = document.item(int(text)) if re.fullmatch(r"\d{1,9}", text) else None
    if found is None:
        found = next((i for i in document.models() if i.stored and i.stored == text), None)
    if found is None:
        raise piece.error(
            f"There is no result number {text}.", code="no-such-item", subject=text, advice=_there(document)
        )
    return found


def _there(document: Document) -> str:
    if not document.items:
        return "There are no results yet."
    listed = [f"{i.id} {title_of(i)}" for i in document.items[:_LISTED]]
    more = len(document.items) - len(listed)
    return f"Available: {'; '.join(listed)}" + (f"; and {more} more. For all of them, use outline." if more else ".")
