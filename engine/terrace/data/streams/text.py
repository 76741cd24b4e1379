"""Delimited text read in batches.

Delimiter, header and encoding are detected as for reading into memory; the types of the columns are those of the
first rows. A type that does not hold further down (a letter among the numbers of a group variable, a number that would
lose digits) is given up for a wider one, and whoever reads begins anew (`TypeGivenUp`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from terrace.data.digits import EXACT, needs_text, why_text
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.delimited import SIGNS, describe_layout, read_rows, text_column
from terrace.data.readers.detect import MISSING, SAMPLE_BYTES, Wanted, detect_sample
from terrace.data.readers.moments import Moments, recognise
from terrace.data.readers.table import Table, open_unsplit
from terrace.data.regular_file import openable
from terrace.data.streams.batches import PREVIEW_ROWS, AsPandas, StreamedData, Wider, bytes_needed
from terrace.errors import DataError, TerraceError

BLOCK_BYTES = 1 << 24
_PADDED = "padded"  # for Wider: the type holds, and the notes have to tell how its numbers are written
_SIGNED = "signs"  # likewise for signs of missing among numbers
_SIGNS_TOLD = "some of its values, such as '-', are read as missing."
_SPELLED = (
    "some of its numbers have blanks around them or a plus sign and others do not. These are ignored, so ' 1' and "
    "'1' are the same value."
)
_WIDER = {"int": "float", "bool": "text", "float": "text"}


@dataclass(frozen=True)
class TextBlocks:
    """The columns of a text file by position.

    ``table`` is the file as it was found to be when it was opened. ``types`` are ``int``, ``float``, ``bool``,
    ``text``, ``date`` or ``digits`` (numbers that are kept as text). ``told`` are the columns of whole numbers whose
    several spellings are in the notes, ``moments`` how dates are written, ``signs`` the columns of numbers in which
    signs such as - are missing.
    """

    table: Table
    types: tuple[str, ...]
    size: int
    n_rows: int | None = None
    told: frozenset[int] = frozenset()
    moments: Mapping[int, Moments] = field(default_factory=dict)
    signs: frozenset[int] = frozenset()

    @property
    def path(self) -> Path:
        """The file."""
        return self.table.path

    def blocks(self, columns: Sequence[int], rows: int) -> Iterator[tuple[list[Any], float]]:
        import pyarrow as pa
        from pyarrow import csv

        layout = self.table.layout
        names = [f"c{k}" for k in range(len(layout.names))]
        encoding = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
        padding = {k: _Padding() for k in columns if self.types[k] in ("int", "digits") and k not in self.told}
        with openable(self.path) as source, pa.input_stream(source, compression=None) as handle:
            try:
                reader = csv.open_csv(
                    handle,
                    read_options=csv.ReadOptions(
                        block_size=BLOCK_BYTES,
                        skip_rows=layout.before,
                        column_names=names,
                        encoding=encoding,
                    ),
                    parse_options=csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
                    convert_options=csv.ConvertOptions(
                        include_columns=[names[k] for k in columns],
                        column_types={
                            names[k]: pa.bool_() if self.types[k] == "bool" else pa.string() for k in columns
                        },
                        null_values=list(MISSING),
                        strings_can_be_null=True,
                    ),
                )
                for batch in reader:
                    fraction = min(1.0, handle.tell() / max(1, self.size))
                    for first in range(0, batch.num_rows, rows):
                        part = batch.slice(first, rows)
                        for i, k in enumerate(columns):
                            if k in padding and padding[k].differs(part.column(i)):
                                raise Wider(k, _PADDED)
                        yield [self._plain(k, part.column(i)) for i, k in enumerate(columns)], fraction
            except pa.ArrowInvalid as error:
                raise self._meaning(str(error)) from None

    def _plain(self, k: int, array: Any) -> Any:
        kind = self.types[k]
        if kind in ("int", "float"):
            return self._numbers(k, array)
        if kind == "digits":
            return _known(array, trimmed=True)
        if kind == "text":
            return _known(array)
        if kind != "date":
            return array
        values = _known(array).to_pandas()
        found = self.moments[k].read(values)
        if found is None:
            raise Wider(k)
        return AsPandas(found)

    def _numbers(self, k: int, array: Any) -> Any:
        """The fields as numbers; `Wider` where one is none, or would lose digits."""
        import pyarrow as pa
        import pyarrow.compute as pc

        fields = pc.ascii_trim_whitespace(array)
        kept = _begin_with_zero(fields)
        if self.table.layout.decimal == ",":
            fields = pc.replace_substring(fields, ",", ".")
        whole = pa.int64() if self.types[k] == "int" else pa.float64()
        try:
            numbers = _cast(_without_signs(fields) if k in self.signs else fields, whole)
        except pa.ArrowInvalid:
            if k not in self.signs and _castable(_without_signs(fields)):
                raise Wider(k, _SIGNED) from None
            # whole numbers beyond 2^63 are among what is wider
            raise Wider(k, "digits" if kept == "digits" or _too_long(fields) else "") from None
        kept = kept or ("digits" if _beyond(numbers) and _too_long(fields) else "")
        if kept:
            raise Wider(k, kept)
        return numbers

    def _meaning(self, text: str) -> Exception:
        conversion = re.search(r"In CSV column #(\d+)", text)
        if conversion and "conversion error" in text:
            return Wider(int(conversion.group(1)))
        return DataError(
            f"{self.path.name} cannot be read in parts: {text.removeprefix('CSV parse error: ')}",
            code="ragged-file",
            subject=str(self.path),
            advice="Check the delimiter, and put text that contains it in quotation marks.",
        )


@dataclass(frozen=True)
class StreamedText(StreamedData):
    """A streamed text file: it knows how to go on with a wider type."""

    def widened(self, column: int, kind: str) -> StreamedText:
        """The file with a wider type of one column; it is not looked at as a whole again."""
        assert isinstance(self.file, TextBlocks)
        types, told, signs = list(self.file.types), self.file.told, self.file.signs
        if kind == _PADDED:
            told = told | {column}
        elif kind == _SIGNED:
            signs = signs | {column}
            types[column] = "float"
        else:
            types[column] = kind or _WIDER.get(types[column], "text")
        wider = _preview(self.file.table, tuple(types), self.file.size, told, signs)
        return replace(wider, batch_rows=self.batch_rows)


def open_text(path: Path, report: Report) -> StreamedData:
    """The file as StreamedData. `DataError` for layouts that cannot be read in parts."""
    report()
    return _preview(_opened(path, report), None, path.stat().st_size)


def _opened(path: Path, report: Report) -> Table:
    table = open_unsplit(path, report)
    thousands = table.layout.thousands if table else None
    if table is None or thousands:
        what = f"marks thousands by {thousands!r}" if thousands else "has rows that have to be read one by one"
        raise DataError(
            f"{path.name} {what}; such text cannot be streamed.",
            code="cannot-stream",
            subject=str(path),
            advice="Write it as CSV with plain numbers, or as Parquet.",
        )
    return table


def _preview(
    table: Table,
    types: tuple[str, ...] | None,
    size: int,
    told: frozenset[int] = frozenset(),
    signs: frozenset[int] = frozenset(),
) -> StreamedText:
    as_text = [] if types is None else [k for k, kind in enumerate(types) if kind in ("text", "digits")]
    layout = table.layout
    head = read_rows(table, Report(""), PREVIEW_ROWS, as_text)
    frame, spelled = head.frame, head.told | dict.fromkeys(told - set(head.told), _SPELLED)
    columns, where, found = [], [], []
    moments: dict[int, Moments] = {}
    notes = [describe_layout(layout), *table.notes]
    for k, name in enumerate(layout.names):
        values = table.numbered(frame.iloc[:, k])
        if types is not None and types[k] == "digits":
            values = values.str.strip()
        kind, note = _kind(values), ""
        if kind == "text" and k not in as_text:
            written = recognise(values)[0]
            values, note = text_column(values, layout)
            if pd.api.types.is_numeric_dtype(values.dtype) and written is None:
                kind, signs = "float", signs | {k}
            if written is not None:
                kind, moments[k] = "date", written
        if k in signs and not note:
            note = _SIGNS_TOLD
        if note:
            notes.append(f"{name or f'column {k + 1}'}: {note}")
        if k in spelled:
            notes.append(f"{name or f'column {k + 1}'}: {spelled[k]}")
        found.append(kind if types is None or kind == "date" else types[k])
        if not name and k >= 1 and bool(values.isna().all()):
            continue  # the trailing delimiter of every line
        where.append(k)
        columns.append(RawColumn(name if layout.header else f"v{k + 1}", values, layout.labels[k]))
    data = build_dataset(columns, source=str(table.path), notes=notes)
    return StreamedText(
        data.frame, data.variables, source=data.source, notes=data.notes, columns=tuple(where),
        file=TextBlocks(table, tuple(found), size, told=frozenset(spelled), moments=moments, signs=signs),
    )  # fmt: skip


def _kind(values: pd.Series) -> str:
    """The type of a column of the first rows."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return "bool"
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "boolean":
        return "bool"  # with missing values among them
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "digits" if not values.isna().all() and why_text(values.dropna().astype("str")) else "text"
    return "int" if pd.api.types.is_integer_dtype(values.dtype) else "float"


