"""Files that are read in batches of rows, because they are larger than memory or meant to be treated so.

A `StreamedData` looks like a Dataset of the first rows of its file: names, labels and a preview are there. What
needs all rows asks for `batches`, each a small Dataset of the columns wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.arrow import plain_series
from terrace.data.dataset import Dataset, Variable
from terrace.data.dates import DATETIME, DAY, MS_PER_DAY, is_date_format, is_datetime_format
from terrace.data.digits import whole_text
from terrace.data.memory import available_memory
from terrace.data.plain import plain_values
from terrace.data.progress import Report
from terrace.errors import DataError

PREVIEW_ROWS = 10_000
"""Rows that are shown of a streamed file, and from which the types of a text file are guessed."""
BATCH_ROWS = 1 << 18
"""Rows of a batch: large enough that a batch is spent in NumPy, small enough for caches and memory."""
_MODEL_COLUMNS = 6
_FIT_COPIES = 8


class TypeGivenUp(Exception):
    """A column turned out to hold more than its type; ``data`` is the file with a wider one, to begin anew with."""

    def __init__(self, data: StreamedData) -> None:
        super().__init__()
        self.data = data


class Wider(Exception):
    """A column of a file, by its position, turned out to need the wider type ``kind`` (empty: the next)."""

    def __init__(self, column: int, kind: str = "") -> None:
        super().__init__()
        self.column, self.kind = column, kind


@dataclass(frozen=True)
class AsPandas:
    """Values that are no longer Arrow's, where a block has Arrow arrays otherwise."""

    values: pd.Series

    def to_pandas(self) -> pd.Series:
        return self.values

    def __len__(self) -> int:
        return len(self.values)


class StreamedFile(Protocol):
    """A file that gives its columns block by block, always in the same order."""

    @property
    def path(self) -> Path: ...

    @property
    def n_rows(self) -> int | None:
        """Rows of the file; None where only reading it would tell."""
        ...

    def blocks(self, columns: Sequence[int], rows: int) -> Iterator[tuple[list[Any], float]]:
        """Columns by their position, as Arrow arrays, and the fraction of the file that is read by then.

        Raises `Wider` where a column turns out to hold more than its type.
        """
        ...


