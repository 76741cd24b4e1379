"""Factors of R, levels of jamovi and JASP: how categories with an order become a variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Measure
from terrace.data.digits import EXACT


def from_levels(codes: npt.NDArray[Any], levels: Sequence[str], *, ordered: bool) -> dict[str, Any]:
    """Values, labels and measure of a column of categories, as arguments of `RawColumn`.

    `codes` count the levels from 0, shape (n,), negative where missing. Levels are numbered from 1 in their order and
    keep their names as value labels, so that the first stays the reference; levels that are themselves rising numbers
    are those numbers.
    """
    missing = (codes < 0) | (codes >= len(levels))
    own = _rising_numbers(levels)
    numbers = np.arange(1.0, len(levels) + 1) if own is None else own
    values = np.full(len(codes), np.nan)
    values[~missing] = numbers[codes[~missing]]
    labels = {} if own is not None else {k + 1: str(level) for k, level in enumerate(levels)}
    known = Measure.ORDINAL if ordered else Measure.NOMINAL
    return {"values": pd.Series(values), "value_labels": labels, "measure": known}


def _rising_numbers(levels: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The levels as numbers, where each is written plainly as one and they rise."""
    try:
        numbers = np.array([float(level) for level in levels])
    except ValueError:
        return None
    plain = all(format(n, ".15g") == level.strip() for n, level in zip(numbers, levels, strict=True))
    fine = plain and len(numbers) > 0 and bool(np.all(np.abs(numbers) < EXACT)) and bool(np.all(np.diff(numbers) > 0))
    return numbers if fine else None
