"""What the popup shows of a variable, found on a worker: its values with their counts, or how they are spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.data.dates import date_mask, is_date_format, is_datetime_format, masked, to_datetimes
from terrace.data.value import Value
from terrace.language.grammar.tokens import Piece
from terrace_desktop.filters.conditions import value_words

BINS = 36
PART = 20_000  # texts that are taken at a time


@dataclass(frozen=True)
class Tally:
    """The values of a variable in their order, how each is called, and in how many rows it stands.

    ``missing`` rows have none. ``searched`` are the words in small letters, as a search compares them.
    """

    values: tuple[Value, ...]
    words: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    missing: int
    searched: tuple[str, ...]


@dataclass(frozen=True)
class Spread:
    """The values of a number in rising order, missing ones left out, and a histogram of them in equal parts."""

    values: npt.NDArray[np.float64]
    missing: int
    heights: npt.NDArray[np.int64]

    def between(self, low: float | None, high: float | None) -> int:
        """How many values lie between two bounds, which belong to it."""
        first = 0 if low is None else int(np.searchsorted(self.values, low, "left"))
        last = len(self.values) if high is None else int(np.searchsorted(self.values, high, "right"))
        return max(0, last - first)


def tally(dataset: Dataset, name: str) -> Tally:
    """Count the values of a variable."""
    if dataset.is_text(name):
        return _text_tally(dataset, name)
    codes, values = dataset.codes(name)
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).astype(np.int64)
    words = _dates(dataset, name, values) or tuple(value_words(dataset, name, v) for v in values)
    return Tally(values, words, counts, int((codes < 0).sum()), tuple(w.lower() for w in words))


def _text_tally(dataset: Dataset, name: str) -> Tally:
    """The same for text, by Arrow and in parts: pandas would hold up the window while it sorts many texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = dataset.frame[name]
    parts = [pa.array(column.iloc[k : k + PART], pa.string(), from_pandas=True) for k in range(0, len(column), PART)]
    counted = pc.value_counts(pa.chunked_array(parts, pa.string()))
    texts, counts = counted.field("values"), counted.field("counts")
    gone = pc.or_(pc.is_null(texts), pc.fill_null(pc.equal(texts, ""), True))
    if codes := [c for c in dataset.variable(name).missing_codes if isinstance(c, str)]:
        gone = pc.or_(gone, pc.is_in(texts, pa.array(codes, pa.string())))
    missing = pc.sum(pc.filter(counts, gone)).as_py() or 0
    texts, counts = pc.filter(texts, pc.invert(gone)), pc.filter(counts, pc.invert(gone))
    order = pc.sort_indices(texts)
    texts = pc.take(texts, order)
    values = tuple(v for k in range(0, len(texts), PART) for v in texts.slice(k, PART).to_pylist())
    numbers = np.asarray(pc.take(counts, order).to_numpy(), dtype=np.int64)
    return Tally(values, values, numbers, int(missing), tuple(v.lower() for v in values))


def _dates(dataset: Dataset, name: str, values: tuple[Value, ...]) -> tuple[str, ...]:
    """Dates in words, all at once, which is a thousand times faster than one by one; nothing for other values."""
    variable = dataset.variable(name)
    if not is_date_format(variable.format) or dataset.is_text(name) or variable.value_labels:
        return ()
    mask, timed = date_mask(variable.format), is_datetime_format(variable.format)
    stamps = to_datetimes(np.array(values, dtype=np.float64), variable.format)
    return tuple(
        f"{v:.15g}" if pd.isna(s)
        else masked(s.to_pydatetime(), mask) if mask
        else s.isoformat(sep=" ", timespec="auto") if timed else s.date().isoformat()
        for v, s in zip(values, stamps)
    )  # fmt: skip


def matching(found: Tally, text: str) -> npt.NDArray[np.int64]:
    """The positions of the values that hold a text."""
    low = text.strip().lower()
    if not low:
        return np.arange(len(found.values))
    return np.array([k for k, w in enumerate(found.searched) if low in w], dtype=np.int64)


def spread(dataset: Dataset, name: str) -> Spread:
    """Sort the values of a number, and draw up their histogram."""
    values = dataset.numeric(name)
    known = np.sort(values[np.isfinite(values)])
    heights = np.histogram(known, BINS)[0] if len(known) else np.zeros(BINS, dtype=np.int64)
    return Spread(known, len(values) - len(known), heights.astype(np.int64))


def by_range(dataset: Dataset, name: str) -> bool:
    """True for a variable that is filtered by a range to begin with, rather than by its values."""
    variable = dataset.variable(name)
    return variable.measure is Measure.CONTINUOUS and not dataset.is_text(name) and not variable.value_labels


@dataclass(frozen=True)
class Read:
    """A condition that could be read: as an ordinary expression, and the rows that it keeps."""

    expression: str
    kept: int


def checked(text: str, dataset: Dataset) -> Read:
    """Read a condition as it was typed. Raises `CommandError` with the place that is wrong."""
    from terrace.language.expressions.truth import surely_true
    from terrace.session.commands.data.filtering import read_filter

    expression = read_filter(Piece.of(text), dataset)
    return Read(expression, int(surely_true(expression, dataset).sum()))
