"""Cells found by their text, and that text replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.data.dates import date_text, is_date_format
from terrace.data.digits import EXACT, whole_text
from terrace.data.extended import extended_name
from terrace.data.plain import plain_values
from terrace.data.transforms.columns import narrow
from terrace.data.transforms.entering import Entered, RefusedCell, with_columns
from terrace.data.transforms.typed import Decimal, Refused, read_number, read_text

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: a text, as the whole of a cell or a part of it; `codes` looks behind value labels."""

    text: str
    whole: bool = False
    match_case: bool = False
    codes: bool = False

    def fit(self, shown: Sequence[str]) -> BoolArray:
        """Which of these, as cells show them, fit; shape (len(shown),)."""
        pattern = self._pattern()
        look = pattern.fullmatch if self.whole else pattern.search
        return np.fromiter((look(text) is not None for text in shown), dtype=bool, count=len(shown))

    def put(self, shown: str, new: str) -> str:
        """What the cell would say with `new` in the place of what was found."""
        return self._pattern().sub(lambda _: new, shown)

    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.text), 0 if self.match_case else re.IGNORECASE)


def find_cells(data: Dataset, name: str, search: Search) -> BoolArray:
    """The rows, shape (n,), in which the cell of a variable shows what is looked for."""
    codes, shown = _levels(data, name, search.codes)
    found: BoolArray = search.fit(shown)[codes]
    return found


def replace_cells(
    data: Dataset, names: Sequence[str], keep: BoolArray, search: Search, new: str, decimal: Decimal = "."
) -> Entered:
    """The data with what was found replaced in the rows `keep`, shape (n,); what would be no value is refused."""
    columns: dict[str, Any] = {}
    refused: list[RefusedCell] = []
    changes = 0
    for name in names:
        codes, shown = _levels(data, name, search.codes)
        fits = search.fit(shown)
        if not fits.any():
            continue
        column, differ, not_taken = _replaced(data, name, keep & fits[codes], codes, shown, search, new, decimal)
        refused += not_taken
        changes += differ
        if differ:
            columns[name] = column
    out = with_columns(data, columns, {}) if columns else data
    return Entered(out, changes, tuple(refused))


def _replaced(
    data: Dataset, name: str, inside: BoolArray, codes: npt.NDArray[np.intp], shown: list[str],
    search: Search, new: str, decimal: Decimal,
) -> tuple[Any, int, list[RefusedCell]]:  # fmt: skip
    variable, old = data.variable(name), data.frame[name]
    text = data.is_text(name)
    there = np.unique(codes[inside])
    levels: dict[int, str | float] = {}
    refused = []
    for level in there.tolist():
        put = search.put(shown[level], new)
        try:
            levels[level] = read_text(put) if text else read_number(put, variable, decimal, exact=search.codes)
        except Refused as why:
            rows = np.flatnonzero(inside & (codes == level))
            refused += [RefusedCell(int(r), name, put, str(why)) for r in rows]
    taken = inside & np.isin(codes, list(levels))
    if text:
        values = np.where(old.isna(), "", old.to_numpy(dtype=object))
        fresh = np.array([levels.get(k, "") for k in range(len(shown))], dtype=object)[codes]
        differ = taken & (values != fresh)
        return plain_values(np.where(differ, fresh, values))[0].array, int(differ.sum()), refused
    numbers = old.to_numpy(dtype=np.float64, na_value=np.nan)
    to = np.array([levels.get(k, np.nan) for k in range(len(shown))], dtype=np.float64)[codes]
    differ = taken & (numbers != to) & ~(np.isnan(numbers) & np.isnan(to))
    out = np.where(differ, to, numbers)
    if isinstance(old.dtype, np.dtype) and old.dtype.kind in "iu":
        out = narrow(out, old.dtype)
    return out, int(differ.sum()), refused


def _levels(data: Dataset, name: str, as_codes: bool) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Which of the distinct values each row has, shape (n,), and what each shows; a dot is shown for missing."""
    column = data.frame[name]
    variable = data.variable(name)
    if data.is_text(name):
        codes, levels = pd.factorize(column.where(column.notna() & (column != ""), None))
        labels = {} if as_codes else variable.value_labels
        shown = [str(labels.get(v, v)) for v in levels]
    else:
        values = column.to_numpy(na_value=np.nan) if not isinstance(column.dtype, np.dtype) else column.to_numpy()
        codes, distinct = pd.factorize(values)
        shown = _numbers(np.asarray(distinct), variable, as_codes)
    return np.where(codes < 0, len(shown), codes), [*shown, "."]


def _numbers(values: npt.NDArray[Any], variable: Variable, as_codes: bool) -> list[str]:
    """What numbers show; plain ones, which most are, without a look at each."""
    if _is_plain(variable, as_codes) and values.dtype == np.float64 and not bool((np.abs(values) >= EXACT).any()):
        return [text[:-2] if text.endswith(".0") else text for text in map(repr, values.tolist())]
    return [_shown(v, variable, as_codes) for v in values]


def _is_plain(variable: Variable, as_codes: bool) -> bool:
    """True where numbers show their digits."""
    return (as_codes or not variable.value_labels) and not is_date_format(variable.format)


def _shown(value: Any, variable: Variable, as_codes: bool) -> str:
    if not as_codes and variable.value_labels:
        found = variable.value_labels.get(value)
        if found is not None:
            return found
    if is_date_format(variable.format):
        return date_text(float(value), variable.format)
    if isinstance(value, np.float32):
        return str(np.format_float_positional(value, trim="-"))
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    return extended_name(value) or whole_text(value)
