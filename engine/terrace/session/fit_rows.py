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
from terrace.data.row_numbers import places
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

    ``place`` (rows of the present data,) is each row's number among them, -1 for a row that came later, and
    ``position`` (rows of the fit,) where each of them is now, -1 for one that is gone; None where both are the same.
    A copy of a row of the fit has the place of that row, and is not its position.
    """

    data: Dataset
    place: IntArray | None
    position: IntArray | None = None

    def gather(self, values: FloatArray) -> FloatArray:
        """Values of the present rows, moved to the order of the fit; NaN for rows that are gone."""
        return values if self.position is None else np.asarray(np.append(values, np.nan)[self.position])

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
    origin = session.state.origins.get(fit.identity)
    if origin is None or _untouched(fit, data, origin):
        return FitRows(data, None)
    then = np.arange(len(fit.sample)) if origin.row_ids is None else origin.row_ids
    place, position = _places(then, data)
    lost = int((position[fit.sample] < 0).sum())
    if lost:
        are = "is" if lost == 1 else "are"
        raise DataError(
            f"{lost:,} of the {int(fit.sample.sum()):,} rows that the model was fitted to {are} no longer in the data.",
            code="stale-fit",
            advice="Fit the model again, or bring the rows back with undo.",
        )
    if (position >= 0).all():
        found = data.rows(position)
    else:
        found = replace(data, frame=data.frame.reindex(position).reset_index(drop=True), sorted_by=(), row_ids=then)
    return FitRows(found, place, position)


def _untouched(fit: FitResult, data: Dataset, origin: Origin) -> bool:
    """True for data of another origin, and for those whose rows are as they were."""
    if origin.lineage is not data.lineage:
        return True
    return origin.row_ids is data.row_ids and len(fit.sample) == len(data)


def _places(then: IntArray, data: Dataset) -> tuple[IntArray, IntArray]:
    """Where each present row stood among the rows ``then``, (rows now,), and where each of them is, (rows then,).

    -1 stands for rows that came later, and for those that are gone. A copy that was made later stood where its row did.
    """
    place, itself = places(then, data.ids)
    position = np.full(len(then), -1, dtype=np.int64)
    position[place[itself]] = np.flatnonzero(itself)
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
