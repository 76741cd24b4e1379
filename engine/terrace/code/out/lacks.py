"""What a program cannot do of a model: said in its code, never passed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from terrace.code.out.facts import Facts
from terrace.spec.model import ModelSpec, Residuals


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing, what comes nearest in words, and the model without it."""

    what: str
    nearest: str
    without: Callable[[ModelSpec], ModelSpec]


def no_sampling_weights(facts: Facts, program: str, nearest: str) -> list[Lack]:
    """Sampling weights, of rows or groups."""
    spec = facts.spec
    weights = [e.pweight for e in spec.random if e.pweight]
    if spec.weight is not None and spec.weight.kind == "pweight":
        weights.insert(0, spec.weight.expression)
    if not weights:
        return []
    return [Lack(f"{program} has no sampling weights in mixed models ({', '.join(weights)}).", nearest, _unweighted)]


def no_group_frequencies(facts: Facts, program: str) -> list[Lack]:
    """Frequency weights of groups."""
    weights = [e.fweight for e in facts.spec.random if e.fweight]
    if not weights:
        return []
    said = f"{program} has no frequency weights of groups ({', '.join(weights)})."
    return [Lack(said, "Make as many copies of each group, with ids of their own, or leave the weights out.",
                 _unweighted)]  # fmt: skip


def no_constraints(facts: Facts, program: str) -> list[Lack]:
    """Linear constraints on coefficients."""
    if not facts.spec.constraints:
        return []
    texts = "; ".join(facts.constraints.get(k, str(k)) for k in facts.spec.constraints)
    return [Lack(f"{program} has no constraints on coefficients here ({texts}).",
                 "Put the constraint into the variables: for x1 = x2 use x1 + x2 in their place.",
                 lambda spec: replace(spec, constraints=()))]  # fmt: skip


def residuals_lack(facts: Facts, program: str, nearest: str, simpler: Residuals) -> Lack:
    """A structure of residuals that a program does not have; `simpler` is what the nearest model has instead."""
    found = facts.spec.residuals
    order = "" if found.order is None else f" {found.order}"
    by = f" by {found.by}" if found.by else ""
    said = f"{program} has no residuals of the structure {found.structure}{order}{by}."
    return Lack(said, nearest, lambda spec: replace(spec, residuals=simpler))


def covariance_lack(what: str, nearest: str, structure: str, instead: str) -> Lack:
    """A covariance structure of random effects that a program does not have; it becomes `instead`."""

    def without(spec: ModelSpec) -> ModelSpec:
        changed = tuple(replace(e, covariance=instead) if e.covariance == structure else e for e in spec.random)
        return replace(spec, random=changed)

    return Lack(what, nearest, without)


def _unweighted(spec: ModelSpec) -> ModelSpec:
    kept = spec.weight if spec.weight is not None and spec.weight.kind == "fweight" else None
    random = tuple(replace(e, fweight=None, pweight=None) for e in spec.random)
    return replace(spec, weight=kept, random=random, pwscale=None)
