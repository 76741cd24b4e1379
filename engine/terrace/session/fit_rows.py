"""The rows that a fit was made on, found again in the data as they stand now: sorted, with rows gone or added.

What looks at the rows of the estimation sample takes the data in the order of the fit, and puts what it computes
back to where those rows are now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import DataError
from terrace.results.fit import FitResult
from terrace.session.state import Origin

if TYPE_CHECKING:
    from terrace.session.session import Session

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FitRows:
    """``data`` has the rows of the fit in its order; a row outside the sample that is gone is missing throughout.

    ``place`` (rows of the present data,) is each row's number among them, -1 for a row that came later; None
    where both are the same.
    """

    data: Dataset
    place: IntArray | None

    def gather(self, values: FloatArray) -> FloatArray:
        """Values of the present rows, moved to the order of the fit; NaN for rows that are gone."""
        if self.place is None:
            return values
        out = np.full(len(self.data), np.nan)
        known = self.place >= 0
        out[self.place[known]] = values[known]
        return out

    def spread(self, values: FloatArray) -> FloatArray:
        """Values of the fit's rows, moved to where these rows are now; NaN for rows that came later."""
        if self.place is None:
            return values
        return np.asarray(np.append(values, np.nan)[self.place])


def fit_rows(session: Session, fit: FitResult) -> FitRows:
    """The rows of a fit among the present data.

    Data of another origin are given as they are: what needs the rows of the fit compares them itself. Raises
    `DataError` where rows of the sample are gone.
    """
    data = session.data
    origin = session.state.origins.get(id(fit.model))
    if origin is None or _untouched(fit, data, origin):
        return FitRows(data, None)
    then = np.arange(len(fit.sample)) if origin.row_ids is None else origin.row_ids
    place, position = _places(then, data)
    lost = int((position[fit.sample] < 0).sum())
    if lost:
        raise DataError(
            f"{lost:,} of the {int(fit.sample.sum()):,} rows that the model was fitted to are no longer in the data.",
            code="stale-fit",
            advice="Fit the model again, or bring the rows back with undo.",
        )
    if (position >= 0).all():
        found = data.rows(position)
    else:
        found = replace(data, frame=data.frame.reindex(position).reset_index(drop=True), sorted_by=(), row_ids=then)
    return FitRows(found, place)


def _untouched(fit: FitResult, data: Dataset, origin: Origin) -> bool:
    """True for data of another origin, and for those whose rows are as they were."""
    if origin.lineage is not data.lineage:
        return True
    return origin.row_ids is data.row_ids and len(fit.sample) == len(data)


def _places(then: IntArray, data: Dataset) -> tuple[IntArray, IntArray]:
    """Where each present row stood among the rows ``then``, (rows now,), and where each of them is, (rows then,).

    -1 stands for rows that came later, and for those that are gone.
    """
    now = data.ids
    width = int(max(then.max(initial=-1), now.max(initial=-1))) + 2
    number = np.full(width, -1, dtype=np.int64)
    number[then] = np.arange(len(then))
    number[-1] = -1  # where -1, a row that is new, looks
    place = number[now]
    position = np.full(len(then), -1, dtype=np.int64)
    known = place >= 0
    position[place[known]] = np.flatnonzero(known)
    return place, position


def has_rows(fit: FitResult, data: Dataset, origin: Origin | None) -> bool:
    """True where every row of the estimation sample is in the data; of data of another origin, where they are as many.

    ``origin`` is that of the fit in `State.origins`.
    """
    if origin is None or _untouched(fit, data, origin):
        return len(data) == len(fit.sample)
    then = np.arange(len(fit.sample)) if origin.row_ids is None else origin.row_ids
    return bool((_places(then, data)[1][fit.sample] >= 0).all())


def rows_or_none(session: Session, fit: FitResult) -> Dataset | None:
    """The data in the order of the fit; None where they are closed, or rows of the sample are gone."""
    if session.state.dataset is None:
        return None
    try:
        return fit_rows(session, fit).data
    except DataError:
        return None
