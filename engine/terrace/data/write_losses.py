"""What reading a written file again would make of text: which values would be missing, and which would become one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.delimited_detect import MISSING
from terrace.data.digits import needs_text

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def text_losses(data: Dataset, extension: str) -> list[str]:
    """Notes on text variables whose values a file of this kind does not keep apart; none for .parquet."""
    again = _AGAIN.get(extension)
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
            notes.append(f"{name}: {a!r} and {b!r} become one value when the file is read; .parquet keeps them apart.")
    return notes


def _from_text(values: pd.Series) -> pd.Series:
    known = values.where(~values.str.strip().isin(MISSING), None)
    numbers = pd.to_numeric(known.str.strip(), errors="coerce")
    if bool((numbers.notna() == known.notna()).all()) and not needs_text(known):
        return numbers
    return known


def _from_excel(values: pd.Series) -> pd.Series:
    return values.where(~values.str.strip().isin(MISSING), None).map(lambda t: _CONTROL.sub("", t), na_action="ignore")


def _from_stata(values: pd.Series) -> pd.Series:
    return values.map(lambda t: t.partition("\0")[0])


def _from_spss(values: pd.Series) -> pd.Series:
    return _from_stata(values).str.rstrip(" ")


_AGAIN: dict[str, Callable[[pd.Series], pd.Series]] = {
    ".csv": _from_text, ".tsv": _from_text, ".xlsx": _from_excel, ".dta": _from_stata, ".sav": _from_spss,
    ".zsav": _from_spss,
}  # fmt: skip
