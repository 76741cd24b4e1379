"""A model built by questions, one step after the other: what each step asks, what can be chosen, and its model.

Three paths: people in groups, people measured several times, and raters of the same things. A step keeps what those
before it chose and adds one thing, so that each can be tested against the last (Bryk and Raudenbush 2002, chapters 2
and 6; Bliese and Ployhart 2002). Nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from terrace.data.dataset import Dataset, Measure
from terrace.spec import edit
from terrace.spec.centring import centring
from terrace.spec.conventions import Convention
from terrace.spec.facts import facts_of
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Term
from terrace.spec.roles import factor_for
from terrace.spec.templates import likely_groups, likely_time
from terrace.spec.text import format_mixed

StepKey = Literal["null", "icc", "growth", "curve", "predictors", "slopes", "cross"]
MOST_VALUES = 12
"""Values that a factor may have to be offered; one with more is a list of names."""


@dataclass(frozen=True, slots=True)
class Path:
    """A kind of data, in the words of those who have them, and the steps of its models."""

    key: str
    title: str
    purpose: str
    steps: tuple[StepKey, ...]


PATHS = (
    Path("classes", "My pupils are in classes", "People in groups: pupils in classes, patients in clinics",
         ("null", "icc", "predictors", "slopes", "cross")),
    Path("repeated", "I measured people several times", "Change over time, with a line for each person",
         ("null", "icc", "growth", "curve", "predictors", "cross")),
    Path("crossed", "Everyone rated everything", "Two groupings at once: raters and items, pupils and tests",
         ("null", "icc", "predictors", "slopes")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Split:
    """A covariate taken apart: its deviation from the mean of its group, that mean, and the command that makes both."""

    name: str
    within: str
    between: str
    command: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What was chosen so far; each step reads what is its own and leaves the rest.

    ``groups`` are one group variable, or two crossed ones: slopes differ between those of the last. ``slopes`` are
    covariates, by the names of the data. ``traits`` are pairs: a slope, and the variable that it may depend on.
    ``made`` are splits, also those that are not in use: their variables may be in the data by now.
    """

    path: str = "classes"
    outcome: str = ""
    groups: tuple[str, ...] = ()
    time: str = ""
    curved: bool = False
    predictors: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    slopes: tuple[str, ...] = ()
    traits: tuple[tuple[str, str], ...] = ()
    made: tuple[Split, ...] = ()

    @property
    def steps(self) -> tuple[StepKey, ...]:
        """The steps of the path."""
        return path_of(self.path).steps

    @property
    def group(self) -> str:
        """The group variable whose groups may differ in slopes; empty where none is chosen."""
        return self.groups[-1] if self.groups else ""

    @property
    def parts(self) -> Mapping[str, Split]:
        """The splits in use, by the covariate."""
        return {s.name: s for s in self.made if s.name in self.split}

    @property
    def within(self) -> Mapping[str, str]:
        """By covariate the variable that stands for it within groups."""
        return {name: s.within for name, s in self.parts.items()}

    def plain(self) -> dict[str, Any]:
        """As JSON has it; see `read`."""
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**out, "made": [[s.name, s.within, s.between, s.command] for s in self.made]}


