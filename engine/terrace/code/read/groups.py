"""Random effects by grouping as the equations of a model: what is nested in what, and what crosses.

Other programs name the groups of each random effect; Terrace has levels, each within all above it. Which groupings are
nested is a matter of the data: where each group of one lies in one group of the other. Of groupings that cross, those
with intercepts alone become ``_all: R.g``, and those with slopes that are independent columns ``_all: i.g#c.x``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.groups import compact, interact, nested
from terrace.errors import CommandError
from terrace.language.grammar.tokens import Piece
from terrace.spec.edit import ALL
from terrace.spec.model import Factor, RandomEquation, Term

IntArray = npt.NDArray[np.int64]
MakeGroup = Callable[[Sequence[str]], str]
"""Gives the name of a variable with the combinations of variables."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Random effects of one covariance matrix in the groups of the combinations of variables."""

    groups: tuple[str, ...]
    terms: tuple[Term, ...]
    constant: bool
    covariance: str
    piece: Piece

    @property
    def simple(self) -> bool:
        """True for an intercept and nothing else."""
        return self.constant and not self.terms

    @property
    def columns(self) -> int:
        """The number of effects, as far as factors do not make more of them."""
        return len(self.terms) + self.constant

    @property
    def numbers(self) -> bool:
        """True where all slopes are of numbers."""
        return all(f.kind == "continuous" for t in self.terms for f in t.factors)


def equations_of(
    effects: Sequence[Effect], data: Dataset, make: MakeGroup, lowest: tuple[str, ...] = ()
) -> tuple[RandomEquation, ...]:
    """The equations of effects in any order; `lowest` are groups that have to be the lowest level, with or without
    effects, for residuals that are correlated within them. Raises `CommandError` for what Terrace cannot have.
    """
    by_groups: dict[tuple[str, ...], list[Effect]] = {}
    for effect in effects:
        key = next((k for k in by_groups if set(k) == set(effect.groups)), effect.groups)
        by_groups.setdefault(key, []).append(effect)
    if lowest and not any(set(k) == set(lowest) for k in by_groups):
        by_groups[lowest] = []
    codes = {k: combined(data, k) for k in by_groups}
    chain = _chain(by_groups, codes, lowest)
    crossed = [k for k in by_groups if k not in chain]
    out = [e for k in crossed for e in _across(k, by_groups[k], make)]
    above: tuple[str, ...] = ()
    for k in chain:
        levels = _levels(k, above, make)
        above = (*above, *levels)
        out += [RandomEquation(name, constant=False) for name in levels[:-1]]
        out += _own(levels[-1], _merged(by_groups[k]))
    return tuple(out)


def combined(data: Dataset, names: Sequence[str]) -> tuple[IntArray, int]:
    """Codes of the combinations of variables in their order, -1 where one is missing, and how many there are."""
    codes, rows = np.zeros(len(data), dtype=np.int64), np.ones(len(data), dtype=bool)
    for name in names:
        own = data.codes(name)[0]
        rows &= own >= 0
        codes, _ = interact(codes, np.maximum(own, 0))
    out = np.full(len(data), -1, dtype=np.int64)
    out[rows], count = compact(codes[rows])
    return out, count


def same_groups(data: Dataset, one: str, other: str) -> bool:
    """Whether two variables have the same groups, whatever their values are."""
    together = combined(data, (one, other))[1]
    return together == combined(data, (one,))[1] == combined(data, (other,))[1]


def _within(lower: IntArray, upper: IntArray) -> bool:
    """Whether each group of the lower lies in one group of the upper."""
    known = (lower >= 0) & (upper >= 0)
    inner, count = compact(lower[known])
    return nested(inner, count, upper[known])


def _chain(
    by_groups: dict[tuple[str, ...], list[Effect]],
    codes: dict[tuple[str, ...], tuple[IntArray, int]],
    lowest: tuple[str, ...],
) -> list[tuple[str, ...]]:
    """The groupings that become levels, the highest first: those that have to, then the finest that fit."""

    @cache
    def inside(lower: tuple[str, ...], upper: tuple[str, ...]) -> bool:
        return codes[lower][1] >= codes[upper][1] and _within(codes[lower][0], codes[upper][0])

    def needs(k: tuple[str, ...]) -> bool:
        return k == lowest or any(not e.simple and not _separable(e) for e in by_groups[k])

    order = sorted(by_groups, key=lambda k: (not needs(k), all(e.simple for e in by_groups[k]), -codes[k][1]))
    chain: list[tuple[str, ...]] = []
    for k in order:
        if all(inside(k, c) or inside(c, k) for c in chain):
            chain.append(k)
        elif needs(k):
            effect = next((e for e in by_groups[k] if not e.simple), None)
            raise _too_crossed(effect, k, by_groups, chain)
    return sorted(chain, key=lambda k: (codes[k][1], len(k)))


def _too_crossed(
    effect: Effect | None, k: tuple[str, ...], by_groups: dict[tuple[str, ...], list[Effect]],
    chain: list[tuple[str, ...]],
) -> CommandError:
    piece = effect.piece if effect is not None else next(e.piece for c in chain for e in by_groups[c])
    return piece.error(
        f"{':'.join(k)} and {':'.join(chain[0])} cross each other, and both have correlated slopes.",
        code="formula-crossed",
        advice="Write || in place of | for one of them, so that its effects are independent.",
    )


def _separable(effect: Effect) -> bool:
    """Whether effects can stand beside those that cross them: independent ones of numbers."""
    return effect.numbers and (effect.covariance == "independent" or effect.columns == 1)


def _across(k: tuple[str, ...], effects: list[Effect], make: MakeGroup) -> list[RandomEquation]:
    """Effects of groups that cross all others."""
    name = k[0] if len(k) == 1 else make(k)
    out = []
    for effect in effects:
        if effect.constant:
            out.append(RandomEquation(ALL, factor=name))
        for term in effect.terms:
            product = Term((Factor(name, "factor"), *term.factors))
            out.append(RandomEquation(ALL, terms=(product,), constant=False, covariance="identity"))
    return out


def _levels(k: tuple[str, ...], above: tuple[str, ...], make: MakeGroup) -> list[str]:
    """The variables that lead from the levels above to the groups of `k`, the last of which has its effects."""
    return [n for n in k if n not in above] or [make(k)]


def _merged(effects: list[Effect]) -> list[Effect]:
    """Effects of the same groups that are one column each, together as independent ones."""
    single = [e for e in effects if e.columns == 1 and e.numbers]
    if len(single) < 2 or len(single) < len(effects):
        return effects
    terms = tuple(t for e in single for t in e.terms)
    return [replace(single[0], terms=terms, constant=any(e.constant for e in single), covariance="independent")]


def _own(level: str, effects: list[Effect]) -> list[RandomEquation]:
    """The equations of one level; that with the intercept stands last, as it does in commands."""
    if not effects:
        return [RandomEquation(level, constant=False)]
    ordered = sorted(effects, key=lambda e: e.constant)
    return [
        RandomEquation(level, terms=e.terms, constant=e.constant, covariance=_covariance(e)) for e in ordered
    ]


def _covariance(effect: Effect) -> str | None:
    several = effect.columns > 1 or not effect.numbers
    return effect.covariance if several and effect.covariance != "independent" else None
