"""A dataset of statistics: one row a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.transforms.aggregate import ROWWISE, Cells, statistic, text_positions
from terrace.data.transforms.columns import take
from terrace.data.transforms.grouping import group
from terrace.errors import DataError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Target:
    """One new variable: a statistic of a variable."""

    name: str
    statistic: str
    source: str


def collapse(
    data: Dataset,
    targets: Sequence[Target],
    by: Sequence[str] = (),
    *,
    weights: FloatArray | None = None,
    kind: str = "",
    complete: bool = False,
) -> Dataset:
    """One row for each combination of values of `by`, in ascending order.

    `weights`, shape (n,), are frequency or analytic ones by `kind`. With `complete` only rows take part that are
    complete in all sources. Raises `DataError` for a statistic of a text variable other than count and the ones
    that pick a row, and where a name is given twice.
    """
    _check(data, targets, by)
    sources = list(dict.fromkeys(t.source for t in targets))
    if complete:
        whole = np.ones(len(data), dtype=bool)
        for name in sources:
            whole &= np.asarray(data.codes(name)[0] >= 0) if data.is_text(name) else ~np.isnan(data.numeric(name))
        data, weights = data.rows(whole), None if weights is None else weights[whole]
    groups = group(data, by)
    columns: dict[str, Any] = {name: take(data.frame[name], groups.first) for name in by}
    variables = [data.variable(name) for name in by]
    cells: dict[str, Cells] = {}
    for t in targets:
        if data.is_text(t.source) and t.statistic in ROWWISE:
            rows = text_positions(data.frame[t.source], groups, t.statistic)
            columns[t.name] = take(data.frame[t.source], rows)
        else:
            if t.source not in cells:
                cells[t.source] = Cells(_numbers(data, t.source), groups, weights, kind)
            of = statistic(t.statistic)
            assert of is not None
            columns[t.name] = of(cells[t.source])
        variables.append(_described(data.variable(t.source), t))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(groups.n_groups), copy=False)
    kept = data.panel if data.panel and {data.panel.panel, data.panel.time} - {None} <= set(by) else None
    documents = data.documents_of({*by, *(t.name for t in targets if t.name == t.source)})
    return Dataset(frame, tuple(variables), data.label, data.source, panel=kept, sorted_by=tuple(by),
                   sha256=data.sha256, documents=documents)  # fmt: skip


def _numbers(data: Dataset, name: str) -> FloatArray:
    """The values; for text, which can only be counted, a number where there is one."""
    if data.is_text(name):
        return np.where(data.codes(name)[0] >= 0, 1.0, np.nan)
    return data.numeric(name)


def _check(data: Dataset, targets: Sequence[Target], by: Sequence[str]) -> None:
    seen = set(by)
    for t in targets:
        if t.name in seen:
            raise DataError(
                f"{t.name} would be created twice.",
                code="name-taken",
                subject=t.name,
                advice=f"Give one of them another name: ({t.statistic}) {t.name}2={t.source}.",
            )
        seen.add(t.name)
        if data.is_text(t.source) and t.statistic not in (*ROWWISE, "count"):
            raise DataError(
                f"{t.source} holds text, which has no {t.statistic}.",
                code="text-variable",
                subject=t.source,
                advice="For text, use count, first, last, firstnm or lastnm.",
            )


def _described(v: Variable, t: Target) -> Variable:
    label = f"({t.statistic}) {v.label or v.name}"
    if t.statistic in ROWWISE:
        return replace(v, name=t.name, label=label)
    same: dict[str, Any] = {"value_labels": v.value_labels} if t.statistic in ("min", "max") else {}
    if t.statistic not in ("count", "percent"):
        same |= {"format": v.format, "native_format": v.native_format}
    return Variable(t.name, label, Measure.CONTINUOUS, **same)
