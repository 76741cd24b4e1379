"""Coefficients of the same model in parts of the data: which of them are the same comparison.

A part without a level of a factor has another base, names levels of text by another position, or lets a coefficient
take up what it had to leave out: the coefficient has its name, and another meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.estimability import undetermined
from terrace.results.fit import FitResult

_Content = frozenset[tuple[str, tuple[tuple[str, int], ...]]]
_PART = re.compile(r"(\d+)\.(\w+)")


@dataclass(frozen=True)
class Coding:
    """How a fit codes its factors: the base of each that has one, and for each the coefficients that hang on it;
    ``open_`` are those that take up what was left out. ``names`` gives the name of each coefficient by the levels of
    the whole data."""

    bases: Mapping[str, Value] = field(default_factory=dict)
    hanging: Mapping[str, frozenset[str]] = field(default_factory=dict)
    open_: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)

    def others(self, bases: Mapping[str, Value]) -> set[str]:
        """The coefficients that do not mean what they mean with these bases."""
        out = set(self.open_)
        for name, base in self.bases.items():
            if bases.get(name, base) != base:
                out |= self.hanging[name]
        return out


def coding_of(fit: FitResult, part: Dataset, whole: Dataset) -> Coding:
    """The coding of a fit to a part of the data."""
    design = fit.model.design
    terms = [frozenset((f.name, f.operators) for f in t.factors) for t in fit.spec.fixed]
    bases: dict[str, Value] = {}
    hanging: dict[str, set[str]] = {}
    where = {(c.term, name): c for c in design.columns if 0 <= c.term < len(terms) for name in c.bases}
    for (term, name), c in where.items():
        at = next(k for k, f in enumerate(fit.spec.fixed[term].factors) if f.name == name)
        level = c.levels[at]
        assert level is not None
        bases[name] = level
        inside = {o.name for o in design.columns if _content(o.term, terms) <= terms[term]}
        hanging.setdefault(name, set()).update(inside)
    places = {
        name: {str(k + 1): str(whole.codes(name)[1].index(v) + 1) for k, v in enumerate(part.codes(name)[1])}
        for name in {f.name for t in fit.spec.fixed for f in t.factors if f.kind != "continuous"}
        if part.is_text(name)
    }

    def named(text: str) -> str:
        return _PART.sub(lambda m: f"{places.get(m[2], {}).get(m[1], m[1])}.{m[2]}", text)

    return Coding(
        bases, {k: frozenset(v) for k, v in hanging.items()}, frozenset(undetermined(design)),
        {c.name: named(c.name) for c in design.columns},
    )  # fmt: skip


def _content(term: int, terms: Sequence[_Content]) -> _Content:
    return terms[term] if 0 <= term < len(terms) else frozenset()


def common_bases(codings: Sequence[Coding]) -> dict[str, Value]:
    """The base of each factor that most parts have; of several with as many, the lowest."""
    counts: dict[str, Counter[Value]] = {}
    for coding in codings:
        for name, base in coding.bases.items():
            counts.setdefault(name, Counter())[base] += 1
    return {name: min(sorted(found), key=lambda v: -found[v]) for name, found in counts.items()}
