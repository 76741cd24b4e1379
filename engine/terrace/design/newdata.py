"""Columns and groups of a fitted model for other rows: the whole dataset, or new data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.columns import ColumnInfo, variable_values
from terrace.design.design import Design, RandomBlock
from terrace.design.groups import first_rows
from terrace.errors import DataError
from terrace.spec.model import Term

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def column_values(terms: Sequence[Term], info: Sequence[ColumnInfo], data: Dataset) -> FloatArray:
    """The described columns for every row of `data`, shape (rows, len(info)); NaN where a variable is missing.

    A level of a factor that the fit did not see has no coefficient: its row is as that of the base level, and
    `unseen_levels` tells which rows these are.
    """
    n = len(data)
    out = np.empty((n, len(info)), order="F")
    numbers: dict[object, FloatArray] = {}
    factors: dict[str, tuple[IntArray, tuple[Value, ...]]] = {}
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
                if f.name not in factors:
                    factors[f.name] = data.codes(f.name)
                product = product * _indicator(*factors[f.name], level)
        out[:, k] = product
    return out


def _indicator(codes: IntArray, values: tuple[Value, ...], level: object) -> FloatArray:
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


def level_codes(design: Design, data: Dataset, name: str) -> IntArray:
    """The fit's group number at level `name` for every row of `data`, shape (rows,); -1 for groups it never saw.

    Groups are found by the values of the group variables, so that the rows may be others than those of the fit.
    """
    above = np.zeros(len(data), dtype=np.int64)
    parents: IntArray | None = None
    for level in design.levels:
        if level.values is not None:
            own = np.zeros(level.n_groups, dtype=np.int64) if parents is None else parents[level.rows]
            above = _found(above, data, level.name, own, level.values)
        if level.name == name:
            return above
        parents = level.codes
    raise KeyError(name)


def pair_codes(design: Design, block: RandomBlock, data: Dataset) -> IntArray:
    """The number of every row's pair of group and value of `block.factor`, shape (rows,); -1 for unseen pairs."""
    assert block.factor is not None and block.values is not None
    first = first_rows(block.codes, block.n_groups)
    above = level_codes(design, data, block.level.name)
    return _found(above, data, block.factor, block.level.codes[first], block.values)


def _found(
    above: IntArray, data: Dataset, name: str, parents: IntArray, values: npt.NDArray[Any]
) -> IntArray:
    """Position of (parent, value) among the known pairs for every row; -1 where it is not among them."""
    fitted_text = any(isinstance(v, str) for v in values)
    if fitted_text != data.is_text(name):
        here, there = ("numbers", "text") if fitted_text else ("text", "numbers")
        raise DataError(
            f"{name} holds {here} here but {there} where the model was fitted, so no group would be recognised.",
            code="type-mismatch",
            subject=name,
            advice=f"Convert it first: {'tostring' if fitted_text else 'destring'} {name}, replace.",
        )
    distinct = {_plain(v): k for k, v in enumerate(dict.fromkeys(_plain(v) for v in values))}
    known = parents * len(distinct) + np.array([distinct[_plain(v)] for v in values], dtype=np.int64)
    codes, present = data.codes(name)
    own = np.array([*(distinct.get(_plain(v), -1) for v in present), -1], dtype=np.int64)[codes]
    wanted = np.where((own < 0) | (above < 0), -1, above * len(distinct) + own)
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    return np.where(known[order][at] == wanted, order[at], -1)


def _plain(value: Value) -> Value:
    return value if isinstance(value, str) else float(value)
