"""Arrow files: Feather of both versions, files and streams of Arrow's IPC format."""

from __future__ import annotations

from pathlib import Path

from terrace.data.arrow import plain_columns
from terrace.data.dataset import Dataset
from terrace.data.parquet import dataset_of_columns
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn
from terrace.data.regular_file import openable


def read_arrow(path: Path, report: Report) -> Dataset:
    """Read a table; whole numbers beside missing ones stay whole."""
    import pyarrow as pa
    from pyarrow import feather

    report()
    with open(path, "rb") as file:
        head = file.read(6)
    if head.startswith(b"FEA1") or head == b"ARROW1":
        with openable(path) as source:
            table = feather.read_table(source, memory_map=False)
    else:
        with open(path, "rb") as file, pa.ipc.open_stream(file) as stream:
            table = stream.read_all()
    metadata, parts = table.schema.metadata, plain_columns(table)
    del table
    return dataset_of_columns([RawColumn(name, values) for name, values in parts], metadata, str(path))
