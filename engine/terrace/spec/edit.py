"""Edits of a `ModelSpec`, one pure function each: the old model in, the new one out.

A model being built may have holes: an outcome ``""`` or a level ``""`` stands for "not chosen yet". What
makes a model complete and sensible is judged by `terrace.spec.check`; nothing here looks at data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any, Literal, TypedDict, Unpack

from terrace.covariance.registry import RESIDUALS
from terrace.spec.model import (
    Base,
    DfMethod,
    Factor,
    ModelSpec,
    RandomEquation,
    Residuals,
    Term,
    Vce,
    Weight,
    WeightKind,
)

ALL = "_all"
TermKey = tuple[tuple[str, str, tuple[tuple[str, int], ...]], ...]

ORDERED: frozenset[str] = frozenset(key for key, cls in RESIDUALS.items() if cls.ordered)
"""Residual structures that take an order."""
TIMED: frozenset[str] = frozenset(key for key, cls in RESIDUALS.items() if cls.needs_time)
"""Residual structures that need a time variable."""


def empty() -> ModelSpec:
    """A model in which nothing is chosen yet."""
    return ModelSpec(outcome=Factor(""))


# --- looking ------------------------------------------------------------------------------------------------
def term_key(term: Term) -> TermKey:
    """What makes two terms the same effect: the variables with their kinds, in any order; not the base."""
    return tuple(sorted((f.name, f.kind, f.operators) for f in term.factors))


def main_effect(factor: Factor) -> Term:
    """The term of one factor alone."""
    return Term((factor,))


def is_crossed(equation: RandomEquation) -> bool:
    """True for ``level: R.factor``."""
    return equation.factor is not None


def group_name(equation: RandomEquation) -> str:
    """The variable whose values are the groups: that of ``R.`` where there is one, else the level."""
    return equation.factor if equation.factor is not None else equation.level


def level_path(spec: ModelSpec, upto: int | None = None) -> tuple[str, ...]:
    """The nested levels from the highest down to equation `upto` (all of them by default), each once.

    ``_all`` is one group of everything and no level; an equation with ``R.`` adds the level it stands in.
    """
    equations = spec.random if upto is None else spec.random[: upto + 1]
    return tuple(dict.fromkeys(e.level for e in equations if e.level not in ("", ALL)))


def lowest_path(spec: ModelSpec) -> tuple[str, ...]:
    """The levels whose combinations are the lowest groups, in which residuals may be correlated."""
    return level_path(spec)


def is_last_of_level(spec: ModelSpec, index: int) -> bool:
    """True where no later equation repeats this level; the constant belongs to the last one."""
    level = spec.random[index].level
    return all(e.level != level or is_crossed(e) for e in spec.random[index + 1 :])


def has_intercept(spec: ModelSpec, index: int) -> bool:
    """True where equation `index` really has a random intercept (repeated levels share one, in the last)."""
    equation = spec.random[index]
    return equation.constant and not is_crossed(equation) and is_last_of_level(spec, index)


def terms(spec: ModelSpec) -> Iterable[Term]:
    """Every term, fixed and random."""
    yield from spec.fixed
    for equation in spec.random:
        yield from equation.terms


def variable_names(spec: ModelSpec) -> tuple[str, ...]:
    """Every variable the model names and is not free to ignore, each once (``_all`` is none)."""
    found: list[str | None] = [spec.outcome.name]
    found += [f.name for t in terms(spec) for f in t.factors if not f.drop]
    for e in spec.random:
        found += [e.level if e.level != ALL else None, e.factor, e.fweight, e.pweight]
    found += [spec.residuals.time, spec.residuals.by]
    found.append(spec.cluster if spec.vce == "cluster" else None)
    if spec.weight is not None and spec.weight.expression.isidentifier():
        found.append(spec.weight.expression)
    return tuple(dict.fromkeys(n for n in found if n))


def has_weights(spec: ModelSpec) -> bool:
    """True where any level has weights."""
    return spec.weight is not None or any(e.fweight or e.pweight for e in spec.random)


def has_pweights(spec: ModelSpec) -> bool:
    """True where any level has sampling weights."""
    first = spec.weight is not None and spec.weight.kind == "pweight"
    return first or any(e.pweight for e in spec.random)


# --- outcome and fixed part ---------------------------------------------------------------------------------
def set_outcome(spec: ModelSpec, name: str) -> ModelSpec:
    """Another outcome; a predictor of that name leaves the model, since nothing explains itself."""
    spec = replace(spec, outcome=Factor(name))
    if not name:
        return spec
    fixed = tuple(t for t in spec.fixed if all(f.name != name for f in t.factors))
    random = tuple(
        replace(e, terms=tuple(t for t in e.terms if all(f.name != name for f in t.factors))) for e in spec.random
    )
    return replace(spec, fixed=fixed, random=random)


def add_term(spec: ModelSpec, term: Term) -> ModelSpec:
    """The model with this term in the fixed part, unless it is there already."""
    if any(term_key(t) == term_key(term) for t in spec.fixed):
        return spec
    return replace(spec, fixed=(*spec.fixed, _with_known_base(spec, term)))


def add_fixed(spec: ModelSpec, factor: Factor) -> ModelSpec:
    """The model with the main effect of `factor`."""
    return add_term(spec, main_effect(factor))


def remove_fixed(spec: ModelSpec, index: int) -> ModelSpec:
    """Without the fixed term `index`, and without the interactions that rest on it."""
    gone = spec.fixed[index]
    kept = tuple(t for k, t in enumerate(spec.fixed) if k != index and not _contains(t, gone))
    return replace(spec, fixed=kept)


def remove_variable(spec: ModelSpec, name: str) -> ModelSpec:
    """Without any term, fixed or random, in which the variable stands."""

    def without(found: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(t for t in found if all(f.name != name for f in t.factors))

    return replace(
        spec,
        fixed=without(spec.fixed),
        random=tuple(replace(e, terms=without(e.terms)) for e in spec.random),
    )


def add_interaction(spec: ModelSpec, indices: Iterable[int]) -> ModelSpec:
    """With the interaction of the fixed terms at `indices`, and every lower-order part that is not there.

    This is what ``a##b##c`` does: an interaction without its parts would change their meaning. Three or more
    main effects are put in the order of ``##``, so that the command says it with that.
    """
    chosen = [spec.fixed[i] for i in indices]
    if len(chosen) < 2:
        return spec
    for size in range(1, len(chosen) + 1):
        for group in combinations(chosen, size):
            spec = add_term(spec, Term(tuple(_merged(f for t in group for f in t.factors))))
    if len(chosen) < 3 or any(len(t.factors) != 1 for t in chosen):
        return spec
    order: list[Term] = []
    for main in chosen:
        order += [main, *(Term((*t.factors, *main.factors)) for t in order)]
    keys = {term_key(t) for t in order}
    others = [t for t in spec.fixed if term_key(t) not in keys]
    first = next(k for k, t in enumerate(spec.fixed) if term_key(t) in keys)
    before = spec.fixed[:first]
    return replace(spec, fixed=(*before, *order, *others[len(before) :]))


def add_power(spec: ModelSpec, index: int) -> ModelSpec:
    """With the next power of the continuous main effect at `index`: its square, then its cube, ..."""
    factor = spec.fixed[index].factors[0]
    if factor.kind != "continuous":
        return spec
    for power in range(1, 9):
        term = Term((factor,) * power)
        if not any(term_key(t) == term_key(term) for t in spec.fixed):
            return add_term(spec, term)
    return spec


def move_fixed(spec: ModelSpec, index: int, to: int) -> ModelSpec:
    """With the fixed term `index` moved to position `to`."""
    order = list(spec.fixed)
    order.insert(to, order.pop(index))
    return replace(spec, fixed=tuple(order))


def replace_variable(spec: ModelSpec, name: str, new: str) -> ModelSpec:
    """With another variable in place of one, in every term, fixed or random."""
    return _map_factors(spec, name, lambda f: replace(f, name=new))


def set_base(spec: ModelSpec, name: str, base: Base) -> ModelSpec:
    """With another reference level of a factor, wherever the factor stands."""
    return _map_factors(spec, name, lambda f: replace(f, base=base) if f.kind == "factor" else f)


def set_levels(spec: ModelSpec, name: str, levels: Iterable[float | str]) -> ModelSpec:
    """With coefficients for these levels of a factor only (``i(2/4).x``), wherever it stands; none means all."""
    kept = tuple(levels)
    return _map_factors(
        spec, name, lambda f: replace(f, levels=kept, omitted=()) if f.kind == "factor" else f
    )


def set_operators(spec: ModelSpec, index: int, operators: tuple[tuple[str, int], ...]) -> ModelSpec:
    """With time-series operators on the fixed main effect `index`, such as ``(("L", 1),)`` for ``L.x``."""
    term = main_effect(replace(spec.fixed[index].factors[0], operators=operators))
    if any(term_key(t) == term_key(term) for k, t in enumerate(spec.fixed) if k != index):
        return spec
    return replace(spec, fixed=(*spec.fixed[:index], term, *spec.fixed[index + 1 :]))


def set_kind(spec: ModelSpec, name: str, kind: Literal["continuous", "factor"]) -> ModelSpec:
    """With a variable treated as a factor or as continuous, wherever it stands; doubled terms are dropped.

    A power of a variable makes no sense once it is a factor, so powers go.
    """
    spec = _map_factors(spec, name, lambda f: Factor(f.name, kind, operators=f.operators))

    def settled(found: tuple[Term, ...]) -> tuple[Term, ...]:
        kept: dict[TermKey, Term] = {}
        for t in found:
            if kind == "factor":
                t = Term(tuple(dict.fromkeys(t.factors)))
            kept.setdefault(term_key(t), t)
        return tuple(kept.values())

    return replace(
        spec,
        fixed=settled(spec.fixed),
        random=tuple(replace(e, terms=settled(e.terms)) for e in spec.random),
    )


def set_constant(spec: ModelSpec, on: bool) -> ModelSpec:
    """With or without the fixed intercept."""
    return replace(spec, constant=on)


# --- levels -------------------------------------------------------------------------------------------------
def add_level(spec: ModelSpec, name: str = "", index: int | None = None) -> ModelSpec:
    """With one more level, by default the lowest, with a random intercept only."""
    equations = list(spec.random)
    equations.insert(len(equations) if index is None else index, RandomEquation(name))
    return arrange(replace(spec, random=tuple(equations)))


def remove_level(spec: ModelSpec, index: int) -> ModelSpec:
    """Without level `index`; sampling weights that scale a two-level model stay for the check to judge."""
    return replace(spec, random=spec.random[:index] + spec.random[index + 1 :])


def move_level(spec: ModelSpec, index: int, to: int) -> ModelSpec:
    """With level `index` moved to position `to` (0 is the highest); all equations of a repeated level go along.

    Within one level it is the equation that moves.
    """
    order = list(spec.random)
    moved, target = order[index], order[to]
    if not moved.level or moved.level == target.level:
        order.insert(to, order.pop(index))
        return arrange(replace(spec, random=tuple(order)))
    along = [e for e in order if e.level == moved.level]
    order = [e for e in order if e.level != moved.level]
    there = [k for k, e in enumerate(order) if e is target or (target.level and e.level == target.level)]
    place = there[0] if to < index else there[-1] + 1
    order[place:place] = along
    return arrange(replace(spec, random=tuple(order)))


def set_level(spec: ModelSpec, index: int, name: str) -> ModelSpec:
    """With another group variable at level `index`."""
    e = spec.random[index]
    changed = replace(e, factor=name) if is_crossed(e) else replace(e, level=name)
    return arrange(_with_equation(spec, index, changed))


def set_nested(spec: ModelSpec, index: int) -> ModelSpec:
    """With level `index` nested in those above it (``g:``)."""
    e = spec.random[index]
    if not is_crossed(e):
        return spec
    changed = replace(e, level=group_name(e), factor=None, covariance=None)
    return arrange(_with_equation(spec, index, changed))


def set_crossed(spec: ModelSpec, index: int, within: str = ALL) -> ModelSpec:
    """With the groups of level `index` crossed with the others (``_all: R.g``), or within another level.

    Crossed effects have one effect a group: random slopes go.
    """
    e = spec.random[index]
    changed = RandomEquation(within, factor=group_name(e), fweight=e.fweight, pweight=e.pweight)
    return arrange(_with_equation(spec, index, changed))


def add_slope(spec: ModelSpec, index: int, term: Term) -> ModelSpec:
    """With a random slope at level `index`, unless it is there already."""
    e = spec.random[index]
    if is_crossed(e) or any(term_key(t) == term_key(term) for t in e.terms):
        return spec
    return _with_equation(spec, index, replace(e, terms=(*e.terms, _with_known_base(spec, term))))


def remove_slope(spec: ModelSpec, index: int, slope: int) -> ModelSpec:
    """Without the random slope number `slope` of level `index`."""
    e = spec.random[index]
    return _with_equation(spec, index, replace(e, terms=e.terms[:slope] + e.terms[slope + 1 :]))


def set_random_constant(spec: ModelSpec, index: int, on: bool) -> ModelSpec:
    """With or without the random intercept of level `index`."""
    return _with_equation(spec, index, replace(spec.random[index], constant=on))


def set_covariance(spec: ModelSpec, index: int, covariance: str | None) -> ModelSpec:
    """With another covariance structure of the random effects at level `index`; None is the default."""
    return _with_equation(spec, index, replace(spec.random[index], covariance=covariance))


def set_level_weight(spec: ModelSpec, index: int, kind: WeightKind | None, name: str | None) -> ModelSpec:
    """With other weights of the groups at level `index`; kind None takes them away."""
    changed = replace(
        spec.random[index],
        fweight=name if kind == "fweight" else None,
        pweight=name if kind == "pweight" else None,
    )
    return _with_equation(spec, index, changed)


def set_level_collinear(spec: ModelSpec, index: int, on: bool) -> ModelSpec:
    """With or without keeping collinear slopes at level `index`."""
    return _with_equation(spec, index, replace(spec.random[index], collinear=on))


def add_block(spec: ModelSpec, index: int) -> ModelSpec:
    """With another equation of level `index`, before it, whose effects do not covary with those of this one.

    The constant belongs to the last equation of a level, so that it stays where it is.
    """
    return add_level(spec, spec.random[index].level, index)


def arrange(spec: ModelSpec) -> ModelSpec:
    """The same levels in an order a command can have: ``_all`` first, repeated levels side by side.

    Within a repeated level, equations with ``R.`` come first, since the constant goes into the last one.
    """
    named = [e for e in spec.random if e.level]
    order = list(dict.fromkeys(e.level for e in named))
    order.sort(key=lambda level: level != ALL)
    place = {level: k for k, level in enumerate(order)}
    holes = [(k, e) for k, e in enumerate(spec.random) if not e.level]
    out = sorted(named, key=lambda e: (place[e.level], not is_crossed(e)))
    for k, e in holes:
        out.insert(min(k, len(out)), e)
    return replace(spec, random=tuple(out))


# --- residuals ----------------------------------------------------------------------------------------------
def set_residual_structure(spec: ModelSpec, structure: str) -> ModelSpec:
    """With another residual structure; time is kept where it takes one.

    The order is 1 for ``ar`` and ``ma``, all lags for ``banded`` and ``toeplitz``, until another is set; it is
    kept within these pairs, where it means the same.
    """
    r = spec.residuals
    new, old = RESIDUALS[structure], RESIDUALS[r.structure]
    kept = new.ordered and old.ordered and (new.usual_order is None) == (old.usual_order is None)
    order = r.order if kept else new.usual_order
    time = r.time if structure in TIMED else None
    return replace(spec, residuals=Residuals(structure, order, time, r.by))


class ResidualChanges(TypedDict, total=False):
    """Members of `Residuals` besides the structure."""

    order: int | None
    time: str | None
    by: str | None


def set_residuals(spec: ModelSpec, **changes: Unpack[ResidualChanges]) -> ModelSpec:
    """With other members of `Residuals`: ``order``, ``time``, ``by``."""
    return replace(spec, residuals=replace(spec.residuals, **changes))


# --- estimation ---------------------------------------------------------------------------------------------
def set_method(spec: ModelSpec, method: Literal["ml", "reml"]) -> ModelSpec:
    """With ML or REML."""
    return replace(spec, method=method)


def set_df(spec: ModelSpec, method: DfMethod | None, information: Literal["eim", "oim"] | None = None) -> ModelSpec:
    """With another way to get degrees of freedom; None is the large-sample normal.

    The information matrix belongs to Satterthwaite and Kenward-Roger and goes with them.
    """
    kept = (information or spec.df_information) if method in ("satterthwaite", "kroger") else "eim"
    return replace(spec, df_method=method, df_information=kept)


def set_vce(spec: ModelSpec, vce: Vce | None, cluster: str | None = None) -> ModelSpec:
    """With other standard errors; `cluster` names the variable of ``vce(cluster ...)``."""
    correction = spec.vce_correction if vce in ("robust", "cluster") else "cr1"
    return replace(spec, vce=vce, cluster=cluster if vce == "cluster" else None, vce_correction=correction)


def set_weight(spec: ModelSpec, kind: WeightKind | None, expression: str = "") -> ModelSpec:
    """With other weights of the rows; kind None takes them away."""
    return replace(spec, weight=None if kind is None else Weight(kind, expression))


def clear_weights(spec: ModelSpec) -> ModelSpec:
    """Without weights at any level, and without their scaling."""
    random = tuple(replace(e, fweight=None, pweight=None) for e in spec.random)
    return replace(spec, weight=None, random=random, pwscale=None)


def set_pwscale(spec: ModelSpec, scale: Literal["size", "effective", "gk"] | None) -> ModelSpec:
    """With another scaling of the first-level sampling weights."""
    return replace(spec, pwscale=scale)


def set_constraints(spec: ModelSpec, numbers: Iterable[int]) -> ModelSpec:
    """With these numbers of ``constraint define``, in order, each once."""
    return replace(spec, constraints=tuple(sorted(set(numbers))))


def set_display(spec: ModelSpec, **changes: Any) -> ModelSpec:
    """With other members of `Display`: ``level``, ``metric``, ..."""
    return replace(spec, display=replace(spec.display, **changes))


def set_maximisation(spec: ModelSpec, **changes: Any) -> ModelSpec:
    """With other members of `Maximisation`."""
    return replace(spec, maximisation=replace(spec.maximisation, **changes))


def set_rows(spec: ModelSpec, condition: str | None, range_: str | None = None) -> ModelSpec:
    """With another ``if`` and ``in``; empty texts are None."""
    return replace(spec, condition=condition or None, range_=range_ or None)


# --- inside -------------------------------------------------------------------------------------------------
def _contains(term: Term, part: Term) -> bool:
    left = list(term_key(term))
    for item in term_key(part):
        if item not in left:
            return False
        left.remove(item)
    return True


def _merged(factors: Iterable[Factor]) -> list[Factor]:
    """Factors of an interaction; a factor variable counts once, a continuous one as often as it stands."""
    out: list[Factor] = []
    for f in factors:
        if f.kind == "factor" and any(g.name == f.name and g.kind == "factor" for g in out):
            continue
        out.append(f)
    return out


def _with_known_base(spec: ModelSpec, term: Term) -> Term:
    """The term with the reference levels that its factors have elsewhere in the model."""
    known = {f.name: f for t in terms(spec) for f in t.factors if f.kind == "factor"}
    return Term(tuple(known.get(f.name, f) if f.kind == "factor" else f for f in term.factors))


def _map_factors(spec: ModelSpec, name: str, change: Callable[[Factor], Factor]) -> ModelSpec:
    def changed(found: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(Term(tuple(change(f) if f.name == name else f for f in t.factors)) for t in found)

    return replace(
        spec,
        fixed=changed(spec.fixed),
        random=tuple(replace(e, terms=changed(e.terms)) for e in spec.random),
    )


def _with_equation(spec: ModelSpec, index: int, equation: RandomEquation) -> ModelSpec:
    random = (*spec.random[:index], equation, *spec.random[index + 1 :])
    return replace(spec, random=random)
