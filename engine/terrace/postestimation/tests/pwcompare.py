"""``pwcompare``: the cell means of factors, from the coefficients, and all their pairwise differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import combined, estimable, excess
from terrace.errors import SpecError
from terrace.language.grammar.factors import parse_prefix, prefix_end
from terrace.language.grammar.tokens import Piece, words
from terrace.postestimation.tests.adjust import METHODS
from terrace.postestimation.tests.cell_means import Number, cell_row, factors, grid, need_term, written
from terrace.postestimation.tests.coefficients import expanded
from terrace.postestimation.tests.combinations import Estimate, combine, confidence_level, estimate_columns
from terrace.postestimation.tests.comparisons import compare, comparison_table, pairs
from terrace.postestimation.tests.notestimable import marked, why_not
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.results.under_heads import under_heads

FloatArray = npt.NDArray[np.float64]


def parse_term(text: str | Piece) -> tuple[list[str], Counter[Number]]:
    """Factor names and continuous parts of ``a``, ``i.a#b``, ``a#c.x``. Raises `CommandError`."""
    piece = Piece.of(text) if isinstance(text, str) else text
    names: list[str] = []
    numbers: Counter[Number] = Counter()
    position = piece.start
    for part in str(piece).split("#"):
        place = piece.at(position, position + len(part)).strip()
        position += len(part) + 1
        end = prefix_end(place, place.start)
        prefix = parse_prefix(place.at(place.start, end - 1)) if end > place.start else None
        name = str(place.after(end)) if end > place.start else str(place)
        if not name.isidentifier():
            raise place.error(f"{str(place)!r} is not a factor.", code="syntax")
        if prefix is not None and prefix.kind != "factor":
            numbers[(name, prefix.operators[0])] += 1
        else:
            names.append(name)
    return names, numbers


@dataclass(frozen=True)
class Cells:
    """The cell means of one term: labels (k), each by the levels of its factors, the term as it was written, the rows
    of the means (k, p), and their excess (k, q)."""

    labels: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    text: str
    rows: FloatArray
    excess: FloatArray

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(later, earlier) for all pairs."""
        return pairs(len(self.rows))

    def differences(self) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Rows of all differences, and which are estimable."""
        chosen = self.pairs
        weights = np.zeros((len(chosen), len(self.rows)))
        for k, (j, i) in enumerate(chosen):
            weights[k, j], weights[k, i] = 1.0, -1.0
        return weights @ self.rows, estimable(combined(weights, self.excess))


def cell_means(fit: FitResult, text: str | Piece, data: Dataset | None = None) -> list[Cells]:
    """The cell means of each term of a list. Raises `CommandError` or `SpecError` where there are none."""
    piece = Piece.of(text) if isinstance(text, str) else text
    info = factors(fit, data)
    out = []
    for item in words(piece):
        for term in expanded(str(item)):
            names, numbers = parse_term(term if "##" in str(item) else item)
            need_term(fit, info, names, numbers)
            if not names:
                raise SpecError(f"{item} has no factor with levels to compare.", code="not-a-factor")
            cells = grid(info, names)
            both = [cell_row(fit, info, c, numbers) for c in cells]
            labels = tuple(written(info, c) for c in cells)
            rows = np.array([b[0] for b in both])
            levels = tuple(tuple(written(info, {n: v}) for n, v in c.items()) for c in cells)
            lost = excess(fit.model.design, rows, np.array([b[1] for b in both]))
            out.append(Cells(labels, levels, term, rows, lost))
    if not out:
        raise piece.error("Choose a factor to compare.", code="not-a-factor", advice="Example: pwcompare drug.")
    return out


def pwcompare_table(
    fit: FitResult,
    text: str | Piece,
    *,
    mcompare: str = "none",
    level: float | None = None,
    small: bool = False,
    data: Dataset | None = None,
    sort: bool = False,
) -> Table:
    """Differences of all pairs of cell means of each term, adjusted within a term.

    ``text`` lists factors and interactions (``a``, ``a#b``, ``a#c.x`` for slopes). ``mcompare`` is none,
    bonferroni, sidak, scheffe, tukey or holm. Other factors are averaged with equal weights. ``sort`` orders the
    differences of a term by size.
    """
    piece = Piece.of(text) if isinstance(text, str) else text
    found = cell_means(fit, piece, data)
    estimates: list[Estimate] = []
    labels: list[str] = []
    codes: list[str] = []
    heads: list[tuple[str, ...]] = []
    missing: tuple[str, ...] = ()
    for cells in found:
        rows, fine = cells.differences()
        missing += () if fine.all() else why_not(fit, cells.excess)
        own = compare(fit, rows, fine, mcompare=mcompare, level=level, small=small, means=len(cells.rows))
        names = [f"{cells.labels[j]} vs {cells.labels[i]}" for j, i in cells.pairs]
        order = list(range(len(own)))
        if sort:
            order.sort(key=lambda k: (own[k].value is None, own[k].value or 0.0))
        estimates += [own[k] for k in order]
        codes += [names[k] for k in order]
        words_ = [f"{', '.join(cells.levels[j])} vs {', '.join(cells.levels[i])}" for j, i in cells.pairs]
        labels += [words_[k] for k in order]
        heads += [(cells.text,) if len(found) > 1 else ()] * len(order)
    return comparison_table(
        estimates, labels, title="Pairwise comparisons of margins", level=confidence_level(fit, level),
        mcompare=mcompare, small=small, stub=str(piece).strip(), several=len(found) > 1,
        notes=tuple(dict.fromkeys((*_averaged(fit, piece), *missing))), codes=codes, heads=heads,
    )  # fmt: skip


