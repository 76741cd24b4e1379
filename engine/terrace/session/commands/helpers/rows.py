"""Rows that ``if`` and ``in`` keep, weights, and values of expressions, for handlers of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.errors import DataError
from terrace.language.grammar.clauses import Clauses, range_rows
from terrace.session.filter import kept_rows

if TYPE_CHECKING:
    from terrace.session.session import Session


def selected(session: Session, clauses: Clauses) -> npt.NDArray[np.bool_]:
    """Rows that ``if``, ``in`` and the filter keep, shape (rows of the data,).

    Raises `CommandError` where either makes no sense, `DataError` where no row is left.
    """
    data = session.data
    keep = np.ones(len(data), dtype=bool)
    if clauses.range_ is not None:
        first, last = range_rows(str(clauses.range_), len(data))
        keep[:first] = False
        keep[last:] = False
    if clauses.condition is not None:
        from terrace.language.expressions.entry import condition

        keep &= condition(clauses.condition, data, session.context())
    expression = session.filtering.take()
    if expression:
        keep &= kept_rows(expression, data)
    if not keep.any():
        what = f"The filter {expression} leaves" if expression else "if and in leave"
        raise DataError(f"{what} no rows.", code="no-observations")
    return keep
