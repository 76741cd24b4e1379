"""Fields and pieces of commands that many entries of the data panel have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from terrace_desktop.forms.entry import Entry, Field, Values, always, nothing_wrong
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.words import tr

FEW = 8  # as many boxes the form shows side by side


def entry(
    key: str,
    title: str,
    purpose: str,
    commands: Callable[[DataFacts, Values], list[str]],
    fields: Callable[[DataFacts], tuple[Field, ...]],
    reason: Callable[[DataFacts], str] | None = None,
    problem: Callable[[DataFacts, Values], str] = nothing_wrong,
    also: str = "",
) -> Entry[DataFacts]:
    """An entry of the data panel; without `reason` it needs data and no more."""
    return Entry(key, title, purpose, commands, fields, reason or need_data, problem, also, of_model=False)


def need_data(facts: DataFacts) -> str:
    """The reason of every entry while nothing is open."""
    return "" if facts.dataset is not None else tr("No data are open.")


def need_numbers(facts: DataFacts) -> str:
    """The reason of entries about numeric variables."""
    return need_data(facts) or ("" if facts.numbers else tr("The data have no numeric variable."))


def titled(facts: DataFacts, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Variables as options, with their labels."""
    return tuple((n, facts.label_of(n)) for n in names)


def plain(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Variables as options by their names alone."""
    return tuple((n, n) for n in names)


def variable(
    facts: DataFacts,
    key: str,
    title: str,
    names: Sequence[str],
    *,
    none: str = "",
    required: str = "",
    hint: str = "",
    tip: str = "",
    shown: Callable[[Values], bool] = always,
) -> Field:
    """One of these variables, or what `none` says."""
    options = titled(facts, names)
    if none:
        options = (("", none), *options)
    default = "" if none else (names[0] if names else "")
    return Field(key, title, "choice", default, options, required=required, hint=hint, tip=tip, shown=shown)


def several(facts: DataFacts, key: str, title: str, names: Sequence[str], *, required: str = "", hint: str = "",
            shown: Callable[[Values], bool] = always) -> Field:  # fmt: skip
    """Any of these variables."""
    options = titled(facts, names) if len(names) > FEW else plain(names)  # a few stand side by side
    return Field(key, title, "several", (), options, required=required, hint=hint, shown=shown)


def new_name(facts: DataFacts, key: str = "name", stem: str = "") -> Field:
    """The name of a new variable."""
    return Field(key, tr("New variable"), "name", facts.free_name(stem) if stem else "")


def statistics() -> tuple[tuple[str, str], ...]:
    """Statistics that egen, collapse and tabstat share."""
    return (
        ("mean", tr("Mean")), ("sd", tr("SD")), ("median", tr("Median")), ("min", tr("Minimum")),
        ("max", tr("Maximum")), ("count", tr("Count")),
    )  # fmt: skip
