"""``pwcompare``: all pairwise differences of the cell means of factors, from the coefficients."""

from __future__ import annotations

from collections import Counter

import numpy as np

from terrace.data.dataset import Dataset
from terrace.errors import SpecError
from terrace.language.factors import parse_prefix, prefix_end
from terrace.language.tokens import Piece, words
from terrace.postestimation.cells import Number, cell_row, factors, grid, need_term, written
from terrace.postestimation.combinations import Estimate, confidence_level
from terrace.postestimation.comparisons import compare, comparison_table, pairs
from terrace.results.fit import FitResult
from terrace.results.table import Table


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


def pwcompare_table(
    fit: FitResult,
    text: str | Piece,
    *,
    mcompare: str = "none",
    level: float | None = None,
    small: bool = False,
    data: Dataset | None = None,
) -> Table:
    """Differences of all pairs of cell means of each term, adjusted within a term.

    ``text`` lists factors and interactions (``a``, ``a#b``, ``a#c.x`` for slopes). ``mcompare`` is none,
    bonferroni, sidak, scheffe, tukey or holm. Other factors are averaged with equal weights.
    """
    piece = Piece.of(text) if isinstance(text, str) else text
    info = factors(fit, data)
    estimates: list[Estimate] = []
    labels: list[str] = []
    terms = words(piece)
    for item in terms:
        names, numbers = parse_term(item)
        need_term(fit, info, names, numbers)
        if not names:
            raise SpecError(f"{item} has no factor whose levels could be compared.", code="not-a-factor")
        cells = grid(info, names)
        both = [cell_row(fit, info, c, numbers) for c in cells]
        chosen = pairs(len(cells))
        rows = np.array([both[j][0] - both[i][0] for j, i in chosen])
        lost = np.array([both[j][1] - both[i][1] for j, i in chosen])
        fine = ~np.any(np.abs(lost) > 1e-12, axis=1) if lost.size else np.ones(len(rows), dtype=bool)
        estimates += compare(
            fit, rows, fine, mcompare=mcompare, level=level, small=small, means=len(cells)
        )
        labels += [f"{written(info, cells[j])} vs {written(info, cells[i])}" for j, i in chosen]
    if not estimates:
        raise piece.error("Name a factor to compare.", code="not-a-factor", advice="Example: pwcompare drug.")
    return comparison_table(
        estimates, labels, title="Pairwise comparisons of margins", level=confidence_level(fit, level),
        mcompare=mcompare, small=small, stub=str(piece).strip(), several=len(terms) > 1,
        notes=("Other factors are averaged with equal weights.",) if len(info) > len(set(names)) else (),
    )  # fmt: skip
