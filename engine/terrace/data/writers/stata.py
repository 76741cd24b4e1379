"""Writing .dta of version 118 (Stata 14 and later), or 119 for more than 32,767 variables.

The layout is that of ``help dta`` in Stata. It is written here because no library writes notes, sets of labels that
variables share, extended missing values and long text together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, FloatArray, Variable
from terrace.data.extended import CODES, extended_name
from terrace.data.missing import code_text, missing_texts, range_text
from terrace.data.native_formats import stata_format, stata_says
from terrace.data.progress import Report
from terrace.data.stata_panel import characteristics
from terrace.data.value import Value
from terrace.data.writers import names
from terrace.data.writers.statfiles import cut
from terrace.data.writers.tables import infinite
from terrace.wording import enumerated

_LONGEST = 2045  # bytes of a text of fixed length; longer ones are strL
_ROWS = 50_000  # written at a time
MOST_118 = 32_767  # variables of version 118
_DOUBLE, _FLOAT = 8.988465674311579e307, 1.70141173319e38
_MISSING_LONG = 2_147_483_621


@dataclass(frozen=True, slots=True)
class _Type:
    code: int
    dtype: str
    format: str
    least: float
    most: float
    missing: float


_BYTE = _Type(65530, "<i1", "%8.0g", -127, 100, 101)
_INT = _Type(65529, "<i2", "%8.0g", -32_767, 32_740, 32_741)
_LONG = _Type(65528, "<i4", "%12.0g", -2_147_483_647, 2_147_483_620, _MISSING_LONG)
_SINGLE = _Type(65527, "<f4", "%9.0g", -_FLOAT, _FLOAT, 2.0**127)
_NUMBER = _Type(65526, "<f8", "%10.0g", -_DOUBLE, _DOUBLE, 2.0**1023)
_STRL = _Type(32768, "<u8", "%9s", 0, 0, 0)
_INTEGERS = (_BYTE, _INT, _LONG)
_OF_DTYPE = {"int8": _BYTE, "bool": _BYTE, "uint8": _INT, "int16": _INT, "uint16": _LONG}


@dataclass(slots=True)
class _Column:
    """One variable as the file holds it: its type and values, its labels and the name of their set."""

    variable: Variable
    type: _Type
    values: Any
    labels: dict[int, str]
    label_set: str = ""


def write_stata(data: Dataset, path: Path, report: Report) -> list[str]:
    """Write the data; return what the format could not hold.

    Values that are declared missing by a number become .a to .z, which keep them apart. Raises `DataError` for values
    beyond the range of a Stata double.
    """
    data, notes = names.named(data, names.STATA)
    columns = [_text_column(data, v, notes) if data.is_text(v.name) else _number_column(data, v, notes)
               for v in data.variables]  # fmt: skip
    long = [v.name for v in data.variables if len(v.label) > 80]
    if long:
        notes.append(f"Labels longer than 80 characters are shortened: {', '.join(long)}.")
    if len(data.label) > 80:
        notes.append("The data label is shortened to 80 characters.")
    unsaid = [f"{v.name} {v.format or v.native_format}" for v in data.variables
              if not data.is_text(v.name) and not stata_says(v)]  # fmt: skip
    if unsaid:
        notes.append(f"Stata does not have these display formats, so they are left out: {', '.join(unsaid)}.")
    if data.panel is not None and data.panel.panel and data.is_text(data.panel.panel):
        notes.append(f"Stata has no panels of text, so {data.panel.panel} is not declared as the panel variable.")
    _share_sets(columns)
    with open(path, "wb") as file:
        _write(file, data, columns, report)
    return notes


# --- what a column becomes ------------------------------------------------------------------------------------
def _text_column(data: Dataset, v: Variable, notes: list[str]) -> _Column:
    column = data.frame[v.name]
    if v.value_labels:
        notes.append(f"{v.name}: Stata has no value labels for text, so they are left out.")
    gone = column.isna()
    if v.missing_codes:
        notes.append(f"{v.name}: Stata has no missing codes for text; {enumerated(missing_texts(v))} "
                     f"{'is' if len(v.missing_codes) == 1 else 'are'} written as empty.")  # fmt: skip
        gone = gone | column.isin(list(v.missing_codes))
    texts = [b"" if empty else str(t).partition("\0")[0].encode("utf-8")
             for t, empty in zip(column.to_numpy(dtype=object), gone.to_numpy(dtype=bool), strict=True)]  # fmt: skip
    size = max([1, *map(len, texts)])
    form = v.format if re.fullmatch(r"%-?\d+s", v.format) else ""
    if size > _LONGEST:
        return _Column(v, _Type(_STRL.code, _STRL.dtype, form or _STRL.format, 0, 0, 0), texts, {})
    fixed = _Type(size, f"S{size}", form or f"%{max(9, size)}s", 0, 0, 0)
    return _Column(v, fixed, np.array(texts, dtype=fixed.dtype), {})


def _number_column(data: Dataset, v: Variable, notes: list[str]) -> _Column:
    letters = _letters(data, v, notes)
    column = data.frame[v.name]
    numbers: FloatArray = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(numbers) | v.stands_for_missing(numbers)
    kind = _type(column, numbers[~missing])
    beyond = ~missing & (np.abs(numbers) > _DOUBLE)
    if bool(beyond.any()):
        raise infinite(v.name, "Stata", int(np.argmax(beyond)) + 1)
    values = np.where(missing, kind.missing, numbers).astype(kind.dtype)
    for code, letter in letters.items():
        values[numbers == code] = _as_missing(kind, letter)
    labels = {}
    unlabelled = 0
    for value, text in v.value_labels.items():
        key = float(value)
        if value in letters or extended_name(value):
            labels[_MISSING_LONG + _rank(letters.get(value, extended_name(value)))] = text
        elif key.is_integer() and abs(key) <= _LONG.most:
            labels[int(key)] = text
        else:
            unlabelled += 1
    if unlabelled:
        notes.append(f"{v.name}: Stata labels only whole numbers, so the other value labels are left out.")
    return _Column(v, kind, values, {k: cut(t, 32_000) for k, t in sorted(labels.items()) if t})


def _type(column: pd.Series, present: FloatArray) -> _Type:
    """The type of the column, or the next wider one where Stata's has less room."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
        least = _OF_DTYPE.get(str(column.dtype), _LONG)
        fitting = (t for t in _INTEGERS[_INTEGERS.index(least) :] if _fits(t, present))
        return next(fitting, _NUMBER)
    return _SINGLE if column.dtype in (np.float32, np.float16) and _fits(_SINGLE, present) else _NUMBER