def read(plain: Mapping[str, Any]) -> Answers:
    """What `Answers.plain` wrote. Raises `ValueError` for anything else."""
    try:
        return Answers(
            path=path_of(str(plain["path"])).key, outcome=str(plain["outcome"]), groups=_names(plain["groups"]),
            time=str(plain["time"]), curved=bool(plain["curved"]), predictors=_names(plain["predictors"]),
            split=_names(plain["split"]), slopes=_names(plain["slopes"]),
            traits=tuple((str(a), str(b)) for a, b in plain["traits"]),
            made=tuple(Split(*map(str, s)) for s in plain["made"]),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError(f"These answers cannot be read: {error}") from error


def path_of(key: str) -> Path:
    """The path of this key. Raises `ValueError` for any other."""
    for path in PATHS:
        if path.key == key:
            return path
    raise ValueError(f"There is no path {key}.")


def begun(path: str, dataset: Dataset, outcome: str = "") -> Answers:
    """The first answers of a path, with the groups and the time that the names of the data let expect."""
    found = [g for g in likely_groups(dataset) if g != outcome]
    if path == "crossed":
        groups = tuple(reversed(_crossed_pair(found, dataset)))
    else:
        groups = tuple(found[:1])
    time = ""
    if path == "repeated" and groups:
        time = likely_time(dataset, groups[0]) or ""
    return Answers(path, outcome, groups, "" if time == outcome else time, slopes=(time,) if time else ())


def _crossed_pair(found: list[str], dataset: Dataset) -> list[str]:
    """Two of the likely groups of which neither is nested in the other; fewer where there are no such."""
    facts = facts_of(dataset)
    whole = facts.sample(())
    for k, a in enumerate(found):
        for b in found[k + 1 :]:
            if facts.varying(a, (b,), whole) and facts.varying(b, (a,), whole):
                return [a, b]
    return found[:1]


# --- models -------------------------------------------------------------------------------------------------
def model(answers: Answers, step: StepKey, dataset: Dataset, habits: Convention) -> ModelSpec:
    """The model of a step, with method, degrees of freedom and covariances of a convention.

    Variables of splits need not be in the data yet. The model of ``icc`` is that of ``null``. Predictors without a
    slope, slopes without a trait leave a model as the step before has it.
    """
    upto = answers.steps[: answers.steps.index(step) + 1]
    terms = [t for part in upto for t in _terms(answers, part, dataset)]
    spec = replace(habits.empty(), outcome=Factor(answers.outcome), random=_random(answers, upto))
    for term in terms:
        spec = edit.add_term(spec, term)
    if spec.random and spec.random[-1].terms and habits.correlated:
        spec = edit.set_covariance(spec, len(spec.random) - 1, "unstructured")
    facts = facts_of(dataset)
    return habits.with_df(spec, lambda name: facts.n_levels(name) if name in dataset else None)


def command(answers: Answers, step: StepKey, dataset: Dataset, habits: Convention) -> str:
    """The command of a step."""
    return "estat icc" if step == "icc" else format_mixed(model(answers, step, dataset, habits))


def preparations(answers: Answers, dataset: Dataset) -> tuple[str, ...]:
    """The commands that make the variables of the splits in use, those that are not in the data yet."""
    return tuple(s.command for s in answers.parts.values() if s.within not in dataset or s.between not in dataset)


def _random(answers: Answers, upto: Iterable[StepKey]) -> tuple[RandomEquation, ...]:
    slopes: tuple[Term, ...] = ()
    if "growth" in upto or "slopes" in upto:
        slopes = tuple(Term((Factor(answers.within.get(x, x)),)) for x in answers.slopes)
    *above, lowest = answers.groups or ("",)
    crossed = tuple(RandomEquation(edit.ALL, factor=g) for g in above)
    return (*crossed, RandomEquation(lowest, terms=slopes))


def _terms(answers: Answers, step: StepKey, dataset: Dataset) -> Iterable[Term]:
    """The fixed effects that a step adds."""
    time = Factor(answers.time)
    if step == "growth":
        yield Term((time,))
    elif step == "curve" and answers.curved:
        yield Term((time, time))
    elif step == "predictors":
        for name in answers.predictors:
            s = answers.parts.get(name)
            for part in (name,) if s is None else (s.within, s.between):
                yield Term((_factor(dataset, part),))
    elif step == "cross":
        for slope, trait in answers.traits:
            yield Term((_factor(dataset, trait),))
            yield interaction(answers, slope, trait, dataset)


def interaction(answers: Answers, slope: str, trait: str, dataset: Dataset) -> Term:
    """The term by which the slope of a covariate depends on a trait."""
    return Term((Factor(answers.within.get(slope, slope)), _factor(dataset, trait)))


def _factor(dataset: Dataset, name: str) -> Factor:
    """How a variable enters; what is not made yet is continuous."""
    return factor_for(dataset, name) if name in dataset else Factor(name)


# --- what can be chosen -------------------------------------------------------------------------------------
def missing(answers: Answers, step: StepKey) -> str:
    """What has to be chosen before a step has a model; empty where all is there."""
    if not answers.outcome:
        return "Choose the outcome"
    if len(answers.groups) < (2 if answers.path == "crossed" else 1):
        return "Choose two group variables" if answers.path == "crossed" else "Choose the group variable"
    if step == "growth" and not answers.time:
        return "Choose the time variable"
    if step == "predictors" and not answers.predictors and answers.path != "repeated":
        return "Choose at least one predictor"
    return ""


def adds(answers: Answers, step: StepKey) -> bool:
    """True where a step has a model or a table of its own: something was chosen in it."""
    chosen: dict[StepKey, bool] = {
        "curve": answers.curved, "predictors": bool(answers.predictors), "slopes": bool(answers.slopes),
        "cross": bool(answers.traits),
    }  # fmt: skip
    return chosen.get(step, True)


def candidates(answers: Answers, step: StepKey, dataset: Dataset) -> tuple[str, ...]:
    """The variables that a step offers; of ``cross`` those that any slope may depend on.

    Group variables, the outcome, text, lists of names and what a split has made are not among them.
    """
    facts = facts_of(dataset)
    whole = facts.sample(())
    made = {n for s in answers.made for n in (s.within, s.between)}
    taken = {answers.outcome, answers.time, *answers.groups} | made
    if step == "growth":
        return (answers.time,) if answers.time else ()
    if step == "slopes":
        return tuple(x for x in answers.predictors if x in dataset and _slope(x, answers, dataset))
    found = [v.name for v in dataset.variables if v.name not in taken and _offered(v.name, dataset)]
    if step == "predictors":
        if answers.path == "repeated":  # what differs between people comes first
            return tuple(sorted(found, key=lambda n: facts.varying(n, (answers.group,), whole) > 0))
        return tuple(found)
    if step == "cross":
        between = [n for n in found if answers.group in dataset and not facts.varying(n, (answers.group,), whole)]
        first = [n for n in answers.predictors if n in between]
        means = [s.between for s in answers.parts.values()]
        return tuple(dict.fromkeys((*first, *means, *between)))
    return ()


def _offered(name: str, dataset: Dataset) -> bool:
    facts = facts_of(dataset)
    if dataset.is_text(name) or dataset.variable(name).measure is Measure.IDENTIFIER:
        return False
    if factor_for(dataset, name).kind == "factor" and facts.n_levels(name) > MOST_VALUES:
        return False
    return facts.n_levels(name) > 1


def _slope(name: str, answers: Answers, dataset: Dataset) -> bool:
    """True where a predictor can have a slope that differs: continuous, and not the same throughout each group."""
    return factor_for(dataset, name).kind == "continuous" and varies(name, answers.group, dataset)


def varies(name: str, group: str, dataset: Dataset) -> bool:
    """True where a variable takes several values within a group."""
    facts = facts_of(dataset)
    return group in dataset and facts.varying(name, (group,), facts.sample(())) > 0


def splittable(name: str, answers: Answers, dataset: Dataset) -> bool:
    """True where a predictor can be taken apart: continuous, different within groups and, on average, between them."""
    if name not in dataset or not _slope(name, answers, dataset):
        return False
    facts = facts_of(dataset)
    codes, x = facts.group_codes((answers.group,)), dataset.numeric(name)
    import numpy as np

    known = (codes >= 0) & np.isfinite(x)
    counts = np.bincount(codes[known])
    means = np.bincount(codes[known], x[known])[counts > 0] / counts[counts > 0]
    return len(means) > 1 and float(np.ptp(means)) > 1e-9 * float(np.abs(x[known]).max() or 1.0)


# --- choosing -----------------------------------------------------------------------------------------------
def with_split(answers: Answers, name: str, on: bool, dataset: Dataset) -> Answers:
    """With a covariate in its parts within and between groups, or whole."""
    if not on:
        return settled(replace(answers, split=tuple(n for n in answers.split if n != name)))
    made = answers.made
    if all(s.name != name for s in made):
        found = centring(name, (answers.group,), (*dataset.names, *(n for s in made for n in (s.within, s.between))))
        made = (*made, Split(name, found.centred, found.means[0], found.commands[0]))
    return replace(answers, made=made, split=(*(n for n in answers.split if n != name), name))


def settled(answers: Answers) -> Answers:
    """Without what rests on something that is no longer chosen."""
    if answers.path == "repeated":
        slopes: tuple[str, ...] = (answers.time,) if answers.time and answers.slopes else ()
        of = {answers.time} - {""}
    else:
        slopes = tuple(x for x in answers.slopes if x in answers.predictors)
        of = set(slopes)
    split = tuple(n for n in answers.split if n in answers.predictors)
    answers = replace(answers, slopes=slopes, split=split)
    gone = {s.between for s in answers.made} - {s.between for s in answers.parts.values()}
    traits = tuple((a, b) for a, b in answers.traits if a in of and b not in gone)
    return replace(answers, traits=traits)


def regrouped(answers: Answers, groups: tuple[str, ...]) -> Answers:
    """With other groups: splits were by the old ones."""
    if groups == answers.groups:
        return answers
    return settled(replace(answers, groups=groups, made=(), split=()))


def _names(value: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(str, value))
