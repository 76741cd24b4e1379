"""Columns of plain Python values, as JSON and databases give them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")


def column_of(values: Sequence[Any]) -> pd.Series:
    """A column of objects, whole numbers as they are; of dates where every value is one as ISO 8601 writes it."""
    column = pd.Series(list(values), dtype=object)
    present = column.dropna()
    texts = [v for v in present if v != ""]
    if not texts or not all(isinstance(v, str) and _ISO.fullmatch(v.strip()) for v in texts):
        return column
    zoned = {v.strip()[10:].endswith("Z") or bool(re.search(r"[+-]\d{2}:?\d{2}$", v.strip()[10:])) for v in texts}
    if len(zoned) > 1:
        return column
    try:
        blank = column.where(column != "", None).map(lambda v: v.strip(), na_action="ignore")
        found = pd.to_datetime(blank, format="ISO8601", utc=zoned == {True})
    except (ValueError, OverflowError):
        return column
    return found.dt.tz_localize(None) if zoned == {True} else found
