"""Models to start from: each keeps what is chosen already and says what is still to be chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.measure import measure_of_words
from terrace.spec import edit
from terrace.spec.facts import facts_of
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Term

_TIME = re.compile(
    r"(.*_)?(age|day|week|month|year|yr|time|wave|visit|occ(asion)?|trial|session|grade)s?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of model: its stable key, its title, and what it is for in one line."""

    key: str
    title: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Started:
    """The model that a template made, and what the user is to choose next."""

    spec: ModelSpec
    hints: tuple[str, ...]


TEMPLATES = (
    Template("null", "Null model", "How much of the variance lies between groups"),
    Template("intercept", "Random intercept", "Covariates, and groups that differ in level"),
    Template("slope", "Random slope", "Groups that differ in the effect of a covariate"),
    Template("outcomes", "Intercepts and slopes as outcomes", "Group characteristics explain both"),
    Template("growth", "Growth curve", "Change over time, with a curve for each person"),
    Template("three", "Three-level", "Rows in groups in larger groups"),
    Template("crossed", "Crossed", "Two groupings, neither nested in the other"),
)


def start(key: str, spec: ModelSpec, dataset: Dataset) -> Started:
    """The model of a template, with outcome and covariates of `spec` and group variables of the data."""
    return _STARTS[key](spec, dataset)


def likely_groups(dataset: Dataset) -> tuple[str, ...]:
    """Variables that probably name groups, the one with most groups first: declared panels, identifiers."""
    facts = facts_of(dataset)
    n = len(dataset)
    found: dict[str, int] = {}
    for v in dataset.variables:
        if not _names_groups(v) or not facts.profile(v.name).n:
            continue
        if not facts.profile(v.name).text and not facts.profile(v.name).integer:
            continue
        groups = facts.n_levels(v.name)
        if 2 <= groups < n:
            found[v.name] = groups
    names = sorted(found, key=lambda name: -found[name])
    declared = dataset.panel.panel if dataset.panel is not None else None
    if declared in dataset and declared is not None:
        names = [declared, *(x for x in names if x != declared)]
    return tuple(names)


def _names_groups(v: Variable) -> bool:
    """True for identifiers, and for categories called like them: SPSS has no measure but nominal for either."""
    if v.measure is Measure.NOMINAL:
        return measure_of_words(v.name, distinct=False) is Measure.IDENTIFIER
    return v.measure is Measure.IDENTIFIER


def likely_time(dataset: Dataset, group: str) -> str | None:
    """A variable that probably is the time within `group`: the declared one, or one of such a name."""
    facts = facts_of(dataset)
    if dataset.panel is not None and dataset.panel.time in dataset:
        return dataset.panel.time
    whole = facts.sample(())
    for v in dataset.variables:
        if not _TIME.fullmatch(v.name) or dataset.is_text(v.name) or v.name == group:
            continue
        if not group or group not in dataset or facts.varying(v.name, (group,), whole):
            return v.name
    return None


def _chosen(spec: ModelSpec) -> list[str]:
    found = [edit.group_name(e) for e in spec.random if edit.group_name(e) not in ("", edit.ALL)]
    return list(dict.fromkeys(found))


def _group(spec: ModelSpec, dataset: Dataset) -> str:
    """The lowest group variable chosen, else the likeliest; ``""`` where there is none."""
    others = [g for g in likely_groups(dataset) if g != spec.outcome.name]
    return (_chosen(spec)[-1:] or others[:1] or [""])[0]


def _pair(spec: ModelSpec, dataset: Dataset, *, nested: bool) -> list[str]:
    """Two group variables, the one with fewer groups first, nested or crossed as asked.

    What is chosen already is taken; ``""`` stands first where the data have no second that fits.
    """
    facts = facts_of(dataset)
    whole = facts.sample(())
    chosen = _chosen(spec)[-2:]

    def number(name: str) -> int:
        return facts.n_levels(name) if name in dataset else 0

    if len(chosen) == 2:
        return sorted(chosen, key=number)
    others = [g for g in likely_groups(dataset) if g not in chosen and g != spec.outcome.name]
    for lower in chosen or others:
        for other in others:
            low, high = sorted((lower, other), key=number, reverse=True)
            if other == lower or low not in dataset or high not in dataset:
                continue
            if (facts.varying(high, (low,), whole) == 0) == nested:
                return [high, low]
    return ["", (chosen or others or [""])[0]]


