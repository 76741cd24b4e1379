"""The filter of a session: which rows analyses use, or which are only viewed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import CommandError, DataError
from terrace.wording import filter_sentence


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on the values of a row. Analyses use the rows that it keeps where it is ``in_use``; else it is for
    viewing only."""

    expression: str
    in_use: bool = True


def used_expression(found: Filter | None) -> str:
    """The expression of a filter that is in use; empty where analyses use all rows."""
    return found.expression if found is not None and found.in_use else ""


@dataclass(frozen=True, slots=True)
class Filtered:
    """What a result was restricted by: the filter, and the rows that it keeps of all; None where nobody counted them,
    as in a file that is read in parts."""

    expression: str
    kept: int | None = None
    rows: int | None = None

    def __str__(self) -> str:
        """``Filter: ses > 0 (6,012 of 7,185 rows).``"""
        return filter_sentence(self.expression, self.kept, self.rows)


@dataclass(slots=True)
class Restriction:
    """The filter as one command sees it, empty where it does not. ``used`` tells that rows were chosen by it, also by
    a command that runs inside this one, whose restriction has this one as ``outer``."""

    expression: str = ""
    outer: Restriction | None = None
    used: bool = False

    def take(self) -> str:
        """The expression, for a command that chooses rows by it now; empty where there is none."""
        here: Restriction | None = self if self.expression else None
        while here is not None:
            here.used = True
            here = here.outer
        return self.expression


def kept_rows(expression: str, data: Dataset) -> npt.NDArray[np.bool_]:
    """The rows that a filter keeps, shape (n,). Raises `DataError` where it does not fit the data any more."""
    from terrace.language.expressions.truth import surely_true

    try:
        return surely_true(expression, data)
    except CommandError as error:
        raise DataError(
            f"The filter {expression} does not fit the data: {error.message}",
            code="filter",
            advice="Change it with filter EXPRESSION, or turn it off with filter off.",
        ) from None
