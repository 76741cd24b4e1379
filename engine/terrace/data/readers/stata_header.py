"""What a .dta file says of itself before its data: formats 102 to 121, of Stata 1 to 18.

After "Description of the .dta file format" of Stata's manuals, for 113 to 121, and for the older ones after what their
files hold. All parts stand one after the other, each of a known length; the map of the newer formats repeats that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terrace.data.readers.binary import BinaryFile
from terrace.errors import DataError

_OLD_TYPES = {ord("b"): "i1", ord("i"): "i2", ord("l"): "i4", ord("f"): "f4", ord("d"): "f8"}
_TYPES = {251: "i1", 252: "i2", 253: "i4", 254: "f4", 255: "f8"}
_NEW_TYPES = {65530: "i1", 65529: "i2", 65528: "i4", 65527: "f4", 65526: "f8", 32768: "L"}
_ALIAS = 65525
_LONGEST = 2045
FIRST, LAST = 102, 121
"""The first and the last format that is read."""

_Characteristic = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class StataVariable:
    """One variable: `kind` is a type of NumPy without byte order, ``S12`` for text, ``L`` for a reference to long text.

    Texts are bytes as they stand in the file.
    """

    name: bytes
    kind: str
    format: bytes
    label_set: bytes
    label: bytes

    @property
    def width(self) -> int:
        """Bytes in a row."""
        return 8 if self.kind == "L" else int(self.kind[1:])


@dataclass(frozen=True, slots=True)
class StataHeader:
    """What stands before the data. `order` is that of the bytes, ``<`` or ``>``; `notes` are (name, text) of the data
    (``_dta``) and of variables, `said` other characteristics of the data by name, `sorted_by` places of variables.
    """

    version: int
    order: str
    rows: int
    label: bytes
    variables: tuple[StataVariable, ...]
    notes: tuple[tuple[bytes, bytes], ...]
    said: dict[bytes, bytes]
    sorted_by: tuple[int, ...]

    @property
    def tagged(self) -> bool:
        """Whether parts stand between tags, as since Stata 13."""
        return self.version >= 117

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return sum(v.width for v in self.variables)

    @property
    def set_name(self) -> int:
        """Bytes of the name of a set of value labels."""
        return _name_width(self.version)


def read_header(file: BinaryFile) -> StataHeader:
    """The header; the file stands before its first row afterwards. Raises `DataError` for a file that is none."""
    if file.take(1, "the header") == b"<":
        return _tagged(file)
    file.go(0)
    return _old(file)


def expect(file: BinaryFile, tag: str) -> None:
    """Go past a tag; `DataError` where another thing stands there."""
    found = file.take(len(tag) + 2, f"the part before {tag}")
    if found != b"<" + tag.encode() + b">":
        raise file.damaged(f"<{tag}> is not where it should be")


def until_zero(raw: bytes) -> bytes:
    """A text of fixed width: what stands before its first zero."""
    return raw.partition(b"\0")[0]


def _tagged(file: BinaryFile) -> StataHeader:
    what = "the header"
    file.go(0)
    for tag in ("stata_dta", "header", "release"):
        expect(file, tag)
    version = _version(file, file.take(3, what))
    expect(file, "/release")
    expect(file, "byteorder")
    order = {b"LSF": "<", b"MSF": ">"}.get(file.take(3, what))
    if order is None:
        raise file.damaged("its header names no byte order")
    expect(file, "/byteorder")
    wide = version in (119, 121)
    expect(file, "K")
    (count,) = file.numbers(order + ("I" if wide else "H"), what)
    expect(file, "/K")
    expect(file, "N")
    (rows,) = file.numbers(order + ("Q" if version >= 118 else "I"), what)
    expect(file, "/N")
    expect(file, "label")
    (length,) = file.numbers(order + ("H" if version >= 118 else "B"), what)
    label = file.take(length, what)
    expect(file, "/label")
    expect(file, "timestamp")
    (length,) = file.numbers("B", what)
    file.take(length, what)
    for tag in ("/timestamp", "/header", "map"):
        expect(file, tag)
    file.take(14 * 8, "the map")
    expect(file, "/map")

    def part(tag: str, width: int, one_more: int = 0) -> bytes:
        expect(file, tag)
        found = file.take(width * (count + one_more), f"the part {tag}")
        expect(file, "/" + tag)
        return found

    types = np.frombuffer(part("variable_types", 2), order + "u2").tolist()
    names = _split(part("varnames", _name_width(version)), _name_width(version))
    sorted_by = _places(part("sortlist", 4 if wide else 2, 1), order + ("u4" if wide else "u2"), count)
    formats = _split(part("formats", _format_width(version)), _format_width(version))
    sets = _split(part("value_label_names", _name_width(version)), _name_width(version))
    labels = _split(part("variable_labels", _label_width(version)), _label_width(version))
    notes, said = _sorted_out(_characteristics(file, order, _name_width(version)))
    expect(file, "data")
    kinds = [_new_kind(file, t, name) for t, name in zip(types, names, strict=True)]
    variables = map(StataVariable, names, kinds, formats, sets, labels)
    return StataHeader(version, order, rows, label, tuple(variables), notes, said, sorted_by)


def _characteristics(file: BinaryFile, order: str, name: int) -> list[_Characteristic]:
    what = "the part characteristics"
    expect(file, "characteristics")
    found: list[_Characteristic] = []
    while (tag := file.take(4, what)) == b"<ch>":
        (length,) = file.numbers(order + "I", what)
        found.append(_characteristic(file.take(length, what), name))
        expect(file, "/ch")
    if tag + file.take(len("</characteristics>") - 4, what) != b"</characteristics>":
        raise file.damaged("</characteristics> is not where it should be")
    return found


def _characteristic(raw: bytes, name: int) -> _Characteristic:
    """The variable or ``_dta``, the name and the text."""
    return until_zero(raw[:name]), until_zero(raw[name : 2 * name]), until_zero(raw[2 * name :])


def _sorted_out(found: list[_Characteristic]) -> tuple[tuple[tuple[bytes, bytes], ...], dict[bytes, bytes]]:
    """Notes in order, and what else is said of the data. Notes are ``note1``, ``note2``, ...; ``note0`` counts them."""
    notes = [(of, int(key[4:]), text) for of, key, text in found if key[:4] == b"note" and key[4:].isdigit()]
    ordered = sorted((n for n in notes if n[1]), key=lambda n: (n[0] != b"_dta", n[0], n[1]))
    said = {key: text for of, key, text in found if of == b"_dta" and key[:4] != b"note"}
    return tuple((of, text) for of, _, text in ordered), said


def _places(raw: bytes, kind: str, count: int) -> tuple[int, ...]:
    """The variables that the rows are sorted by, counted from 0: their numbers end with a zero."""
    numbers = np.frombuffer(raw, kind).tolist()
    named = numbers[: numbers.index(0)] if 0 in numbers else numbers
    return tuple(k - 1 for k in named) if all(k <= count for k in named) else ()


def _old(file: BinaryFile) -> StataHeader:
    what = "the header"
    version = _version(file, b"%d" % file.numbers("B", what)[0])
    # Format 102 has a zero where the others say 1 (most significant byte first) or 2.
    order = ">" if file.numbers("BBB", what)[0] == 1 else "<"
    count, rows = file.numbers(order + ("HH" if version < 103 else "HI"), what)
    label = until_zero(file.take(_label_width(version), what))
    if version >= 105:
        file.take(18, what)
    known = _TYPES if version >= 111 else _OLD_TYPES
    base = 0 if version >= 111 else 127
    types = list(file.take(count, "the types"))
    name, format_, text = _name_width(version), _format_width(version), _label_width(version)
    names = _split(file.take(count * name, "the names"), name)
    sorted_by = _places(file.take(2 * (count + 1), "the order of sorting"), order + "u2", count)
    formats = _split(file.take(count * format_, "the formats"), format_)
    sets = _split(file.take(count * name, "the names of value labels"), name)
    labels = _split(file.take(count * text, "the labels"), text)
    kinds = [known.get(t) or f"S{_text_width(file, t - base, n)}" for t, n in zip(types, names, strict=True)]
    found: list[_Characteristic] = []
    while version >= 105:
        kind, length = file.numbers(order + ("BI" if version > 108 else "BH"), "the characteristics")
        if not kind:
            break
        raw = file.take(length, "the characteristics")
        if kind == 1:
            found.append(_characteristic(raw, name))
    variables = map(StataVariable, names, kinds, formats, sets, labels)
    return StataHeader(version, order, rows, label, tuple(variables), *_sorted_out(found), sorted_by)


def _version(file: BinaryFile, raw: bytes) -> int:
    version = int(raw) if raw.isdigit() else 0
    if FIRST <= version <= LAST:
        return version
    if version < 100 or version > 199:
        raise file.damaged("its header names no format of Stata")
    raise DataError(
        f"{file.path.name} is in format {version} of .dta; Terrace reads formats {FIRST} to {LAST}.",
        code="unreadable-file",
        subject=str(file.path),
        advice="In Stata, save it for an earlier version with saveold.",
    )


def _new_kind(file: BinaryFile, code: int, name: bytes) -> str:
    if code == _ALIAS:
        shown = name.decode("utf-8", "replace")
        raise DataError(
            f"{shown} of {file.path.name} is an alias: its values are in another Stata frame, not in this file.",
            code="unreadable-file",
            subject=shown,
            advice="Make a copy of it in Stata (generate), or drop it, and save the data again.",
        )
    return _NEW_TYPES.get(code) or f"S{_text_width(file, code, name)}"


def _text_width(file: BinaryFile, width: int, name: bytes) -> int:
    if 0 < width <= _LONGEST:
        return width
    raise file.damaged(f"the variable {name.decode('ascii', 'replace')} has a type that Stata does not know")


def _split(raw: bytes, width: int) -> list[bytes]:
    return [until_zero(raw[at : at + width]) for at in range(0, len(raw), width)]


def _name_width(version: int) -> int:
    return 129 if version >= 118 else 33 if version > 108 else 9


def _format_width(version: int) -> int:
    return 57 if version >= 118 else 49 if version > 113 else 12 if version > 104 else 7


def _label_width(version: int) -> int:
    return 321 if version >= 118 else 81 if version > 105 else 32
