"""Base levels that ``fvset base`` keeps for factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from terrace.session.state import State
from terrace.spec.model import Base, Factor, ModelSpec, Term


def with_bases(state: State, spec: ModelSpec) -> ModelSpec:
    """The model with the base levels of ``fvset base`` at factors that are written without one."""
    bases = bases_of(state)
    if not bases:
        return spec
    random = tuple(replace(e, terms=_terms(e.terms, bases)) if e.terms else e for e in spec.random)
    return replace(spec, fixed=_terms(spec.fixed, bases), random=random)


def _terms(terms: Sequence[Term], bases: dict[str, Base]) -> tuple[Term, ...]:
    return tuple(replace(t, factors=tuple(_factor(f, bases) for f in t.factors)) for t in terms)


def bases_of(state: State) -> dict[str, Base]:
    """The bases that hold for the data that are open: another file begins without any."""
    data = state.dataset
    if data is None or state.bases.get("") != data.source:
        return {}
    return {name: base for name, base in state.bases.items() if name in data}


def _factor(f: Factor, bases: dict[str, Base]) -> Factor:
    if f.kind != "factor" or f.base != "first" or f.levels or f.name not in bases:
        return f
    return replace(f, base=bases[f.name])
