"""What makes a model valid without looking at data: the rules of ``mixed`` on which parts go together.

The command parser points at the option that breaks one. The model builder keeps levels in order and offers
only what fits by itself, so it needs just `rules_estimation.combinations` of these; the others are mistakes
that can only be typed. Each rule is a function from a model to the problems it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.spec.edit import ALL, ORDERED, TIMED, has_pweights, is_crossed
from terrace.spec.model import ModelSpec, RandomEquation, Term
from terrace.spec.problem import Problem
from terrace.spec.rules_estimation import combinations

WITHOUT_LEVEL = "Correlated residuals need groups, and the model has none."


def invalid(spec: ModelSpec) -> tuple[Problem, ...]:
    """Every rule that the model breaks; empty where it is valid. The data may still not determine it."""
    return tuple(problem for rule in RULES for problem in rule(spec))


def _levels(spec: ModelSpec) -> Iterator[Problem]:
    seen: list[str] = []
    for k, e in enumerate(spec.random):
        if e.level == ALL and any(level != ALL for level in seen):
            yield Problem(
                f"level:{k}:group",
                "all-not-first",
                "_all is one group of everything, so it must come before the other levels.",
            )
        elif e.level in seen and seen[-1] != e.level:
            yield Problem(
                f"level:{k}:group",
                "level-order",
                f"{e.level} is repeated, but not directly after its first equation.",
                fix_label=f"Put the equations of {e.level} side by side",
            )
        seen.append(e.level)


def _crossed(spec: ModelSpec) -> Iterator[Problem]:
    for k, e in enumerate(spec.random):
        if not is_crossed(e):
            continue
        if e.covariance is not None and not STRUCTURES[e.covariance].of_values:
            yield Problem(
                f"level:{k}:covariance",
                "crossed-covariance",
                f"R.{e.factor} has one variance for all its values. Use identity or exchangeable.",
                fix=_with(spec, k, replace(e, covariance=None)),
                fix_label="Use covariance(identity)",
            )
        if not e.constant:
            yield Problem(
                f"level:{k}:constant",
                "crossed-noconstant",
                f"R.{e.factor} has no constant, so noconstant has nothing to remove.",
                fix=_with(spec, k, replace(e, constant=True)),
                fix_label="Leave noconstant out",
            )
        if e.terms:
            yield Problem(
                f"level:{k}:slope:0",
                "crossed-slopes",
                f"R.{e.factor} must be alone in its equation.",
                fix=_with(spec, k, replace(e, terms=())),
                fix_label="Leave the slopes out, or give them an equation of their own",
            )


def _weights(spec: ModelSpec) -> Iterator[Problem]:
    given: dict[tuple[str, str], str] = {}
    for k, e in enumerate(spec.random):
        for kind, name in (("fweight", e.fweight), ("pweight", e.pweight)):
            if name is not None and given.setdefault((e.level, kind), name) != name:
                kept = given[e.level, kind]
                yield Problem(
                    f"level:{k}:weight",
                    "level-weights-differ",
                    f"{e.level} has two different {kind}s: {kept} and {name}.",
                    fix=_with(spec, k, replace(e, fweight=kept) if kind == "fweight" else replace(e, pweight=kept)),
                    fix_label="Keep the first",
                )


def _residuals(spec: ModelSpec) -> Iterator[Problem]:
    r = spec.residuals
    if not RESIDUALS[r.structure].independent and not spec.random:
        yield Problem(
            "residuals",
            "residuals-without-level",
            WITHOUT_LEVEL,
            fix_label="Add || group:, noconstant",
        )
    if r.structure in TIMED and r.time is None:
        yield Problem(
            "residuals:time",
            "residuals-need-time",
            f"residuals({r.structure}) needs the variable that tells occasions apart.",
            fix_label=f"Write residuals({r.structure}, t(variable))",
        )
    if r.structure not in TIMED and r.time is not None:
        yield Problem(
            "residuals:time",
            "residuals-without-time",
            f"residuals({r.structure}) does not depend on time, so t() has no meaning.",
            fix=replace(spec, residuals=replace(r, time=None)),
            fix_label="Leave t() out",
        )
    if r.order is None:
        return
    if r.structure not in ORDERED:
        yield Problem(
            "residuals:order",
            "residuals-without-order",
            f"residuals({r.structure}) has no order.",
            fix=replace(spec, residuals=replace(r, order=None)),
            fix_label=f"Leave {r.order} out",
        )
    elif r.order < RESIDUALS[r.structure].least_order:
        yield Problem(
            "residuals:order",
            "residuals-order",
            f"The order of residuals({r.structure}) cannot be {r.order}.",
            fix=replace(spec, residuals=replace(r, order=1)),
            fix_label="Use 1",
        )


def _outcome(spec: ModelSpec) -> Iterator[Problem]:
    for k, term in enumerate(spec.fixed):
        if term == Term((spec.outcome,)) and not spec.outcome.drop:
            yield Problem(
                f"fixed:{k}",
                "outcome-as-predictor",
                f"{spec.outcome.name} is the outcome, so it cannot be a predictor.",
                fix=replace(spec, fixed=spec.fixed[:k] + spec.fixed[k + 1 :]),
                fix_label=f"Leave {spec.outcome.name} out of the predictors",
            )


def _estimation(spec: ModelSpec) -> Iterator[Problem]:
    if spec.vce == "oim" and has_pweights(spec):
        yield Problem(
            "vce",
            "oim-with-pweights",
            "Sampling weights need robust standard errors, not vce(oim).",
            fix=replace(spec, vce=None),
            fix_label="Leave vce(oim) out",
        )
    yield from (p for p in combinations(spec) if p.severity == "error")


RULES: tuple[Callable[[ModelSpec], Iterator[Problem]], ...] = (
    _outcome,
    _levels,
    _crossed,
    _residuals,
    _weights,
    _estimation,
)


def _with(spec: ModelSpec, index: int, equation: RandomEquation) -> ModelSpec:
    return replace(spec, random=(*spec.random[:index], equation, *spec.random[index + 1 :]))
