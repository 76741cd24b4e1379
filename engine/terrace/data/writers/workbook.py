"""Writing with openpyxl where the disk is full or the clock is wrong."""

from __future__ import annotations

import traceback
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import GeneratorType
from typing import IO, TYPE_CHECKING, Any

from terrace.sealed import Archive

if TYPE_CHECKING:
    from openpyxl import Workbook


@contextmanager
def in_silence() -> Iterator[None]:
    """Decorates a function that writes a workbook.

    The generators of openpyxl fail once more when they are collected, which Python prints with its traceback. They are
    closed here, where nobody hears them, and the first failure is raised. The collector is not called for that: in the
    window this is the worker's thread, and widgets in cycles would be deleted on it.
    """
    try:
        yield
    except Exception as error:
        for generator in _begun(error):
            with suppress(Exception):
                generator.close()
        raise


def _begun(error: Exception) -> list[GeneratorType[Any, Any, Any]]:
    """The generators that what failed has in its variables, and openpyxl's objects there in their attributes."""
    held: list[object] = []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for value in frame.f_locals.values():
            held.append(value)
            if type(value).__module__.startswith("openpyxl."):
                held += getattr(value, "__dict__", {}).values()
    return [h for h in held if isinstance(h, GeneratorType)]


def save_workbook(book: Workbook, file: Path | IO[bytes]) -> None:
    """Write a workbook: as `Workbook.save`, which fails in a year that archives cannot name."""
    from openpyxl.writer.excel import ExcelWriter

    with Archive(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        ExcelWriter(book, archive).save()
