"""The bytes of a binary file, taken in order, none of which is taken on trust.

A count in a header is compared with what the file has before anything is allocated for it, so that a damaged or
forged header is a sentence and not a full memory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from terrace.errors import DataError
from terrace.wording import plural


class BinaryFile:
    """A file that is read from its beginning. `what` names the part at hand in every message."""

    def __init__(self, path: Path, program: str) -> None:
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115  # closed by __exit__
        self.path, self.program = path, program
        self.size = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> BinaryFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def position(self) -> int:
        """Where the next byte is taken, counted from 0."""
        return self._file.tell()

    @property
    def left(self) -> int:
        """Bytes from here to the end."""
        return self.size - self._file.tell()

    def take(self, count: int, what: str) -> bytes:
        """The next `count` bytes; `DataError` where the file has less."""
        self.need(count, what)
        found = self._file.read(count)
        if len(found) < count:
            raise self.cut(what)
        return found

    def fill(self, target: memoryview, what: str) -> None:
        """The next bytes into `target`, all of it; `DataError` where the file has less."""
        if self._file.readinto(target) < len(target):  # type: ignore[attr-defined]  # a file of open() has it
            raise self.cut(what)

    def need(self, count: int, what: str) -> None:
        """`DataError` where the file does not go on for `count` bytes."""
        if not 0 <= count <= self.left:
            raise self.cut(what)

    def go(self, position: int) -> None:
        """To a place, counted from 0."""
        self._file.seek(position)

    def numbers(self, layout: str, what: str) -> tuple[int, ...]:
        """Whole numbers by a layout of `struct`."""
        found: tuple[int, ...] = struct.unpack(layout, self.take(struct.calcsize(layout), what))
        return found

    def cut(self, what: str) -> DataError:
        """The error of a file that ends too early."""
        return DataError(
            f"{self.path.name} is cut off: {what} of the {self.program} file is missing or incomplete.",
            code="truncated-file",
            subject=str(self.path),
            advice="Copy or download the file again.",
        )

    def damaged(self, what: str) -> DataError:
        """The error of a file that contradicts itself; `what` is a clause such as ``the names are missing``."""
        return DataError(
            f"{self.path.name} is damaged: {what}.",
            code="unreadable-file",
            subject=str(self.path),
            advice=f"Copy or download it again, or open it in {self.program} and save it again.",
        )


class FixedColumn(Protocol):
    """A column of fixed width that is filled while rows are read; `kind` is the type of NumPy that it has in the file.
    """

    @property
    def kind(self) -> str: ...

    def take(self, part: npt.NDArray[Any], start: int) -> None: ...


def take_rows(
    file: BinaryFile,
    columns: Sequence[FixedColumn],
    widths: Sequence[int],
    count: int,
    size: int,
    report: Callable[[float], None],
) -> None:
    """The next `count` rows into their columns, `size` at once, each column of a part by one view of its bytes.

    `widths` are the bytes of each column in a row. `report` is told the part of the rows that has been read.
    """
    width, what = sum(widths), f"a part of its {plural(count, 'row')}"
    block = bytearray(size * width)
    views = [
        np.ndarray((size,), column.kind, buffer=block, offset=offset, strides=(width,))
        for column, offset in zip(columns, accumulate(widths, initial=0), strict=False)
    ]
    for start in range(0, count, size):
        here = min(size, count - start)
        file.fill(memoryview(block)[: here * width], what)
        for column, view in zip(columns, views, strict=True):
            column.take(view[:here], start)
        report((start + here) / count)
