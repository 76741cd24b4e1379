"""Delimited text: .csv, .tsv, .txt."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.digits import EXACT, needs_text, spelled_apart
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.detect import DELIMITER_NAMES, MISSING, Layout, detect
from terrace.data.readers.line_limit import LineLimit
from terrace.data.readers.quoted import QUOTED, text_by_quotes
from terrace.errors import DataError

_HEAD = 1 << 18  # bytes that tell what may be
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

    Columns of ISO dates become dates; a column that is not wholly numeric, or whose numbers would lose digits, becomes
    text, with a note where most of it is numbers. Raises `DataError` for a file that is not a table, naming the line.
    """
    report()
    layout = detect(path, delimiter=delimiter, decimal=decimal, encoding=encoding)
    frame, told = read_rows(path, layout, report)
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
        if i in told:
            notes.append(f"{name or f'column {i + 1}'}: {told[i]}")
        columns.append(RawColumn(name if layout.header else f"v{i + 1}", values, label))
    return build_dataset(columns, source=str(path), notes=notes)


class _Watched(io.RawIOBase):
    """A file that reports how much of it was read, stops being read when asked to, and looks at how fields are written.

    ``zeros`` becomes true where a field seems to begin with a zero before another digit (``007``), ``padded`` where one
    seems to have a blank at its end or a plus sign.
    """

    def __init__(self, path: Path, report: Report, layout: Layout) -> None:
        super().__init__()
        self._file = open(path, "rb")  # noqa: SIM115 - closed in close()
        self._size = max(1, os.path.getsize(path))
        self._report = report
        self._done = 0
        self._bound = LineLimit(path)
        self._before = b"\n\n"
        self._starts = np.zeros(256, dtype=bool)
        self._starts[[*b"\r\n\"' \0", *layout.delimiter.encode("utf-8")]] = True
        self.zeros = self.padded = layout.encoding.startswith(("utf-16", "utf-32"))
        self._pads = np.zeros(256, dtype=bool)
        self._pads[[*b" +"] if layout.delimiter != " " else [*b"+"]] = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # A file that another program writes to has an end all the same: where it ended when it was opened.
        n = self._file.readinto(memoryview(buffer)[: max(0, self._size - self._done)])
        self._done += n
        self._bound(bytes(memoryview(buffer)[:n]))
        self._report(min(1.0, self._done / self._size))
        if n and not (self.zeros and self.padded):
            self._look(self._before + bytes(memoryview(buffer)[:n]))
        return n

    def _look(self, block: bytes) -> None:
        self._before = block[-3:]
        values = np.frombuffer(block, dtype=np.uint8)
        if not self.padded:
            pads = self._pads[values]
            at = np.flatnonzero(pads[1:-1]) + 1
            self.padded = bool(np.any(self._starts[values[at - 1]] | self._starts[values[at + 1]]))
        if self.zeros:
            return
        digit = (values >= ord("0")) & (values <= ord("9"))
        at = np.flatnonzero((values[:-1] == ord("0")) & digit[1:])
        at = at[at > 1]
        sign = (values[at - 1] == ord("+")) | (values[at - 1] == ord("-"))
        self.zeros = bool(np.any(self._starts[np.where(sign, values[at - 2], values[at - 1])]))

    def close(self) -> None:
        self._file.close()
        super().close()


def read_rows(
    path: Path, layout: Layout, report: Report, rows: int | None = None, text: Collection[int] = ()
) -> tuple[pd.DataFrame, dict[int, str]]:
    """The rows of the table, or its first: columns of numbers that a double tells apart, truth values, or text; and
    notes of columns, by position, in which one number is written in several ways.

    The columns `text` are text whatever they hold.
    """
    frame, watched = _parsed(path, layout, report, rows, dict.fromkeys(text, "str"))
    quoted = _quoted(path, layout, frame, rows)
    notes: dict[int, str] = {}
    for k in sorted(quoted - set(text)):
        if pd.api.types.is_numeric_dtype(frame.iloc[:, k].dtype):
            notes[k] = QUOTED
    if quoted:
        whole, _ = _parsed(path, layout, report, rows, dict.fromkeys(quoted, "str"), sorted(quoted), missing=("",))
        for place, k in enumerate(sorted(quoted)):
            frame.isetitem(k, whole.iloc[:, place].array)
        text = {*text, *quoted}
    columns = [frame.iloc[:, k] for k in range(frame.shape[1])]
    doubtful = [
        k for k, values in enumerate(columns)
        if k not in text and (_doubtful(values, watched.zeros) or (watched.padded and _whole(values)))
    ]  # fmt: skip
    if doubtful:
        fields, _ = _parsed(path, layout, report, rows, dict.fromkeys(doubtful, "str"), doubtful)
        for place, k in enumerate(doubtful):
            written = fields.iloc[:, place]
            if layout.thousands:
                written = written.str.replace(layout.thousands, "", regex=False)
            keep = needs_text(written)
            if keep or _whole(columns[k]):
                notes[k] = _spelled(written, layout, keep)
            if keep:
                frame.isetitem(k, written.str.strip().array)
    for k in range(frame.shape[1]):
        if k not in quoted and isinstance(frame.iloc[:, k].dtype, pd.StringDtype):
            notes[k] = _take_blanks_out(frame, k, layout, k not in text) or notes.get(k, "")
    return frame, {k: note for k, note in notes.items() if note}


