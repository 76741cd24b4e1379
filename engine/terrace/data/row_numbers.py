"""Numbers of rows: by them a row is found again after rows were sorted, left out or added.

The rows that were opened are 0, 1, ...; a row that is added gets a number that no row ever had. A copy of a row has one
of its own too, whose lower 40 bits are those of the row it is a copy of, so that what is known of that row holds for
copies that were made later.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_COPY = 1 << 40  # a number is that of its row plus as many of these as copies were made before it
_FIRST_NEW = 1 << 38  # more than rows are ever opened
_lock = threading.Lock()
_given = {"new": _FIRST_NEW, "copy": 1}


def _take(kind: str, count: int) -> int:
    """The first of `count` numbers that have not been given yet."""
    with _lock:
        first = _given[kind]
        _given[kind] = first + count
    return first


def keep_off(ids: IntArray) -> None:
    """Give none of these numbers, nor any that a copy has, to other rows: they come from a file of another session."""
    if not len(ids):
        return
    with _lock:
        _given["new"] = max(_given["new"], int((ids % _COPY).max()) + 1)
        _given["copy"] = max(_given["copy"], int(ids.max()) // _COPY + 1)


def new_rows(count: int) -> IntArray:
    """Numbers of rows that were not there before, shape (count,)."""
    return np.arange(count, dtype=np.int64) + _take("new", count)


def gathered(ids: IntArray, rows: IntArray) -> IntArray:
    """Numbers of rows put together from others: ``rows`` are places in `ids`, -1 is for a row that is new."""
    out = ids[rows] if len(ids) else np.full(len(rows), -1, dtype=np.int64)
    new = rows < 0
    out[new] = new_rows(int(new.sum()))
    return with_copies(out)


def with_copies(ids: IntArray) -> IntArray:
    """The same numbers, where a number stands again that of a copy in its place."""
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    begins = np.r_[True, ordered[1:] != ordered[:-1]] if len(ids) else np.zeros(0, dtype=bool)
    if begins.all():
        return ids
    copies = order[~begins]
    root = ids[copies] % _COPY
    by_root = np.argsort(root, kind="stable")
    copies, root = copies[by_root], root[by_root]
    starts = np.flatnonzero(np.r_[True, root[1:] != root[:-1]])
    sizes = np.diff(np.r_[starts, len(root)])
    rank = np.arange(len(root)) - np.repeat(starts, sizes)  # copies of copies count on with those of their row
    out = ids.copy()
    out[copies] = root + (_take("copy", int(sizes.max())) + rank) * _COPY
    return out


def places(then: IntArray, now: IntArray) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Where each row of ``now``, (m,), stood among ``then``, (n,), and whether it is that row itself, (m,).

    A copy that was made later stands where its row stood; -1 is for a row that is new.
    """
    if not len(then):
        return np.full(len(now), -1, dtype=np.int64), np.zeros(len(now), dtype=bool)
    order = np.argsort(then, kind="stable")
    ordered = then[order]

    def found(numbers: IntArray) -> IntArray:
        at = np.minimum(np.searchsorted(ordered, numbers), len(then) - 1)
        return np.where(ordered[at] == numbers, order[at], -1)

    place = found(now)
    itself = place >= 0
    place[~itself] = found(now[~itself] % _COPY)
    return place, itself
