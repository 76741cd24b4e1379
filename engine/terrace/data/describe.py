"""Variables one by one, as data: what ``codebook`` and ``inspect`` show, and which values are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.transforms.aggregate import Cells
from terrace.data.transforms.grouping import Grouping, group, ranks
from terrace.data.value import Value

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
PERCENTILES = (10, 25, 50, 75, 90)


@dataclass(frozen=True)
class Profile:
    """What the values of one variable are.

    ``unique`` counts distinct values that are not missing; ``values`` with ``counts`` lists them (in ascending
    order) where they are at most the limit that was asked for. Numbers also have ``low``, ``high``, ``mean``,
    ``sd``, the percentiles `PERCENTILES`, and the ``unit``: the largest power of ten that all values are
    multiples of, 0 where there is none.
    """

    name: str
    text: bool
    n: int
    missing: int
    unique: int
    values: tuple[Value, ...] = ()
    counts: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: float | None = None
    percentiles: tuple[float, ...] = ()
    unit: float = 0.0
    examples: tuple[str, ...] = ()


def profile(data: Dataset, name: str, keep: BoolArray | None = None, *, limit: int = 9) -> Profile:
    """Describe one variable in the rows to keep; its values are listed where they are at most `limit`."""
    if keep is not None and not keep.all():
        data = data.select([name]).rows(keep)
    n = len(data)
    if data.is_text(name):
        return _text_profile(data, name, n, limit)
    x = data.numeric(name)
    known = x[~np.isnan(x)]
    codes, count, _ = ranks(known)
    values: tuple[Value, ...] = ()
    counts: tuple[int, ...] = ()
    if 0 < count <= limit:
        sizes = np.bincount(codes, minlength=count)
        first = np.full(count, np.nan)
        first[codes] = known
        values, counts = tuple(first.tolist()), tuple(sizes.tolist())
    if not len(known):
        return Profile(name, False, n, n, 0)
    cells = Cells(known, Grouping(np.zeros(len(known), dtype=np.int64), 1, np.zeros(len(known), dtype=bool)))
    return Profile(
        name,
        False,
        n,
        n - len(known),
        count,
        values,
        counts,
        float(known.min()),
        float(known.max()),
        float(cells.mean[0]),
        float(np.sqrt(cells.variance[0])),
        tuple(float(cells.percentile(p)[0]) for p in PERCENTILES),
        _unit(known),
    )


def _text_profile(data: Dataset, name: str, n: int, limit: int) -> Profile:
    codes, values = data.codes(name)
    known = codes[codes >= 0]
    counts = np.bincount(known, minlength=len(values))
    shown = len(values) <= limit
    examples = [str(values[int(k)]) for k in np.linspace(0, len(values) - 1, min(4, len(values)))] if values else []
    return Profile(
        name,
        True,
        n,
        n - len(known),
        len(values),
        tuple(values) if shown else (),
        tuple(int(c) for c in counts) if shown else (),
        examples=() if shown else tuple(dict.fromkeys(examples)),
    )


def _unit(x: FloatArray) -> float:
    finite = x[np.isfinite(x)]
    if not len(finite):
        return 0.0
    largest = float(np.abs(finite).max())
    for power in range(6, -8, -1):
        unit = 10.0**power
        if unit > max(largest, 1.0):
            continue
        if unit >= 1.0:
            if np.all(np.mod(finite, unit) == 0):
                return unit
            continue
        scaled = finite / unit
        if np.all(np.abs(scaled - np.rint(scaled)) <= np.maximum(1e-9, 4 * np.spacing(np.abs(scaled)))):
            return unit
    return 0.0


@dataclass(frozen=True, slots=True)
class Inspection:
    """Counts of (all, whole, other) numbers that are negative, zero and positive; missing; distinct values."""

    negative: tuple[int, int, int]
    zero: tuple[int, int, int]
    positive: tuple[int, int, int]
    missing: int
    unique: int

    @property
    def total(self) -> tuple[int, int, int]:
        """The sums over the signs."""
        a, b, c = (sum(k) for k in zip(self.negative, self.zero, self.positive))
        return a, b, c


def inspect(x: FloatArray) -> Inspection:
    """Signs and wholeness of the values, shape (n,), NaN for missing."""
    known = x[~np.isnan(x)]
    whole = known == np.floor(known)

    def counts(mask: BoolArray) -> tuple[int, int, int]:
        return int(mask.sum()), int((mask & whole).sum()), int((mask & ~whole).sum())

    return Inspection(
        counts(known < 0), counts(known == 0), counts(known > 0), len(x) - len(known), ranks(known)[1]
    )


def missing_patterns(data: Dataset, names: Sequence[str], keep: BoolArray) -> tuple[BoolArray, npt.NDArray[np.int64]]:
    """Distinct patterns of missing values, shape (patterns, variables), True for missing, with their counts.

    The complete pattern comes first where it occurs, then the most frequent ones.
    """
    gone = np.stack([group(data, [n]).missing for n in names], axis=1)[keep]
    patterns, counts = np.unique(gone, axis=0, return_counts=True)
    order = np.lexsort((-counts, patterns.any(axis=1)))
    return patterns[order], counts[order]
