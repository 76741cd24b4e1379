"""The signature of data: a checksum that is another one as soon as a value, a name or the order of the rows changes.

It depends on what the data are, not on how they are stored: 1 as a byte and 1 as a double are the same, and so is a
file in any format that keeps the values. Labels and formats do not count. It is SHA-256 of a plain description, so that
nobody can make other data of the same signature; signatures of other programs are computed otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Signature:
    """Rows, names in their order, and the SHA-256 of each variable by name."""

    rows: int
    columns: tuple[tuple[str, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in their order."""
        return tuple(name for name, _ in self.columns)

    @property
    def text(self) -> str:
        """``rows:variables:SHA-256`` over the names and the variables, in their order."""
        digest = hashlib.sha256(f"{self.rows}\n".encode())
        for name, sha in self.columns:
            digest.update(f"{name}\n{sha}\n".encode())
        return f"{self.rows}:{len(self.columns)}:{digest.hexdigest()}"

    def of(self, names: Iterable[str]) -> Signature:
        """The signature of some of the variables, in the order given. Raises `KeyError` for one that is not there."""
        known = dict(self.columns)
        return Signature(self.rows, tuple((name, known[name]) for name in names))


def signature(data: Dataset, names: Iterable[str] | None = None) -> Signature:
    """The signature of these variables, of all where none are named. Takes 0.1 s for six million numbers."""
    chosen = data.names if names is None else tuple(names)
    return Signature(len(data), tuple((name, _column(data, name)) for name in chosen))


def _column(data: Dataset, name: str) -> str:
    values = data.frame[name]
    return _texts(values) if data.is_text(name) else _numbers(values)


def _numbers(values: pd.Series) -> str:
    """Doubles in little-endian order; every missing number is the same one, and minus zero is zero."""
    numbers = np.array(values.to_numpy(dtype="<f8", na_value=np.nan))
    numbers += 0.0
    numbers[np.isnan(numbers)] = np.nan
    return hashlib.sha256(b"numbers\n" + numbers.tobytes()).hexdigest()


def _texts(values: pd.Series) -> str:
    """The bytes of all texts in UTF-8, then the length of each in bytes; nothing and an empty text are the same."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in values.astype(object).where(values.notna(), "")]
    digest = hashlib.sha256(b"texts\n")
    digest.update(b"".join(encoded))
    digest.update(np.fromiter(map(len, encoded), dtype="<i8", count=len(encoded)).tobytes())
    return digest.hexdigest()
