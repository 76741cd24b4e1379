"""Parquet, and the form in which Terrace keeps a dataset whole.

What a frame cannot hold (labels, measure, missing codes, formats, the panel) goes as JSON into the schema's
metadata under one key, so that write and read give the same Dataset, and any other program still reads the
columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.arrow import plain_columns
from terrace.data.dataset import Dataset, Measure, Panel, Signed, Variable
from terrace.data.memory import available_memory
from terrace.data.plain import plain_values
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.regular_file import openable

KEY = b"terrace"
_VERSION = 1
_CELLS = 1 << 24  # that are read at once
_BATCH = 1 << 18  # rows


@contextmanager
def opened_parquet(path: Path | BytesIO, **options: Any) -> Iterator[Any]:
    """A file as pyarrow has it. The pages of those that have checksums, as ours, are held to them: otherwise a byte
    that a disk has changed would be another number.
    """
    import pyarrow.parquet as pq

    with openable(path) as source, pq.ParquetFile(source, page_checksum_verification=True, **options) as file:
        yield file


def read_parquet(path: Path | BytesIO, report: Report) -> Dataset:
    """Read one file; a file that Terrace did not write gets its description guessed.

    Raises whatever pyarrow raises for a broken file; `read.read` puts that into words.
    """
    import pyarrow as pa

    parts: list[Any] = []
    with opened_parquet(path) as file:
        left = available_memory()
        if left is not None and file.metadata.num_rows * sum(map(_width, file.schema_arrow)) > left:
            raise MemoryError  # a column of one value takes a few bytes in a file, however many rows it has
        done, total = 0, max(1, file.metadata.num_rows)
        for part in _parts(file):
            parts.append(part)
            done += part.num_rows
            report(done / total)
        schema = file.schema_arrow
    table = pa.concat_tables(parts) if parts else schema.empty_table()
    metadata = table.schema.metadata
    parts.clear()
    part = None
    taken = plain_columns(table)
    del table
    columns = []
    for name, values in taken:
        columns.append(RawColumn(name, values))
        if len(columns) % 500 == 0:
            report(1.0)
    pa.default_memory_pool().release_unused()
    return dataset_of_columns(columns, metadata, str(path))


def _parts(file: Any) -> Iterator[Any]:
    """Tables of Arrow, in order: row groups as far as they take a fraction of a second, larger ones in batches.

    What is read at once stands in one piece, which needs no copy: three times as fast as batches of a row group.
    """
    import pyarrow as pa

    width, size = max(1, len(file.schema_arrow)), 0
    waiting: list[int] = []
    for k in range(file.num_row_groups):
        cells = file.metadata.row_group(k).num_rows * width
        if waiting and size + cells > _CELLS:
            yield file.read_row_groups(waiting)
            waiting, size = [], 0
        if cells > _CELLS:
            for batch in file.iter_batches(batch_size=_BATCH, row_groups=[k]):
                yield pa.Table.from_batches([batch])
        else:
            waiting.append(k)
            size += cells
    if waiting:
        yield file.read_row_groups(waiting)


def _width(field: Any) -> int:
    """Bytes that a value of an Arrow field takes at least."""
    try:
        return max(1, int(field.type.bit_width) // 8)
    except ValueError:  # texts and lists
        return 8


def dataset_of_columns(columns: list[RawColumn], metadata: Any, source: str) -> Dataset:
    """A Dataset of these columns with the description that the schema's metadata carry, or a guessed one."""
    described = (metadata or {}).get(KEY)
    if described is None:
        return build_dataset(columns, source=source)
    return _described(columns, json.loads(described.decode("utf-8")), source)


def write_parquet(data: Dataset, path: Path | BytesIO, report: Report | None = None) -> list[str]:
    """Write columns and description to `path`, compressed and with checksums. No notes: everything is kept."""
    import pyarrow.parquet as pq

    pq.write_table(described_table(data), path, compression="zstd", write_page_checksum=True)
    return []


def described_table(data: Dataset) -> Any:
    """An Arrow table of the columns, with the description in the metadata of its schema."""
    import pyarrow as pa

    table = pa.Table.from_pandas(data.frame, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), KEY: json.dumps(describe(data)).encode("utf-8")}
    return table.replace_schema_metadata(metadata)


def describe(data: Dataset) -> dict[str, Any]:
    """Everything of a Dataset but its values, as JSON types."""
    return {
        "version": _VERSION,
        "label": data.label,
        "notes": list(data.notes),
        "documents": list(data.documents),
        "panel": None if data.panel is None else [data.panel.panel, data.panel.time, data.panel.delta],
        "sorted_by": list(data.sorted_by),
        "signed": None if data.signed is None else [list(data.signed.columns), data.signed.rows, data.signed.when],
        "variables": [
            {
                "name": v.name,
                "label": v.label,
                "measure": v.measure.value,
                "value_labels": [[_plain(k), text] for k, text in v.value_labels.items()],
                "missing_codes": [_plain(c) for c in v.missing_codes],
                "format": v.format,
                "missing_ranges": [list(r) for r in v.missing_ranges],
                "native_format": v.native_format,
                "width": v.width,
                "label_set": v.label_set,
            }
            for v in data.variables
        ],
    }


def _described_variables(described: dict[str, Any]) -> tuple[Variable, ...]:
    """The inverse of `describe` for the variables."""
    return tuple(
        Variable(
            name=v["name"],
            label=v["label"],
            measure=Measure(v["measure"]),
            value_labels=dict(v["value_labels"]),
            missing_codes=tuple(v["missing_codes"]),
            format=v["format"],
            missing_ranges=tuple((low, high) for low, high in v.get("missing_ranges", ())),
            native_format=v.get("native_format", ""),
            width=v.get("width", 0),
            label_set=v.get("label_set", ""),
        )
        for v in described["variables"]
    )


def _described(columns: list[RawColumn], described: dict[str, Any], source: str) -> Dataset:
    if [v["name"] for v in described["variables"]] != [c.name for c in columns]:
        # Another program changed the columns and kept the metadata: use what still fits.
        known = {v.name: v for v in _described_variables(described)}
        data = build_dataset(columns, source=source, label=described["label"])
        return replace(data, variables=tuple(known.get(v.name, v) for v in data.variables))
    rows = len(columns[0].values) if columns else 0
    frame = pd.DataFrame({c.name: plain_values(c.values)[0] for c in columns}, index=pd.RangeIndex(rows))
    return described_dataset(frame, described, source)


def described_dataset(frame: pd.DataFrame, described: dict[str, Any], source: str) -> Dataset:
    """The inverse of `describe`, with the values that it goes without."""
    panel = described["panel"]
    return Dataset(
        frame=frame,
        variables=_described_variables(described),
        label=described["label"],
        source=source,
        notes=tuple(described["notes"]),
        panel=None if panel is None else Panel(*panel),
        sorted_by=tuple(described["sorted_by"]),
        signed=_signed(described.get("signed")),
        documents=tuple(described.get("documents", ())),
    )


def _signed(described: list[Any] | None) -> Signed | None:
    if described is None:
        return None
    columns, rows, when = described
    return Signed(tuple((str(name), str(sha)) for name, sha in columns), int(rows), str(when))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
