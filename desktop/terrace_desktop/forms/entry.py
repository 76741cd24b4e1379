"""An entry of the panel: what it is for, whether it applies, its fields, and the commands they make; without Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from terrace_desktop.forms.facts import Facts, OfData
from terrace_desktop.ui.words import tr

Kind = Literal["choice", "several", "check", "number", "numbers", "name", "text", "rows", "file"]
Values = Mapping[str, Any]
F = TypeVar("F", bound=OfData)  # what the forms of a panel are about: a fitted model, or the data
NAME = re.compile(r"[^\W\d]\w{0,31}$")


def always(_values: Values) -> bool:
    """A field that is always shown."""
    return True


@dataclass(frozen=True)
class Field:
    """One control of a form.

    ``kind``: a choice of one value, several of a list, a check box, a number, a list of numbers, the name of a new
    variable, free text, rows of texts (one for each of `options`), or a data file. ``options`` are (value, title)
    pairs; ``closed`` tells why some of them, or with the key None the whole field, cannot be had. ``low`` and ``high``
    bound a number; ``whole`` asks for one without decimals. ``insert`` are pieces of text to put into a free text.
    ``required`` is what to say while nothing is chosen.
    """

    key: str
    title: str
    kind: Kind
    default: Any = None
    options: tuple[tuple[Any, str], ...] = ()
    closed: Mapping[Any, str] = field(default_factory=dict)
    hint: str = ""
    tip: str = ""
    low: float | None = None
    high: float | None = None
    whole: bool = False
    insert: tuple[tuple[str, str], ...] = ()
    required: str = ""
    shown: Callable[[Values], bool] = always


def nothing_wrong(_facts: object, _values: Values) -> str:
    """For entries whose fields cannot be wrong."""
    return ""


def applies(_facts: object) -> str:
    """For entries that fit every model."""
    return ""


def no_fields(_facts: object) -> tuple[Field, ...]:
    """For entries without choices."""
    return ()


@dataclass(frozen=True)
class Entry(Generic[F]):
    """One line of the list.

    ``reason`` tells why it does not apply to a model, empty where it does. ``problem`` tells what is missing in the
    values. ``commands`` are run one after the other. ``also`` are further words that a search finds it by.
    ``of_model`` tells that another model would have what this one lacks. ``verb`` is what the button says that runs
    them, where they do not only show something; ``makes`` counts the variables that they would add.
    ``of_several`` tells that it is about other models as much as about this one.
    """

    key: str
    title: str
    purpose: str
    commands: Callable[[F, Values], list[str]]
    fields: Callable[[F], tuple[Field, ...]] = no_fields
    reason: Callable[[F], str] = applies
    problem: Callable[[F, Values], str] = nothing_wrong
    also: str = ""
    of_model: bool = True
    verb: str = ""
    makes: Callable[[F, Values], int] | None = None
    of_several: bool = False

    def matches(self, words: Sequence[str]) -> bool:
        """True where every word occurs in what is said of the entry."""
        text = f"{self.title} {self.purpose} {self.key} {self.also}".lower()
        return all(w in text for w in words)


@dataclass(frozen=True)
class Group(Generic[F]):
    """Entries under one heading."""

    key: str
    title: str
    entries: tuple[Entry[F], ...]
    icon: str = ""


# --- commands ------------------------------------------------------------------------------------------
def written(head: str, *options: str) -> str:
    """A command with those of its options that are not empty."""
    given = [o for o in options if o]
    return f"{head}, {' '.join(given)}" if given else head


def option(name: str, value: Any) -> str:
    """``name(value)``; empty where there is no value."""
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, float):
        value = f"{value:.15g}"
    elif isinstance(value, tuple | list):
        value = " ".join(str(v) for v in value)
    return f"{name}({value})"


def flag(name: str, on: Any) -> str:
    """``name`` where it is on."""
    return name if on else ""


# --- fields that many entries have ---------------------------------------------------------------------
def level_field() -> Field:
    """The confidence level."""
    return Field(
        "level",
        tr("Confidence level, %"),
        "number",
        hint="95",
        low=10.0,
        high=99.99,
        tip=tr("Leave empty to use the level in the settings."),
    )


def small_field(facts: Facts) -> Field:
    """t and F tests with the degrees of freedom of the fit."""
    closed = {} if facts.has_df else {None: tr("The model was fitted without degrees of freedom.")}
    return Field("small", tr("Small-sample tests (t, F)"), "check", facts.has_df, closed=closed)


def metric_field(facts: Facts) -> Field:
    """Variances, or SDs and correlations."""
    now = "sd" if facts.fit.spec.display.metric == "sd" else "variance"
    titles = (("variance", tr("Variances")), ("sd", tr("SDs and correlations")))
    return Field("metric", tr("Show"), "choice", now, titles)


def relevel_field(facts: Facts, every: str, *, of: Sequence[str] | None = None) -> Field:
    """A level of the random part, or what `every` says."""
    levels = facts.effect_levels if of is None else of
    return Field("relevel", tr("Level"), "choice", "", (("", every), *((v, v) for v in levels)))


def mcompare_field(*, pairs: bool, key: str = "mcompare", shown: Callable[[Values], bool] = always) -> Field:
    """An adjustment for the number of comparisons; Tukey is for pairs."""
    adjustments = (
        ("none", tr("None")),
        ("bonferroni", tr("Bonferroni")),
        ("sidak", tr("Šidák")),
        ("holm", tr("Holm")),
        ("scheffe", tr("Scheffé")),
        ("tukey", tr("Tukey")),
    )
    found = tuple((v, words) for v, words in adjustments if pairs or v != "tukey")
    return Field(key, tr("Adjustment"), "choice", "tukey" if pairs else "none", found, shown=shown)


def mcompare_option(values: Values, key: str = "mcompare") -> str:
    """The option of the adjustment; none is the default."""
    return "" if values[key] == "none" else option("mcompare", values[key])


def need_data(facts: OfData) -> str:
    """The reason of entries that look at the data."""
    if facts.dataset is None:
        return tr("The data are not open.")
    if not facts.same_data:
        return tr("The data have changed since the fit. Fit the model again.")
    return ""


def need_effects(facts: Facts) -> str:
    """The reason of entries about random effects."""
    return "" if facts.has_effects else tr("The model has no random effects.")


def need_terms(facts: Facts) -> str:
    """The reason of entries about the terms of the fixed part."""
    return "" if facts.fit.spec.fixed else tr("The model has only a constant.")


def need_factor(facts: Facts) -> str:
    """The reason of entries about factors."""
    return "" if facts.factors else tr("The model has no factor (i.variable) in its fixed part.")


def bad_name(facts: OfData, name: str, *, several: bool = False) -> str:
    """What is wrong with the name of a new variable; empty where nothing is."""
    if not name:
        return tr("Enter a name for the new variable.")
    if several and name.endswith("*"):
        name = name[:-1]
    if not all(NAME.match(n) for n in (name.split() if several else [name])) or not name:
        return tr("Use letters, digits and underscores, and start with a letter.")
    taken = set() if facts.dataset is None else set(facts.dataset.names)
    for n in name.split():
        if n in taken:
            return tr("A variable named {0} already exists.").format(n)
    return ""
