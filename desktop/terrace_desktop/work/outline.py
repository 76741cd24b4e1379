"""Commands that change the results document, as the outline, the document and their menus ask for them."""

from __future__ import annotations

from collections.abc import Iterable

from terrace.session.document.texts import written_text


def rename(item: int, title: str) -> str:
    """Another title; an empty one brings the automatic title back."""
    return f"outline rename {item} {written_text(title)}"


def move(item: int, *, after: int = 0, before: int = 0, under: int | None = None, last: bool = False) -> str:
    """Another place in the order, or under another item; ``under`` 0 is the top of the document."""
    options = [f"under({under})"] if under is not None else []
    options += [f"after({after})"] if after else [f"before({before})"] if before else ["last"] if last else []
    return f"outline move {item}, {' '.join(options)}"


def fold(items: Iterable[int] | None, folded: bool) -> str:
    """Collapse or expand items; all of them where None is given."""
    return f"outline {'fold' if folded else 'unfold'} {_named(items)}"


def delete(items: Iterable[int] | None) -> str:
    """Take items away, each with what is under it; all of them where None is given."""
    return f"outline delete {_named(items)}"


def in_report(item: int, shown: bool) -> str:
    """Show an item in the report, or leave it out."""
    return f"report part {'show' if shown else 'hide'} item{item}, alone"


def note(text: str, *, after: int = 0, before: int = 0, under: int = 0) -> str:
    """A new note of the user, beside an item or as the first under one; at the end without."""
    return f"outline note {written_text(text)}{_place(after, before, under)}"


def edit(item: int, text: str) -> str:
    """Another text of a note."""
    return f"outline edit {item} {written_text(text)}"


def heading(text: str, after: int = 0) -> str:
    """A new heading of the user."""
    return f"outline heading {written_text(text)}{_place(after)}"


def title(text: str) -> str:
    """The title of the document."""
    return f"outline title {written_text(text)}"


def look(item: int = 0, **choices: object) -> str:
    """How the tables of an item, or without one of the document, are shown: decimals, style, metric, labels, parts."""
    words = []
    for name, value in choices.items():
        if name == "reset":
            words.append("reset")
        elif name == "labels":
            words.append("labels" if value else "nolabels")
        elif isinstance(value, tuple):
            words.append(f"{name}({' '.join(value) or 'none'})")
        else:
            words.append(f"{name}({value})")
    return f"outline look {item or ''}".rstrip() + f", {' '.join(words)}"


def _named(items: Iterable[int] | None) -> str:
    return "_all" if items is None else " ".join(map(str, items))


def _place(after: int = 0, before: int = 0, under: int = 0) -> str:
    given = {"after": after, "before": before, "under": under}
    options = " ".join(f"{name}({id_})" for name, id_ in given.items() if id_)
    return f", {options}" if options else ""
