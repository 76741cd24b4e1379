"""The fixed part of a model as a formula of R.

Where R would code the levels of a factor otherwise than Terrace, or a column depends on others, the columns that
Terrace has are made one by one, so that the likelihood is the same, also that of REML.
"""

from __future__ import annotations

from collections.abc import Sequence

from terrace.code.out.facts import Facts
from terrace.code.out.r_data import RData
from terrace.code.out.terms import codes_alike
from terrace.design.columns import ColumnBuilder, ColumnInfo
from terrace.design.design import RandomBlock
from terrace.design.fixed_part import CONSTANT
from terrace.spec.model import Term


def fixed_formula(facts: Facts, data: RData, *more: str) -> str:
    """``y ~ x + sector + sector:x``, with `more` terms behind it."""
    parts = _plain(facts, data) if codes_alike(facts) else _columns(facts, data)
    constant = any(c.name == CONSTANT for c in facts.design.x_info)
    parts = [*parts, *more]
    if not constant:
        parts.insert(0, "0")
    elif not parts:
        parts = ["1"]
    elif not (len(parts) > len(more)):
        parts.insert(0, "1")
    return f"{data.number(facts.spec.outcome)} ~ {' + '.join(parts)}"


def block_terms(facts: Facts, data: RData, block: RandomBlock) -> tuple[list[str], bool]:
    """The slopes of a random block as variables of R, and whether it has the intercept."""
    terms = facts.spec.random[block.equation].terms
    slopes = [_variable(c, terms, data) for c in block.info if c.name != CONSTANT]
    return slopes, any(c.name == CONSTANT for c in block.info)


def _variable(info: ColumnInfo, terms: Sequence[Term], data: RData) -> str:
    term = terms[info.term]
    if any(f.kind == "factor" for f in term.factors):
        return data.column(info, terms)
    return _product(term, data)


def _plain(facts: Facts, data: RData) -> list[str]:
    spec = facts.spec
    levels = _levels(facts)
    out = []
    for term in spec.fixed:
        parts = []
        for f in term.factors:
            if f.kind == "factor":
                values, ref = levels[f.name]
                parts.append(data.factor(f.name, f.base, values, ref))
        numbers = Term(tuple(f for f in term.factors if f.kind == "continuous"))
        out.append(":".join([*parts, *([_product(numbers, data)] if numbers.factors else [])]))
    return out


def _product(term: Term, data: RData) -> str:
    """``x``, ``I(x^2)``, ``x:z``: continuous variables multiplied."""
    counts: dict[str, int] = {}
    for f in term.factors:
        name = data.number(f)
        counts[name] = counts.get(name, 0) + 1
    return ":".join(n if k == 1 else f"I({n}^{k})" for n, k in counts.items())


def _columns(facts: Facts, data: RData) -> list[str]:
    spec = facts.spec
    return [_variable(c, spec.fixed, data) for c in facts.design.x_info if c.name != CONSTANT]


def _levels(facts: Facts) -> dict[str, tuple[tuple[float | str, ...], float | str | None]]:
    """The levels of each factor in the sample, and its base."""
    builder = ColumnBuilder(facts.data, facts.design.sample)
    found = {name: builder.levels(f) for name, f in facts.factors().items()}
    return {name: (one.values, one.base) for name, one in found.items()}
