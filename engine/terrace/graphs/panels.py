"""Panels by the values of variables: which rows go where, what stands above them, how many fit on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.errors import DataError
from terrace.language.graphs.options import By
from terrace.wording import plural

Rows = npt.NDArray[np.int64]

MOST_PANELS = 1_000
MOST_ON_A_PAGE = 30
"""Above this the panels of a page are too small to read; 160 schools are six pages."""


@dataclass(frozen=True)
class Panels:
    """``codes``, shape (rows of the data,), number the panel of each row, −1 for none.

    ``total`` adds a panel of all rows at the end; ``left_out`` counts rows without a value of the variables.
    """

    titles: tuple[str, ...]
    codes: Rows
    total: bool = False
    left_out: int = 0

    def rows(self, rows: Rows) -> list[Rows]:
        """These row numbers panel by panel, in their order."""
        codes = self.codes[rows]
        out = split_rows(rows, codes, len(self.titles) - self.total)
        if self.total:
            out.append(rows[codes >= 0])
        return out


def split_rows(rows: Rows, codes: Rows, count: int) -> list[Rows]:
    """These row numbers by their `codes`, one a row, from 0 to `count` − 1; rows of other codes are left out."""
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(count + 1))
    return [rows[order[a:b]] for a, b in pairwise(ends)]


def no_panels(n: int) -> Panels:
    """Everything in one panel without a title."""
    return Panels(("",), np.zeros(n, dtype=np.int64))


def split_panels(data: Dataset, by: By, used: npt.NDArray[np.bool_]) -> Panels:
    """One panel a combination of values that occurs in the `used` rows, in ascending order.

    Raises `DataError` where no row has values of all variables, or where the panels are too many to draw.
    """
    n = len(data)
    combined = np.zeros(n, dtype=np.int64)
    inside = used.copy()
    columns = [data.codes(name) for name in by.names]
    for codes, levels in columns:
        if not by.missing:
            inside &= codes >= 0
        combined = combined * (len(levels) + 1) + np.where(codes < 0, len(levels), codes)
    if not inside.any():
        raise DataError(f"No row has a value of {' and '.join(by.names)}.", code="no-observations", subject=by.names[0])
    present, first = np.unique(combined[inside], return_index=True)
    if len(present) > MOST_PANELS:
        raise DataError(
            f"by({' '.join(by.names)}) makes {len(present):,} panels, too many to view.",
            code="too-many-panels",
            subject=by.names[0],
            advice="Use if to choose groups, or draw lines by group: line y x, connect(ascending) after sort.",
        )
    codes = np.full(n, -1, dtype=np.int64)
    codes[inside] = np.searchsorted(present, combined[inside])
    rows = np.flatnonzero(inside)[first]
    titles = [
        ", ".join(_value(data, name, int(column[0][r]), column[1]) for name, column in zip(by.names, columns))
        for r in rows
    ]
    if by.total:
        titles.append("Total")
    return Panels(tuple(titles), codes, by.total, int(np.count_nonzero(used & ~inside)))


def _value(data: Dataset, name: str, code: int, levels: tuple[Value, ...]) -> str:
    """A value label or a text by itself; a number with the name of its variable."""
    if code < 0:
        return f"{name} missing"
    value = levels[code]
    if value in data.variable(name).value_labels or isinstance(value, str):
        return data.level_label(name, value)
    return f"{name} = {data.level_label(name, value)}"


def layout(count: int, by: By | None) -> tuple[int, list[range]]:
    """Columns, and the panels of each page; pages are equally full."""
    if by is None or count == 1:
        return 1, [range(count)]
    asked = by.columns or (ceil(count / by.rows) if by.rows else None)
    if asked is not None:
        columns = min(asked, 10, count)
        room = columns * min(by.rows or 10, max(1, ceil(60 / columns)))
    else:
        room = MOST_ON_A_PAGE
        columns = 0
    pages = ceil(count / room)
    each = ceil(count / pages)
    if not columns:
        columns = 5 if each > 16 else each if each <= 3 else ceil(sqrt(each))
    if pages > 1:  # no page but the last ends in the middle of a row
        each = ceil(each / columns) * columns
    return columns, [range(start, min(start + each, count)) for start in range(0, count, each)]


def left_out_note(rows: int, names: Sequence[str]) -> str:
    """That rows are in no panel, because they have no value of the variables of by()."""
    return f"{plural(rows, 'row')} without a value of {', '.join(names)} {'is' if rows == 1 else 'are'} left out."
