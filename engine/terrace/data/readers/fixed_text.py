"""Columns of text of fixed width, as binary files have them, while they are read part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.readers.binary_text import Decoder

if TYPE_CHECKING:
    import pyarrow as pa


class TextColumn:
    """A column of text of `width` bytes; `blanks` says that blanks fill it up, otherwise a zero ends each text."""

    def __init__(self, width: int, *, blanks: bool = False) -> None:
        self._width, self._blanks = width, blanks
        self._parts: list[pa.Array] = []
        self._ascii = True
        self._codes: Any = None

    @property
    def kind(self) -> str:
        """The type of NumPy by which `take` wants its parts."""
        return f"S{self._width}"

    def take(self, part: npt.NDArray[Any], start: int) -> None:
        """The next rows, shape (rows,)."""
        import pyarrow as pa

        raw = np.ascontiguousarray(part).view(np.uint8).reshape(len(part), self._width)
        if self._blanks:
            letter = (raw != ord(" ")) & (raw != 0)
            lengths = np.where(letter.any(axis=1), self._width - letter[:, ::-1].argmax(axis=1), 0)
        else:
            zero = raw == 0
            lengths = np.where(zero.any(axis=1), zero.argmax(axis=1), self._width)
        letters = raw[np.arange(self._width) < lengths[:, None]]
        self._ascii = self._ascii and bool((letters < 128).all())
        ends = np.zeros(len(part) + 1, np.int64)
        np.cumsum(lengths, out=ends[1:])
        known = np.packbits(lengths > 0, bitorder="little")
        buffers = [pa.py_buffer(known), pa.py_buffer(ends), pa.py_buffer(letters)]
        self._parts.append(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(part), buffers))

    def distinct(self) -> Iterator[bytes]:
        """Its distinct texts, where one is not plain ASCII."""
        import pyarrow as pa

        if self._ascii:
            return
        self._codes = pa.chunked_array(self._parts).combine_chunks().dictionary_encode()
        yield from (value for value in self._codes.dictionary.to_pylist() if value is not None)

    def series(self, decoder: Decoder) -> pd.Series:
        """The texts, shape (n,), the empty one as missing."""
        import pyarrow as pa

        if self._codes is None:
            return as_series(pa.chunked_array(self._parts, pa.large_binary()).cast(pa.large_string()))
        known = [decoder.text(value or b"") for value in self._codes.dictionary.to_pylist()]
        return as_series(pa.array(known, pa.large_string()).take(self._codes.indices))

    def note(self) -> str:
        """What could not be read of it: nothing."""
        return ""


def as_series(values: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Texts of Arrow as a column of pandas, shape (n,)."""
    out: pd.Series = values.to_pandas()
    return out
