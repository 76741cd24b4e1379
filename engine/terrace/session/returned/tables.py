"""What commands leave in r() as matrices: vectors, covariance matrices, and r(table) with its nine rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.results.table import CellValue
from terrace.session.state import Matrix

if TYPE_CHECKING:
    from terrace.postestimation.tests.combinations import Estimate

FloatArray = npt.NDArray[np.float64]


def number(value: CellValue) -> float:
    """A number for a matrix; None is missing, and so is a cell that says why there is not a number."""
    assert not isinstance(value, tuple)  # an interval is two numbers
    return float("nan") if value is None or isinstance(value, str) else float(value)


def vector(values: Sequence[CellValue] | FloatArray, names: Sequence[str], row: str = "y1") -> Matrix:
    """A matrix of one row."""
    return Matrix(np.array([[number(v) for v in values]], dtype=np.float64), (row,), tuple(names))


def square(values: FloatArray, names: Sequence[str]) -> Matrix:
    """A matrix whose rows and columns have the same names."""
    return Matrix(np.asarray(values, dtype=np.float64), tuple(names), tuple(names))


def r_table(names: Sequence[str], found: Sequence[Estimate], level: float, *, by_t: bool = False) -> Matrix:
    """r(table): one column an estimate; rows b, se, z or t, pvalue, ll, ul, df, crit, eform.

    The critical value is that of the interval, also where it is adjusted for the number of comparisons. Where the
    interval is made on another scale, as that of a variance is, it is the one of that scale.
    """
    from terrace.statistics.distributions import confidence_quantile

    columns = []
    for e in found:
        crit: float | None = confidence_quantile(level, e.df if e.df is None or e.df > 0 else None)
        if e.se is not None and e.se > 0 and e.value is not None and e.stat is not None:
            crit = None if e.upper is None else (e.upper - e.value) / e.se
        columns.append([e.value, e.se, e.stat, e.p, e.lower, e.upper, e.df, crit, 0.0])
    rows = ("b", "se", "t" if by_t else "z", "pvalue", "ll", "ul", "df", "crit", "eform")
    values = np.array([[number(v) for v in c] for c in columns], dtype=np.float64).reshape(len(found), len(rows)).T
    return Matrix(values, rows, tuple(names))
