"""The kinds of files that can be streamed, and what each would take in memory."""

from __future__ import annotations

from pathlib import Path

from terrace.data.progress import Report
from terrace.data.streamed import StreamedData
from terrace.data.streamed_parquet import memory_of_parquet, open_parquet
from terrace.data.streamed_text import memory_of_text, open_text
from terrace.errors import DataError


def open_streamed(path: Path, kind: str, report: Report) -> StreamedData:
    """A file as StreamedData. `kind` is ``parquet`` or ``text``; `DataError` for any other."""
    if kind == "parquet":
        return open_parquet(path)
    if kind == "text":
        return open_text(path, report)
    raise DataError(
        f"{path.name} cannot be streamed: that needs a Parquet or a CSV file.",
        code="cannot-stream",
        subject=str(path),
        advice="Save it as .parquet once, on a machine that holds it in memory or in the program it comes from.",
    )


def memory_wanted(path: Path, kind: str) -> int:
    """Memory, in bytes, that opening this file whole and fitting a model to it would take; 0 where it is not known."""
    if kind == "parquet":
        return memory_of_parquet(path)
    if kind == "text":
        return memory_of_text(path)
    return 0
