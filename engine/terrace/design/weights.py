"""Frequency and sampling weights at every level, and their scaling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.groups import compact, interact
from terrace.design.sample import weight_values
from terrace.errors import DataError, SpecError
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """``row`` (n,) at the first level, None where all are 1; ``level`` maps a level's name to its weights by
    row of the sample, constant within the level's groups. ``kind`` is None, fweight or pweight; pweights
    make the likelihood a pseudolikelihood."""

    kind: str | None = None
    row: FloatArray | None = None
    level: tuple[tuple[str, FloatArray], ...] = ()

    def of(self, level: str) -> FloatArray | None:
        """Weights of one level by row of the sample, or None."""
        return dict(self.level).get(level)


def row_products(weights: Weights, n: int) -> FloatArray:
    """The products of the weights of all levels, (n,); their sum is the n of the likelihood."""
    total = np.ones(n) if weights.row is None else weights.row
    for _, values in weights.level:
        total = total * values
    return total


@dataclass(frozen=True)
class RowWeights:
    """Rows that stand for others: ``total`` (m,) of the weights, ``counts`` (m,) of the rows and ``squares`` (m,) of
    the weights squared; see `terrace.design.cells.EquivalentRows`."""

    total: FloatArray
    counts: FloatArray
    squares: FloatArray


def build_weights(
    spec: ModelSpec, data: Dataset, rows: npt.NDArray[np.bool_], standing: RowWeights | None = None
) -> Weights:
    """Read, check and scale all weights of a model (manual, *Survey data*; Rabe-Hesketh & Skrondal 2006).

    ``standing`` are the weights of rows that stand for others; the weights of groups are then variables of `data`
    that have the names of their expressions.
    """
    kinds = {spec.weight.kind} if spec.weight else set()
    for equation in spec.random:
        kinds |= {"fweight"} if equation.fweight else set()
        kinds |= {"pweight"} if equation.pweight else set()
    if not kinds:
        return Weights() if standing is None else Weights(row=standing.total)
    if len(kinds) > 1:
        raise SpecError(
            "Frequency and sampling weights cannot be mixed in one model.",
            code="mixed-weights",
            subject="weights",
            advice="Use the same kind of weight at every level.",
        )
    kind = kinds.pop()
    row = None if standing is None else standing.total
    if spec.weight and standing is None:
        row = weight_values(
            spec.weight.expression, data, rows, integer=kind == "fweight", option=f"[{kind}]"
        )[rows]
    level: list[tuple[str, FloatArray]] = []
    above = np.zeros(int(rows.sum()), dtype=np.int64)
    for equation in spec.random:
        if equation.level != "_all":
            own, _ = compact(data.codes(equation.level)[0][rows])
            above = interact(above, own)[0]
        expression = equation.fweight or equation.pweight
        if not expression:
            continue
        if standing is not None:
            values = data.numeric(expression)
        else:
            values = weight_values(
                expression, data, rows, integer=kind == "fweight", option=f"{kind}() of {equation.level}"
            )[rows]
        first = np.empty(int(above.max()) + 1)
        first[above] = values
        if not np.array_equal(first[above], values):
            bad = int(np.flatnonzero(first[above] != values)[0])
            where = data.level_label(
                equation.level, data.frame[equation.level].to_numpy()[rows][bad]
            )
            raise DataError(
                f"The {kind} {expression} of level {equation.level} is not constant within its groups, for "
                f"example in group {where}.",
                code="weights-vary",
                subject=expression,
                advice="A weight of a group must be the same in all its rows.",
            )
        level.append((equation.level, values))
    if spec.pwscale:
        if standing is None:
            w = np.ones(len(above)) if row is None else row
            standing = RowWeights(w, np.ones(len(above)), w * w)
        row, level = _scale(spec, standing, level, above)
    return Weights(kind, row, tuple(level))


def _scale(
    spec: ModelSpec, rows: RowWeights, level: list[tuple[str, FloatArray]], groups: npt.NDArray[np.int64]
) -> tuple[FloatArray | None, list[tuple[str, FloatArray]]]:
    """The three scalings of the manual; n_j counts the rows of group j."""
    w = rows.total
    count = np.bincount(groups, weights=rows.counts)[groups]
    total = np.bincount(groups, weights=w)[groups]
    if spec.pwscale == "size":
        return w * count / total, level
    if spec.pwscale == "effective":
        return w * total / np.bincount(groups, weights=rows.squares)[groups], level
    name = spec.random[0].level
    upper = dict(level).get(name, np.ones(len(w)))
    return None, [(name, np.bincount(groups, weights=w * upper)[groups] / count)]
