"""Statistics of one variable in groups, vectorised over the groups.

Missing values are left out. Weights are those of the field: frequency weights count copies of a row; analytic
weights are scaled in each group to sum to its number of values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.beside import cancellable
from terrace.data.transforms.grouping import Grouping

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The values x (n,) of a variable in groups, with weights (n,) or none; ``kind`` is fweight or aweight.

    A row with a missing value, or with a weight that is missing or not positive, takes no part.
    """

    x: FloatArray
    groups: Grouping
    weights: FloatArray | None = None
    kind: str = ""

    @cached_property
    def _used(self) -> tuple[FloatArray, IntArray, FloatArray | None]:
        ok = ~np.isnan(self.x)
        if self.weights is not None:
            ok &= self.weights > 0
        if ok.all():
            return self.x, self.groups.codes, self.weights
        return self.x[ok], self.groups.codes[ok], None if self.weights is None else self.weights[ok]

    @property
    def g(self) -> int:
        """The number of groups."""
        return self.groups.n_groups

    @cached_property
    def n(self) -> FloatArray:
        """Values in each group, shape (g,)."""
        return self._bins(self._used[1], None)

    @cached_property
    def w(self) -> FloatArray:
        """The sum of the weights in each group, shape (g,); without weights the number of values."""
        if self._used[2] is None:
            return self.n
        return self._bins(self._used[1], self._used[2])

    @cached_property
    def count(self) -> FloatArray:
        """What the group counts for: copies under frequency weights, otherwise values; shape (g,)."""
        return self.w if self.kind == "fweight" else self.n

    def _sum(self, values: FloatArray) -> FloatArray:
        _, codes, weights = self._used
        return self._bins(codes, values if weights is None else values * weights)

    def _bins(self, codes: IntArray, weights: FloatArray | None) -> FloatArray:
        if self.g == 1:  # summed pairwise
            return np.array([float(len(codes)) if weights is None else float(weights.sum())])
        return np.asarray(np.bincount(codes, weights=weights, minlength=self.g), dtype=np.float64)

    @cached_property
    def mean(self) -> FloatArray:
        """Means, NaN for a group without values, shape (g,)."""
        with np.errstate(invalid="ignore"):
            return self._sum(self._used[0]) / self.w

    @cached_property
    def total(self) -> FloatArray:
        """Sums, 0 for a group without values; under analytic weights n times the mean."""
        if self.kind == "aweight":
            return np.where(self.n > 0, self.n * self.mean, 0.0)
        return self._sum(self._used[0])

    @cached_property
    def variance(self) -> FloatArray:
        """Variances with denominator n - 1, NaN for fewer than two values, shape (g,)."""
        x, codes, _ = self._used
        d = x - self.mean[codes]
        with np.errstate(invalid="ignore", divide="ignore"):
            # The second term takes out what rounding of the mean leaves (Chan, Golub & LeVeque 1983, eq. 1.7).
            squares = self._sum(d * d) - self._sum(d) ** 2 / self.w
            spread = np.maximum(squares, 0.0) / self.w
            return np.where(self.count > 1, spread * self.count / (self.count - 1), np.nan)

    def moment(self, k: int) -> FloatArray:
        """Central moments of order k with denominator n, shape (g,)."""
        x, codes, _ = self._used
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._sum((x - self.mean[codes]) ** k) / self.w

    def _extreme(self, which: np.ufunc, start: float) -> FloatArray:
        x, codes, _ = self._used
        out = np.full(self.g, start)
        which.at(out, codes, x)
        out[self.n == 0] = np.nan
        return out

    @cached_property
    def minimum(self) -> FloatArray:
        """Smallest values, shape (g,)."""
        return self._extreme(np.minimum, np.inf)

    @cached_property
    def maximum(self) -> FloatArray:
        """Largest values, shape (g,)."""
        return self._extreme(np.maximum, -np.inf)

    @cached_property
    def _sorted(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """Values sorted within groups; cumulated weights within the group; where each group begins (g + 1,)."""
        x, codes, weights = self._used
        order = cancellable(lambda: np.argsort(x), len(x))  # ties may stand in any order: their value is the same
        small = codes[order].astype(np.uint16) if self.g <= 65_536 else codes[order]
        order = order[np.argsort(small, kind="stable")]
        sizes = self.n.astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        w = np.ones(len(x)) if weights is None else weights[order]
        running = np.concatenate([[0.0], np.cumsum(w)])
        return x[order], running[1:] - np.repeat(running[starts[:-1]], sizes), starts

    def percentile(self, p: float) -> FloatArray:
        """The p-th percentile of each group, shape (g,).

        The first value whose cumulated weight exceeds p% of the whole; its mean with the value before where that
        one cumulates p% exactly.
        """
        x, running, starts = self._sorted
        target = p / 100 * self.w
        below = np.repeat(target * (1 + 1e-12), self.n.astype(np.int64)) >= running
        passed = np.concatenate([[0], np.cumsum(below)])
        k = passed[starts[1:]] - passed[starts[:-1]]  # values of the group that lie at or before the target
        some = self.n > 0
        last = np.maximum(self.n.astype(np.int64) - 1, 0)
        at = np.where(some, starts[:-1] + np.minimum(k, last), 0)
        before = np.where(some, starts[:-1] + np.clip(k - 1, 0, last), 0)
        if not len(x):
            return np.full(self.g, np.nan)
        exact = (k > 0) & (k <= last) & np.isclose(running[before], target, rtol=1e-12, atol=0.0)
        value = np.where(exact, (x[before] + x[at]) / 2, x[at])
        return np.where(some, value, np.nan)

    @cached_property
    def median(self) -> FloatArray:
        """Medians, shape (g,)."""
        if self.weights is not None or "_sorted" in self.__dict__:
            return self.percentile(50)
        x, codes, _ = self._used  # by selection, which is several times faster than sorting
        medians = pd.Series(x).groupby(codes).median().reindex(np.arange(self.g))
        return np.asarray(medians, dtype=np.float64)

    def pick(self, *, last: bool, missing: bool) -> FloatArray:
        """The first or last value in the order of the rows, with or without missing ones; shape (g,)."""
        rows = position(self.groups, last=last, keep=None if missing else ~np.isnan(self.x))
        return np.where(rows >= 0, self.x[rows], np.nan)


def position(groups: Grouping, *, last: bool, keep: npt.NDArray[np.bool_] | None = None) -> IntArray:
    """The first or last row of each group among those to keep, shape (n_groups,); -1 where there is none."""
    rows = np.arange(len(groups.codes)) if keep is None else np.flatnonzero(keep)
    out = np.full(groups.n_groups, -1, dtype=np.int64)
    ordered = rows if last else rows[::-1]
    out[groups.codes[ordered]] = ordered
    return out


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(b > 0, a / b, np.nan)


STATISTICS: dict[str, Callable[[Cells], FloatArray]] = {
    "mean": lambda c: c.mean,
    "median": lambda c: c.median,
    "sd": lambda c: np.sqrt(c.variance),
    "variance": lambda c: c.variance,
    "semean": lambda c: np.sqrt(_ratio(c.variance, c.count)),
    "cv": lambda c: np.where(c.mean == 0, np.nan, np.sqrt(c.variance) / np.where(c.mean == 0, np.nan, c.mean)),
    "sum": lambda c: c.total,
    "rawsum": lambda c: Cells(c.x, c.groups).total,
    "count": lambda c: c.count,
    "percent": lambda c: 100 * c.count / c.count.sum() if c.count.sum() else np.full(c.g, np.nan),
    "min": lambda c: c.minimum,
    "max": lambda c: c.maximum,
    "range": lambda c: c.maximum - c.minimum,
    "iqr": lambda c: c.percentile(75) - c.percentile(25),
    "skewness": lambda c: _ratio(c.moment(3), c.moment(2) ** 1.5),
    "kurtosis": lambda c: _ratio(c.moment(4), c.moment(2) ** 2),
    "first": lambda c: c.pick(last=False, missing=True),
    "last": lambda c: c.pick(last=True, missing=True),
    "firstnm": lambda c: c.pick(last=False, missing=False),
    "lastnm": lambda c: c.pick(last=True, missing=False),
}
"""Statistics by name; percentiles ``p1`` to ``p99`` come on top."""

ROWWISE = ("first", "last", "firstnm", "lastnm")
"""Statistics that pick a row, and so are defined for text as well."""

_PERCENTILE = re.compile(r"p([1-9]\d?)")


def statistic(name: str) -> Callable[[Cells], FloatArray] | None:
    """The statistic of a name, such as ``mean`` or ``p25``; None where there is none."""
    found = _PERCENTILE.fullmatch(name)
    if found:
        p = int(found[1])
        return lambda c: c.percentile(p)
    return STATISTICS.get(name)


def text_positions(values: Any, groups: Grouping, name: str) -> IntArray:
    """The rows that ``first``, ``last``, ``firstnm`` or ``lastnm`` pick of a text variable; -1 for none."""
    keep = None
    if name.endswith("nm"):
        keep = np.asarray(values.notna() & (values != "").fillna(False).astype(bool))
    return position(groups, last=name.startswith("last"), keep=keep)
