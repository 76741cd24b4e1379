"""The outcome of a fit in the data, and whether these are still the data that were fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.columns import variable_values
from terrace.errors import DataError
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]


def outcome_values(fit: FitResult, data: Dataset) -> FloatArray:
    """The outcome for every row, shape (rows,)."""
    return variable_values(data, fit.spec.outcome)


def group_values(data: Dataset, name: str) -> npt.NDArray[Any]:
    """What a group variable has in every row, shape (rows,). Raises `DataError` where it is no longer in the data."""
    data.variable(name)
    return data.frame[name].to_numpy()


def need_rows(fit: FitResult, data: Dataset) -> None:
    """`DataError` where the rows are not those of the fit in their order: sorted, or changed, or others."""
    y = outcome_values(fit, data)[fit.sample] if len(data) == len(fit.sample) else None
    if y is None or not np.array_equal(y, fit.model.design.y):
        raise DataError(
            "These are not the rows that the model was fitted to. They were sorted or changed, or other data were "
            "opened.",
            code="stale-fit",
            advice="Fit the model again.",
        )
