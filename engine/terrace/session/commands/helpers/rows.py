"""Rows that ``if``, ``in`` and the filter keep, for handlers of commands that need some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.errors import DataError
from terrace.language.grammar.clauses import Clauses
from terrace.session.commands.helpers.working import chosen

if TYPE_CHECKING:
    from terrace.session.session import Session


def selected(session: Session, clauses: Clauses) -> npt.NDArray[np.bool_]:
    """Rows that ``if``, ``in`` and the filter keep, shape (rows of the data,).

    Raises `CommandError` where either makes no sense, `DataError` where no row is left.
    """
    keep = chosen(session, clauses)
    if not keep.any():
        expression = session.filtering.expression
        what = f"The filter {expression} leaves" if expression else "if and in leave"
        raise DataError(f"{what} no rows.", code="no-observations")
    return keep
