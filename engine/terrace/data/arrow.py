"""Columns of Arrow, which Parquet, streamed text and Arrow-backed frames have, without loss."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd


def plain_columns(table: Any) -> Iterator[tuple[str, Any]]:
    """The columns of an Arrow table, with their names, as `build_dataset` takes them and without loss.

    Columns are let go of one by one: nothing else should hold the table, so that the data stand in memory once.
    """
    names, columns = table.column_names, table.columns[::-1]
    del table  # and not table.remove_column, which takes time for every other column: with 10,000 of them, seconds
    for name in names:
        yield name, _plain(columns.pop())


def _plain(column: Any) -> Any:
    """Numbers without gaps as an array, which thousands of columns are quick as; all else as a Series."""
    import pyarrow as pa

    if column.type in (pa.float64(), pa.int64()) and not column.null_count:
        return column.to_numpy()
    return plain_series(column)


@cache
def _whole_types() -> dict[Any, Any]:
    import pyarrow as pa

    return {
        getattr(pa, f"{sign}int{bits}")(): getattr(pd, f"{sign.upper()}Int{bits}Dtype")()
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    }


def plain_series(column: Any) -> pd.Series:
    """An Arrow column as pandas holds it, without loss: whole numbers beside missing ones stay whole."""
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if (pa.types.is_nested(kind) and not pa.types.is_run_end_encoded(kind)) or _is_interval(kind):
        return _stand_ins(column, kind)
    column = as_plain_arrow(column)
    found: pd.Series = column.to_pandas(types_mapper=_whole_types().get) if column.null_count else column.to_pandas()
    return found


def as_plain_arrow(column: Any) -> Any:
    """An Arrow column without its dictionary (but where that has an order) or runs, decimals as the numbers they are.

    Decimals become whole numbers or doubles where these hold all their digits, and stay decimals otherwise. Days become
    their midnights and times of day the time since midnight: of Python's dates none lies beyond the years 1 to 9999,
    and of its times none is finer than a microsecond.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if pa.types.is_dictionary(column.type) and not column.type.ordered:
        column = column.cast(column.type.value_type)
    if pa.types.is_date(column.type):
        return column.cast(pa.timestamp("s" if pa.types.is_date32(column.type) else "ms"))
    if pa.types.is_time(column.type):
        whole = column.cast(pa.int32()) if pa.types.is_time32(column.type) else column
        return whole.cast(pa.int64()).cast(pa.duration(column.type.unit))
    return _from_decimal(column) if pa.types.is_decimal(column.type) else column


def _is_interval(kind: Any) -> bool:
    """True for the three kinds of intervals; pyarrow knows one of them, and the others by name."""
    return str(kind).endswith("interval")


def _stand_ins(column: Any, kind: Any) -> pd.Series:
    """An empty list, table or interval for each value that is one: none is used, and not all can be made for Python."""
    import pyarrow as pa

    filled = [*column.is_valid().to_pylist()]
    empty: Any = {} if pa.types.is_struct(kind) or pa.types.is_union(kind) else []
    if _is_interval(kind):
        empty = pa.MonthDayNano([0, 0, 0])
    return pd.Series([empty if there else None for there in filled], dtype=object)


def _from_decimal(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    digits, scale = column.type.precision, column.type.scale
    if scale <= 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:  # beyond 2^63
            return column
    numbers = column.cast(pa.string()).cast(pa.float64())  # Arrow's own cast is not rounded rightly: 3.00000 is not 3
    largest = pc.max(pc.abs(numbers)).as_py() or 0.0
    # 15 significant digits and no more: each decimal has a double of its own
    return numbers if digits <= 15 or largest < 10.0 ** (15 - scale) else column