def _fits(kind: _Type, numbers: FloatArray) -> bool:
    return not len(numbers) or bool(numbers.min() >= kind.least and numbers.max() <= kind.most)


def _rank(letter: str) -> int:
    return ord(letter[-1]) - ord("a") + 1


def _as_missing(kind: _Type, letter: str) -> float:
    k = _rank(letter)
    return kind.missing + k if kind in _INTEGERS else kind.missing * (1 + k / 4096)


def _letters(data: Dataset, v: Variable, notes: list[str]) -> dict[Value, str]:
    """A letter for each value that is declared missing: its own, or a free one for a number."""
    declared = dict.fromkeys(data.missing_values(v.name))
    declared |= dict.fromkeys(k for k in v.value_labels if v.in_missing_range(float(k)))
    own = {c: extended_name(c) for c in (*declared, *v.value_labels) if extended_name(c)}
    numbers = sorted((c for c in declared if not extended_name(c)), key=float)
    free = [f".{letter}" for letter in CODES if f".{letter}" not in own.values()]
    given = dict(zip(numbers, free))
    if numbers or v.missing_ranges:
        told = [f"{code_text(c)} is {given.get(c, '.')}" for c in numbers]
        left = "" if told else f"{enumerated(range_text(*r) for r in v.missing_ranges)} is left out"
        notes.append(f"{v.name}: Stata cannot declare numbers missing; {left or f'in the file {enumerated(told)}'}.")
    return {**own, **given}


def _share_sets(columns: list[_Column]) -> None:
    """Names of the sets of labels: those of the data, or else of the variables; equal sets of one name are one."""
    sets: dict[str, dict[int, str]] = {}
    for c in columns:
        if not c.labels:
            continue
        wanted = c.variable.label_set or c.variable.name
        for name in (wanted, c.variable.name, *(f"{c.variable.name[:26]}_{k}" for k in range(2, len(columns) + 3))):
            if sets.setdefault(name[:32], c.labels) == c.labels:
                c.label_set = name[:32]
                break


# --- the file -------------------------------------------------------------------------------------------------
def _write(file: BinaryIO, data: Dataset, columns: list[_Column], report: Report) -> None:
    wide = len(columns) > MOST_118
    places: list[int] = []

    def part(name: str, content: bytes) -> None:
        places.append(file.tell())
        file.write(f"<{name}>".encode() + content + f"</{name}>".encode())

    count = "<u4" if wide else "<u2"
    label = data.label[:80].encode("utf-8")
    places.append(0)
    file.write(b"<stata_dta><header><release>" + (b"119" if wide else b"118") + b"</release><byteorder>LSF</byteorder>")
    file.write(b"<K>" + _number(len(columns), count) + b"</K><N>" + _number(len(data), "<u8") + b"</N>")
    file.write(b"<label>" + _number(len(label), "<u2") + label + b"</label>")
    file.write(b"<timestamp>\0</timestamp></header>")
    part("map", bytes(14 * 8))  # filled in at the end
    part("variable_types", np.array([c.type.code for c in columns], dtype="<u2").tobytes())
    part("varnames", _padded((c.variable.name for c in columns), 129))
    sorted_by = _order(data, columns)
    part("sortlist", np.array(sorted_by + [0] * (len(columns) + 1 - len(sorted_by)), dtype=count).tobytes())
    part("formats", _padded((_format(c) for c in columns), 57))
    part("value_label_names", _padded((c.label_set for c in columns), 129))
    part("variable_labels", _padded((c.variable.label[:80] for c in columns), 321))
    part("characteristics", b"".join([*_notes(data), *_panel(data)]))
    texts, references = _long_texts(columns, wide)
    places.append(file.tell())
    file.write(b"<data>")
    _write_rows(file, columns, references, len(data), report)
    file.write(b"</data>")
    places.append(file.tell())
    file.write(b"<strls>")
    file.writelines(texts)
    file.write(b"</strls>")
    part("value_labels", b"".join(_set(n, s) for n, s in {c.label_set: c.labels for c in columns if c.labels}.items()))
    places.append(file.tell())
    file.write(b"</stata_dta>")
    places.append(file.tell())
    file.seek(places[1])
    file.write(b"<map>" + np.array(places, dtype="<u8").tobytes())


