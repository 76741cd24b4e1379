"""What reading a written file again would make of text: which values would be missing, and which would become one."""

from __future__ import annotations

import re

import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.digits import needs_text
from terrace.data.formats import DataFormat
from terrace.data.readers.delimited import SIGNS
from terrace.data.readers.detect import MISSING

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def text_losses(data: Dataset, kind: DataFormat) -> list[str]:
    """Notes on text variables whose values a file of this format does not keep apart."""
    again = formats.again_of(kind)
    if again is None:
        return []
    notes = []
    for name in data.names:
        if not data.is_text(name):
            continue
        values = pd.Series(data.codes(name)[1], dtype=object)
        if values.empty:
            continue
        read = again(values)
        gone = values[read.isna()]
        if len(gone):
            notes.append(f"{name}: {gone.iloc[0]!r} stands for missing in such a file, and is read as missing.")
        twice = read[read.notna() & read.duplicated(keep=False)]
        if len(twice):
            a, b = values[read == twice.iloc[0]].iloc[:2]
            whole = formats.WHOLE.usual
            notes.append(f"{name}: {a!r} and {b!r} become one value when the file is read; {whole} keeps them apart.")
    return notes


def from_text(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    known = values.where(~values.str.strip().isin(MISSING), None)
    numbers = pd.to_numeric(known.str.strip(), errors="coerce")
    if numbers.notna().any():  # among numbers a dash is a sign of missing too
        known_numbers = known.where(~known.str.strip().isin(SIGNS), None)
        if bool((numbers.notna() == known_numbers.notna()).all()) and not needs_text(known_numbers):
            return numbers
    if bool((numbers.notna() == known.notna()).all()) and not needs_text(known):
        return numbers
    return known


def from_excel(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    return values.where(~values.str.strip().isin(MISSING), None).map(lambda t: _CONTROL.sub("", t), na_action="ignore")


def from_stata(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    return values.map(lambda t: t.partition("\0")[0])


def from_spss(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    return from_stata(values).str.rstrip(" ")
