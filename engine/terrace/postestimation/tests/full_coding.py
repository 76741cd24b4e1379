"""The fixed part with a column for every level and cell: the coding in which hypotheses about terms are stated.

Every column that stands, that was left out, or that serves as a base has a coefficient there. Column j of G tells how
column j of the full coding follows from the columns of x, so that the rows of G, one for each coefficient as the model
is coded, span the row space of the full coding: the functions that the data determine, the same whatever was left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.value import Value
from terrace.design.columns import ColumnInfo
from terrace.design.estimability import by_the_kept, dependent_columns_of
from terrace.postestimation.tests.cell_means import Number, numbers_of
from terrace.results.fit import FitResult
from terrace.spec.model import Term

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Content:
    """What a term is made of: continuous parts with their powers, and factors."""

    numbers: frozenset[tuple[Number, int]]
    factors: frozenset[str]

    def within(self, other: Content) -> bool:
        """True where `other` contains it: the same continuous parts, and further factors."""
        return self.numbers == other.numbers and self.factors < other.factors


@dataclass(frozen=True)
class FullCoding:
    """``g`` (p, F) over the F columns of the full coding, and the content of each; ``kept`` (p,) are the positions of
    the columns of x among them, ``size`` (p,) the lengths of these, ``cells`` the levels of each column's factors."""

    g: FloatArray
    contents: tuple[Content, ...]
    kept: npt.NDArray[np.int64]
    size: FloatArray
    cells: tuple[Mapping[str, Value], ...]

    def in_own_size(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> FloatArray:
        """``g`` for columns of x and of the full coding that all have length 1, where what is left of a column is not
        rounding."""
        whole = np.abs(self.g[:, columns]) * self.size[:, None]
        total = whole.sum(axis=0)
        out = self.g[np.ix_(rows, columns)] * self.size[rows][:, None] / np.where(total > 0, total, 1.0)
        return np.where(np.abs(out) < 1e-9, 0.0, out)

    def columns(self, wanted: Iterable[Content]) -> npt.NDArray[np.int64]:
        """The positions of the columns of these contents."""
        every = set(wanted)
        return np.array([k for k, c in enumerate(self.contents) if c in every], dtype=np.int64)


@dataclass(frozen=True)
class _Place:
    """A column by what it is: its continuous parts, and its factors with their levels."""

    numbers: frozenset[tuple[Number, int]]
    cell: frozenset[tuple[str, Value]]

    @property
    def content(self) -> Content:
        return Content(self.numbers, frozenset(name for name, _ in self.cell))

    def without(self, name: str) -> _Place:
        return _Place(self.numbers, frozenset(x for x in self.cell if x[0] != name))

    def at(self, name: str, level: Value) -> _Place:
        return _Place(self.numbers, self.without(name).cell | {(name, level)})


def content_of(term: Term) -> Content:
    """The content of a term of the specification."""
    numbers = Counter((f.name, f.operators) for f in term.factors if f.kind == "continuous")
    return Content(frozenset(numbers.items()), frozenset(f.name for f in term.factors if f.kind == "factor"))


def full_coding(fit: FitResult) -> FullCoding:
    """The full coding of the fixed part.

    A base level whose column does not follow from others (that of ``i.f`` without a constant) is fixed at zero by the
    model and has no column here; nor has what the model leaves out on purpose.
    """
    design = fit.model.design
    kept = {c.name: k for k, c in enumerate(design.x_info)}
    lost = {c.name for c in design.lost}
    follow = dict(zip((c.name for c in dependent_columns_of(design)), by_the_kept(design).T))
    bases = _Bases({}, {})
    positions = np.zeros(len(kept), dtype=np.int64)
    for column in design.columns:
        place = _place(fit, column)
        if column.name in kept:
            positions[kept[column.name]] = len(bases.known)
            bases.known[place] = np.eye(1, len(kept), kept[column.name])[0]
        elif column.name in lost:
            bases.known[place] = follow.get(column.name, np.zeros(len(kept)))
        if column.kind != "omitted" or column.name in lost:
            bases.cells.setdefault(place.content, {})[place] = column.kind == "base"
    for content in list(bases.cells):
        for place, is_base in bases.cells[content].items():
            if is_base:
                bases.resolve(place)
    g = np.array(list(bases.known.values())).T
    size = np.sqrt(np.einsum("ij,ij->j", design.x, design.x))
    return FullCoding(g, tuple(p.content for p in bases.known), positions, size,
                      tuple(dict(p.cell) for p in bases.known))  # fmt: skip


def nested_factors(coding: FullCoding) -> list[tuple[str, str]]:
    """(inner, outer): factors each of whose levels occurs with one level of another, by the interaction of the two."""
    out = []
    for content in dict.fromkeys(coding.contents):
        if content.numbers or len(content.factors) != 2:
            continue
        there = [coding.cells[k] for k in coding.columns([content]) if coding.g[:, k].any()]
        for inner in sorted(content.factors):
            (outer,) = content.factors - {inner}
            pairs = {(c[inner], c[outer]) for c in there}
            if len(pairs) == len({a for a, _ in pairs}) > len({b for _, b in pairs}) > 1:
                out.append((inner, outer))
    return out


@dataclass(frozen=True)
class _Bases:
    """``known`` gives columns (p,) by the kept ones; ``cells`` all columns by content, True for those of base
    levels."""

    known: dict[_Place, FloatArray]
    cells: dict[Content, dict[_Place, bool]]

    def resolve(self, place: _Place, above: frozenset[_Place] = frozenset()) -> FloatArray | None:
        """A column by the kept ones; None where it does not follow from them for all data.

        Summed over the levels of a factor, the columns of a term give that of the term without the factor; summed over
        all cells, 1.
        """
        if place in self.known:
            return self.known[place]
        own = self.cells.get(place.content, {})
        if place in above or place not in own:
            return None
        for name, level in sorted(place.cell, key=repr):
            if all(is_base for p, is_base in own.items() if (name, level) in p.cell):
                levels = {v for p in own for n, v in p.cell if n == name}
                others = [place.at(name, v) for v in levels if v != level]
                if self._less(place, place.without(name), others, above) is not None:
                    return self.known[place]
        return self._less(place, _Place(place.numbers, frozenset()), [p for p in own if p != place], above)

    def _less(
        self, place: _Place, whole: _Place, others: list[_Place], above: frozenset[_Place]
    ) -> FloatArray | None:
        total = self.resolve(whole, above | {place})
        if total is None:
            return None
        size = np.abs(total)
        for other in others:
            part = self.resolve(other, above | {place})
            if part is None:
                return None
            total, size = total - part, size + np.abs(part)
        self.known[place] = np.where(np.abs(total) <= 1e-9 * size, 0.0, total)  # what cancels leaves rounding
        return self.known[place]


def _place(fit: FitResult, column: ColumnInfo) -> _Place:
    if column.name == "_cons":
        return _Place(frozenset(), frozenset())
    factors = fit.spec.fixed[column.term].factors
    levels = column.levels or (None,) * len(factors)
    cell = frozenset((f.name, level) for f, level in zip(factors, levels) if f.kind == "factor" and level is not None)
    return _Place(frozenset(numbers_of(fit, column).items()), cell)
