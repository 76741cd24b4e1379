"""What a model will estimate: numbers of parameters, rows and groups, and the level of each predictor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.data.value import Value
from terrace.spec.edit import ALL, group_name, has_intercept, is_crossed, level_path, term_key, terms
from terrace.spec.facts import Facts, Groups, Sample
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Term


@dataclass(frozen=True, slots=True)
class LevelCount:
    """One random-effects equation: its groups, its effects in each, its covariance parameters."""

    name: str
    groups: Groups
    effects: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What will be estimated, and from what.

    ``missing`` lists (variable, rows in which it is missing) for rows that are left out; ``between`` lists
    (predictor, group variable) for predictors that vary between these groups only; ``variable_level`` says
    for each predictor at which level it varies: 1 within the lowest groups, 2 between these, and so on.
    """

    rows: int
    left_out: int
    missing: tuple[tuple[str, int], ...]
    fixed: int
    levels: tuple[LevelCount, ...]
    residual: int
    between: tuple[tuple[str, str], ...]
    variable_level: dict[str, int]

    @property
    def random(self) -> int:
        """Variance and covariance parameters of the random effects."""
        return sum(c.parameters for c in self.levels)

    @property
    def total(self) -> int:
        """All parameters."""
        return self.fixed + self.random + self.residual


def default_covariance(equation: RandomEquation) -> str:
    """The structure that an equation has where none is asked for."""
    return "identity" if is_crossed(equation) else "independent"


def covariance_parameters(structure: str, effects: int) -> int:
    """How many parameters a covariance matrix of so many random effects has."""
    if effects <= 0:
        return 0
    return STRUCTURES[structure].count(effects)


def base_code(factor: Factor, levels: tuple[Value, ...], facts: Facts, sample: Sample) -> int:
    """The position of a factor's reference level among its sorted values, -1 for none (``ibn.``)."""
    base = factor.base
    if base == "none" or not levels:
        return -1
    if base == "first":
        return 0
    if base == "last":
        return len(levels) - 1
    if base == "freq":
        return int(np.argmax(facts.levels_in(factor.name, sample)))
    if isinstance(base, tuple):
        return min(max(base[1], 1), len(levels)) - 1
    return levels.index(base) if base in levels else -1


def columns(term: Term, facts: Facts, sample: Sample, others: tuple[Term, ...], constant: bool) -> int:
    """How many coefficients a term adds.

    A factor gives up its base level where the rest of the term without it is in the model (for a main
    effect: where it has a base at all); interactions of factors count the cells that occur.
    """
    if any(f.drop for f in term.factors):
        return 0
    present = {term_key(t) for t in others}
    factors = [f for f in term.factors if f.kind == "factor"]
    if not factors:
        return 1
    names = tuple(f.name for f in factors)
    without = []
    chosen = 1
    for f in factors:
        levels = facts.levels(f.name)
        rest = Term(tuple(g for g in term.factors if g is not f))
        alone = not rest.factors
        margin = (f.base != "none") if alone else term_key(rest) in present
        code = base_code(f, levels, facts, sample) if margin else -1
        without.append(code)
        chosen *= len(f.levels) if f.levels else 1
    if any(f.levels for f in factors):
        return chosen
    found = facts.cells(names, tuple(without), sample)
    return max(found - sum(len(f.omitted) for f in factors), 0)


def effects(spec: ModelSpec, index: int, facts: Facts, sample: Sample) -> int:
    """How many random effects a group of equation `index` has, the intercept included."""
    e = spec.random[index]
    if is_crossed(e):
        return 1
    slopes = sum(columns(t, facts, sample, e.terms, e.constant) for t in e.terms)
    return slopes + (1 if has_intercept(spec, index) else 0)


def residual_parameters(spec: ModelSpec, facts: Facts, sample: Sample) -> int:
    """Variance parameters of the residuals, the overall variance included; an open choice counts least."""
    r = spec.residuals
    times = max(int(np.count_nonzero(facts.levels_in(r.time, sample))), 1) if r.time else 1
    n = RESIDUALS[r.structure].count(times, r.order)
    strata = 1
    if r.by:
        strata = max(int(np.count_nonzero(facts.levels_in(r.by, sample))), 1)
    return n * strata


def group_path(spec: ModelSpec, index: int) -> tuple[str, ...]:
    """The variables whose combinations are the groups of equation `index`."""
    e = spec.random[index]
    if not is_crossed(e):
        return () if e.level == ALL else level_path(spec, index)
    factor = (e.factor,) if e.factor else ()
    return factor if e.level == ALL else (*level_path(spec, index), *factor)


def variable_level(name: str, spec: ModelSpec, facts: Facts, sample: Sample) -> int:
    """At which level a variable varies: 1 within the lowest groups, up to the number of levels."""
    path = level_path(spec)
    for k in range(len(path)):
        if facts.varying(name, path[: len(path) - k], sample) > 0:
            return k + 1
    return len(path) + 1


def count(spec: ModelSpec, facts: Facts, sample: Sample, names: tuple[str, ...]) -> Counts:
    """What `spec` will estimate from the rows of `sample`; every name must exist in the data."""
    fixed = sum(columns(t, facts, sample, spec.fixed, spec.constant) for t in spec.fixed)
    levels = []
    for k, e in enumerate(spec.random):
        path = group_path(spec, k)
        if not group_name(e) or "" in path:
            levels.append(LevelCount("", Groups(0, 0, 0.0, 0), 1, 1))
            continue
        q = effects(spec, k, facts, sample)
        structure = e.covariance or default_covariance(e)
        if is_crossed(e):  # the "effects" that covary are those of the groups
            n = STRUCTURES[structure].over_values(2).n_params
        else:
            n = covariance_parameters(structure, q)
        levels.append(LevelCount(group_name(e), facts.groups(path, sample), q, n))
    predictors = tuple(dict.fromkeys(f.name for t in terms(spec) for f in t.factors if not f.drop))
    at = {n: variable_level(n, spec, facts, sample) for n in predictors} if sample.n else {}
    path = level_path(spec)
    between = tuple((n, path[len(path) - k + 1]) for n, k in at.items() if 1 < k <= len(path) + 1)
    missing = tuple((n, facts.profile(n).n_missing) for n in names if facts.profile(n).n_missing)
    return Counts(
        rows=sample.n,
        left_out=facts.rows - sample.n,
        missing=missing,
        fixed=fixed + int(spec.constant),
        levels=tuple(levels),
        residual=residual_parameters(spec, facts, sample),
        between=between,
        variable_level=at,
    )
