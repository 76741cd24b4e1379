"""The fixed part as a matrix of full column rank, and what became of the columns that are not in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.design.columns import ColumnInfo, Columns
from terrace.design.independent import Dependence, dependence, dependent_columns
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]

CONSTANT = "_cons"


@dataclass(frozen=True)
class FixedPart:
    """``x`` (n, p) of full column rank with the constant last, described by ``info``.

    ``columns`` describes all columns in printing order, ``dropped`` names those that depend on others. ``lost`` are all
    that have no coefficient of their own, for dependence or for want of rows, and ``dependence`` how they follow from
    x.
    """

    x: FloatArray
    info: tuple[ColumnInfo, ...]
    columns: tuple[ColumnInfo, ...]
    dropped: tuple[str, ...]
    lost: tuple[ColumnInfo, ...]
    dependence: Dependence | None


def fixed_part(spec: ModelSpec, fixed: Columns) -> FixedPart:
    """Leave out the columns that depend on those before them, and put the constant at the end."""
    matrix, info = fixed.matrix, fixed.info
    n = matrix.shape[0]
    gone: list[int] = []
    if matrix.shape[1]:
        gone = sorted(dependent_columns(matrix, np.ones((n, 1)) if spec.constant else None))
    keep = [k for k in range(matrix.shape[1]) if k not in set(gone)]
    at_gone = {info[k].name: k for k in gone}
    columns = tuple(
        replace(c, kind="omitted")
        if c.name in at_gone and c.kind == "estimated"
        else c
        for c in fixed.all
    )
    x = matrix if not gone else matrix[:, keep]
    x_info = tuple(info[k] for k in keep)
    if spec.constant:
        x = with_constant(x)
        cons = ColumnInfo(CONSTANT, "Intercept", len(spec.fixed))
        x_info, columns = (*x_info, cons), (*columns, cons)
    x = np.asfortranarray(x)
    lost = tuple(c for c in columns if c.name in at_gone or c.kind == "empty")
    return FixedPart(x, x_info, columns, tuple(at_gone), lost, _dependence(x, matrix, at_gone, lost, spec.constant))


def _dependence(
    x: FloatArray, matrix: FloatArray, at_gone: dict[str, int], lost: tuple[ColumnInfo, ...], constant: bool
) -> Dependence | None:
    if not lost:
        return None
    # the others are of cells without rows: columns of zeros, which follow from nothing
    there = [k for k, c in enumerate(lost) if c.name in at_gone]
    found = dependence(x, matrix[:, [at_gone[lost[k].name] for k in there]], constant)
    return replace(found, places=np.array(there, dtype=np.int64))


def with_constant(matrix: FloatArray) -> FloatArray:
    """The columns of `matrix` (n, k) and one of ones, (n, k + 1), column by column in memory."""
    out = np.empty((len(matrix), matrix.shape[1] + 1), order="F")
    out[:, :-1], out[:, -1] = matrix, 1.0
    return out
