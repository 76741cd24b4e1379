"""Transport files of SAS, .xpt, of versions 5 to 9.

After "The Record Layout of a Data Set in SAS Transport (XPORT) Format" (SAS TS-140, and its extension for version 8 and
9): records of 80 bytes, numbers as IBM mainframes have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset, FloatArray
from terrace.data.progress import Report
from terrace.data.readers.binary import BinaryFile, take_rows
from terrace.data.readers.binary_text import Decoder
from terrace.data.readers.build import build_dataset
from terrace.data.readers.fixed_text import TextColumn
from terrace.data.readers.sas import SasVariable, sas_columns
from terrace.errors import DataError
from terrace.wording import enumerated, plural

_RECORD = 80
_PART = 4_000_000  # bytes that are read at once
_HEADER = b"HEADER RECORD*******"
_MEMBER = (b"MEMBER  ", b"MEMBV8  ")
_WHAT = "the description of its data"


@dataclass(frozen=True, slots=True)
class Described:
    """One variable of a member, its texts as bytes; it takes `width` bytes of a row, behind those before it."""

    name: bytes
    label: bytes
    format: bytes
    is_text: bool
    width: int


@dataclass(frozen=True, slots=True)
class Member:
    """One dataset of a file: its bytes begin at `start` and end before `end`; `rows` None where it does not say."""

    name: str
    label: bytes
    variables: tuple[Described, ...]
    start: int
    end: int
    rows: int | None


def read_xport(path: Path, report: Report, encoding: str | None = None, member: str | None = None) -> Dataset:
    """Read the dataset `member` of a transport file, its first where None; a note names the others.

    Raises `DataError` for a file that is cut off, and for a member that it does not have.
    """
    report(0.0)
    with BinaryFile(path, "SAS transport") as file:
        if file.size % _RECORD:
            raise file.cut("the end")
        starts = [*_starts(file, report), file.size]
        if len(starts) == 1:
            raise file.damaged("it has no dataset")
        members = [_member(file, at, end) for at, end in pairwise(starts)]
        chosen = _chosen(path, members, member)
        columns = _rows(file, chosen, report)
    decoder = Decoder(path, encoding, "A SAS transport file")
    decoder.see((chosen.label, *(text for v in chosen.variables for text in (v.name, v.label))))
    for column in columns:
        if isinstance(column, TextColumn):
            decoder.see(column.distinct())
    described = [
        SasVariable(
            decoder.text(v.name), column.series(decoder) if isinstance(column, TextColumn) else column.values,
            decoder.text(v.label), v.format.decode("ascii", "replace"),
            {} if isinstance(column, TextColumn) else column.special(),
        )
        for v, column in zip(chosen.variables, columns, strict=True)
    ]  # fmt: skip
    raw, notes = sas_columns(described, {})
    others = [m.name for m in members if m is not chosen]
    if others:
        notes.insert(
            0, f"The file holds {len(members)} datasets; this is {chosen.name}. Use the option "
            f"member() to open another: {enumerated(others, 'or')}.",
        )  # fmt: skip
    label = decoder.text(chosen.label).strip()
    return build_dataset(raw, source=str(path), label=label, notes=[*decoder.notes(), *notes])


def _chosen(path: Path, members: Sequence[Member], name: str | None) -> Member:
    if name is None:
        return members[0]
    found = next((m for m in members if m.name.lower() == name.strip().lower()), None)
    if found is None:
        raise DataError(
            f"{path.name} has no dataset {name!r}.", code="no-such-member", subject="member",
            advice=f"It has {enumerated(m.name for m in members)}.",
        )  # fmt: skip
    return found


def _starts(file: BinaryFile, report: Report) -> Iterator[int]:
    """Where the members begin."""
    file.go(0)
    first = np.frombuffer(_HEADER[:8], np.uint64)[0]
    at = 0
    while file.left:
        block = file.take(min(file.left, _RECORD * 100_000), "a record")
        words = np.ndarray((len(block) // _RECORD,), np.uint64, buffer=block, strides=(_RECORD,))
        for record in (np.flatnonzero(words == first) * _RECORD).tolist():
            if block[record : record + 20] == _HEADER and block[record + 20 : record + 28] in _MEMBER:
                yield at + record
        at += len(block)
        report(0.1 * at / file.size)


def _member(file: BinaryFile, at: int, end: int) -> Member:
    file.go(at)
    size = _number(file, file.take(_RECORD, _WHAT)[74:78])
    _expect(file, "DSCRPTR", "DSCPTV8")
    first, second = file.take(_RECORD, _WHAT), file.take(_RECORD, _WHAT)
    name = first[8:].partition(b"SASDATA")[0].strip().decode("ascii", "replace")
    label = second[32:72].strip()
    count = _number(file, _expect(file, "NAMESTR", "NAMSTV8")[53:58])
    if size not in (136, 140):
        raise file.damaged(f"the variables of {name} are described in {size} bytes each, which SAS does not do")
    raw = file.take(_whole(count * size), _WHAT)
    variables = [_variable(raw[k * size : (k + 1) * size]) for k in range(count)]
    record = _expect(file, "OBS", "OBSV8", "LABELV8", "LABELV9")
    while record[20:25] == b"LABEL":
        variables = _long_labels(file, record, variables)
        record = _expect(file, "OBS", "OBSV8", "LABELV8", "LABELV9")
    if any(v.width <= 0 or (not v.is_text and v.width > 8) for v in variables):
        raise file.damaged(f"a variable of {name} has a width that cannot be")
    stated = record[48:63].strip()
    rows = int(stated) if record[20:25] == b"OBSV8" and stated.isdigit() and int(stated) else None
    return Member(name, label, tuple(variables), file.position, end, rows)


def _number(file: BinaryFile, raw: bytes) -> int:
    if not raw.strip().isdigit():
        raise file.damaged("a number in its description is none")
    return int(raw)


def _expect(file: BinaryFile, *names: str) -> bytes:
    record = file.take(_RECORD, _WHAT)
    if record[:20] != _HEADER or record[20:28].strip().decode("ascii", "replace") not in names:
        raise file.damaged(f"the record {names[0]} is not where it should be")
    return record


def _whole(size: int) -> int:
    """Bytes of the records that hold so many."""
    return -(-size // _RECORD) * _RECORD


def _variable(raw: bytes) -> Described:
    def number(at: int) -> int:
        return int.from_bytes(raw[at : at + 2], "big", signed=True)

    long_name = raw[88:120].strip(b" \0") if len(raw) == 140 else b""
    form = raw[56:64].strip(b" \0")
    if number(64):
        form = (form or b"F") + b"%d" % number(64)
        form += b".%d" % number(66) if number(66) else b""
    return Described(
        long_name or raw[8:16].strip(b" \0"), raw[16:56].strip(b" \0"), form, number(0) == 2, number(4)
    )


def _long_labels(file: BinaryFile, record: bytes, variables: list[Described]) -> list[Described]:
    """Labels, and with LABELV9 formats, that are too long for the description."""
    formats = record[20:27] == b"LABELV9"
    out = list(variables)
    begin = file.position
    for _ in range(_number(file, record[48:53])):
        which, *sizes = file.numbers(">5H" if formats else ">3H", _WHAT)
        texts = [file.take(size, _WHAT).strip(b" \0") for size in sizes]
        if not 1 <= which <= len(out):
            raise file.damaged(f"it has a label for variable {which}, which it does not have")
        out[which - 1] = replace(out[which - 1], name=texts[0] or out[which - 1].name, label=texts[1])
        if formats and texts[2]:
            out[which - 1] = replace(out[which - 1], format=texts[2])
    file.go(begin + _whole(file.position - begin))
    return out


class IbmColumn:
    """A column of numbers of an IBM mainframe, cut to `width` bytes; `values` are doubles, NaN where missing."""

    def __init__(self, width: int, rows: int) -> None:
        self.kind = f"S{width}"
        self._width = width
        self.values: FloatArray = np.empty(rows)
        self._special: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]] = []

    def take(self, part: npt.NDArray[np.bytes_], start: int) -> None:
        """The next rows, from `start` on: (-1)ˢ · f · 16^(e-64), with 7 bits e and 56 bits f, a fraction."""
        raw = np.zeros((len(part), 8), np.uint8)
        raw[:, : self._width] = np.ascontiguousarray(part).view(np.uint8).reshape(len(part), self._width)
        words = raw.view(">u8")[:, 0].astype(np.uint64)
        fraction = words & np.uint64(0x00FFFFFFFFFFFFFF)
        exponent = ((words >> np.uint64(56)) & np.uint64(0x7F)).astype(np.int32)
        numbers = np.ldexp(fraction.astype(np.float64), 4 * (exponent - 64) - 56)
        numbers[raw[:, 0] >= 128] *= -1.0
        # A missing value is its letter and nothing else; a number without fraction is zero, whatever its exponent.
        first = raw[:, 0]
        gone = (fraction == 0) & ((first == ord(".")) | (first == ord("_")) | ((first >= 65) & (first <= 90)))
        if gone.any():
            numbers[gone] = np.nan
            at = np.flatnonzero(gone)
            self._special.append((at + start, first[at]))
        self.values[start : start + len(part)] = numbers

    def special(self) -> dict[str, npt.NDArray[np.int64]]:
        """The rows of each special missing value, by its letter."""
        if not self._special:
            return {}
        at, letters = (np.concatenate(found) for found in zip(*self._special, strict=True))
        return {chr(x): at[letters == x] for x in np.unique(letters).tolist() if x != ord(".")}


def _rows(file: BinaryFile, member: Member, report: Report) -> list[IbmColumn | TextColumn]:
    widths = [v.width for v in member.variables]  # SAS names places too, those in its own memory
    width = sum(widths)
    count = _count(file, member, width)
    columns: list[IbmColumn | TextColumn] = [
        TextColumn(v.width, blanks=True) if v.is_text else IbmColumn(v.width, count) for v in member.variables
    ]
    if count:
        file.go(member.start)
        size = min(count, max(1, _PART // width))
        take_rows(file, columns, widths, count, size, lambda done: report(0.1 + 0.9 * done))
    return columns


def _count(file: BinaryFile, member: Member, width: int) -> int:
    """The number of rows: what the file says, or what there is without the blanks that fill the last record up."""
    room = member.end - member.start
    if not width:
        return 0
    if member.rows is not None:
        if member.rows * width > room:
            raise file.cut(f"a part of its {plural(member.rows, 'row')}")
        return member.rows
    count, rest = divmod(room, width)
    file.go(member.end - min(room, width + _RECORD))
    tail = file.take(member.end - file.position, "the last row")
    if rest and (rest >= _RECORD or tail[len(tail) - rest :].strip(b" ")):
        raise file.cut("a part of the last row")
    blank = len(tail) - len(tail.rstrip(b" "))
    blank = min(blank, _RECORD - 1)  # a whole record is no filling
    while count and room - (count - 1) * width <= blank:
        count -= 1
    return count
