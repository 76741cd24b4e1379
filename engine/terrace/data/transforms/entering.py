"""A block of typed cells put into the data: they grow where it goes past their edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import needs_text
from terrace.data.measure import guess_measure
from terrace.data.plain import plain_values
from terrace.data.transforms.columns import narrow
from terrace.data.transforms.rows import lengthen
from terrace.data.transforms.typed import Decimal, Refused, is_missing_text, like_number, read_number, read_text

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell that was left as it was: its row (from 0), variable, the text, and why."""

    row: int
    name: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Entered:
    """The data with a block in them, how many cells are different now, and what was refused."""

    data: Dataset
    changes: int
    refused: tuple[RefusedCell, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """The cells of a block for one variable: values and which are taken, shape (h,), and what is known of it."""

    values: npt.NDArray[Any]
    taken: npt.NDArray[np.bool_]
    variable: Variable
    text: bool
    refused: tuple[tuple[int, str, str], ...] = ()


def enter(
    data: Dataset | None,
    names: Sequence[str],
    rows: IntArray,
    block: Sequence[Sequence[str]],
    *,
    decimal: Decimal = ".",
    exact: bool = False,
) -> Entered:
    """Put a block of texts into these variables and rows (from 0, each once, perhaps past the end).

    The block, lines of one length, is repeated down and to the right; its height divides that of the place, and its
    width the number of variables. A name that the data do not have is a new variable at the end. A text that is no
    value of its variable is refused, and that cell stays; a variable without a value becomes text where a text asks
    for it. `exact` takes texts for stored values: no label is looked for, and in a text a dot is a dot.
    """
    height, width = len(block), len(block[0])
    before = 0 if data is None else len(data)
    rows_after = max(before, int(rows.max()) + 1 if len(rows) else 0)
    grown = lengthen(data, rows_after) if data is None or rows_after > before else data
    read = [
        _read(data, name, [line[k % width] for line in block], decimal, exact, before) for k, name in enumerate(names)
    ]
    place = np.arange(len(rows)) % height
    columns: dict[str, Any] = {}
    variables: dict[str, Variable] = {}
    changes = 0
    refused: list[RefusedCell] = []
    for name, column in zip(names, read):
        old = grown.frame[name] if name in grown else None
        known = None if data is None or name not in data else data.frame[name].dtype
        columns[name], differ = _put(old, known, rows, column, place, rows_after)
        variables[name] = _described(column.variable, columns[name], was=data, name=name)
        changes += differ
        refused += [RefusedCell(int(rows[at]), name, text, why) for at, text, why in column.refused]
    out = with_columns(grown, columns, variables)
    if not changes and rows_after == before and all(data is not None and n in data for n in names):
        assert data is not None
        out = data
    return Entered(out, changes, tuple(refused))


def with_columns(data: Dataset, columns: dict[str, Any], variables: dict[str, Variable]) -> Dataset:
    """The data with several columns replaced, or added at the end, at once."""
    frame = data.frame.copy(deep=False)
    new = {name: values for name, values in columns.items() if name not in data}
    for name, values in columns.items():
        if name not in new:
            frame[name] = values
    if new:
        frame = pd.concat([frame, pd.DataFrame(new, index=frame.index, copy=False)], axis=1)
    kept = tuple(variables.get(v.name, v) for v in data.variables)
    still = tuple(takewhile(lambda n: n not in columns, data.sorted_by))
    return replace(data, frame=frame, variables=(*kept, *(variables[n] for n in new)), sorted_by=still)


def is_empty(data: Dataset, name: str) -> bool:
    """True for a variable without a single value, of which nothing says that it holds numbers."""
    v = data.variable(name)
    if v.value_labels or v.format or v.declares_missing:
        return False
    column = data.frame[name]
    if data.is_text(name):
        return bool((column.isna() | (column == "")).all())
    return bool(column.isna().all())


def _read(
    data: Dataset | None, name: str, texts: list[str], decimal: Decimal, exact: bool, before: int
) -> _Column:
    """The cells of one variable as its values."""
    new = data is None or name not in data
    variable = Variable(name) if data is None or name not in data else data.variable(name)
    if data is not None and not new and data.is_text(name):
        values = np.array([read_text(t, exact=exact) for t in texts], dtype=object)
        return _Column(values, np.ones(len(texts), dtype=bool), variable, True)
    numbers = np.full(len(texts), np.nan)
    refused: list[tuple[int, str, str]] = []
    known: dict[str, float | str] = {}
    for k, text in enumerate(texts):
        if text not in known:
            try:
                known[text] = read_number(text, variable, decimal, exact=exact)
            except Refused as why:
                known[text] = str(why)
        found = known[text]
        if isinstance(found, str):
            refused.append((k, text, found))
        else:
            numbers[k] = found
    free = new or (data is not None and (bool(refused) or before <= 1000) and is_empty(data, name))
    present = pd.Series([t.strip() for t in texts if not is_missing_text(t)], dtype=object)
    words = any(not like_number(text) for _, text, _ in refused)
    if free and len(present) and (words or (not refused and needs_text(present))):
        values = np.array([read_text(t, exact=exact) for t in texts], dtype=object)
        return _Column(values, np.ones(len(texts), dtype=bool), variable, True)
    taken = np.ones(len(texts), dtype=bool)
    taken[[k for k, _, _ in refused]] = False
    return _Column(numbers, taken, variable, False, tuple(refused))


def _put(
    old: pd.Series | None, known: Any, rows: IntArray, new: _Column, place: IntArray, n: int
) -> tuple[Any, int]:
    """The whole column with the cells in it, in the type `known` that it had where that loses nothing; and changes."""
    values, taken = new.values[place], new.taken[place]
    rows, values = (rows, values) if taken.all() else (rows[taken], values[taken])
    if new.text:
        out = np.full(n, "", dtype=object)
        if old is not None and not pd.api.types.is_numeric_dtype(old.dtype):
            out = np.where(old.isna(), "", old.to_numpy(dtype=object))
        differ = int((out[rows] != values).sum())
        out[rows] = values
        return plain_values(out)[0].array, differ
    numbers = np.full(n, np.nan) if old is None else old.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    was = numbers[rows]
    if new.variable.declares_missing:  # why a value is missing stays where it is set to missing
        stays = np.isnan(values) & new.variable.stands_for_missing(was)
        rows, values, was = rows[~stays], values[~stays], was[~stays]
    differ = int(((was != values) & ~(np.isnan(was) & np.isnan(values))).sum())
    numbers[rows] = values
    if known is not None and isinstance(known, np.dtype) and known.kind in "iu":
        return narrow(numbers, known), differ
    return numbers, differ


def _described(variable: Variable, column: Any, was: Dataset | None, name: str) -> Variable:
    """What is known of the variable: its measure is guessed where it has its first values."""
    values = pd.Series(column, copy=False)
    number = pd.api.types.is_numeric_dtype(values.dtype)
    extended = _extended_in(values) if number else ()
    if extended:
        codes = tuple(dict.fromkeys((*variable.missing_codes, *extended)))
        variable = replace(variable, missing_codes=codes)
    if was is not None and name in was:
        if was.is_text(name) == (not number):
            return variable
        return replace(variable, measure=Measure.NOMINAL if not number else variable.measure)
    if not len(values) or bool(values.isna().all()):
        return variable
    return replace(variable, measure=guess_measure(name, values))


def _extended_in(values: pd.Series) -> tuple[float, ...]:
    """Which of ``.a`` to ``.z`` occur: they have to be declared."""
    from terrace.data.extended import LEAST

    if values.dtype.kind != "f":
        return ()
    numbers = np.asarray(values, dtype=np.float64)
    top = numbers[(numbers >= LEAST) & (numbers < math.inf)]
    return tuple(np.unique(top).tolist())
