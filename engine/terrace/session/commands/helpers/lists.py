"""The data row by row as a table, and values as they are shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.dates import date_text, is_date_format, is_period_format, period_text
from terrace.data.extended import extended_name
from terrace.data.transforms.grouping import group
from terrace.results.table import Column, Row, Table

MAX_LISTED = 10_000


_NUMERIC = re.compile(r"%-?0?\d*(\.\d+)?[fgeFGE]c?")


def list_table(
    data: Dataset,
    names: Sequence[str],
    rows: npt.NDArray[np.int64],
    *,
    numbers: bool = True,
    labels: bool = True,
    sepby: Sequence[str] = (),
    every: int = 0,
) -> Table:
    """These rows (from 0) of these variables, at most `MAX_LISTED`.

    A rule stands where a variable of `sepby` changes, and after `every` rows. Without `numbers` the first
    variable takes the place of the row numbers.
    """
    shown = rows[:MAX_LISTED]
    cells = {n: value_texts(data, n, shown, labels=labels) for n in names}
    breaks = _breaks(data, sepby, shown) if sepby else set(range(every, len(shown), every)) if every else set()
    stub, *others = names if not numbers else ("Row", *names)
    heads = [str(r + 1) for r in shown] if numbers else _padded(data, stub, cells[stub])
    notes: tuple[str, ...] = ()
    if len(rows) > len(shown):
        notes = (f"The first {len(shown):,} of {len(rows):,} rows. To choose others, use in or if.",)
    return Table(
        title="",
        columns=tuple(Column(n, n, "text" if _is_words(data, n, labels) else "general") for n in others),
        rows=tuple(
            Row(heads[k], tuple(cells[n][k] for n in others), "total" if k in breaks else "row")
            for k in range(len(shown))
        ),
        stub=stub,
        notes=notes,
        key="list",
    )


def _padded(data: Dataset, name: str, texts: list[str]) -> list[str]:
    """Texts of the first column, numbers to the right."""
    if data.is_text(name):
        return texts
    width = max((len(t) for t in texts), default=0)
    return [t.rjust(width) for t in texts]


def _is_words(data: Dataset, name: str, labels: bool) -> bool:
    return data.is_text(name) or (labels and bool(data.variable(name).value_labels))


def _unlabelled(value: float, format: str, numeric: str) -> str:
    from terrace.report.numbers import formatted, of_data

    if name := extended_name(value):
        return name
    if is_date_format(format):
        return date_text(value, format)
    if is_period_format(format):
        return period_text(value, format)
    return formatted(value, numeric) if numeric else of_data(value)


def value_texts(
    data: Dataset, name: str, rows: npt.NDArray[np.int64], *, labels: bool = True
) -> list[str]:
    """The values of a variable in these rows as they are shown: with labels, in its display format."""
    v = data.variable(name)
    values = data.frame[name].to_numpy()[rows]
    if data.is_text(name):
        return ["" if x is None or x is pd.NA or isinstance(x, float) else str(x) for x in values]
    form = v.format if _NUMERIC.fullmatch(v.format) else ""
    known: dict[float, str] = {}
    out: list[str] = []
    for x in values.tolist():
        if x is None or x != x:  # NaN is not equal to itself  # noqa: PLR0124
            out.append(".")
            continue
        if x not in known:
            label = v.value_labels.get(x) if labels else None
            if label is None:
                label = _unlabelled(x, v.format, form)
            known[x] = label
        out.append(known[x])
    return out


def _breaks(data: Dataset, names: Sequence[str], rows: npt.NDArray[np.int64]) -> set[int]:
    """Positions in `rows` before which a rule stands: where one of the variables changes."""
    codes = group(data, names).codes[rows]
    return set((np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist())