def margins_of_cells(
    fit: FitResult,
    text: str | Piece,
    *,
    groups: bool = False,
    mcompare: str = "none",
    level: float | None = None,
    small: bool = False,
    data: Dataset | None = None,
    sort: bool = False,
) -> Table:
    """The cell means themselves with their intervals; with ``groups`` letters that tell which of them differ.

    Means that share a letter do not differ at 100 - level percent, with p-values adjusted by ``mcompare`` (Piepho
    2004, *An algorithm for a letter-based representation of all-pairwise comparisons*).
    """
    piece = Piece.of(text) if isinstance(text, str) else text
    chosen = confidence_level(fit, level)
    columns = list(estimate_columns(chosen, small=small, title="Margin"))
    rows: list[tuple[tuple[str, ...], Row]] = []
    missing: tuple[str, ...] = ()
    for cells in cell_means(fit, piece, data):
        found = combine(fit, cells.rows, level=chosen, small=small)
        fine = estimable(cells.excess)
        missing += why_not(fit, cells.excess)
        marks = [""] * len(found)
        if groups:
            differences, known = cells.differences()
            tests = compare(
                fit, differences, known, mcompare=mcompare, level=chosen, small=small, means=len(cells.rows)
            )
            own = {int(k): place for place, k in enumerate(np.flatnonzero(fine))}
            apart = [
                (own[j], own[i])
                for (j, i), e in zip(cells.pairs, tests)
                if j in own and i in own and e.p is not None and e.p < 1.0 - chosen / 100.0
            ]
            found_letters = letters([found[k].value or 0.0 for k in own], apart)
            marks = [found_letters[own[k]] if k in own else "" for k in range(len(found))]
        order = list(range(len(found)))
        if sort:
            order.sort(key=lambda k: (not fine[k], found[k].value if fine[k] else k))
        for k in order:
            e = found[k] if fine[k] else Estimate(None)
            values = e.cells(small=small) if fine[k] else marked(6 if small else 5)
            if groups:
                values = (*values, marks[k] if fine[k] else None)
            # sorted by size, cells of a factor stand apart
            heads, label = ((), ", ".join(cells.levels[k])) if sort else (cells.levels[k][:-1], cells.levels[k][-1])
            rows.append((heads, Row(label, values, code=cells.labels[k])))
    if groups:
        columns.append(Column("groups", "Groups", "text"))
    notes = list(dict.fromkeys((*_averaged(fit, piece), *missing)))
    if groups:
        how = "" if mcompare == "none" else f", p adjusted by {METHODS[mcompare]}"
        notes.append(f"Margins that share a letter do not differ at the {100 - chosen:g}% level{how}.")
    return Table("Margins", tuple(columns), under_heads(rows), str(piece).strip(), tuple(notes), "pwcompare-margins")


def letters(values: Sequence[float], apart: Sequence[tuple[int, int]]) -> list[str]:
    """Letters for each value so that two share one where they are not `apart`; A stands with the smallest."""
    groups: list[frozenset[int]] = [frozenset(range(len(values)))]
    for i, j in apart:
        split_: list[frozenset[int]] = []
        for g in groups:
            split_ += [g - {i}, g - {j}] if i in g and j in g else [g]
        groups = [g for k, g in enumerate(split_) if not any(g < o or (g == o and m < k) for m, o in enumerate(split_))]
    groups.sort(key=lambda g: sorted(values[k] for k in g))
    return ["".join(_letter(k) for k, g in enumerate(groups) if i in g) for i in range(len(values))]


def _letter(k: int) -> str:
    return chr(ord("A") + k) if k < 26 else f"({k + 1})"


def _averaged(fit: FitResult, piece: Piece) -> tuple[str, ...]:
    """The note that other factors are averaged, where there are any."""
    used: set[str] = set()
    for item in words(piece):
        for term in expanded(str(item)):
            used |= set(parse_term(term)[0])
    return ("Other factors are averaged with equal weights.",) if set(factors(fit)) - used else ()
