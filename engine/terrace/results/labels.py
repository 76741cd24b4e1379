"""Which labels of variables stand for their names in tables of models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult

LONGEST = 40
"""Characters of a label that stands for a name in a row of coefficients; with a longer one the row would wrap."""


def short_labels(data: Dataset | None, longest: int) -> dict[str, str]:
    """Labels of at most so many characters by the names of their variables."""
    return {} if data is None else {v.name: v.label for v in data.variables if 0 < len(v.label) <= longest}


def table_labels(fits: Iterable[FitResult], data: Dataset | None) -> dict[str, str]:
    """Labels by the names of variables: of groups all, which have a line of their own, of others the short ones."""
    if data is None:
        return {}
    groups = {name for fit in fits for e in fit.spec.random for name in (e.level, e.factor)}
    of_groups = {v.name: v.label for v in data.variables if v.label and v.name in groups}
    return {**short_labels(data, LONGEST), **of_groups}
