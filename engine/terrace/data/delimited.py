"""Delimited text: .csv, .tsv, .txt."""

from __future__ import annotations

import io
import os
import re
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from terrace.data.build import RawColumn, build_dataset
from terrace.data.dataset import Dataset
from terrace.data.delimited_detect import DELIMITER_NAMES, MISSING, Layout, detect
from terrace.data.progress import Report
from terrace.errors import DataError

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")


def read_delimited(
    path: Path,
    report: Report,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Dataset:
    """Read a text table; what had to be detected is told in the notes.

    Columns of ISO dates become dates; a column that is not wholly numeric becomes text, with a note where
    most of it is numbers. Raises `DataError` for a file that is not a table, naming the line.
    """
    report()
    layout = detect(path, delimiter=delimiter, decimal=decimal, encoding=encoding)
    frame = _frame(path, layout, report)
    notes = [describe_layout(layout)]
    cut = _last_line_is_short(path, layout)
    if cut:
        notes.append(cut)
    columns = []
    for i, name in enumerate(layout.names):
        values = frame.iloc[:, i]
        if not name and i >= 1 and bool(values.isna().all()):
            continue  # the trailing delimiter of every line
        label = ""
        if not pd.api.types.is_numeric_dtype(values.dtype):
            values, note = text_column(values, layout)
            if note:
                notes.append(f"{name or f'column {i + 1}'}: {note}")
        columns.append(RawColumn(name if layout.header else f"v{i + 1}", values, label))
    return build_dataset(columns, source=str(path), notes=notes)


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


def read_rows(path: Path, layout: Layout, rows: int) -> pd.DataFrame:
    """The first rows as they would be read with all others."""
    return _frame(path, layout, Report(""), rows)


def _frame(path: Path, layout: Layout, report: Report, rows: int | None = None) -> pd.DataFrame:
    names = [f"c{i}" for i in range(len(layout.names))]
    options: dict[str, Any] = {}
    if int(pd.__version__.split(".")[0]) < 3 and layout.decimal == "." and layout.thousands is None:
        options["float_precision"] = "round_trip"  # later versions always are
    if layout.delimiter == " ":
        options["sep"] = r"\s+"
    else:
        options["sep"] = layout.delimiter
    try:
        with (
            io.BufferedReader(_Watched(path, report), buffer_size=1 << 18) as file,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
            return pd.read_csv(
                file,
                encoding=layout.encoding,
                decimal=layout.decimal,
                thousands=layout.thousands,
                header=0 if layout.header else None,
                names=names,
                index_col=False,
                skiprows=layout.skip,
                skip_blank_lines=True,
                na_values=list(MISSING),
                keep_default_na=False,
                low_memory=False,
                nrows=rows,
                **options,
            )
    except pd.errors.ParserError as error:
        raise _parser_error(path, error) from None


def _parser_error(path: Path, error: Exception) -> DataError:
    text = str(error)
    ragged = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text)
    if ragged:
        expected, line, saw = ragged.groups()
        return DataError(
            f"Line {line} of {path.name} has {saw} fields where {expected} are expected.",
            code="ragged-file",
            subject=str(path),
            advice="Check the delimiter, and put text that contains it between quotation marks.",
        )
    quote = re.search(r"EOF inside string starting at row (\d+)", text)
    if quote:
        return DataError(
            f"A quotation mark opened in row {int(quote.group(1)) + 1} of {path.name} is never closed; "
            "the file may be cut off.",
            code="truncated-file",
            subject=str(path),
            advice="Close it, or copy the file again.",
        )
    return DataError(f"{path.name} is not a table of text: {text}", code="unreadable-file", subject=str(path))


def describe_layout(layout: Layout) -> str:
    """A note on how the file is read."""
    kind = DELIMITER_NAMES.get(layout.delimiter, f"{layout.delimiter!r}")
    parts = [f"Read as {layout.encoding} text separated by {kind}"]
    if layout.decimal == ",":
        parts.append("with decimal commas")
    if layout.thousands:
        parts.append(f"with {layout.thousands!r} between thousands")
    parts.append("with a header" if layout.header else "without a header")
    return ", ".join(parts) + "."


def text_column(values: pd.Series, layout: Layout) -> tuple[pd.Series, str]:
    """Dates where every value is one; otherwise text, and a note where nearly all of it is numbers."""
    if not isinstance(values.dtype, pd.StringDtype) and values.dtype != object:
        return values, ""
    present = values.dropna()
    if present.empty:
        return values, ""
    if _ISO.fullmatch(str(present.iloc[0]).strip()):
        try:
            stamps = pd.to_datetime(values.str.strip(), format="ISO8601", errors="coerce")
        except (ValueError, TypeError):
            return values, ""
        if bool((stamps.notna() == values.notna()).all()):
            return stamps, "its dates are days since 1 January 1960." if _midnight(stamps) else (
                "its times are milliseconds since 1 January 1960."
            )
    levels = present.drop_duplicates().astype(str)
    plain = levels.str.replace(",", ".", regex=False) if layout.decimal == "," else levels
    bad = levels[pd.to_numeric(plain, errors="coerce").isna()]
    if 0 < len(bad) <= 20 and len(bad) < 0.2 * len(levels):
        n = int(present.isin(bad).sum())
        if n < 0.1 * len(present):
            first = bad.index[0] + 2 if layout.header else bad.index[0] + 1
            count = "one value is no number" if n == 1 else f"{n} values are no numbers"
            return values, f"{count} ({bad.iloc[0]!r} in row {first} is the first), so the variable is text."
    return values, ""


def _midnight(stamps: pd.Series) -> bool:
    present = stamps.dropna()
    return bool((present == present.dt.normalize()).all())


def _last_line_is_short(path: Path, layout: Layout) -> str:
    """A note where the last line has fewer fields than the others and does not end: the file may be cut."""
    if layout.encoding.startswith(("utf-16", "utf-32")) or layout.delimiter == " ":
        return ""
    with open(path, "rb") as file:
        file.seek(-min(1 << 16, os.path.getsize(path)), os.SEEK_END)
        tail = file.read()
    if tail.endswith((b"\n", b"\r")) or b'"' in tail:
        return ""
    last = tail.replace(b"\r", b"\n").rsplit(b"\n", 1)[-1]
    fields = last.count(layout.delimiter.encode(layout.encoding, errors="replace")) + 1
    if fields >= len(layout.names):
        return ""
    return f"The last line has {fields} of {len(layout.names)} fields; the file may be cut off."
