"""Writing with openpyxl where the disk is full or the clock is wrong."""

from __future__ import annotations

import gc
import sys
import traceback
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from terrace.sealed import Archive

if TYPE_CHECKING:
    from openpyxl import Workbook


@contextmanager
def in_silence() -> Iterator[None]:
    """Decorates a function that writes a workbook.

    The generators of openpyxl fail once more when they are collected, which Python prints with its traceback. They are
    collected here, where nobody hears them, and the first failure is raised.
    """
    try:
        yield
    except Exception as error:
        usual, sys.unraisablehook = sys.unraisablehook, lambda _: None
        try:
            traceback.clear_frames(error.__traceback__)
            gc.collect()  # they refer to one another
        finally:
            sys.unraisablehook = usual
        raise


def save_workbook(book: Workbook, file: Path | IO[bytes]) -> None:
    """Write a workbook: as `Workbook.save`, which fails in a year that archives cannot name."""
    from openpyxl.writer.excel import ExcelWriter

    with Archive(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        ExcelWriter(book, archive).save()