def _within(spec: ModelSpec, dataset: Dataset, group: str) -> tuple[list[Term], list[Term]]:
    """Main effects that vary within the groups, continuous first, and those that vary between only."""
    facts = facts_of(dataset)
    mains = [t for t in spec.fixed if len(t.factors) == 1 and t.factors[0].name in dataset]
    if group not in dataset:
        return mains, []
    whole = facts.sample(())
    inside = [t for t in mains if facts.varying(t.factors[0].name, (group,), whole)]
    inside.sort(key=lambda t: t.factors[0].kind != "continuous")
    return inside, [t for t in mains if t not in inside]


def _base(spec: ModelSpec, levels: list[str]) -> ModelSpec:
    """The model's outcome, fixed part and estimation, with random intercepts of these levels."""
    return replace(spec, random=tuple(RandomEquation(g) for g in levels))


def _hints(spec: ModelSpec, *more: str) -> tuple[str, ...]:
    out = [] if spec.outcome.name else ["Choose an outcome"]
    if any(not edit.group_name(e) for e in spec.random):
        out.append("Choose a group variable")
    return (*out, *(m for m in more if m))


def _null(spec: ModelSpec, dataset: Dataset) -> Started:
    made = replace(_base(spec, [_group(spec, dataset)]), fixed=(), constant=True)
    return Started(made, _hints(made))


def _intercept(spec: ModelSpec, dataset: Dataset) -> Started:
    made = _base(spec, [_group(spec, dataset)])
    return Started(made, _hints(made, "" if made.fixed else "Add covariates to the fixed effects"))


def _slope(spec: ModelSpec, dataset: Dataset) -> Started:
    group = _group(spec, dataset)
    made = _base(spec, [group])
    inside, _ = _within(made, dataset, group)
    if not inside:
        return Started(made, _hints(made, "Add a covariate that varies within groups, then its slope"))
    made = edit.set_covariance(edit.add_slope(made, 0, inside[0]), 0, "unstructured")
    return Started(made, _hints(made))


def _outcomes(spec: ModelSpec, dataset: Dataset) -> Started:
    made = _slope(spec, dataset).spec
    inside, between = _within(made, dataset, made.random[0].level)
    if inside and between:
        places = [made.fixed.index(inside[0])]
        for t in between:
            made = edit.add_interaction(made, [*places, made.fixed.index(t)])
        return Started(made, _hints(made))
    lacking = "Add a covariate that varies within groups" if not inside else ""
    other = "Add a characteristic of the groups" if not between else ""
    return Started(made, _hints(made, lacking, other))


def _growth(spec: ModelSpec, dataset: Dataset) -> Started:
    group = _group(spec, dataset)
    made = _base(spec, [group])
    time = likely_time(dataset, group)
    if time is None or time == spec.outcome.name:
        return Started(made, _hints(made, "Add the time variable, then its slope"))
    term = Term((Factor(time),))
    made = edit.set_kind(made, time, "continuous")
    if not any(edit.term_key(t) == edit.term_key(term) for t in made.fixed):
        made = replace(made, fixed=(term, *made.fixed))
    made = edit.set_covariance(edit.add_slope(made, 0, term), 0, "unstructured")
    return Started(made, _hints(made))


def _three(spec: ModelSpec, dataset: Dataset) -> Started:
    made = _base(spec, _pair(spec, dataset, nested=True))
    return Started(made, _hints(made))


def _crossed(spec: ModelSpec, dataset: Dataset) -> Started:
    made = edit.set_crossed(_base(spec, _pair(spec, dataset, nested=False)), 0)
    return Started(made, _hints(made))


_STARTS: dict[str, Callable[[ModelSpec, Dataset], Started]] = {
    "null": _null,
    "intercept": _intercept,
    "slope": _slope,
    "outcomes": _outcomes,
    "growth": _growth,
    "three": _three,
    "crossed": _crossed,
}
