"""Cell means of the model's factors, from the coefficients alone: what contrast and pwcompare compare.

A cell mean sets some factors to levels, averages over the levels of all others with equal weights, and leaves
continuous variables out (at zero); with continuous parts in the term, the cells hold slopes instead.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.columns import ColumnInfo
from terrace.errors import SpecError
from terrace.results.fit import FitResult
from terrace.spec.model import Factor

FloatArray = npt.NDArray[np.float64]
Number = tuple[str, tuple[tuple[str, int], ...]]


@dataclass(frozen=True)
class FactorInfo:
    """A factor of the fixed part: its levels in order, the base, and how levels are written."""

    name: str
    levels: tuple[Value, ...]
    base: Value | None
    labels: tuple[str, ...]


def factors(fit: FitResult, data: Dataset | None = None) -> dict[str, FactorInfo]:
    """The factors of the fixed part; with the data their levels carry value labels."""
    found: dict[str, dict[Value, str]] = {}
    base: dict[str, Value | None] = {}
    for column in fit.model.design.columns:
        if column.name == "_cons":
            continue
        for f, level, text in zip(_term(fit, column), column.levels or (None,) * 8, column.name.split("#")):
            if f.kind == "factor" and level is not None:
                token = text.split(".")[0]
                found.setdefault(f.name, {})[level] = token
        if column.kind == "base" and len(column.levels) == 1:
            base[column.variables[0]] = column.levels[0]
    out = {}
    for name, levels in found.items():
        order = tuple(sorted(levels))
        labels = tuple(_label(fit, data, name, v, levels[v]) for v in order)
        out[name] = FactorInfo(name, order, base.get(name, order[0]), labels)
    return out


def _label(fit: FitResult, data: Dataset | None, name: str, level: Value, token: str) -> str:
    if data is not None and name in data:
        return data.level_label(name, level)
    for column in fit.model.design.columns:
        if column.variables == (name,) and column.levels == (level,):
            _, _, label = column.label.partition(": ")
            return label or token
    return token


def _term(fit: FitResult, column: ColumnInfo) -> tuple[Factor, ...]:
    return fit.spec.fixed[column.term].factors


def numbers_of(fit: FitResult, column: ColumnInfo) -> Counter[Number]:
    """The continuous parts of a column with their powers."""
    if column.name == "_cons":
        return Counter()
    return Counter((f.name, f.operators) for f in _term(fit, column) if f.kind == "continuous")


def cell_row(
    fit: FitResult, info: dict[str, FactorInfo], cell: dict[str, Value], numbers: Counter[Number]
) -> tuple[FloatArray, FloatArray]:
    """The row of one cell over the columns of X, (p,), and over `Design.lost`, (q,)."""
    design = fit.model.design
    kept = np.array([_weight(fit, info, c, cell, numbers) for c in design.x_info])
    return kept, np.array([_weight(fit, info, c, cell, numbers) for c in design.lost])


def _weight(
    fit: FitResult, info: dict[str, FactorInfo], column: ColumnInfo, cell: dict[str, Value], numbers: Counter[Number]
) -> float:
    if numbers_of(fit, column) != numbers:
        return 0.0
    if column.name == "_cons":
        return 1.0
    out = 1.0
    for f, level in zip(_term(fit, column), column.levels or (None,) * 8):
        if f.kind != "factor":
            continue
        out *= float(cell[f.name] == level) if f.name in cell else 1.0 / len(info[f.name].levels)
    return out


def need_term(fit: FitResult, info: dict[str, FactorInfo], names: list[str], numbers: Counter[Number]) -> None:
    """`SpecError` where a factor, or a slope, is not in the model."""
    for name in names:
        if name not in info:
            known = ", ".join(info)
            raise SpecError(
                f"{name} is not a factor of the model's fixed part.",
                code="not-a-factor",
                subject=name,
                advice=f"Its factors are {known}." if known else "It has no factors. To add one, write i. before a "
                                                                 "variable.",
            )
    if numbers and not any(numbers_of(fit, c) == numbers for c in fit.model.design.x_info):
        text = "#".join(f"c.{n}" for n, _ in numbers.elements())
        raise SpecError(f"The model has no term in {text}.", code="not-in-model", subject=text)


def grid(info: dict[str, FactorInfo], names: list[str]) -> list[dict[str, Value]]:
    """All combinations of levels, the last factor fastest."""
    return [dict(zip(names, c)) for c in itertools.product(*(info[n].levels for n in names))]


def written(info: dict[str, FactorInfo], cell: dict[str, Value], separator: str = "#") -> str:
    """A cell by its labels: ``Public#0``."""
    return separator.join(info[n].labels[info[n].levels.index(v)] for n, v in cell.items())