@dataclass(frozen=True)
class StreamedData(Dataset):
    """A Dataset of the first rows of a file, with the means to run over all of them.

    ``len()`` and ``frame`` are those of the preview. ``columns`` gives the position in the file of each variable.
    What is made of the rows does not depend on ``batch_rows``; time and memory do.
    """

    file: StreamedFile = field(kw_only=True)
    columns: tuple[int, ...] = field(kw_only=True)
    batch_rows: int = field(default=BATCH_ROWS, kw_only=True)

    def batches(self, names: Sequence[str], report: Report | None = None) -> Iterator[Dataset]:
        """The rows of the file in order, `batch_rows` at a time, each batch a Dataset of the variables `names`.

        Raises `DataError` where a later part of the file holds what its beginning does not promise.
        """
        names = list(dict.fromkeys(names)) or [self.names[0]]
        variables = tuple(map(self.variable, names))
        text = [self.is_text(name) for name in names]
        where = [self.columns[self.names.index(name)] for name in names]
        for arrays, fraction in self._blocks(where):
            if report is not None:
                report(fraction)
            series = {
                v.name: _column(v, is_text, array) for v, is_text, array in zip(variables, text, arrays, strict=True)
            }
            count = len(arrays[0])
            frame = pd.DataFrame(series, index=pd.RangeIndex(count), copy=False)
            yield Dataset(frame, variables, source=self.source, panel=None)

    def _blocks(self, where: Sequence[int]) -> Iterator[tuple[list[Any], float]]:
        """The blocks of the file; `DataError` where it is gone or was changed since it was opened."""
        try:
            yield from self.file.blocks(where, self.batch_rows)
        except Wider as wider:
            raise TypeGivenUp(self.widened(wider.column, wider.kind)) from None
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"{self.file.path.name} can no longer be read: {error}.",
                code="unreadable-file",
                subject=str(self.file.path),
                advice="It was moved or changed after it was opened. Open it again.",
            ) from error

    def widened(self, column: int, kind: str) -> StreamedData:
        """The file opened with a wider type of one column; `kind` as `Wider` has it."""
        raise NotImplementedError

    @property
    def n_rows(self) -> float:
        """Rows of the file; NaN for text that nobody counted."""
        return float("nan") if self.file.n_rows is None else self.file.n_rows

    def with_column(self, name: str, values: Any, variable: Variable | None = None) -> Dataset:
        """Refused, as everything that changes rows or columns: the file stays as it is."""
        raise self.needs_rows()

    def select(self, names: Sequence[str]) -> Dataset:
        """Refused; see `with_column`. `load` reads some variables into memory."""
        raise self.needs_rows()

    def with_names(self, new: Mapping[str, str]) -> Dataset:
        """Refused; see `with_column`."""
        raise self.needs_rows()

    def rows(self, keep: npt.NDArray[Any]) -> Dataset:
        """Refused; see `with_column`. `gathered` brings some rows into memory."""
        raise self.needs_rows()

    def needs_rows(self) -> DataError:
        """What to raise where all rows are needed at once."""
        return DataError(
            f"{self.file.path.name} is streamed, so its rows are read in parts, but this needs them all at once.",
            code="streamed-data",
            subject=self.file.path.name,
            advice="Open only what is needed in memory (use VARIABLES using FILE if ...), or everything (use FILE, "
                   "nostream).",
        )

    def count(self, report: Report | None = None) -> int:
        """The number of rows of the file; a text file is read for it."""
        if self.file.n_rows is not None:
            return self.file.n_rows
        try:
            return sum(len(batch) for batch in self.batches(self.names[:1], report))
        except TypeGivenUp as wider:
            return wider.data.count(report)

    def rows_text(self) -> str:
        """The number of rows for people: ``1,234 rows``, as far as it is known."""
        return "An unknown number of rows" if self.file.n_rows is None else f"{self.file.n_rows:,} rows"

    def gathered(self, parts: Iterable[Dataset], names: Sequence[str]) -> Dataset:
        """Batches (or rows of them) in memory as one Dataset of the variables `names`.

        Raises `DataError` where they would not fit, before memory runs out.
        """
        kept: list[Dataset] = []
        rows, taken = 0, 0
        for part in parts:
            kept.append(part.select(list(names)))
            rows += len(part)
            taken += int(kept[-1].frame.memory_usage(deep=True).sum())
            left = available_memory()
            if left is not None and taken > left:  # as much again is taken when the parts are put together
                raise self._too_large(f"The first {rows:,} rows take {_gigabytes(taken)} and again as much", left)
        frame = pd.concat([p.frame for p in kept], ignore_index=True)
        return Dataset(frame, kept[0].variables, label=self.label, source=self.source)

    def load(self, names: Sequence[str], what: str, report: Report | None = None) -> Dataset:
        """All rows of these variables in memory; `DataError` where they would not fit, naming what asks for them."""
        rows = self.count()
        need, left = rows * 8 * len(names) * _FIT_COPIES, available_memory()
        if left is not None and need > left:
            raise self._too_large(f"{what} needs all rows at once, about {_gigabytes(need)} for {rows:,} rows", left)
        try:
            return self.gathered(self.batches(names, report), names)
        except TypeGivenUp as wider:
            return wider.data.load(names, what, report)

    def _too_large(self, what: str, left: int) -> DataError:
        return DataError(
            f"{what}, and {_gigabytes(left)} are left.",
            code="larger-than-memory",
            subject=self.file.path.name,
            advice="Use fewer variables or rows: use VARIABLES using FILE if ...",
        )


def _column(variable: Variable, is_text: bool, array: Any) -> pd.Series:
    """A column of a batch in the type that the variable has in the preview."""
    found = array.to_pandas() if isinstance(array, AsPandas) else plain_series(array)
    values, extra = plain_values(found)
    if variable.format and is_date_format(variable.format) and extra.format != variable.format:
        if extra.format == DAY and is_datetime_format(variable.format):
            values = values * MS_PER_DAY
        elif extra.format == DATETIME or values.notna().any():
            raise _changes(variable, "a time of day" if extra.format == DATETIME else "what is not a date")
    numeric = pd.api.types.is_numeric_dtype(values.dtype)
    if is_text and numeric:
        present = values.notna()
        return values.astype(object).map(whole_text, na_action="ignore").where(present, None).astype("str")
    if not is_text and not numeric:
        if not values.notna().any():
            return pd.Series(np.full(len(values), np.nan))
        raise _changes(variable, f"{values.dropna().iloc[0]!r}, which is not a plain number,")
    return values


def _changes(variable: Variable, what: str) -> DataError:
    return DataError(
        f"{variable.name} holds {what} further down in the file, unlike its first rows.",
        code="column-changes",
        subject=variable.name,
        advice="Open the file in memory (use FILE, nostream), or save it again with one type per column.",
    )


def bytes_needed(rows: int, row_bytes: float) -> int:
    """Memory, in bytes, for a file of `rows` rows of `row_bytes` in memory: twice while it is read, and a fit of a
    model of half a dozen of its variables beside it."""
    return int(rows * (2 * row_bytes + _MODEL_COLUMNS * 8 * _FIT_COPIES))


def _gigabytes(size: float) -> str:
    return f"{size / 2**30:.1f} GiB"
