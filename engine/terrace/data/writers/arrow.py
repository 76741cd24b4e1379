"""Writing Arrow files, .arrow and .feather: columns and description as in Parquet."""

from __future__ import annotations

from pathlib import Path

from terrace.data.dataset import Dataset
from terrace.data.parquet import described_table
from terrace.data.progress import Report


def write_arrow(data: Dataset, path: Path, report: Report) -> list[str]:
    """Write columns and description, compressed. No notes: everything is kept."""
    import pyarrow.feather

    report()
    pyarrow.feather.write_feather(described_table(data), str(path), compression="zstd")
    return []
