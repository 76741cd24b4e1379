"""A Dataset on its way from the process that read it: a description as JSON, then its columns as an Arrow stream.

What comes out is what went in, to the type of every column, the sign of a zero and the missing codes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.parquet import describe, described_dataset


def description(data: Dataset) -> dict[str, Any]:
    """Everything but the values, as JSON types."""
    kinds = [str(c.dtype) if _is_number(c) else "" for c in _columns(data)]
    return {**describe(data), "left_out": dict(data.left_out), "kinds": kinds, "rows": len(data)}


def columns_of(data: Dataset) -> Any:
    """The columns as a table of Arrow, which shares their memory."""
    import pyarrow as pa

    arrays = [
        pa.array(c.to_numpy()) if _is_number(c) else pa.array(c, from_pandas=True) for c in _columns(data)
    ]
    return pa.table(arrays, names=[str(i) for i in range(len(arrays))])


def send_columns(table: Any, stream: BinaryIO) -> None:
    """Write what `columns_of` made."""
    import pyarrow as pa

    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)


def receive_columns(stream: BinaryIO) -> Any:
    """The table that `send_columns` wrote. Raises what pyarrow raises where it is cut off or makes no sense."""
    import pyarrow as pa

    with pa.ipc.open_stream(stream) as reader:
        table = reader.read_all()
    table.validate(full=True)  # it comes from a process whose memory a broken library may have written over
    return table


def dataset_of(described: dict[str, Any], table: Any, source: str) -> Dataset:
    """The Dataset of a description and its columns."""
    series, columns = [], table.columns[::-1]
    del table
    for kind in described["kinds"]:
        column = columns.pop()  # it is let go of as it is taken over: data stand in memory once
        if kind:
            values = np.concatenate([np.zeros(0, dtype=kind), *(chunk.to_numpy() for chunk in column.chunks)])
            series.append(pd.Series(values, copy=False))
        else:
            series.append(column.to_pandas())
    names = [v["name"] for v in described["variables"]]
    frame = pd.DataFrame(dict(zip(names, series, strict=True)), index=pd.RangeIndex(described["rows"]), copy=False)
    return replace(described_dataset(frame, described, source), left_out=described["left_out"])


def _columns(data: Dataset) -> list[pd.Series]:
    return [data.frame.iloc[:, i] for i in range(len(data.names))]


def _is_number(column: pd.Series) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
