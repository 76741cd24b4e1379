"""From points in an order to the line through them: where it breaks, and where it steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def line_through(x: FloatArray, y: FloatArray, rows: Rows, how: str) -> tuple[FloatArray, FloatArray, Rows]:
    """The line through points in their order, with NaN (and row −1) where it breaks.

    ``direct`` joins every point with the next. ``ascending`` joins only where x rises, so that the groups of
    sorted data make a line each; points of equal x and y are one point and break nothing. ``stairstep`` goes
    flat and then up or down, ``stepstair`` the other way round.
    """
    if how == "ascending":
        return _broken(x, y, rows)
    if how in ("stairstep", "stepstair") and len(x) > 1:
        first, second = (slice(1, None), slice(None, -1)) if how == "stairstep" else (slice(None, -1), slice(1, None))
        return (
            _interleaved(x, x[first]),
            _interleaved(y, y[second]),
            _interleaved(rows, rows[second]),
        )
    return x, y, rows


def pieces(x: FloatArray) -> int:
    """Into how many lines the breaks divide one."""
    gap = np.isnan(x)
    starts = ~gap & np.r_[True, gap[:-1]] if len(x) else gap
    return int(np.count_nonzero(starts))


def _broken(x: FloatArray, y: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray, Rows]:
    falls = x[1:] < x[:-1]
    stays = (x[1:] == x[:-1]) & (y[1:] != y[:-1])
    at = np.flatnonzero(falls | stays) + 1
    return np.insert(x, at, np.nan), np.insert(y, at, np.nan), np.insert(rows, at, -1)


def _interleaved(corners: npt.NDArray[Any], between: npt.NDArray[Any]) -> npt.NDArray[Any]:
    out = np.empty(len(corners) + len(between), dtype=corners.dtype)
    out[0::2] = corners
    out[1::2] = between
    return out