@dataclass
class _Padding:
    """Whether the numbers of a column are written in one way: all as wide, or all with as many blanks around them.

    ``widths``, ``before`` and ``after`` are the least and the most so far; ``signs`` tells the starts of positive
    numbers that there are. What one number looks like elsewhere in the file is not kept.
    """

    widths: set[int] = field(default_factory=set)
    before: set[int] = field(default_factory=set)
    after: set[int] = field(default_factory=set)
    signs: set[bool] = field(default_factory=set)

    def differs(self, fields: Any) -> bool:
        """True once there are numbers, those of a further part of the column among them, in several ways."""
        import pyarrow as pa
        import pyarrow.compute as pc

        inner = pc.ascii_trim_whitespace(fields)
        present = pc.invert(pc.is_in(inner, value_set=pa.array([None, *sorted(MISSING)], pa.string())))
        fields, inner = pc.filter(fields, present), pc.filter(inner, present)
        if not len(fields):
            return False
        whole, middle = pc.binary_length(fields), pc.binary_length(inner)
        self._see(self.widths, whole)
        if pc.sum(whole).as_py() == pc.sum(middle).as_py():
            self.before.add(0)
            self.after.add(0)
        else:
            right = pc.binary_length(pc.ascii_ltrim_whitespace(fields))
            self._see(self.before, pc.subtract(whole, right))
            self._see(self.after, pc.subtract(right, middle))
        plus = pc.starts_with(inner, "+")
        positive = pc.invert(pc.starts_with(inner, "-"))
        if pc.any(plus).as_py():
            self.signs.add(True)
        if pc.any(pc.and_(positive, pc.invert(plus))).as_py():
            self.signs.add(False)
        padded = len(self.before) > 1 or len(self.after) > 1
        return (padded and len(self.widths) > 1) or len(self.signs) > 1

    @staticmethod
    def _see(seen: set[int], lengths: Any) -> None:
        import pyarrow.compute as pc

        ends = {*seen, *pc.min_max(lengths).as_py().values()}
        seen.clear()
        seen |= {min(ends), max(ends)}


