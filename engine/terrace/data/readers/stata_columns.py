"""Columns of a .dta file while its rows are read, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.extended import CODES
from terrace.data.readers.binary import BinaryFile
from terrace.data.readers.binary_text import Decoder
from terrace.data.readers.fixed_text import TextColumn, as_series
from terrace.data.readers.stata_header import StataHeader, StataVariable
from terrace.data.readers.stata_text import offset_bits
from terrace.data.value import Value

_PAST: dict[str, float] = {"i1": 101, "i2": 32_741, "i4": 2_147_483_621, "f4": 2.0**127, "f8": 2.0**1023}
"""What ``.`` is in each type since format 113; ``.a`` is a step further, and so on."""
_OLD_PAST = {**_PAST, "i1": 127, "i2": 32_767, "i4": 2_147_483_647}
_OLDEST_DOUBLE = 2.0**333  # what ``.`` is up to format 105, in which larger numbers are numbers
_BITS = {"f4": (0x7F000000, 0x800), "f8": (0x7FE0000000000000, 0x10000000000)}
"""Of ``.`` and of a step, as whole numbers."""
_LETTERS = np.array([np.nan, *CODES.values()])  # by the number of steps from ``.``


class NumberColumn:
    """A column of numbers; it keeps its type unless a value is missing. `kind` is that in the file."""

    def __init__(self, variable: StataVariable, header: StataHeader) -> None:
        self.kind = header.order + variable.kind
        self.values: npt.NDArray[Any] = np.empty(header.rows, variable.kind)
        self.missing_codes: tuple[float, ...] = ()
        self._type, self._tagged = variable.kind, header.version >= 113
        self._past = (_PAST if self._tagged else _OLD_PAST)[variable.kind]
        self._oldest = variable.kind == "f8" and header.version <= 105
        self._gone = False

    def take(self, part: npt.NDArray[Any], start: int) -> None:
        """The next rows, from `start` on."""
        here = self.values[start : start + len(part)]
        here[:] = part
        least = _OLDEST_DOUBLE if self._oldest else self._past
        if not here.max() < least:  # also where it is not a number
            self._gone = True

    def finish(self) -> None:
        """Missing values become NaN and `extended.CODES`, and those that occur are in `missing_codes`."""
        if not self._gone:
            return
        found = self.values
        gone = ~(found < self._past)
        at = np.flatnonzero(gone | (found == _OLDEST_DOUBLE) if self._oldest else gone)
        steps = self._steps(found[at])
        with np.errstate(invalid="ignore"):  # bits that are no number become none
            self.values = found.astype(np.float64)
        self.values[at] = _LETTERS[steps]
        self.missing_codes = tuple(float(_LETTERS[k]) for k in np.unique(steps).tolist() if k)

    def _steps(self, found: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """How many steps each is beyond ``.``, 0 for all that is no letter."""
        if not self._tagged:
            return np.zeros(len(found), np.int64)
        if self._type in _BITS:
            first, step = _BITS[self._type]
            steps, rest = np.divmod(found.view(f"i{found.itemsize}").astype(np.int64) - first, step)
            steps[rest != 0] = 0
        else:
            steps = found.astype(np.int64) - int(self._past)
        out: npt.NDArray[np.int64] = np.where((steps >= 1) & (steps < len(_LETTERS)), steps, 0)
        return out


def label_key(key: int, header: StataHeader) -> Value | None:
    """What a key of value labels, a long, labels: a number, an extended missing value, or None for ``.``."""
    if header.version < 113 or key < _PAST["i4"]:
        return key
    steps = key - int(_PAST["i4"])
    return float(_LETTERS[steps]) if 0 < steps < len(_LETTERS) else None


class LongTextColumn:
    """A column of references to long texts (strL), which stand behind the rows."""

    def __init__(self, variable: StataVariable, header: StataHeader) -> None:
        self.kind = header.order + "u8"
        self._name = variable.name.decode("utf-8", "replace")
        self._keys = np.empty(header.rows, np.uint64)
        self._bits, self._swap = offset_bits(header), header.order == "<"
        self._texts: list[bytes | None] = []
        self._place: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self._note = ""

    def take(self, part: npt.NDArray[Any], start: int) -> None:
        """The next rows, from `start` on."""
        self._keys[start : start + len(part)] = part

    def settle(self, file: BinaryFile, texts: Mapping[int, bytes], binary: Mapping[int, int]) -> None:
        """Follow the references. Raises `DataError` for one that leads nowhere."""
        keys = self._keys
        if self._swap:  # the variable stands in the first bytes, which here are the lowest
            ahead = np.uint64(64 - self._bits)
            keys = (keys << np.uint64(self._bits)) | (keys >> ahead)
        found, self._place = np.unique(keys, return_inverse=True)
        wanted = found.tolist()
        lost = next((k for k in wanted if k not in texts and k not in binary), None)
        if lost is not None:
            row = int(np.argmax(keys == lost)) + 1
            raise file.damaged(f"row {row} of {self._name} refers to a long text that is not in the file")
        self._texts = [texts.get(k) or None for k in wanted]
        closed = np.array([k in binary for k in wanted])[self._place] if wanted else np.zeros(0, bool)
        if closed.any():
            row = int(np.argmax(closed))
            self._note = (
                f"{int(closed.sum()):,} of its values {'is' if closed.sum() == 1 else 'are'} binary, not text (row "
                f"{row + 1}: {binary[wanted[self._place[row]]]:,} bytes), and missing here."
            )

    def distinct(self) -> Iterator[bytes]:
        """Its distinct texts."""
        return (text for text in self._texts if text is not None)

    def series(self, decoder: Decoder) -> pd.Series:
        """The texts, shape (n,), the empty one as missing."""
        import pyarrow as pa

        known = [None if text is None else decoder.text(text) for text in self._texts]
        return as_series(pa.array(known, pa.large_string()).take(pa.array(self._place)))

    def note(self) -> str:
        """What could not be read of it, empty where all could."""
        return self._note


def column_of(variable: StataVariable, header: StataHeader) -> NumberColumn | TextColumn | LongTextColumn:
    """An empty column for a variable."""
    if variable.kind == "L":
        return LongTextColumn(variable, header)
    return TextColumn(variable.width) if variable.kind[0] == "S" else NumberColumn(variable, header)
