"""Which linear functions of the coefficients the data determine.

The model has more columns than X: those of cells without rows, and those that depend on others, are left out, the last
of a dependent set. Which one that is hangs on the coding, so that a function ℓ'β + m'γ of the coefficients β that stand
and γ of the columns that were left out means the same under every coding only where it is estimable: where (ℓ, m) is a
combination of rows of [X, X_lost] (Searle 1971, *Linear Models*, section 5.4). With X_lost = XB that is m = B'ℓ, and
the estimate is then ℓ'β̂, whatever was left out. What fails is the *excess* m - B'ℓ. It is linear in the function, so
that contrasts of functions have the contrasts of their excesses.

A fitted model can leave more open: where the fixed effects take up what a covariance parameter could explain, the
estimates of coefficients can differ between values of it that have one and the same restricted likelihood. ℓ'β is
determined where ℓ is at right angles to all such changes of β̂ (`Design.unsettled`); what fails stands beside the
excess.

Levels that serve as a base are no such columns: with the constant or a lower-order term beside them they say nothing
new for any data, and otherwise their coefficient of zero is part of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from terrace.design.columns import ColumnInfo
from terrace.design.design import Design
from terrace.design.independent import Dependence

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Columns are left out where they depend on others to about 3e-8; a function that misses by no more counts as determined
_TOLERANCE = 1e-6
_ROUNDING = 1e-12
_FEW = 64


def excess(design: Design, rows: FloatArray, lost: FloatArray) -> FloatArray:
    """m - B'ℓ of functions with `rows` ℓ (l, p) over the columns of x and `lost` m (l, q) over `Design.lost`, and their
    change along each of the k directions of `Design.unsettled`: (l, q + k), as `excess_width` counts.

    Zero where it differs from zero by rounding only.
    """
    found = design.dependence
    if found is None:
        parts = np.zeros((len(rows), len(design.lost)))
    else:
        parts = lost.copy()
        parts[:, found.places] = _excess_of_dependent(found, rows, lost[:, found.places])
    return np.hstack([parts, changes(design, rows)])


def excess_width(design: Design) -> int:
    """The columns of an excess: those of `Design.lost`, then those of `Design.unsettled`."""
    return len(design.lost) + (0 if design.unsettled is None else design.unsettled.shape[1])


def all_determined(design: Design) -> bool:
    """Whether every function of the coefficients is determined."""
    return not excess_width(design)


def _excess_of_dependent(found: Dependence, rows: FloatArray, lost: FloatArray) -> FloatArray:
    # about the means: functions far from the origin (dates, years) keep their digits
    share = np.zeros(len(rows)) if found.constant is None else rows[:, found.constant]
    by_mean, level = share[:, None] * found.centre, share[:, None] * found.level
    around = rows - by_mean
    out = lost - level - around @ found.slopes
    size = np.abs(lost - level) + np.abs(around) @ np.abs(found.slopes)
    raw = np.abs(lost) + np.abs(level) + (np.abs(rows) + np.abs(by_mean)) @ np.abs(found.slopes)
    return np.asarray(np.where(np.abs(out) <= _TOLERANCE * size + _ROUNDING * raw, 0.0, out))


def estimable_rows(design: Design, x: FloatArray, columns: Callable[[Sequence[ColumnInfo]], FloatArray]) -> BoolArray:
    """Which rows have a prediction that the data determine, (rows,): `x` (rows, p) are their columns, and `columns`
    gives others of them. Those of empty cells, of which there can be many, are looked at a few at a time."""
    fine = estimable(changes(design, x))
    if design.dependence is None:
        return fine
    dependent = dependent_columns_of(design)
    if dependent:
        fine &= estimable(_excess_of_dependent(design.dependence, x, columns(dependent)))
    own = {c.name for c in dependent}
    empty = [c for c in design.lost if c.name not in own]
    for first in range(0, len(empty), _FEW):
        fine &= ~np.any(columns(empty[first : first + _FEW]) != 0.0, axis=1)
    return fine


def dependent_columns_of(design: Design) -> tuple[ColumnInfo, ...]:
    """The columns of `Design.lost` that depend on others; the rest are of cells without rows."""
    return () if design.dependence is None else tuple(design.lost[k] for k in design.dependence.places)


def combined(weights: FloatArray, parts: FloatArray, tolerance: float = _TOLERANCE) -> FloatArray:
    """Combinations, `weights` (m, l), of functions with the excess `parts` (l, q): theirs, (m, q).

    What cancels to rounding is zero. With another tolerance it serves for the rows of functions as well.
    """
    out = weights @ parts
    size = np.abs(weights) @ np.abs(parts)
    return np.asarray(np.where(np.abs(out) <= tolerance * size, 0.0, out))


def estimable(parts: FloatArray) -> BoolArray:
    """Which functions are estimable, by their excess (l, q), shape (l,)."""
    found: BoolArray = ~np.any(parts != 0.0, axis=1)
    return found


def estimable_part(parts: FloatArray) -> FloatArray:
    """Weights (m, l) of a basis of those combinations of l functions that are estimable, by their excess (l, q).

    Functions that are estimable by themselves stand first, as they are.
    """
    fine = estimable(parts)
    eye = np.eye(len(parts))
    rest = np.flatnonzero(~fine)
    if not len(rest):
        return eye
    # combinations of the others whose excesses cancel, with functions and columns each in its own size
    inner = parts[rest]
    inner = inner[:, np.any(inner != 0.0, axis=0)]
    inner = inner / np.abs(inner).max(axis=0)
    size = np.abs(inner).max(axis=1)
    u, s, _ = np.linalg.svd(inner / size[:, None])
    rank = int((s > _TOLERANCE * s[0]).sum())
    cancel = u[:, rank:].T / size
    cancel[np.abs(cancel) < 1e-10 * np.abs(cancel).max(axis=1, keepdims=True, initial=0.0)] = 0.0
    out = np.zeros((len(cancel), len(parts)))
    out[:, rest] = cancel
    return np.vstack([eye[fine], out])


def undetermined(design: Design) -> tuple[str, ...]:
    """The coefficients that stand for something else than their names say, since a column was left out."""
    takes_up = np.any(by_the_kept(design) != 0.0, axis=1)
    return tuple(c.name for c, more in zip(design.x_info, takes_up) if more)


def changes(design: Design, rows: FloatArray) -> FloatArray:
    """How functions ℓ'β with `rows` ℓ (l, p) change along the directions of `Design.unsettled`, (l, k); 0 is exact."""
    return np.zeros((len(rows), 0)) if design.unsettled is None else combined(rows, design.unsettled)


