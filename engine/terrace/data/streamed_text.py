"""Delimited text read in batches.

Delimiter, header and encoding are detected as for reading into memory; the types of the columns are those of the
first rows. A type that does not hold further down (a letter among the numbers of a group variable) is given up for a
wider one, and whoever reads begins anew (`TypeGivenUp`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from terrace.data.build import RawColumn, build_dataset
from terrace.data.dataset import Dataset
from terrace.data.delimited import describe_layout, read_rows, text_column
from terrace.data.delimited_detect import MISSING, Layout, detect
from terrace.data.progress import Report
from terrace.data.streamed import PREVIEW_ROWS, StreamedData, TypeGivenUp, bytes_needed
from terrace.errors import DataError, TerraceError

BLOCK_BYTES = 1 << 24
_WIDER = {"int": "float", "bool": "text", "float": "text"}


class _Wider(Exception):
    def __init__(self, column: int) -> None:
        super().__init__()
        self.column = column


@dataclass(frozen=True)
class TextBlocks:
    """The columns of a text file by position; ``types`` are ``int``, ``float``, ``bool``, ``text`` or ``date``."""

    path: Path
    layout: Layout
    types: tuple[str, ...]
    size: int
    n_rows: int | None = None

    def blocks(self, columns: Sequence[int], rows: int) -> Iterator[tuple[list[Any], float]]:
        import pyarrow as pa
        from pyarrow import csv

        arrow = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
        layout = self.layout
        names = [f"c{k}" for k in range(len(layout.names))]
        encoding = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
        with pa.OSFile(str(self.path)) as handle:
            try:
                reader = csv.open_csv(
                    handle,
                    read_options=csv.ReadOptions(
                        block_size=BLOCK_BYTES,
                        skip_rows=layout.skip + layout.header,
                        column_names=names,
                        encoding=encoding,
                    ),
                    parse_options=csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
                    convert_options=csv.ConvertOptions(
                        include_columns=[names[k] for k in columns],
                        column_types={names[k]: arrow.get(self.types[k], pa.string()) for k in columns},
                        null_values=list(MISSING),
                        strings_can_be_null=True,
                        decimal_point=layout.decimal,
                    ),
                )
                for batch in reader:
                    fraction = min(1.0, handle.tell() / max(1, self.size))
                    for first in range(0, batch.num_rows, rows):
                        part = batch.slice(first, rows)
                        yield [self._plain(k, part.column(i)) for i, k in enumerate(columns)], fraction
            except pa.ArrowInvalid as error:
                raise self._meaning(str(error)) from None

    def _plain(self, k: int, array: Any) -> Any:
        if self.types[k] != "date":
            return array
        values = array.to_pandas()
        found = text_column(values, self.layout)[0]
        return _AsPandas(found if values.notna().any() else pd.Series(pd.NaT, index=values.index))

    def _meaning(self, text: str) -> Exception:
        conversion = re.search(r"In CSV column #(\d+)", text)
        if conversion and "conversion error" in text:
            return _Wider(int(conversion.group(1)))
        return DataError(
            f"{self.path.name} cannot be read in parts: {text.removeprefix('CSV parse error: ')}",
            code="ragged-file",
            subject=str(self.path),
            advice="Check the delimiter, and put text that contains it between quotation marks.",
        )


@dataclass(frozen=True)
class _AsPandas:
    """Values that are no longer Arrow's, where an Arrow array is asked for its pandas form only."""

    values: pd.Series

    def to_pandas(self) -> pd.Series:
        return self.values

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class StreamedText(StreamedData):
    """A streamed text file: it knows how to go on with a wider type."""

    def batches(self, names: Sequence[str], report: Report | None = None) -> Iterator[Dataset]:
        try:
            yield from super().batches(names, report)
        except _Wider as wider:
            raise TypeGivenUp(self._widened(wider.column)) from None

    def _widened(self, column: int) -> StreamedText:
        assert isinstance(self.file, TextBlocks)
        types = list(self.file.types)
        types[column] = _WIDER.get(types[column], "text")
        wider = _preview(self.file.path, self.file.layout, tuple(types), self.file.size)
        return replace(wider, batch_rows=self.batch_rows)


def open_text(path: Path, report: Report) -> StreamedData:
    """The file as StreamedData. `DataError` for layouts that cannot be read in parts."""
    report()
    layout = detect(path, delimiter=None, decimal=None, encoding=None)
    if layout.thousands or layout.delimiter == " ":
        what = f"marks thousands by {layout.thousands!r}" if layout.thousands else "is separated by blanks"
        raise DataError(
            f"{path.name} {what}; such text cannot be streamed.",
            code="cannot-stream",
            subject=str(path),
            advice="Write it as CSV with plain numbers, or as Parquet.",
        )
    return _preview(path, layout, None, path.stat().st_size)


def _preview(path: Path, layout: Layout, types: tuple[str, ...] | None, size: int) -> StreamedText:
    frame = read_rows(path, layout, PREVIEW_ROWS)
    columns, where, found = [], [], []
    notes = [describe_layout(layout)]
    for k, name in enumerate(layout.names):
        values = frame.iloc[:, k]
        if types is not None and types[k] == "text" and pd.api.types.is_numeric_dtype(values.dtype):
            values = values.map(_as_written, na_action="ignore").astype("str")
        kind = _kind(values)
        if not pd.api.types.is_numeric_dtype(values.dtype):
            values, note = text_column(values, layout)
            kind = "date" if pd.api.types.is_datetime64_any_dtype(values.dtype) else "text"
            if note and kind == "text":
                notes.append(f"{name or f'column {k + 1}'}: {note}")
        found.append(kind if types is None or kind == "date" else types[k])
        if not name and k >= 1 and bool(values.isna().all()):
            continue  # the trailing delimiter of every line
        where.append(k)
        columns.append(RawColumn(name if layout.header else f"v{k + 1}", values))
    data = build_dataset(columns, source=str(path), notes=notes)
    return StreamedText(
        data.frame, data.variables, source=data.source, notes=data.notes,
        file=TextBlocks(path, layout, tuple(found), size), columns=tuple(where),
    )


def _as_written(value: Any) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values.dtype):
        return "bool"
    return "int" if pd.api.types.is_integer_dtype(values.dtype) else "float"


def memory_of_text(path: Path) -> int:
    """Memory, in bytes, that opening the whole file and fitting a model would take, from the length of its lines."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(1 << 20)
    lines = max(1, head.count(b"\n"))
    rows = size / (len(head) / lines)
    try:
        fields = len(detect(path, delimiter=None, decimal=None, encoding="latin-1").names)
    except TerraceError:
        fields = 1  # the reader will say what is wrong
    return bytes_needed(int(rows), max(8.0 * fields, len(head) / lines))
