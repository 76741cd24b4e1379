"""The commands that the report builder runs, as texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from terrace.session.document.report_plan import BESIDE
from terrace.session.document.texts import written_text


def text(field: str, words: str) -> str:
    """A text of the title page: title, author, affiliation, date or head."""
    return f"report {field} {written_text(' '.join(words.split()))}"


def choice(field: str, value: str) -> str:
    """One of few: style, language, paper or metric."""
    return f"report {field} {value}"


def decimals(estimates: int | None, p: int | None = None) -> str:
    """The decimals of estimates, None for those of the program, and of p values where they are given."""
    return f"report decimals {'auto' if estimates is None else estimates}" + ("" if p is None else f", p({p})")


def last(items: Iterable[str]) -> str:
    """What the last page holds."""
    return f"report last {' '.join(items) or 'none'}"


def show(name: str, shown: bool, *, alone: bool = False) -> str:
    """Whether a part is in the report: a heading with its section, or alone."""
    return f"report part {'show' if shown else 'hide'} {name}{', alone' if alone else ''}"


def move(name: str, *, after: str = "", before: str = "") -> str:
    """Another place for a part."""
    return f"report part move {name}, {f'after({after})' if after else f'before({before})'}"


def edit(name: str, words: str) -> str:
    """Another heading, text or caption; an empty caption brings that of the program back."""
    return f"report part edit {name} {written_text(words)}"


def level(name: str, to: int) -> str:
    """Another level of a heading."""
    return f"report part level {name} {to}"


def remove(name: str) -> str:
    """Take a part that its user added out of the list."""
    return f"report part remove {name}"


def add(kind: str, words: str, after: str = "", of_level: int = 0) -> str:
    """A heading or a text of the user's own."""
    return f"report part add {kind} {written_text(words)}{_place(after, of_level)}"


def add_made(kind: str, model: int, after: str = "") -> str:
    """A paragraph, equations or diagnostics of the model with that id."""
    return f"report part add {kind} {model}{_place(after)}"


def add_models(models: Sequence[int], after: str = "") -> str:
    """A table of these models side by side, None for all."""
    return f"report part add models {' '.join(map(str, models)) or '_all'}{_place(after)}"


def choose_models(name: str, models: Sequence[int] | None) -> str:
    """Other models for a part that shows them side by side, in this order; None for all that there are."""
    return f"report part choose {name} {'_all' if models is None else ' '.join(map(str, models))}"


def show_of_models(name: str, shown: Sequence[str]) -> str:
    """What a part shows of models side by side, of `BESIDE`."""
    what = "_all" if tuple(shown) == BESIDE else " ".join(shown) or "none"
    return f"report part choose {name}, show({what})"


def _place(after: str, of_level: int = 0) -> str:
    options = [f"after({after})"] if after else []
    options += [f"level({of_level})"] if of_level > 1 else []
    return f", {' '.join(options)}" if options else ""
