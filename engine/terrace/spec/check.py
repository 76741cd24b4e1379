"""Is a model complete and sensible for these data? Reasons with the model that mends each.

`examine` is the whole answer: what is wrong, and what will be estimated. It looks at each column at most a
few times and keeps what it found (`terrace.spec.facts`), so that a second look at a million rows is instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.spec import edit, rules_estimation, rules_fixed, rules_levels, rules_residuals
from terrace.spec.counts import Counts, count
from terrace.spec.facts import facts_of
from terrace.spec.model import ModelSpec
from terrace.spec.problem import Context, Problem
from terrace.spec.validity import invalid
from terrace.wording import plural

__all__ = ["Problem", "Report", "examine", "problems"]

_SEVERITY = {"error": 0, "warning": 1, "note": 2}
# Mistakes that can only be typed, so that no rule about data says them.
_TYPED = frozenset(
    {
        "oim-with-pweights",
        "level-weights-differ",
        "crossed-noconstant",
        "residuals-without-time",
        "residuals-without-order",
    }
)

# What the first rows of a streamed file do not tell of the others; its fit finds out.
_OF_ALL_ROWS = frozenset(
    {
        "all-missing", "by-one-group", "by-varies", "cluster-splits", "few-groups", "levels-cross", "levels-swapped",
        "more-covariances-than-groups", "more-effects-than-rows", "more-parameters-than-rows",
        "more-residuals-than-rows", "no-rows-left", "no-such-level", "one-cluster", "one-group", "one-row-groups",
        "order-range", "outcome-constant", "predictor-constant", "same-groups", "slope-constant",
        "slope-varies-in-few", "time-repeated", "weight-varies",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """What was found: problems, errors first; and what will be estimated (None where that is unknown)."""

    problems: tuple[Problem, ...]
    counts: Counts | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the model from being fitted."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def ready(self) -> bool:
        """True where the model can be fitted."""
        return not self.errors

    def at(self, field: str) -> tuple[Problem, ...]:
        """The problems of one field and of the parts of it."""
        return tuple(p for p in self.problems if p.field == field or p.field.startswith(field + ":"))


def problems(spec: ModelSpec, dataset: Dataset) -> tuple[Problem, ...]:
    """What is wrong with a model of these data, errors first; empty where nothing is."""
    return examine(spec, dataset).problems


def examine(spec: ModelSpec, dataset: Dataset, condition: npt.NDArray[np.bool_] | None = None) -> Report:
    """Judge a model and count its parameters.

    ``condition`` is a boolean mask of shape (rows,), the rows that ``if``, ``in`` and the filter keep; without it
    these are taken to keep every row.
    """
    unknown = list(_unknown(spec, dataset))
    if unknown:
        return Report(_sorted([*unknown, *rules_estimation.combinations(spec)]), None)
    facts = facts_of(dataset)
    names = edit.variable_names(spec)
    key = (spec.condition, spec.range_, spec.filter) if condition is not None else None
    context = Context(spec, dataset, facts, facts.sample(names, condition, key))
    found = [
        *rules_fixed.rows(context),
        *rules_fixed.outcome(context),
        *rules_fixed.fixed(context),
        *rules_levels.levels(context),
        *rules_residuals.residuals(context),
        *rules_estimation.combinations(spec),
        *rules_estimation.weights(context),
        *rules_estimation.cluster(context),
    ]
    said = {p.code for p in found}
    found += [p for p in invalid(spec) if p.code in _TYPED and p.code not in said]
    if isinstance(dataset, StreamedData):
        return Report(_sorted([p for p in found if p.code not in _OF_ALL_ROWS]), None)
    counts = count(spec, facts, context.sample, names)
    if context.sample.n and spec.outcome.name and counts.total > context.sample.n:
        message = f"{plural(counts.total, 'parameter')} and {plural(context.sample.n, 'row')}: leave some terms out."
        found.append(Problem("model", "more-parameters-than-rows", message))
    return Report(_sorted(found), counts)


def _sorted(found: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(found, key=lambda p: _SEVERITY[p.severity]))


def _unknown(spec: ModelSpec, dataset: Dataset) -> Iterator[Problem]:
    """Names that are not in the data, each beside its field."""

    def lacking(name: str | None) -> bool:
        return bool(name) and name != edit.ALL and name not in dataset

    def problem(field: str, name: str, mended: ModelSpec, label: str = "Remove it") -> Problem:
        message = f"There is no variable {name} in the data."
        return Problem(field, "no-such-variable", message, mended, label)

    if lacking(spec.outcome.name):
        yield problem("outcome", spec.outcome.name, edit.set_outcome(spec, ""))
    for k, t in enumerate(spec.fixed):
        for f in dict.fromkeys(t.factors):
            if lacking(f.name):
                yield problem(f"fixed:{k}", f.name, edit.remove_variable(spec, f.name))
    for k, e in enumerate(spec.random):
        for name in dict.fromkeys((e.level, e.factor or "")):
            if lacking(name):
                yield problem(f"level:{k}:group", name, edit.remove_level(spec, k), "Remove this level")
        for s, t in enumerate(e.terms):
            for f in dict.fromkeys(t.factors):
                if lacking(f.name):
                    yield problem(f"level:{k}:slope:{s}", f.name, edit.remove_slope(spec, k, s))
        for weight in (e.fweight, e.pweight):
            if weight and weight.isidentifier() and lacking(weight):
                mended = edit.set_level_weight(spec, k, None, None)
                yield problem(f"level:{k}:weight", weight, mended, "No weights")
    r = spec.residuals
    if r.time and lacking(r.time):
        yield problem("residuals:time", r.time, edit.set_residuals(spec, time=None))
    if r.by and lacking(r.by):
        yield problem("residuals:by", r.by, edit.set_residuals(spec, by=None))
    if spec.vce == "cluster" and spec.cluster and lacking(spec.cluster):
        yield problem("cluster", spec.cluster, edit.set_vce(spec, "robust"), "Use robust")
    w = spec.weight
    if w is not None and w.expression.isidentifier() and lacking(w.expression):
        yield problem("weight", w.expression, edit.set_weight(spec, None), "No weights")
