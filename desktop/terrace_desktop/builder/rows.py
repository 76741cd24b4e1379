"""The rows that the condition, the range and the filter of a model keep."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.spec.model import ModelSpec


def rows_of(spec: ModelSpec, dataset: Dataset) -> npt.NDArray[np.bool_] | None:
    """A mask of shape (rows,), or None where every row is kept; raises `TerraceError` for what is not one."""
    if not spec.condition and not spec.range_ and not spec.filter:
        return None
    from terrace.design.sample import selected_rows

    return selected_rows(spec, dataset)
