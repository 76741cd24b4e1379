"""What reading a written file again would make of text: which values would be missing, become one, or be cut."""

from __future__ import annotations

import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.formats import DataFormat
from terrace.data.readers.detect import MISSING, SAMPLE_ROWS
from terrace.data.readers.header import find_header
from terrace.data.readers.moments import recognise
from terrace.data.writers.tables import CELL, NOT_IN_XML

_SHOWN = 40  # characters of a text in a note


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
        dates = pd.api.types.is_datetime64_any_dtype(read.dtype)
        if dates:
            notes.append(f"{name}: its texts look like dates, so they are read back as dates. {formats.WHOLE.usual} "
                         "keeps them as text.")
        gone = values[read.isna()]
        if len(gone):
            notes.append(f"{name}: {gone.iloc[0]!r} means missing in such a file, so it is read back as missing.")
        twice = read[read.notna() & read.duplicated(keep=False)]
        if len(twice):
            a, b = values[read == twice.iloc[0]].iloc[:2]
            whole = formats.WHOLE.usual
            notes.append(f"{name}: {a!r} and {b!r} become one value when the file is read. {whole} keeps them apart.")
        elif not dates and len(other := values[read.notna() & (read != values)]):
            text = str(other.iloc[0])
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
            notes.append(f"{name}: such a file cannot hold all of {shown!r}. {formats.WHOLE.usual} can.")
    return notes


def row_losses(data: Dataset, kind: DataFormat) -> list[str]:
    """Notes on rows at both ends that reading would take for what people write around tables: labels and footers."""
    if not kind.guessed:
        return []
    first, last = data.frame.head(SAMPLE_ROWS), data.frame.iloc[SAMPLE_ROWS:].tail(SAMPLE_ROWS)
    rows = [[None if pd.isna(c) or c == "" else c for c in row] for part in (first, last)
            for row in part.astype(object).to_numpy().tolist()]  # fmt: skip
    found = find_header([[*data.names], *rows])
    below = found.below
    while below and not any(c is not None for c in rows[len(rows) - below]):
        below -= 1  # blank rows are told by themselves
    kept = f"read as such when the file is opened; {formats.WHOLE.usual} keeps"
    notes = []
    if found.rows > 1:
        what = "row looks" if found.rows == 2 else "two rows look"
        notes.append(f"The first {what} like labels of the variables and {'is' if found.rows == 2 else 'are'} {kept} "
                     f"{'it' if found.rows == 2 else 'them'}.")  # fmt: skip
    if below:
        what = "row looks like a remark" if below == 1 else f"{below} rows look like remarks"
        notes.append(f"The last {what} below the data and {'is' if below == 1 else 'are'} left out when the file is "
                     f"opened; {formats.WHOLE.usual} keeps {'it' if below == 1 else 'them'}.")  # fmt: skip
    return notes


def from_text(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back beside numbers: dates, and without a character 0."""
    moments, _ = recognise(values)
    found = moments.read(values) if moments is not None else None
    return values.str.replace("\0", "", regex=False) if found is None else found


def from_excel(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    return from_ods(values).str[:CELL]


def from_ods(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    kept = values.where(~values.str.strip().isin(MISSING), None)
    return kept.map(lambda t: NOT_IN_XML.sub("", t), na_action="ignore")


def from_stata(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    return values.map(lambda t: t.partition("\0")[0])


def from_spss(values: pd.Series) -> pd.Series:
    """Texts, shape (n,), as a file of this format gives them back."""
    return from_stata(values).str.rstrip(" ")
