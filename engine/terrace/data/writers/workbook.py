"""Writing with openpyxl where the disk is full: what is left half-written ends in silence."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


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
