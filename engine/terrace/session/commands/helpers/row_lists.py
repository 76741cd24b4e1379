"""Rows by their numbers: ``rows(3 7/9)``."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from terrace.language.grammar.tokens import Piece

_ITEMS = re.compile(r"\s*(\d+(/\d+)?\s*)+")


def row_list(piece: Piece, n: int) -> npt.NDArray[np.int64]:
    """The rows (from 0) that are listed, in that order, shape (k,); from 1 to `n` as typed, with ranges ``7/9``.

    Raises `CommandError` where the list cannot be read, a row is not there, or stands twice.
    """
    text = str(piece)
    if not _ITEMS.fullmatch(text):
        raise piece.error("rows() takes the numbers of rows.", code="rows", advice="Write rows(3 7/9).")
    items = np.array([item.partition("/")[::2] for item in text.split()], dtype=object)
    first = np.array(items[:, 0], dtype=np.int64)
    last = np.where(items[:, 1] == "", items[:, 0], items[:, 1]).astype(np.int64)
    if first.min() < 1 or last.max() > n or bool((last < first).any()):
        raise piece.error(f"rows() takes numbers from 1 to {n:,}.", code="range")
    lengths = last - first + 1
    begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
    out: npt.NDArray[np.int64] = np.repeat(first, lengths) + np.arange(lengths.sum()) - begins - 1
    if len(np.unique(out)) < len(out):
        raise piece.error("A row stands twice in rows().", code="rows", advice="Name each row once.")
    return out


def row_text(rows: npt.NDArray[np.int64]) -> str:
    """Rows (from 0) as `row_list` reads them: runs that go up by one are ranges."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = rows[np.r_[0, breaks]] + 1
    ends = rows[np.r_[breaks - 1, len(rows) - 1]] + 1
    return " ".join(f"{a}" if a == b else f"{a}/{b}" for a, b in zip(starts.tolist(), ends.tolist()))
