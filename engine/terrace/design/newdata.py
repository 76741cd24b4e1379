"""Columns of a fitted model for other rows: the whole dataset, or new data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.columns import ColumnInfo, variable_values
from terrace.spec.model import Term

FloatArray = npt.NDArray[np.float64]


def column_values(terms: Sequence[Term], info: Sequence[ColumnInfo], data: Dataset) -> FloatArray:
    """The described columns for every row of `data`, shape (rows, len(info)); NaN where a variable is missing.

    A level of a factor that the fit did not see has no coefficient: its row is as that of the base level, and
    `unseen_levels` tells which rows these are.
    """
    n = len(data)
    out = np.empty((n, len(info)), order="F")
    numbers: dict[object, FloatArray] = {}
    indicators: dict[tuple[str, object], FloatArray] = {}
    for k, column in enumerate(info):
        if column.name == "_cons":
            out[:, k] = 1.0
            continue
        product = np.ones(n)
        for f, level in zip(terms[column.term].factors, column.levels or (None,) * 8):
            if f.kind == "continuous":
                key = (f.name, f.operators)
                if key not in numbers:
                    numbers[key] = variable_values(data, f)
                product = product * numbers[key]
            else:
                at = (f.name, level)
                if at not in indicators:
                    indicators[at] = _indicator(data, f.name, level)
                product = product * indicators[at]
        out[:, k] = product
    return out


def _indicator(data: Dataset, name: str, level: object) -> FloatArray:
    codes, values = data.codes(name)
    lookup = np.array([float(v == level) for v in values] + [np.nan])
    return lookup[codes]


def unseen_levels(
    terms: Sequence[Term], everything: Sequence[ColumnInfo], data: Dataset
) -> npt.NDArray[np.bool_]:
    """Rows that hold a factor level which no column of the fit knows, base levels included, shape (rows,)."""
    known: dict[str, set[object]] = {}
    for column in everything:
        if column.name == "_cons":
            continue
        for f, level in zip(terms[column.term].factors, column.levels or (None,) * 8):
            if f.kind == "factor":
                known.setdefault(f.name, set()).add(level)
    out = np.zeros(len(data), dtype=bool)
    for name, levels in known.items():
        codes, values = data.codes(name)
        new = np.array([v not in levels for v in values] + [False])
        out |= new[codes]
    return out