def settled(design: Design) -> BoolArray:
    """Which coefficients have one estimate, (p,): not those that move where the restricted likelihood does not."""
    return estimable(changes(design, np.eye(len(design.x_info))))


def unsettled_names(design: Design) -> tuple[str, ...]:
    """The coefficients that are not `settled`."""
    return tuple(c.name for c, ok in zip(design.x_info, settled(design)) if not ok)


def by_the_kept(design: Design) -> FloatArray:
    """B with X_lost = XB for the `dependent_columns_of` a design, (p, their number)."""
    found = design.dependence
    if found is None:
        return np.zeros((len(design.x_info), 0))
    out = found.slopes.copy()
    if found.constant is not None:
        level = found.level - found.centre @ found.slopes
        size = np.abs(found.level) + np.abs(found.centre) @ np.abs(found.slopes)
        out[found.constant] = np.where(np.abs(level) <= 1e-10 * size, 0.0, level)
    return out


def null_shift(design: Design, size: float) -> tuple[FloatArray, FloatArray]:
    """A change of β (p,) and of the coefficients of `Design.lost` (q,) that the likelihood does not tell.

    ``size`` is about that of the changes; the coefficients of different columns change by different shares of it.
    """
    t = size * (1.0 + np.modf(np.arange(1, excess_width(design) + 1) * 0.6180339887498949)[0])
    t, more = t[: len(design.lost)], t[len(design.lost) :]
    beta = np.zeros(len(design.x_info))
    if design.dependence is not None:
        beta -= by_the_kept(design) @ t[design.dependence.places]
    if design.unsettled is not None:
        beta += design.unsettled @ (more / np.abs(design.unsettled).max(axis=0))
    return beta, t
