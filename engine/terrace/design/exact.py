"""Outcomes that the model reproduces to the last digit, so that there is no error variance to estimate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.groups import apart_from_groups
from terrace.errors import FitError

FloatArray = npt.NDArray[np.float64]

# A deviation that is this small beside the outcome is the rounding of its digits.
DIGITS = 1e-14
# What is left of a column of unit length where others explain it, or where its parts take each other away.
NONE = 1e-8


def refuse_exact(design: Design, constrained: FloatArray | None = None) -> bool:
    """Raise `FitError` where the fixed effects, or they and the groups of the lowest level, reproduce the outcome.

    Otherwise, whether they leave any degrees of freedom: without these, no error variance is a limit of the model.
    ``constrained`` (n,) is the outcome less what constraints fix, where there are any. Rows are taken in the digits of
    double precision: a spread of 1e-10 is one if the outcome has values of that size.
    """
    y = design.y if constrained is None else constrained
    dust = DIGITS * float(np.abs(design.y).max(initial=0.0))
    name = design.spec.outcome.name
    rest = left_over(design.x, y)
    if np.abs(rest).max(initial=0.0) <= dust * np.sqrt(design.x.shape[1] + 1.0):
        raise FitError(
            f"The fixed effects reproduce {name} exactly: nothing is left for random effects or residuals.",
            code="exact-fit",
            subject=name,
            advice=f"Check whether {name} was computed from the variables of the model, and leave these out.",
        )
    spare = True
    for level, z, codes, count, plain in _groupings(design):
        spare &= _refuse_within(design, y, dust, level, z, codes, count, plain)
    return spare


def _groupings(design: Design) -> list[tuple[str, FloatArray, npt.NDArray[np.int64], int, bool]]:
    """What could reproduce the outcome within groups: the lowest equation, every crossed factor, and the groups of
    correlated residuals; with a mark where that is a constant."""
    out = []
    nested = [block for block in design.blocks if block.names and block.factor is None]
    for block in [*nested[-1:], *(b for b in design.blocks if b.factor is not None)]:
        plain = block.factor is not None or block.names == ("_cons",)
        out.append((block.factor or block.level.name, block.z, block.codes, block.n_groups, plain))
    if design.levels and not design.residuals.structure.independent:
        lowest = design.levels[-1]
        out.append((lowest.name, np.ones((len(design.y), 1)), lowest.codes, lowest.n_groups, True))
    return out


def _refuse_within(
    design: Design, y: FloatArray, dust: float, level: str, z: FloatArray, codes: npt.NDArray[np.int64], count: int,
    plain: bool,
) -> bool:
    """`refuse_exact` for the columns z (n, q) of the groups of one level."""
    name = design.spec.outcome.name
    apart, _, by_group = apart_from_groups(y[:, None], z, codes, count)
    taken = int(by_group.sum())
    if taken >= len(y):
        return False
    alone = np.abs(apart).max(initial=0.0) <= dust
    if not alone:
        x, _, _ = apart_from_groups(design.x, z, codes, count)
        free = len(y) - taken - np.linalg.matrix_rank(x, tol=1e-8 * np.sqrt(float(np.sum(design.x**2))))
        left = left_over(x, apart[:, 0])
        if free <= 0 or np.abs(left).max(initial=0.0) > dust * np.sqrt(design.x.shape[1] + 1.0):
            return bool(free > 0)
    if alone and plain:
        text = f"{name} does not vary within {level}: all rows of a group have the same value"
        advice = f"Fit a model with one row per group, or choose an outcome that varies within {level}."
    else:
        what = "the random effects" if alone else "the fixed effects and the random effects"
        text = f"{what.capitalize()} of {level} reproduce {name} exactly"
        advice = "Leave out random effects, or use data with more rows per group."
    raise FitError(
        f"{text}, so that there is no residual variance to estimate.", code="exact-fit", subject=name, advice=advice
    )


def is_rounding(rest: FloatArray, y: FloatArray) -> bool:
    """Whether what is left of combinations of outcomes is the rounding of the digits of ``y``, of any shape."""
    return bool(np.abs(rest).max(initial=0.0) <= 100.0 * DIGITS * float(np.abs(y).max(initial=0.0)))


def rank_of_directions(columns: FloatArray) -> int:
    """The rank of columns (n, k) of any length."""
    length = np.sqrt(np.sum(columns**2, axis=0))
    if not length.any():
        return 0
    return int(np.linalg.matrix_rank(columns[:, length > 0] / length[length > 0], tol=NONE))


def left_over(x: FloatArray, y: FloatArray) -> FloatArray:
    """The residuals of a least-squares fit of y (n,) on x (n, p), twice for their digits."""
    if not x.shape[1]:
        return y
    length = np.sqrt(np.sum(x**2, axis=0))
    basis = x / np.where(length > 0, length, 1.0)
    rest = y
    for _ in range(2):
        rest = rest - basis @ np.linalg.lstsq(basis, rest, rcond=None)[0]
    return rest