def _cast(fields: Any, kind: Any) -> Any:
    """Fields as numbers of a type; signs of missing with blanks around them are looked for only where it fails."""
    import pyarrow as pa

    try:
        return fields.cast(kind)
    except pa.ArrowInvalid:
        return _known(fields, trimmed=True).cast(kind)


def _without_signs(fields: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_in(fields, value_set=pa.array(sorted(SIGNS))), pa.scalar(None, pa.string()), fields)


def _castable(fields: Any) -> bool:
    """True where these fields are numbers."""
    import pyarrow as pa

    try:
        _cast(fields, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _known(fields: Any, *, trimmed: bool = False) -> Any:
    """The fields, without the blanks around them where `trimmed`; a sign of missing among blanks is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    inner = pc.utf8_trim_whitespace(fields)
    gone = pc.is_in(inner, value_set=pa.array(sorted(MISSING)))
    return pc.if_else(gone, pa.scalar(None, pa.string()), inner if trimmed else fields)


def _begin_with_zero(fields: Any) -> str:
    """The type of a column of numbers where a field begins with a zero before another digit (``007``), or where Arrow
    would take for a number what is none (``0x10``); empty otherwise.
    """
    import pyarrow.compute as pc

    for sign in ("", "+", "-"):  # in three quick steps, since nearly all fields fail the first
        zero = pc.filter(fields, pc.starts_with(fields, f"{sign}0"))
        zero = pc.filter(zero, pc.greater(pc.binary_length(zero), len(sign) + 1))
        rest = pc.unique(pc.filter(zero, pc.invert(pc.starts_with(zero, f"{sign}0."))))
        if pc.any(pc.match_substring_regex(rest, "^[+-]?0[xX]")).as_py():
            return "text"
        if len(rest) and needs_text(rest.to_pandas()):
            return "digits"
    return ""


def _beyond(numbers: Any) -> bool:
    """True where a number lies beyond 2^53, where doubles are not all whole numbers."""
    import pyarrow.compute as pc

    ends = pc.min_max(numbers).as_py()
    return any(end is not None and abs(end) >= EXACT for end in ends.values())


def _too_long(fields: Any) -> bool:
    """True where a field is a number with more digits than a double holds."""
    import pyarrow.compute as pc

    long = pc.filter(fields, pc.greater_equal(pc.binary_length(fields), len(str(EXACT))))
    return len(long) > 0 and needs_text(pc.unique(long).to_pandas())


def memory_of_text(path: Path) -> int:
    """Memory, in bytes, that opening the whole file and fitting a model would take, from the length of its lines."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(1 << 20)
    lines = max(1, head.count(b"\n"))
    rows = size / (len(head) / lines)
    text = head[:SAMPLE_BYTES].decode("latin-1")
    try:
        fields = len(detect_sample(path, text, size <= SAMPLE_BYTES, Wanted(), "latin-1").layout.names)
    except TerraceError:
        fields = 1  # the reader will say what is wrong
    return bytes_needed(int(rows), max(8.0 * fields, len(head) / lines))
