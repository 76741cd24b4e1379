"""Commands that change the results document, as the outline, the document and their menus ask for them."""

from __future__ import annotations

from collections.abc import Iterable

from terrace_desktop.work.commands import quoted


def text_of(text: str) -> str:
    """A text of several lines as one string of the command language: a line break is written ``\\n``."""
    return quoted(text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n"))


def rename(item: int, title: str) -> str:
    """Another title; an empty one brings the automatic title back."""
    return f"outline rename {item} {text_of(title)}"


def move(item: int, *, after: int = 0, before: int = 0, under: int | None = None, last: bool = False) -> str:
    """Another place in the order, or under another item; ``under`` 0 is the top of the document."""
    options = [f"under({under})"] if under is not None else []
    options += [f"after({after})"] if after else [f"before({before})"] if before else ["last"] if last else []
    return f"outline move {item}, {' '.join(options)}"


def fold(items: Iterable[int] | None, folded: bool) -> str:
    """Collapse or expand items; all of them where None is given."""
    named = "_all" if items is None else " ".join(map(str, items))
    return f"outline {'fold' if folded else 'unfold'} {named}"


def delete(items: Iterable[int]) -> str:
    """Take items away, each with what is under it."""
    return f"outline delete {' '.join(map(str, items))}"


def note(text: str, after: int = 0, under: int = 0) -> str:
    """A new note of the user."""
    return f"outline note {text_of(text)}{_place(after, under)}"


def edit(item: int, text: str) -> str:
    """Another text of a note."""
    return f"outline edit {item} {text_of(text)}"


def heading(text: str, after: int = 0) -> str:
    """A new heading of the user."""
    return f"outline heading {text_of(text)}{_place(after, 0)}"


def title(text: str) -> str:
    """The title of the document."""
    return f"outline title {text_of(text)}"


def look(item: int = 0, **choices: object) -> str:
    """How the tables of an item, or without one of the document, are shown: decimals, style, metric, labels, parts."""
    words = []
    for name, value in choices.items():
        if name == "labels":
            words.append("labels" if value else "nolabels")
        elif isinstance(value, tuple):
            words.append(f"{name}({' '.join(value)})")
        else:
            words.append(f"{name}({value})")
    return f"outline look {item or ''}".rstrip() + f", {' '.join(words)}"


def _place(after: int, under: int) -> str:
    options = [f"after({after})"] if after else []
    options += [f"under({under})"] if under else []
    return f", {' '.join(options)}" if options else ""
