"""What data commands do with a streamed file: ``count``, ``summarize``, ``list``, and rows read into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.streams.batches import StreamedData, TypeGivenUp
from terrace.language.grammar.clauses import Clauses, range_rows
from terrace.session.filter import kept_rows

if TYPE_CHECKING:
    from terrace.session.session import Session

FloatArray = npt.NDArray[np.float64]


def chosen_batches(
    session: Session, data: StreamedData, clauses: Clauses, names: Sequence[str]
) -> Iterator[Dataset]:
    """The rows that ``if``, ``in`` and the filter keep, batch by batch, with the variables `names` and those of the
    conditions.

    Raises `CommandError` for a condition that looks at other rows.
    """
    from terrace.language.expressions.entry import condition, looks_at_other_rows, variables_in

    also: tuple[str, ...] = ()
    if clauses.condition is not None:
        if looks_at_other_rows(clauses.condition):
            raise clauses.condition.error(
                "This condition depends on other rows, but the file is read in parts.",
                code="streamed-condition",
                advice="Use a condition that depends only on the values in each row.",
            )
        also = variables_in(clauses.condition, data)
    expression = session.filtering.take()
    if expression:
        also = (*also, *variables_in(expression, data))
    report = Report(f"Reading {data.file.path.name}", session.report, session.cancelled)
    first, last = 0, np.iinfo(np.int64).max
    if clauses.range_ is not None:
        first, last = range_rows(str(clauses.range_), data.count(report))
    before = 0
    for batch in data.batches((*names, *also), report):
        rows = np.arange(before, before + len(batch))
        keep = (rows >= first) & (rows < last)
        if clauses.condition is not None:
            keep &= condition(clauses.condition, batch, session.context())
        if expression:
            keep &= kept_rows(expression, batch)
        before += len(batch)
        yield batch if keep.all() else batch.rows(keep)


def chosen_rows(session: Session, data: StreamedData, clauses: Clauses, names: Sequence[str]) -> Dataset:
    """The rows that ``if`` and ``in`` keep, in memory, with the variables `names`."""
    try:
        return data.gathered(chosen_batches(session, data, clauses, names), names)
    except TypeGivenUp as wider:
        return chosen_rows(session, wider.data, clauses, names)


def first_rows(data: StreamedData, clauses: Clauses) -> npt.NDArray[np.int64]:
    """The rows of ``in``, where they are among those that are shown; `DataError` otherwise."""
    if clauses.range_ is None or clauses.condition is not None:
        raise data.needs_rows()
    first, last = range_rows(str(clauses.range_), data.file.n_rows or len(data))
    if last > len(data):
        raise data.needs_rows()
    return np.arange(first, last)


def count_rows(session: Session, data: StreamedData, clauses: Clauses) -> int:
    """The rows that ``if``, ``in`` and the filter keep."""
    if clauses.condition is None and clauses.range_ is None and not session.filtering.expression:
        return data.count(Report(f"Reading {data.file.path.name}", session.report, session.cancelled))
    try:
        return sum(len(batch) for batch in chosen_batches(session, data, clauses, ()))
    except TypeGivenUp as wider:
        return count_rows(session, wider.data, clauses)


def moments_of(
    session: Session, data: StreamedData, clauses: Clauses, names: Sequence[str]
) -> list[tuple[str, dict[str, float]]]:
    """N, mean, variance and range of each variable, as `describe.moments` gives them.

    Means and sums of squares of the batches are put together by the formula of Chan, Golub & LeVeque (1983).
    """
    numbers = [name for name in names if not data.is_text(name)]
    sums = {name: _Sums() for name in names}
    try:
        for batch in chosen_batches(session, data, clauses, numbers):
            for name in numbers:
                sums[name].add(batch.numeric(name))
    except TypeGivenUp as wider:
        return moments_of(session, wider.data, clauses, names)
    return [(name, sums[name].results()) for name in names]


class _Sums:
    """Count, mean and sum of squares about the mean of what was added."""

    def __init__(self) -> None:
        self.n, self.mean, self.squares = 0, 0.0, 0.0
        self.low, self.high = np.inf, -np.inf

    def add(self, values: FloatArray) -> None:
        """Add values; missing ones do not count."""
        x = values[~np.isnan(values)]
        if not len(x):
            return
        mean = float(x.mean())
        off = x - mean
        total = self.n + len(x)
        apart = mean - self.mean
        self.squares += float(off @ off) + apart * apart * self.n * len(x) / total
        self.mean += apart * len(x) / total
        self.n = total
        self.low, self.high = min(self.low, float(x.min())), max(self.high, float(x.max()))

    def results(self) -> dict[str, float]:
        """The stored results of ``summarize``."""
        n = float(self.n)
        if not self.n:
            return {"N": 0.0, "sum_w": 0.0}
        variance = self.squares / (n - 1) if n > 1 else float("nan")
        return {
            "N": n, "sum_w": n, "mean": self.mean, "Var": variance, "sd": float(np.sqrt(variance)),
            "min": self.low, "max": self.high, "sum": self.mean * n,
        }  # fmt: skip