def _number(value: int, dtype: str) -> bytes:
    return np.array([value], dtype=dtype).tobytes()


def _padded(texts: Iterable[str], size: int) -> bytes:
    """Each text in so many bytes, of which the last is zero."""
    return b"".join(cut(t, size - 1).encode("utf-8").ljust(size, b"\0") for t in texts)


def _format(c: _Column) -> str:
    return c.type.format if c.type.least == c.type.most else stata_format(c.variable) or c.type.format


def _notes(data: Dataset) -> Iterator[bytes]:
    """Notes as characteristics: note0 counts those of the data or of a variable, note1, note2, ... are they."""
    of: dict[str, list[str]] = {}
    for text in data.documents:
        name, colon, rest = text.partition(": ")
        if colon and name in data:
            of.setdefault(name, []).append(rest)
        else:
            of.setdefault("_dta", []).append(text)
    for name, texts in of.items():
        for k, text in enumerate((str(len(texts)), *texts)):
            yield _characteristic(name, f"note{k}", text)


def _panel(data: Dataset) -> Iterator[bytes]:
    """What xtset declared, where Stata can: its panels have numbers."""
    if data.panel is not None and not (data.panel.panel and data.is_text(data.panel.panel)):
        yield from (_characteristic("_dta", key, text) for key, text in characteristics(data.panel).items())


def _characteristic(of: str, key: str, text: str) -> bytes:
    content = _padded([of], 129) + _padded([key], 129) + cut(text, 67_783).encode("utf-8") + b"\0"
    return b"<ch>" + _number(len(content), "<u4") + content + b"</ch>"


def _order(data: Dataset, columns: list[_Column]) -> list[int]:
    """The numbers of the variables that the rows are sorted by, as far as they are so in this file.

    Stata takes that on trust. Its order is not that of the data everywhere: empty text comes first, and .a after ``.``.
    """
    place = {c.variable.name: k for k, c in enumerate(columns)}
    same: npt.NDArray[np.bool_] = np.ones(max(0, len(data) - 1), dtype=bool)
    out: list[int] = []
    for name in data.sorted_by:
        values = columns[place[name]].values
        if isinstance(values, list) or bool((same & (values[:-1] > values[1:])).any()):
            break
        same &= values[:-1] == values[1:]
        out.append(place[name] + 1)
    return out


def _long_texts(columns: list[_Column], wide: bool) -> tuple[list[bytes], dict[int, npt.NDArray[np.uint64]]]:
    """The long texts, each once, and for each such column where its rows find them."""
    shift = 24 if wide else 16
    where: dict[bytes, int] = {b"": 0}
    texts: list[bytes] = []
    references = {}
    for k, c in enumerate(columns):
        if c.type.code != _STRL.code:
            continue
        for row, text in enumerate(c.values):
            if text not in where:
                where[text] = (k + 1) | (row + 1) << shift
                texts.append(b"GSO" + _number(k + 1, "<u4") + _number(row + 1, "<u8") + b"\x82"
                             + _number(len(text) + 1, "<u4") + text + b"\0")  # fmt: skip
        references[k] = np.array([where[t] for t in c.values], dtype="<u8")
    return texts, references


def _write_rows(
    file: BinaryIO, columns: list[_Column], references: dict[int, npt.NDArray[np.uint64]], n: int, report: Report
) -> None:
    row = np.dtype([(f"c{k}", c.type.dtype) for k, c in enumerate(columns)])
    step = max(1, min(_ROWS, 50_000_000 // max(1, row.itemsize)))
    for start in range(0, n, step):
        report(start / n)
        block = np.empty(min(step, n - start), dtype=row)
        for k, c in enumerate(columns):
            block[f"c{k}"] = references.get(k, c.values)[start : start + step]
        file.write(block.tobytes())


def _set(name: str, labels: dict[int, str]) -> bytes:
    """One set of value labels."""
    texts = [t.encode("utf-8") + b"\0" for t in labels.values()]
    starts = np.cumsum([0, *map(len, texts)])
    table = _number(len(texts), "<i4") + _number(int(starts[-1]), "<i4") + starts[:-1].astype("<i4").tobytes()
    table += np.array(list(labels), dtype="<i4").tobytes() + b"".join(texts)
    return b"<lbl>" + _number(len(table), "<i4") + _padded([name], 129) + bytes(3) + table + b"</lbl>"
