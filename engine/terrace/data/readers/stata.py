"""Files of Stata, .dta: rows are read in parts, each column of a part by one view of its bytes.

Missing values are known by their bits: beyond the largest number of each type come ``.``, ``.a``, ... ``.z``. The last
are missing codes (`extended.py`); dates stay numbers with a format (`dates.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import numpy as np

from terrace.data.dataset import Dataset
from terrace.data.names import legal_names
from terrace.data.progress import Report
from terrace.data.readers.binary import BinaryFile, take_rows
from terrace.data.readers.binary_text import Decoder
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.fixed_text import TextColumn
from terrace.data.readers.stata_columns import LongTextColumn, NumberColumn, column_of, label_key
from terrace.data.readers.stata_header import StataHeader, StataVariable, expect, read_header, until_zero
from terrace.data.readers.stata_text import long_texts
from terrace.data.stata_panel import KEYS, panel_of
from terrace.data.value import Value
from terrace.wording import plural

_PART = 2_000_000  # bytes that are read at once: what a processor's cache holds, and few enough to stop within a moment
_WIDE = 64_000_000  # ... and of wide rows, of which a part has a few hundred all the same
_ROWS = 500
_LABELS = "the value labels"

Column = NumberColumn | TextColumn | LongTextColumn
Sets = dict[bytes, dict[Value, bytes]]


def read_stata(path: Path, report: Report, encoding: str | None = None) -> Dataset:
    """Read .dta of formats 102 to 121, in either byte order.

    Raises `DataError` for a file that is cut off, contradicts itself, or is not in the encoding that was given.
    """
    report(0.0)
    with BinaryFile(path, "Stata") as file:
        header = read_header(file)
        columns = _rows(file, header, report)
        if header.tagged:
            expect(file, "/data")
            texts, binary = long_texts(file, header, report)
            for column in columns:
                if isinstance(column, LongTextColumn):
                    column.settle(file, texts, binary)
            sets = dict(_tagged_sets(file, header))
        else:
            sets = dict(_old_sets(file, header))
    decoder = Decoder(path, encoding, "" if header.version >= 118 else "A file of Stata 13 or earlier")
    decoder.see(_texts(header, columns, sets))
    documents = [_note(decoder.text(of), decoder.text(text)) for of, text in header.notes]
    notes: list[str] = []
    raw: list[RawColumn] = []
    for variable, column in zip(header.variables, columns, strict=True):
        if not isinstance(column, NumberColumn) or len(raw) % 500 == 0:
            report(0.9 + 0.1 * len(raw) / len(columns))
        raw.append(_raw_column(variable, column, sets.get(variable.label_set, {}), decoder))
        if not isinstance(column, NumberColumn) and column.note():
            notes.append(f"{raw[-1].name}: {column.note()}")
    label = decoder.text(header.label).strip()
    notes = [*decoder.notes(), *notes]
    built = build_dataset(raw, source=str(path), label=label, notes=notes, documents=documents)
    return _declared(built, header, decoder, [c.name for c in raw])


def _declared(data: Dataset, header: StataHeader, decoder: Decoder, names: list[str]) -> Dataset:
    """The data with the panel and the order that the file declares; `names` are those of the variables in the file."""
    now = dict(zip(names, legal_names(names)[0], strict=True))
    known = {name: new for name, new in now.items() if new in data}
    said = {key: decoder.text(header.said[key.encode()]) for key in KEYS if key.encode() in header.said}
    order = takewhile(known.__contains__, (names[k] for k in header.sorted_by))
    return replace(data, panel=panel_of(said, known), sorted_by=tuple(known[name] for name in order))


def _rows(file: BinaryFile, header: StataHeader, report: Report) -> list[Column]:
    """All columns, in one pass over the rows."""
    width, rows = header.width, header.rows
    file.need(width * rows, f"a part of its {plural(rows, 'row')}")
    if not width and rows:
        raise file.damaged(f"it names {plural(rows, 'row')} and no variable")
    columns = [column_of(v, header) for v in header.variables]
    if rows:
        size = min(rows, max(1, _PART // width, min(_ROWS, _WIDE // width)))
        widths = [v.width for v in header.variables]
        take_rows(file, columns, widths, rows, size, lambda done: report(0.9 * done))
    return columns


def _tagged_sets(file: BinaryFile, header: StataHeader) -> Iterator[tuple[bytes, dict[Value, bytes]]]:
    """The sets of value labels, with their names; the rest of the file has to be there too."""
    expect(file, "value_labels")
    while (tag := file.take(5, _LABELS)) == b"<lbl>":
        yield _set(file, header)
        expect(file, "/lbl")
    if tag + file.take(len("</value_labels>") - 5, _LABELS) != b"</value_labels>":
        raise file.damaged("</value_labels> is not where it should be")
    if file.take(len("</stata_dta>"), "the end") != b"</stata_dta>":
        raise file.damaged("</stata_dta> is not at its end")


def _old_sets(file: BinaryFile, header: StataHeader) -> Iterator[tuple[bytes, dict[Value, bytes]]]:
    """The same of a file before Stata 13, in which they go on to its end."""
    while file.left:
        if file.left < 16 and not file.take(file.left, _LABELS).strip(b"\0\x1a"):
            return  # what some programs fill a file up with
        yield _set(file, header) if header.version >= 108 else _oldest_set(file, header)


def _set(file: BinaryFile, header: StataHeader) -> tuple[bytes, dict[Value, bytes]]:
    (length,) = file.numbers(header.order + "I", _LABELS)
    name = until_zero(file.take(header.set_name, _LABELS))
    file.take(3, _LABELS)
    body = file.take(length, _LABELS)
    count, size = np.frombuffer(body[:8], header.order + "u4").tolist() if length >= 8 else (0, -1)
    texts = body[8 + 8 * count :]
    if len(texts) != size or len(body) < 8 + 8 * count:
        raise file.damaged(f"the value labels {name.decode('utf-8', 'replace')} do not have the length they name")
    places, keys = np.frombuffer(body[8 : 8 + 8 * count], header.order + "i4").reshape(2, count).tolist()
    labels: dict[Value, bytes] = {}
    for key, place in zip(keys, places, strict=True):
        wanted = label_key(key, header)
        if wanted is not None and 0 <= place < size:
            end = texts.find(b"\0", place)
            labels[wanted] = texts[place : end if end >= 0 else size]
    return name, labels


def _oldest_set(file: BinaryFile, header: StataHeader) -> tuple[bytes, dict[Value, bytes]]:
    (count,) = file.numbers(header.order + "H", _LABELS)
    name = until_zero(file.take(9, _LABELS))
    file.take(1, _LABELS)
    keys = np.frombuffer(file.take(2 * count, _LABELS), header.order + "i2").tolist()
    return name, {key: until_zero(file.take(8, _LABELS)) for key in keys}


def _raw_column(variable: StataVariable, column: Column, labels: dict[Value, bytes], decoder: Decoder) -> RawColumn:
    name, label = decoder.text(variable.name), decoder.text(variable.label)
    format_ = _plain_format(decoder.text(variable.format))
    if not isinstance(column, NumberColumn):
        return RawColumn(name, column.series(decoder), label, format=format_)
    column.finish()
    texts = {key: decoder.text(text) for key, text in labels.items()}
    return RawColumn(
        name, column.values, label, value_labels=texts, missing_codes=column.missing_codes, format=format_,
        label_set=decoder.text(variable.label_set) if texts else "",
    )  # fmt: skip


def _plain_format(format: str) -> str:
    """A Stata display format, empty for the general ones that say nothing."""
    if re.fullmatch(r"%[-~]?\d+s|%-?\d+(\.0)?g|", format):
        return ""
    return format


def _note(of: str, text: str) -> str:
    return text if of == "_dta" else f"{of}: {text}"


def _texts(header: StataHeader, columns: list[Column], sets: Sets) -> Iterator[bytes]:
    """All that is text in the file and may not be plain ASCII."""
    yield header.label
    for variable in header.variables:
        yield from (variable.name, variable.format, variable.label)
    for note in header.notes:
        yield from note
    yield from (text for key, text in header.said.items() if key.decode("latin-1") in KEYS)
    for labels in sets.values():
        yield from labels.values()
    for column in columns:
        if not isinstance(column, NumberColumn):
            yield from column.distinct()