def _quoted(path: Path, layout: Layout, frame: pd.DataFrame, rows: int | None) -> frozenset[int]:
    """The columns that are text for their quotation marks, as far as pandas made something else of a value."""
    where = (path, layout.delimiter, layout.encoding, len(layout.names), layout.skip + layout.header)
    head = text_by_quotes(*where, most=_HEAD)
    number = {k for k in head.values if not isinstance(frame.iloc[:, k].dtype, pd.StringDtype)}
    if not any(k in number or bool(frame.iloc[:, k].isna().any()) for k in head.values):
        return frozenset()
    found = text_by_quotes(*where, most=_HEAD if rows is not None else -1)
    unsure = sorted((found.values - found.names) & number)
    if not unsure:
        return found.values
    fields, _ = _parsed(path, layout, Report(""), rows, dict.fromkeys(unsure, "str"), unsure)
    return found.values - {k for place, k in enumerate(unsure) if not needs_text(fields.iloc[:, place])}


def _take_blanks_out(frame: pd.DataFrame, k: int, layout: Layout, numbers: bool) -> str:
    """Signs of missing with blanks around them, which pandas takes for text, become missing; numbers may be left.

    Returns a note where one of these is written in several ways.
    """
    values = frame.iloc[:, k]
    blank = values.str.strip().isin(MISSING) & values.notna()
    if not bool(blank.any()):
        return ""
    values = values.mask(blank)
    plain = values.str.replace(",", ".", regex=False) if layout.decimal == "," else values
    found = pd.to_numeric(plain.str.strip(), errors="coerce")
    note = ""
    if numbers and bool((found.notna() == values.notna()).all()):
        keep = needs_text(values)
        note = _spelled(values, layout, keep) if keep or _whole(found) else ""
        values = values.str.strip() if keep else found
    frame.isetitem(k, values.array)
    return note


def _spelled(written: pd.Series, layout: Layout, text: bool) -> str:
    present = written[written.notna() & ~written.str.strip().isin(MISSING)]
    return spelled_apart(present, 2 if layout.header else 1, text=text)


def _whole(values: pd.Series) -> bool:
    """True for whole numbers: what can be a name of something, so that it matters which ones are the same."""
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        return False
    array = values.to_numpy()
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    return bool(len(finite)) and bool(np.all(finite == np.floor(finite)))


def _doubtful(values: pd.Series, zeros: bool) -> bool:
    """True where numbers may have lost digits, so that the fields have to be looked at."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_numeric_dtype(values.dtype):
        if zeros:
            return True
        array = values.to_numpy()
        return array.dtype.kind == "f" and bool(np.any(np.isfinite(array) & (np.abs(array) >= EXACT)))
    # Whole numbers beyond 2^64: pandas gives objects, or fields among which signs of missing were left.
    return values.dtype == object or bool(values.isin(MISSING).any())


def _parsed(
    path: Path,
    layout: Layout,
    report: Report,
    rows: int | None,
    types: Mapping[int, str],
    only: Sequence[int] | None = None,
    missing: Collection[str] = MISSING,
) -> tuple[pd.DataFrame, _Watched]:
    """The table as pandas reads it, or some columns, and the file with what was seen in its fields."""
    names = [f"c{i}" for i in range(len(layout.names))]
    options: dict[str, Any] = {}
    if int(pd.__version__.split(".")[0]) < 3 and layout.decimal == "." and layout.thousands is None:
        options["float_precision"] = "round_trip"  # later versions always are
    if layout.delimiter == " ":
        options["sep"] = r"\s+"
    else:
        options["sep"] = layout.delimiter
    if only is not None:
        options["usecols"] = [names[k] for k in only]
    try:
        watched = _Watched(path, report, layout)
        with io.BufferedReader(watched, buffer_size=1 << 18) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
            frame = pd.read_csv(
                file,
                encoding=layout.encoding,
                decimal=layout.decimal,
                thousands=layout.thousands,
                header=0 if layout.header else None,
                names=names,
                dtype={names[k]: kind for k, kind in types.items()},
                index_col=False,
                skiprows=layout.skip,
                skip_blank_lines=True,
                na_values=list(missing),
                keep_default_na=False,
                low_memory=False,
                nrows=rows,
                **options,
            )
            return frame, watched
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
