"""Parquet files read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from terrace.data.arrow import as_plain_arrow, plain_series
from terrace.data.digits import EXACT, whole_text
from terrace.data.parquet import dataset_of_columns, opened_parquet
from terrace.data.plain import plain_values
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn
from terrace.data.streams.batches import PREVIEW_ROWS, AsPandas, StreamedData, Wider, bytes_needed

_BUFFERED: dict[str, Any] = {"buffer_size": 1 << 20, "pre_buffer": False}  # a row group may be larger than memory


@dataclass(frozen=True)
class ParquetBlocks:
    """The columns of a Parquet file by position; ``long`` marks numbers with more digits than a double holds."""

    path: Path
    n_rows: int
    names: tuple[str, ...]
    long: frozenset[int] = field(default_factory=frozenset)

    def blocks(self, columns: Sequence[int], rows: int) -> Iterator[tuple[list[Any], float]]:
        with opened_parquet(self.path, **_BUFFERED) as file:
            done = 0
            for batch in file.iter_batches(batch_size=rows, columns=[self.names[k] for k in columns]):
                done += batch.num_rows
                arrays = []
                for k in columns:
                    array = as_plain_arrow(batch.column(self.names[k]))
                    if k in self.long:
                        arrays.append(_digits(array))
                    elif _holds_long(array):  # which the statistics of the file do not tell
                        raise Wider(k, "digits")
                    else:
                        arrays.append(array)
                yield arrays, done / max(1, self.n_rows)


@dataclass(frozen=True)
class StreamedParquet(StreamedData):
    """A streamed Parquet file."""

    def widened(self, column: int, kind: str) -> StreamedParquet:
        """The file opened with the numbers of one column as text."""
        assert isinstance(self.file, ParquetBlocks)
        return replace(_opened(self.file.path, self.file.long | {column}), batch_rows=self.batch_rows)


def open_parquet(path: Path, report: Report) -> StreamedData:
    """The file as StreamedData. Columns that are neither numbers, text nor dates are left out."""
    report()
    return _opened(path, frozenset())


def _opened(path: Path, long: frozenset[int]) -> StreamedParquet:
    """The file; the columns `long` are text, besides those that its statistics or first rows tell of."""
    import pyarrow as pa

    with opened_parquet(path, **_BUFFERED) as file:
        schema, metadata = file.schema_arrow, file.metadata
        flat = [k for k, f in enumerate(schema) if not pa.types.is_nested(f.type) and schema.names.count(f.name) == 1]
        left_out = {f.name: f"{f.name} cannot be used: it is of the type {f.type}."
                    for k, f in enumerate(schema) if k not in flat}  # fmt: skip
        notes = [f"{f.name}: left out, it is of the type {f.type}." for k, f in enumerate(schema) if k not in flat]
        long |= {k for k in flat if pa.types.is_integer(schema.field(k).type) and _is_long(metadata, schema, k)}
        first = next(file.iter_batches(batch_size=PREVIEW_ROWS, columns=[schema.names[k] for k in flat]), None)
        n_rows = metadata.num_rows
    columns = []
    for k in flat:
        name = schema.names[k]
        array = as_plain_arrow(pa.array([], schema.field(k).type) if first is None else first.column(name))
        if k not in long and _holds_long(array):
            long |= {k}
        columns.append(RawColumn(name, _digits(array).to_pandas() if k in long else plain_series(array)))
    data = dataset_of_columns(columns, schema.metadata, str(path))
    blocks = ParquetBlocks(path, n_rows, tuple(schema.names), long)
    return StreamedParquet(
        data.frame, data.variables, label=data.label, source=data.source, notes=(*data.notes, *notes),
        left_out=left_out, file=blocks, columns=tuple(flat),
    )  # fmt: skip


def _holds_long(array: Any) -> bool:
    """True for whole numbers and decimals of which one has more digits than a double holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_decimal(array.type):  # a double would have held the others
        return not pd.api.types.is_numeric_dtype(plain_values(array.to_pandas())[0].dtype)
    if not pa.types.is_integer(array.type) or array.type.bit_width < 64:
        return False
    ends = pc.min_max(array).as_py()
    return any(end is not None and abs(end) > EXACT for end in ends.values())


def _digits(array: Any) -> Any:
    """Numbers as text with all their digits; text as it is."""
    import pyarrow as pa

    if pa.types.is_decimal(array.type):
        return AsPandas(array.to_pandas().map(whole_text, na_action="ignore"))
    if pa.types.is_floating(array.type):
        return AsPandas(array.to_pandas().astype(object).map(whole_text, na_action="ignore"))
    return array.cast(pa.string())


def memory_of_parquet(path: Path) -> int:
    """Memory, in bytes, that opening the whole file and fitting a model would take; its footer tells."""
    with opened_parquet(path, pre_buffer=False) as file:
        metadata = file.metadata
        rows = metadata.num_rows
        return bytes_needed(rows, _size(metadata, n_columns=len(file.schema_arrow)) / max(1, rows))


def _size(metadata: Any, n_columns: int) -> int:
    """Bytes of all columns in memory: dictionary-coded numbers are small in the file and eight bytes outside."""
    coded: int = sum(metadata.row_group(g).total_byte_size for g in range(metadata.num_row_groups))
    numbers: int = metadata.num_rows * 8 * n_columns
    return max(coded, numbers)


def _is_long(metadata: Any, schema: Any, k: int) -> bool:
    """True where a column of integers holds some beyond 2^53, which in memory become text as well."""
    if schema.field(k).type.bit_width < 64:
        return False
    position = [c for c in range(metadata.num_columns) if metadata.schema.column(c).path == schema.names[k]]
    for g in range(metadata.num_row_groups):
        statistics = metadata.row_group(g).column(position[0]).statistics if position else None
        if statistics is None or not statistics.has_min_max:
            continue
        if max(abs(int(statistics.min)), abs(int(statistics.max))) > EXACT:
            return True
    return False

