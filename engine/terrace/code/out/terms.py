"""Terms and columns of a design in words that do for every program but R, which has more of its own."""

from __future__ import annotations

from dataclasses import dataclass

from terrace.code.out.facts import Facts
from terrace.code.out.r_names import free_name
from terrace.data.value import Value
from terrace.design.columns import ColumnBuilder, ColumnInfo
from terrace.design.design import RandomBlock
from terrace.design.fixed_part import CONSTANT
from terrace.spec.model import Factor, Term
from terrace.spec.text import number_text


def codes_alike(facts: Facts) -> bool:
    """True where programs that code factors by terms make columns of the same space, with the same likelihood.

    Inside a term a factor goes without its base where the term without that factor is in the model, in R as in Terrace;
    programs that keep all columns and sweep out those that depend on others come to the same.
    """
    spec, design = facts.spec, facts.design
    terms = {_as_set(t) for t in spec.fixed}
    if len(terms) < len(spec.fixed) or any(c.kind in ("empty", "omitted") for c in design.columns):
        return False
    builder = ColumnBuilder(facts.data, design.sample)
    if any(len(builder.levels(f).values) < 2 for f in facts.factors().values()):
        return False
    bases: dict[str, object] = {}
    for term in spec.fixed:
        factors = [f for f in term.factors if f.kind == "factor"]
        if len({f.name for f in factors}) < len(factors):
            return False
        for f in factors:
            if f.base == "none" or f.levels or f.omitted or f.drop or bases.setdefault(f.name, f.base) != f.base:
                return False
        if factors and not spec.constant and len(term.factors) == 1:
            return False
        lower = [_as_set(Term(tuple(g for g in term.factors if g is not f))) for f in factors]
        if len(factors) == len(term.factors) > 1 and not any(one in terms for one in lower):
            return False
    return True


def _as_set(term: Term) -> tuple[Factor, ...]:
    return tuple(sorted(term.factors, key=repr))


@dataclass(frozen=True, slots=True)
class Product:
    """A variable that has to be made: the product of numbers and of being at levels of factors."""

    name: str
    numbers: tuple[str, ...]
    levels: tuple[tuple[str, Value], ...]


class Columns:
    """The variables of a model, and the products to make first, in the order in which they were asked for."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.products: dict[str, Product] = {}
        self.lags: dict[str, str] = {}
        """Variables with time-series operators, as Terrace makes them: text by name."""
        self._taken = set(facts.data.names)

    def number(self, factor: Factor) -> str:
        """The name of a continuous variable."""
        if not factor.operators:
            return factor.name
        text = "".join(f"{op}{k}" if k != 1 else op for op, k in factor.operators)
        name = f"{text}_{factor.name}"
        self.lags[name] = f"{text}.{factor.name}"
        return name

    def fixed(self) -> list[list[str]]:
        """The terms, each a list of variables that are multiplied, without the constant."""
        facts = self.facts
        if not codes_alike(facts):
            return [[self.column(c, facts.spec.fixed)] for c in facts.design.x_info if c.name != CONSTANT]
        return [
            [f.name if f.kind == "factor" else self.number(f) for f in t.factors] for t in facts.spec.fixed
        ]

    @property
    def factors(self) -> dict[str, Factor]:
        """The factors among the terms of the fixed part."""
        return self.facts.factors() if codes_alike(self.facts) else {}

    @property
    def constant(self) -> bool:
        """Whether the fixed part has the constant."""
        return any(c.name == CONSTANT for c in self.facts.design.x_info)

    def slopes(self, block: RandomBlock) -> tuple[list[str], bool]:
        """The variables of the slopes of a block, and whether it has the intercept."""
        terms = self.facts.spec.random[block.equation].terms
        found = [self.column(c, terms) for c in block.info if c.name != CONSTANT]
        return found, any(c.name == CONSTANT for c in block.info)

    def column(self, info: ColumnInfo, terms: tuple[Term, ...]) -> str:
        """The variable of a column: a continuous one itself, or a product."""
        term = terms[info.term]
        numbers = tuple(self.number(f) for f in term.factors if f.kind == "continuous")
        if len(term.factors) == 1 and numbers:
            return numbers[0]
        given = info.levels or (None,) * len(term.factors)
        levels = tuple((f.name, v) for f, v in zip(term.factors, given) if f.kind == "factor" and v is not None)
        for made in self.products.values():
            if (made.numbers, made.levels) == (numbers, levels):
                return made.name
        words = [*(f"{n}_{v if isinstance(v, str) else number_text(v)}" for n, v in levels), *numbers]
        name = free_name("_x_".join(words), self._taken)
        self.products[name] = Product(name, numbers, levels)
        return name

    def ask_for_lags(self) -> list[str]:
        """What to do in Terrace for variables with time-series operators."""
        return [f"generate {name} = {text}" for name, text in self.lags.items()]
