"""A short name for a model, from what is random in it and its interactions."""

from __future__ import annotations

from terrace.spec.model import ModelSpec, Term

_MOST = 3


def model_title(spec: ModelSpec) -> str:
    """``Null``, ``Random slope of ses``, ``Random intercepts of region, state``, ``Linear model``; with an interaction
    ``Random slope of ses with ses × sector``, since that is what tells it from the model before."""
    crossed = list(dict.fromkeys(_name(t) for t in spec.fixed if len({f.name for f in t.factors}) > 1))
    listed = "" if not crossed else f" with {crossed[0]}" + (", …" if len(crossed) > 1 else "")
    return _random_title(spec) + listed


def _random_title(spec: ModelSpec) -> str:
    """What is random."""
    slopes = [_name(t) for e in spec.random for t in e.terms if not any(f.drop for f in t.factors)]
    if slopes:
        return _of("Random slope", slopes)
    crossed = [e.factor for e in spec.random if e.factor]
    levels = [e.level for e in spec.random if e.constant and not e.factor]
    if spec.random and not spec.fixed and (crossed or levels):
        return "Null"
    if crossed:
        return _of("Random intercept", [*crossed, *levels])
    if levels:
        return _of("Random intercept", levels)
    return "Correlated residuals" if spec.random else "Linear model"


def _name(term: Term) -> str:
    return " × ".join(f.name for f in term.factors)


def _of(what: str, names: list[str]) -> str:
    distinct = list(dict.fromkeys(names))
    listed = ", ".join(distinct[:_MOST]) + (", …" if len(distinct) > _MOST else "")
    return f"{what}{'s' if len(distinct) > 1 else ''} of {listed}"
