"""Which variable can play which part, and how it enters: as a factor or as a continuous variable."""

from __future__ import annotations

from typing import Literal

from terrace.data.dataset import Dataset, Measure
from terrace.data.streams.batches import StreamedData
from terrace.spec.edit import ALL, group_name, is_crossed, level_path
from terrace.spec.facts import Facts, Sample, facts_of
from terrace.spec.model import Factor, ModelSpec

Role = Literal[
    "outcome", "fixed", "level", "slope", "time", "time-integer", "by", "weight", "level-weight", "cluster"
]

_MANY_LEVELS = 50


def factor_for(dataset: Dataset, name: str) -> Factor:
    """How a variable enters a model: ``i.`` for text, nominal and labelled variables, else ``c.``.

    An identifier of numbers enters as a factor too: its values are names. A continuous variable stays so
    unless every value it takes has a label.
    """
    v = dataset.variable(name)
    if dataset.is_text(name) or v.measure in (Measure.NOMINAL, Measure.IDENTIFIER):
        return Factor(name, "factor")
    labels = set(v.value_labels) - set(v.missing_codes)
    if len(labels) < 2:
        return Factor(name)
    if v.measure is Measure.ORDINAL or set(facts_of(dataset).levels(name)) <= labels:
        return Factor(name, "factor")
    return Factor(name)


def refusal(
    role: Role,
    name: str,
    spec: ModelSpec,
    dataset: Dataset,
    *,
    level: int = 0,
    quick: bool = False,
) -> str:
    """Why a variable cannot take a role, in a few words; empty where it can.

    ``level`` is the number of the level concerned, for ``slope`` and ``level-weight``. With ``quick`` only
    what is known already or costs nothing is looked at, so that a list of many variables shows at once;
    `terrace.spec.check` then finds the rest.
    """
    if name not in dataset:
        return "not in the data"
    facts = facts_of(dataset)
    text = dataset.is_text(name)
    groups = {group_name(e) for e in spec.random} | {e.level for e in spec.random} - {ALL}
    if role == "outcome":
        if text:
            return "is text; an outcome must be numeric"
        if name in groups:
            return "is a group variable of this model"
    elif name == spec.outcome.name and role not in ("time", "time-integer"):
        return "is the outcome"
    elif role in ("time", "time-integer", "weight", "level-weight") and text:
        return "is text; this needs a numeric variable"
    elif role == "slope":
        if is_crossed(spec.random[level]):
            return "crossed effects take no slopes"
        if name in {e.level for e in spec.random}:
            return "is a group variable of this model"
    if isinstance(dataset, StreamedData) or (quick and facts.known("profile", name) is None):
        return ""
    return _refused_by_data(role, name, spec, facts, text, level, quick)


def _refused_by_data(
    role: Role, name: str, spec: ModelSpec, facts: Facts, text: bool, level: int, quick: bool
) -> str:
    profile = facts.profile(name)
    if not profile.n:
        return "is missing in all rows" if facts.rows else "has no rows"
    if profile.n_infinite and not text and role not in ("level", "by", "cluster"):
        return "has infinite values"
    if profile.constant:
        if role in ("level", "by", "cluster"):
            return "has one group"
        if role not in ("weight", "level-weight"):
            return "is constant"
    if role == "time-integer" and not profile.integer:
        return "has values that are not whole numbers"
    if role in ("weight", "level-weight") and profile.minimum < 0:
        return "has negative values"
    if role == "slope":
        path = level_path(spec, level)
        if path and "" not in (e.level for e in spec.random[: level + 1]):
            whole = Sample(None, facts.rows, ())
            if quick and facts.known("varying", name, path, ()) is None:
                return ""
            if facts.varying(name, path, whole) == 0:
                return f"does not vary within {path[-1]}"
    return ""


def many_levels(dataset: Dataset, name: str) -> bool:
    """True where a factor would have so many coefficients that it is probably meant otherwise."""
    return facts_of(dataset).n_levels(name) > _MANY_LEVELS
