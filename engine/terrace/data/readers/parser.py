"""The fast parser of text tables: pandas', without its warnings, and beside whatever else is done."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.beside import Beside
from terrace.data.progress import Report
from terrace.data.readers.build import FEW
from terrace.data.readers.detect import MISSING, Layout
from terrace.errors import DataError

TOGETHER = 1 << 27
"""Bytes up to which a file is counted and parsed at the same time; a larger one reports how far it is."""
_SMALL = 1 << 20  # bytes
_LITTLE = 1 << 13  # bytes a column


@contextmanager
def quiet() -> Iterator[None]:
    """Without what pandas says of odd files, which is told in other words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        yield


class _Watched(io.RawIOBase):
    """A file that reports how much of it was read, and stops being read when asked to."""

    def __init__(self, path: Path, report: Report) -> None:
        super().__init__()
        self._file = open(path, "rb")  # noqa: SIM115 - closed in close()
        self._size = max(1, os.path.getsize(path))
        self._report = report
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._file.readinto(buffer)
        self._done += n
        self._report(min(1.0, self._done / self._size))
        return n

    def close(self) -> None:
        self._file.close()
        super().close()


class Parsing:
    """A table that pandas parses, from now on and beside whatever else is done, or some columns and the first rows.

    It becomes numbers, truth values and text, columns ``c0``, ``c1`` and on. ``types`` are the types of columns that
    are not to be found out. Without ``missing`` nothing is read as missing. It belongs into a block of `quiet`.
    """

    def __init__(
        self,
        path: Path,
        source: Path | bytes,
        layout: Layout,
        report: Report,
        rows: int | None = None,
        types: Mapping[int, str] | None = None,
        only: Sequence[int] | None = None,
        *,
        missing: bool = True,
    ) -> None:
        names = [f"c{i}" for i in range(len(layout.names))]
        options: dict[str, Any] = {}
        if int(pd.__version__.split(".")[0]) < 3 and layout.decimal == "." and layout.thousands is None:
            options["float_precision"] = "round_trip"  # later versions always are
        if only is not None:
            options["usecols"] = [names[k] for k in only]
        if layout.decimal != ".":
            options["decimal"] = layout.decimal
        if layout.thousands:
            options["thousands"] = layout.thousands
        if types:
            options["dtype"] = {names[k]: kind for k, kind in types.items()}
        size = len(source) if isinstance(source, bytes) else os.path.getsize(source)
        self._large = isinstance(source, Path) and size > TOGETHER
        self._path, self._source, self._report = path, source, report
        self._options = {
            "sep": layout.delimiter,
            "encoding": layout.encoding if isinstance(source, Path) else "utf-8",
            "header": None,
            "names": names,
            "index_col": False,
            "skiprows": layout.before,
            "na_values": list(MISSING) if missing else [],
            "keep_default_na": False,
            "na_filter": missing,
            "nrows": rows,
            **options,
        }
        # the pieces that pandas takes otherwise cost time for each column
        self._whole = self._large or size < max(_SMALL, _LITTLE * len(names))
        self._work = Beside(lambda: self._call(self._whole))

    def _call(self, whole: bool) -> pd.DataFrame:
        file: Any = self._source if isinstance(self._source, Path) else io.BytesIO(self._source)
        if self._large:
            file = io.BufferedReader(_Watched(self._path, self._report), buffer_size=1 << 18)
        try:
            frame: pd.DataFrame = pd.read_csv(file, low_memory=not whole, **self._options)
            return frame
        finally:
            if self._large:
                file.close()

    def settle(self) -> None:
        """Wait until the parser is done, whatever comes of it. Raises `Cancelled` where asked to stop."""
        self._work.wait(self._report)

    def frame(self) -> pd.DataFrame:
        """The table. Raises `DataError` where it is none, and `Cancelled` without waiting for the parser."""
        try:
            frame = self._work.result(self._report)
            if not self._whole and any(isinstance(d, np.dtype) and d.kind == "O" for d in set(frame.dtypes)):
                frame = Beside(lambda: self._call(whole=True)).result(self._report)  # parts had different types
        except pd.errors.ParserError as error:
            raise _parser_error(self._path, error) from None
        return _side_by_side(frame) if frame.shape[1] > FEW else frame


def _side_by_side(frame: pd.DataFrame) -> pd.DataFrame:
    """Thousands of numbers in one block: each column is one of its own, and what follows would take them one by one."""
    kinds = list(frame.dtypes)
    if not all(isinstance(kind, np.dtype) and kind == kinds[0] and kind.kind in "fi" for kind in kinds):
        return frame
    return pd.DataFrame(frame.to_numpy(), columns=frame.columns)


def _parser_error(path: Path, error: Exception) -> DataError:
    ragged = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if ragged:
        expected, line, saw = ragged.groups()
        return DataError(
            f"Line {line} of {path.name} has {saw} fields where {expected} are expected.",
            code="ragged-file",
            subject=str(path),
            advice="Check the delimiter, and put text that contains it in quotation marks.",
        )
    return DataError(f"{path.name} is not a table of text: {error}", code="unreadable-file", subject=str(path))
